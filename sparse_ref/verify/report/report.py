"""The result of a check, with the same content in every form: text, HTML, JSON, XML, a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...sets.glyphs import draw_difference
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length
from ..checks.finding import Finding
from ..checks.numbers import Numbers
from ..naming.diagnosis import WITH_NAMES, Diagnosis
from ..reading.evidence import Evidence, Exhaustive
from ..reading.probe import Probe
from ..reading.sample import Sampled
from . import formats
from .crop import draw_crops
from .rerun import import_path, rerun_command, short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

MAX_WHOLE = 64  # queries and keys of a picture without a crop
DESCRIPTIONS = ("left edge", "right edge", "future", "documents")  # of a part of the difference
FACTS = ("nothing", "twice", "empty rows")  # true next to any other explanation
LEGEND = "█ both   · neither   + only in fn   - only in the expected set"


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
        What is wrong; passed means that there are none.
    evidence : Evidence or None
        What was read of fn; None if that failed.
    numbers : tuple of Numbers
        The comparisons on random input.
    remarks : list of str
        What is worth knowing and is no fault.
    diagnosis : tuple of Diagnosis
        The explanations of the heads whose sets are not the expected ones, as far as there are any.
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

    @property
    def fn(self) -> str:
        """What was called: module:function if it can be imported so, and otherwise its name."""
        return import_path(self.function)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

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
    def names(self) -> dict[int, str]:
        """What each wrong head attends to, as far as that has a name."""
        names: dict[int, str] = {}
        for diagnosis in self.diagnosis:
            if diagnosis.kind in WITH_NAMES:
                for head in diagnosis.heads:
                    names.setdefault(head, diagnosis.name)
        return dict(sorted(names.items()))

    @property
    def command(self) -> str:
        """A command or a line of Python that gives this report again."""
        return rerun_command(self.fn, self.patterns, self.n, self.seed, self.options)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        if self.passed:
            return "\n".join([self.verdict, *self.notes()])
        again = f"again: {self.command}"
        findings = [f"- {finding}" for finding in self.findings]
        lines = [self.verdict, f"asked: {self.setting}", *findings, *self.notes(), again]
        return "\n".join([*lines, *self.picture()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return formats.html(self)

    def to_json(self) -> str:
        """The report as JSON, without the masks.

        The keys are passed, patterns, n, heads, seed, findings, diagnosis, names (by head),
        numbers, remarks and command.
        """
        return formats.json_text(self)

    def to_junit(self) -> str:
        """The report as JUnit XML: a test case for each subject of findings."""
        return formats.junit(self)

    def to_markdown(self) -> str:
        """The report as Markdown, for a pull request or a job's summary."""
        return formats.markdown(self)

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

        if self.actual_mask is None or self.expected_mask is None:
            raise ValueError(f"the report has no sets to plot: {self.findings[0]}")
        if head is None:
            head = next(iter(self._wrong_heads()), 0)
        return diff(self.expected_mask[head], self.actual_mask[head], ax=ax)

    @property
    def verdict(self) -> str:
        """One line: PASS or FAIL, the function, and what it is or the first cause."""
        name = short_name(self.fn)
        return f"PASS {name}: is {self.setting}" if self.passed else f"FAIL {name}: {self._cause}"

    @property
    def setting(self) -> str:
        """The expected patterns, and n, heads and seed."""
        names = list(map(repr, self.patterns))
        asked = names[0] if len(set(names)) == 1 else f"({', '.join(names)}), head by head"
        heads = f"{self.heads} head{'s' * (self.heads != 1)}"
        return f"{asked} at n = {self.size}, {heads}, seed {self.seed}"

    @property
    def _cause(self) -> str:
        """The first explanation of the first wrong head, or the first finding."""
        explanations, _ = first_explanations(self.diagnosis)
        if not explanations:
            finding = self.findings[0]
            return f"{finding.kind}: {finding.message}"
        first = explanations[0]
        asked = f"asked {self.patterns[first.heads[0]]!r}"
        if not first.cause:
            return f"is {first.name}, {asked}{self._in_heads(first.heads)}"
        cause = f"{first.cause}{self._in_heads(first.heads)}"
        if first.name and first.kind != "nothing":
            return f"{cause} (is {first.name}, {asked})"
        return f"{cause} ({asked})" if len(set(self.patterns)) == 1 else first.cause

    def _in_heads(self, heads: tuple[int, ...]) -> str:
        """` in head 1`, or nothing if these are all heads."""
        return "" if len(heads) == self.heads else f" in {self._heads_in_words(heads)}"

    def _heads_in_words(self, heads: tuple[int, ...]) -> str:
        """`all 8 heads`, `heads 0, 3` or `head 0`."""
        if len(heads) == self.heads > 1:
            return f"all {self.heads} heads"
        return f"head{'s' * (len(heads) > 1)} {', '.join(map(str, heads))}"

    def notes(self) -> Iterator[str]:
        """What fn computes, whether the numbers are right, and what is worth knowing."""
        explanations, others = first_explanations(self.diagnosis)
        for prefix, diagnoses in (("", explanations), ("also fits: ", others)):
            for diagnosis in diagnoses:
                yield f"{prefix}{self._heads_in_words(diagnosis.heads)}: {diagnosis.text}"
        if self.actual_mask is not None and not self.numbers:
            yield "numbers: not checked"
        for x in self.numbers:
            if not x.wrong and not x.broken:
                yield self._numbers_in_words(x)
        yield from self.remarks

    def _numbers_in_words(self, numbers: Numbers) -> str:
        """The rows in which the numbers are right, and by how much."""
        rows, which = self.n[0], "rows with the right keys"
        if self.sample is not None:
            rows, which = len(self.sample.rows), "rows that were checked"
        return (
            f"numbers: right in {numbers.rows} of {self.heads * rows} {which}, "
            f"logits of spread {numbers.spread:g}: "
            f"error {numbers.error:.2g}, allowed {numbers.budget:.2g}"
        )

    def picture(self) -> list[str]:
        """A caption and the difference of the first wrong head; [] if no head is wrong.

        Large ones are cropped around the first extra key and the first missing one.
        """
        wrong_heads = self._wrong_heads()
        masks = self.expected_mask, self.actual_mask
        if not wrong_heads or masks[0] is None or masks[1] is None:
            return []
        head = wrong_heads[0]
        expected, actual = masks[0][head], masks[1][head]
        if self.sample is None and max(self.n) <= MAX_WHOLE:
            lines = draw_difference(expected, actual).split("\n")
            return [f"head {head}   {LEGEND}", *lines]
        sampled_rows = None if self.sample is None else self.sample.rows
        caption, *lines = draw_crops(expected, actual, sampled_rows)
        return [f"head {head}, {caption}   {LEGEND}", *lines]

    def _wrong_heads(self) -> list[int]:
        """The heads that differ."""
        if self.actual_mask is None or self.expected_mask is None:
            return []
        wrong = self.actual_mask != self.expected_mask
        return np.flatnonzero(wrong.any(axis=(1, 2))).tolist()


def first_explanations(
    diagnoses: Iterable[Diagnosis],
) -> tuple[list[Diagnosis], list[Diagnosis]]:
    """(what to report, what also fits): the first explanation of each head, and all others.

    Descriptions of a part of the difference are reported only for heads without an explanation.
    What also fits has another name than the explanation that is reported.
    """
    ranked = sorted(diagnoses, key=_rank)
    explained = {h for x in ranked if x.kind not in DESCRIPTIONS for h in x.heads}
    first: list[Diagnosis] = []
    others: list[Diagnosis] = []
    names: dict[int, str] = {}
    for diagnosis in ranked:
        heads = diagnosis.heads
        if diagnosis.kind in DESCRIPTIONS:
            first += [] if explained.issuperset(heads) else [diagnosis]
        elif diagnosis.kind in FACTS:
            first.append(diagnosis)
        elif not names.keys() >= set(heads):
            first.append(diagnosis)
            names |= dict.fromkeys(heads, diagnosis.name)
        elif not diagnosis.name or {names[h] for h in heads} != {diagnosis.name}:
            others.append(diagnosis)
    return first, others


def _rank(diagnosis: Diagnosis) -> int:
    """How early a diagnosis is reported: specific faults before names, names before the rest."""
    kind, name = diagnosis.kind, diagnosis.name
    if kind in ("head modulo", "heads permuted", "alignment"):
        return 0
    if kind == "named":
        return 1 if name in ("Causal()", "Full()") else 3  # rounding often ends in these two
    if kind in ("transposed", "inverted", "shifted") or (kind.endswith("missing") and name):
        return 1
    return 2 if kind == "rounded" else 4
