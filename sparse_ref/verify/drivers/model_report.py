"""The verdict on a model: a report for each layer and setting, equal ones in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._text import visible, visible_line
from ..checks.finding import Finding
from ..report.report import Report
from .invariance_report import finding_line
from .layers import Label

Group = tuple[str, tuple[Label, ...]]  # a verdict, and the layers that have it
MAX_SHOWN = 2  # failures whose whole report is printed


@dataclass(frozen=True, eq=False)
class LayerReport:
    """The report of one layer with one implementation, with a cache or without.

    `mode` is "whole" for one forward of all tokens, or the sizes of a schedule. `label` is the
    layer's number, or its name in models that have two layers of one number.
    """

    name: str
    label: Label
    implementation: str
    mode: str
    report: Report

    @property
    def setting(self) -> str:
        """The implementation and the mode, in words."""
        return f"{self.implementation}, {self.mode}"

    @property
    def line(self) -> str:
        """The verdict without the layer's name."""
        report = self.report
        text = report.cause or repr(report.patterns[0])
        untested = "; ".join(map(str, report.untested))
        return visible_line(f"{report.status} {untested or text}")


@dataclass(frozen=True, eq=False)
class ModelReport:
    """The verdict on all layers of a model; true if all passed.

    Attributes
    ----------
    model : str
        The class of the model.
    layers : tuple of LayerReport
        One for each layer, implementation and mode.
    remarks : tuple of str
        What could not be judged.
    findings : tuple of Finding
        What changes the output of a model whose sets depend on the data, as `check_invariance` has
        it; or that implementations differ.
    trials : tuple of str
        What was tried to find that, with which implementations and n; () if there was no need.
    """

    model: str
    layers: tuple[LayerReport, ...]
    remarks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    trials: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """FAIL if anything is wrong, otherwise UNTESTED if a layer is untested, otherwise PASS."""
        if self.findings:
            return "FAIL"
        statuses = {x.report.status for x in self.layers}
        return next((x for x in ("FAIL", "UNTESTED") if x in statuses), "PASS")

    @property
    def passed(self) -> bool:
        """Whether every layer passed."""
        return self.status == "PASS"

    @property
    def failures(self) -> tuple[LayerReport, ...]:
        """The layers that did not pass, those that fail first."""
        layers = [x for x in self.layers if not x.report.passed]
        return tuple(sorted(layers, key=lambda x: x.report.status))

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [self.verdict]
        for (text, labels), settings in self._groups().items():
            lines.append(f"{layers_in_words(labels)}: {text}{self._settings(settings)}")
        lines += [f"- {finding_line(finding)}" for finding in self.findings]
        lines += self.remarks
        examples = {x.line: x for x in reversed(self.failures)}
        for x in list(reversed(examples.values()))[:MAX_SHOWN]:
            lines += ["", f"{x.name}, {x.setting}:", str(x.report)]
        return visible("\n".join(lines))

    __repr__ = __str__

    @property
    def verdict(self) -> str:
        """One line: the status, the model, and the first failure or how much was judged."""
        start = f"{self.status} {self.model} -"
        if self.findings:
            return visible_line(f"{start} {self.findings[0].message}")
        if self.trials:
            return visible_line(f"{start} {'; '.join(self.trials)}")
        if self.failures:
            first = self.failures[0]
            labels = [x.label for x in self.failures if x.line == first.line]
            cause = first.line.partition(" ")[2]
            layers = layers_in_words(tuple(dict.fromkeys(labels)))
            return visible_line(f"{start} {layers}: {cause} ({first.setting})")
        count = len({x.name for x in self.layers})
        settings = "; ".join(dict.fromkeys(x.setting for x in self.layers))
        noun = f"attention layer{'s' * (count != 1)}"
        return visible_line(f"{start} {count} {noun} by {settings}")

    def _groups(self) -> dict[Group, list[str]]:
        """{(verdict, layers): settings} of the layers that have the same verdict in a setting."""
        labels: dict[tuple[str, str], list[Label]] = {}
        for x in self.layers:
            labels.setdefault((x.line, x.setting), []).append(x.label)
        groups: dict[Group, list[str]] = {}
        for (text, setting), layers in labels.items():
            groups.setdefault((text, tuple(layers)), []).append(setting)
        return groups

    def _settings(self, settings: Sequence[str]) -> str:
        """Nothing if these are all settings, otherwise their names."""
        every = {x.setting for x in self.layers}
        return "" if len(settings) == len(every) else f" ({'; '.join(settings)})"


def layers_in_words(labels: Sequence[Label]) -> str:
    """`layer 3`, `layers 0, 2, 4`, `layers 0 to 5`, or names."""
    first, last = labels[0], labels[-1]
    if isinstance(first, int) and isinstance(last, int):
        is_range = list(labels) == list(range(first, last + 1))
        if is_range and len(labels) > 2:
            return f"layers {first} to {last}"
    return f"layer{'s' * (len(labels) > 1)} {', '.join(map(str, labels))}"
