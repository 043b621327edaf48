"""The checks of one implementation: at n in full, and at other lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..sets.checks import lengths
from ..sets.pattern import Pattern
from ..sets.types import Length
from .calling.arrays import ProbeError
from .calling.references import frameworks_of
from .calling.subject import CallOptions
from .calling.trials import resolve
from .checks.alignment import aligned_pattern
from .checks.finding import Finding
from .checks.ragged_lengths import ragged_lengths
from .checks.untested_parameters import length_text
from .protocol import Question, conforms_at, report_at
from .report.report import Report

CLEAR_LENGTH = 36  # positions, more than most heads and few enough to try
SMALL_TILE = 16
FEW_TILES = 128  # keys of a length at which a fault is explained, if it shows there


@dataclass(eq=False)
class LengthChecks:
    """The checks of one implementation, length by length.

    asked : the options as they were given;  options : the same with "auto" settled.
    """

    fn: Callable[..., Any]
    patterns: tuple[Pattern, ...]
    asked: CallOptions
    options: CallOptions
    question: Question
    checked: list[Length] = field(default_factory=list)

    def first_report(self, n: Length) -> Report:
        """The report at the first length, by which layout and framework are settled."""
        try:
            self.options = self._settled_options(n)
        except ProbeError as error:
            self.options = self._likeliest_options()
            report = self.report(n)
            if report.evidence is None and error.kind != "timeout":
                report.findings = (Finding(error.kind, str(error)),)
            return report
        return self.report(n)

    def _settled_options(self, n: Length) -> CallOptions:
        """The options with "auto" settled, by a longer length if axes of n look alike."""
        heads = len(self.patterns)
        if max(lengths(n)) < CLEAR_LENGTH:
            with suppress(ProbeError, ValueError):
                longer = CLEAR_LENGTH + np.array(lengths(n))
                return resolve(self.fn, tuple(longer.tolist()), heads, self.asked)
        return resolve(self.fn, n, heads, self.asked)

    def _likeliest_options(self) -> CallOptions:
        """The options for a function that no way of calling suits."""
        layout, framework = self.asked.layout, self.asked.framework
        if framework == "auto":
            framework, *_ = (*frameworks_of(self.fn), "numpy")
        layout = "hnd" if layout == "auto" else layout
        return replace(self.asked, layout=layout, framework=framework, choice="none fits")

    def report(self, n: Length) -> Report:
        """The report at one length, whose pattern has an alignment."""
        patterns = self.aligned_patterns(n)
        report = report_at(self.fn, patterns, n, self.options, self.question)
        self.checked.append(n)
        del report.options["choice"]
        report.options.update(layout=self.asked.layout, framework=self.asked.framework)
        return report

    def judge_by_precision_of(self, report: Report) -> None:
        """Judge other lengths by the precision in which fn computes, which few keys do not show."""
        inner = "" if report.evidence is None else report.evidence.base.inner_precision
        if inner:
            meaning = replace(self.question.meaning, precision=inner)
            self.question = replace(self.question, meaning=meaning)

    def add(self, report: Report, n: Length) -> None:
        """Check another length in full."""
        try:
            more = self.report(n)
        except (ValueError, IndexError) as error:  # a pattern that has no such length
            report.remarks.append(f"not checked: n = {length_text(lengths(n))}: {error}")
            return
        report.add_length(more)

    def add_ragged_lengths(self, report: Report, n: Length) -> None:
        """Check ragged lengths by a few calls, and in full the least of those that are wrong."""
        if report.findings:
            report.remarks.append("not checked: other lengths, since n is wrong")
            return
        others, reason = self._ragged_lengths(n)
        if reason:
            report.remarks.append(f"not checked: other lengths: {reason}")
        wrong: list[Length] = []
        raising: dict[str, list[str]] = {}
        for other in others:
            if other in self.checked:
                continue
            try:
                if self._conforms(other):
                    self.checked.append(other)
                    report.add_length(self._right_report(report, other))
                else:
                    wrong.append(other)
            except ProbeError as error:
                if error.kind == "error":
                    raising.setdefault(_reason(error), []).append(_text(other))
                else:
                    wrong.append(other)
        if wrong:
            self._explain(report, wrong)
        for reason, texts in raising.items():
            report.remarks.append(f"not checked: n = {', '.join(texts)}: fn {reason}")

    def _explain(self, report: Report, wrong: Sequence[Length]) -> None:
        """Check the wrong lengths in full until one has findings, and name the others.

        A few calls may mistake a right length for a wrong one; a full check does not.
        """
        others = list(wrong)
        while others and not report.findings:
            explained = _clearest_length(others)
            self.add(report, explained)
            others.remove(explained)
        if others:
            report.remarks.append(f"also wrong at n = {', '.join(map(_text, others))}")

    def _conforms(self, n: Length) -> bool:
        """Whether fn is right at a length, as far as a few calls show."""
        patterns = self.aligned_patterns(n)
        return conforms_at(self.fn, patterns, n, self.options, self.question)

    def _ragged_lengths(self, n: Length) -> tuple[tuple[Length, ...], str]:
        """The lengths, or the reason why there are none."""
        if self.question.inputs is not None:
            return (), "q and k are given"
        bias = self.question.meaning.bias
        if bias is not None and not callable(bias):
            return (), "bias is an array of one length; a function bias(h, i, j) has any"
        return ragged_lengths(self.patterns, n)

    def _right_report(self, report: Report, n: Length) -> Report:
        """The report at a length at which nothing is wrong."""
        patterns = self.aligned_patterns(n)
        return Report(patterns, lengths(n), report.seed, self.fn, report.options)

    def aligned_patterns(self, n: Length) -> tuple[Pattern, ...]:
        """The sets of the queries at this length."""
        align = self.question.align
        return tuple(aligned_pattern(p, n, align) for p in self.patterns)


def _clearest_length(wrong: Sequence[Length]) -> Length:
    """The longest that is not next to a multiple of a tile, or that is of a few tiles, or else the
    shortest.
    """
    keys = {n: lengths(n)[1] for n in wrong}
    inside = [n for n in wrong if 1 < keys[n] % SMALL_TILE < SMALL_TILE - 1]
    small = [n for n in wrong if keys[n] <= FEW_TILES]
    if inside or small:
        return max(inside or small, key=keys.__getitem__)
    return min(wrong, key=keys.__getitem__)


def _text(n: Length) -> str:
    """63, or 4x12."""
    return length_text(lengths(n))


def _reason(error: ProbeError) -> str:
    """What fn raised, in words."""
    cause = error.__cause__
    return str(error) if cause is None else f"raises {type(cause).__name__}: {cause}"
