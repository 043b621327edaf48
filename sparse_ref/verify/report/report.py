"""The result of a check, with the same content in every form: text, HTML, JSON, XML, a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._text import visible, visible_line
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...sets.types import BoolArray, Length
from ..calling.arrays import Form
from ..checks.finding import Finding
from ..checks.numbers import Numbers
from ..naming.diagnosis import WITH_NAMES, Diagnosis
from ..reading.evidence import Evidence, Exhaustive
from ..reading.probe import Probe
from ..reading.sample import Sampled
from . import formats, github, settings, wording
from .function_name import display_name, import_path
from .picture import HeadMasks, draw_head
from .rerun import Question, rerun_command

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


@dataclass(eq=False)
class Report:
    """The verdict on an implementation; true if it passed.

    Attributes
    ----------
    patterns, n, seed
        The expected pattern of each head, (n_q, n_k), and the seed of the random input.
    function, options
        What was called, and how.
    findings : tuple of Finding
        What is wrong, at any of the lengths.
    evidence : Evidence or None
        What was read of fn; None if that failed.
    numbers : tuple of Numbers
        The comparisons on random input.
    remarks : list of str
        What is worth knowing and is no fault.
    diagnosis : tuple of Diagnosis
        The explanations of the heads whose sets are not the expected ones, as far as there are any.
    untested : tuple
        What this n cannot show; each item has a `message` and the `least_n` that shows it.
    others : tuple of Report
        The reports at more lengths.
    form : Form or None
        The layout, framework, dtype and device with which fn was called.
    """

    patterns: tuple[Pattern, ...]
    n: tuple[int, int]
    seed: int
    function: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    evidence: Evidence | None = None
    numbers: tuple[Numbers, ...] = ()
    remarks: list[str] = field(default_factory=list)
    diagnosis: tuple[Diagnosis, ...] = ()
    untested: tuple[Any, ...] = ()
    others: tuple[Report, ...] = ()
    form: Form | None = None

    def add_length(self, other: Report) -> None:
        """Include the report at another length, whose findings begin with "at n = "."""
        self.others += (other,)
        start = f"at n = {other.size}: "
        self.findings += tuple(
            replace(finding, message=start + finding.message) for finding in other.findings
        )

    @property
    def fn(self) -> str:
        """What was called: module:function if it can be imported so, and otherwise its name."""
        return import_path(self.function)

    @property
    def name(self) -> str:
        """What was called, for people: a lambda by its place."""
        return visible_line(display_name(self.function))

    @property
    def status(self) -> str:
        """FAIL if anything is wrong; UNTESTED if n cannot show all that was asked; else PASS."""
        if self.findings:
            return "FAIL"
        return "UNTESTED" if self.untested else "PASS"

    @property
    def passed(self) -> bool:
        """Whether all that was asked was checked, and nothing is wrong."""
        return self.status == "PASS"

    @property
    def size(self) -> Length:
        """n, one length if both are equal."""
        n_q, n_k = self.n
        return n_q if n_q == n_k else self.n

    @property
    def heads(self) -> int:
        """H"""
        return len(self.patterns)

    @property
    def probe(self) -> Probe | None:
        """What was read of fn if every pair was; None otherwise."""
        return self.evidence.probe if isinstance(self.evidence, Exhaustive) else None

    @property
    def sample(self) -> Sampled | None:
        """What was read of fn if not every pair was; None otherwise."""
        return self.evidence if isinstance(self.evidence, Sampled) else None

    @property
    def expected_mask(self) -> BoolArray | None:
        """The expected sets of the rows that were read, (H, rows, n_k); None if reading failed."""
        return None if self.evidence is None else self.evidence.expected

    @property
    def actual_mask(self) -> BoolArray | None:
        """The keys that some input lets fn attend to, leaks included; None if reading failed."""
        return None if self.evidence is None else self.evidence.reachable

    @property
    def own_findings(self) -> tuple[Finding, ...]:
        """The findings at n, without those at other lengths."""
        count = sum(len(other.findings) for other in self.others)
        return self.findings[: len(self.findings) - count]

    @property
    def focus(self) -> Report:
        """The report to explain: this one, or the first of the others that fails if it is right."""
        failing = [other for other in self.others if other.findings]
        return self if self.own_findings or not failing else failing[0]

    @property
    def names(self) -> dict[int, str]:
        """What each wrong head attends to, as far as that has a name."""
        names: dict[int, str] = {}
        for diagnosis in self.diagnosis:
            if diagnosis.kind in WITH_NAMES:
                for head in diagnosis.heads:
                    names.setdefault(head, diagnosis.name)
        return dict(sorted(names.items()))

    @property
    def question(self) -> Question:
        """What was asked of which function."""
        asked = tuple(self._without_alignment(p) for p in self.patterns)
        return Question(self.function, asked, self.n, self.seed, self.options)

    def _without_alignment(self, p: Pattern) -> Pattern:
        """The pattern as it was given, if `align` has shifted it to the end of the keys."""
        n_q, n_k = self.n
        is_aligned = self.options.get("align") == "bottom-right" and n_q != n_k
        if is_aligned and isinstance(p, Shifted) and p.offset == n_k - n_q:
            return p.pattern
        return p

    @property
    def settings(self) -> dict[str, Any]:
        """How fn was called and judged, in plain types: lengths, layout, framework, form."""
        return settings.settings(self)

    @property
    def command(self) -> str:
        """A command or a line of Python that gives this report again."""
        return self.command_at(self.n)

    def command_at(self, n: tuple[int, int]) -> str:
        """The same at another length."""
        return rerun_command(self.question._replace(n=n))

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        if self.passed:
            lines = [self.verdict, *self.notes()]
        else:
            findings = [f"- {line}" for line in wording.finding_lines(self)]
            lines = [self.verdict, f"asked: {self.request}", *findings, *self.notes()]
            lines += [wording.last_line(self), *self.picture()]
        return visible("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return formats.html(self)

    def to_json(self) -> str:
        """The report as JSON, without the masks.

        The keys are function, status, passed, verdict, patterns, n, heads, seed, settings,
        untested, findings, diagnosis, others (the diagnosis at other lengths), names (by head),
        numbers, remarks and command.
        """
        return formats.report_json(self)

    def to_junit(self) -> str:
        """The report as JUnit XML: a test case for each subject of findings.

        The case "tested" fails if n cannot show all that was asked: a skipped case would let a job
        succeed.
        """
        return formats.junit(self)

    def to_markdown(self) -> str:
        """The report as Markdown, for a pull request or a job's summary."""
        return formats.markdown(self)

    def to_github(self) -> str:
        """The report as workflow commands, which GitHub shows next to the function's line."""
        return github.workflow_commands(self)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        head: int | None = None,
    ) -> AxesImage:
        """The difference of one head, the first that differs unless given, drawn on `ax`.

        Returns what `plot.diff` does. Raises ValueError if nothing could be read out of fn.
        """
        from ...plot import diff

        if self.evidence is None:
            raise ValueError(f"the report has no sets to plot: {self.findings[0]}")
        if head is None:
            head = next(iter(self._wrong_heads()), 0)
        expected, actual, leaks, _ = self._masks(self.evidence, head)
        return diff(expected, actual, leaks=leaks, ax=ax)

    @property
    def verdict(self) -> str:
        """One line: the status, the function's name, and the cause or what was checked."""
        return visible_line(wording.verdict(self))

    @property
    def cause(self) -> str:
        """What is wrong in few words; "" if nothing is."""
        return visible_line(wording.cause(self)) if self.findings else ""

    @property
    def request(self) -> str:
        """The expected patterns, n, heads and seed, and what was declared."""
        return visible_line(wording.request(self))

    def notes(self) -> Iterator[str]:
        """What fn computes, whether the numbers are right, and what is worth knowing."""
        return map(visible, wording.notes(self))

    def picture(self) -> list[str]:
        """A caption and the difference of the first wrong head; [] if no head is wrong.

        Large ones are cropped around the first extra key and the first missing one.
        """
        focus = self.focus
        wrong_heads = focus._wrong_heads()
        if not wrong_heads or focus.evidence is None:
            return []
        masks = self._masks(focus.evidence, wrong_heads[0])
        caption, *lines = draw_head(wrong_heads[0], masks)
        at = "" if focus is self else f"n = {focus.size}, "
        return [at + caption, *lines]

    @staticmethod
    def _masks(evidence: Evidence, head: int) -> HeadMasks:
        """The masks of one head."""
        expected, actual = evidence.expected[head], evidence.actual[head]
        leaks = evidence.reachable[head] & ~actual & ~expected
        sampled_rows = evidence.rows if evidence.is_sample else None
        return HeadMasks(expected, actual, leaks, sampled_rows)

    def _wrong_heads(self) -> list[int]:
        """The heads that differ."""
        if self.actual_mask is None or self.expected_mask is None:
            return []
        wrong = self.actual_mask != self.expected_mask
        return np.flatnonzero(wrong.any(axis=(1, 2))).tolist()
