"""What a check found: as text, as HTML, as JSON, as JUnit XML, as Markdown, and as a figure, with the same content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html import escape

import numpy as np

from ...picture import difference
from ...sets.pattern import Pattern
from ..checks.finding import Finding, first_index
from ..checks.numbers import Numbers
from ..naming.diagnosis import Diagnosis, told
from ..reading.evidence import Evidence, Exhaustive
from ..reading.probe import Probe
from ..reading.sample import Sampled
from . import formats
from .rerun import command

MOST = 64  # rows and columns of a picture
FEW = 8  # rows of one where they are a sample
LEGEND = "█ both   · neither   + only in fn   - only in the expected set"


@dataclass(eq=False)
class Report:
    """The verdict on an implementation; true if it passed.

    patterns : the expected pattern of each head.
    n, seed : (n_q, n_k), and the seed of the random input.
    fn, options : what was called, and how.
    findings : what is wrong; passed means that there are none.
    evidence : what was read of fn, or None if that failed.
    numbers : the comparisons on random input.
    remarks : what is worth knowing and is no fault.
    """

    patterns: tuple[Pattern, ...]
    n: tuple[int, int]
    seed: int
    fn: str = "fn"
    options: dict = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    evidence: Evidence | None = None
    numbers: tuple[Numbers, ...] = ()
    remarks: list[str] = field(default_factory=list)
    diagnosis: tuple[Diagnosis, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def size(self) -> int | tuple[int, int]:
        """n, as it is said: one length where there is one."""
        return self.n[0] if self.n[0] == self.n[1] else self.n

    @property
    def heads(self) -> int:
        """H"""
        return len(self.patterns)

    @property
    def probe(self) -> Probe | None:
        """What was read of fn if every pair was."""
        return self.evidence.probe if isinstance(self.evidence, Exhaustive) else None

    @property
    def sampled(self) -> Sampled | None:
        """What was read of fn if not every pair was."""
        return self.evidence if isinstance(self.evidence, Sampled) else None

    @property
    def expected(self) -> np.ndarray | None:
        """The expected sets of the rows that were read, bool (H, rows, n_k); None if reading failed."""
        return None if self.evidence is None else self.evidence.expected

    @property
    def actual(self) -> np.ndarray | None:
        """The keys that some input lets fn attend to, leaks included, in the rows of `expected`; None if reading failed."""
        return None if self.evidence is None else self.evidence.reachable

    @property
    def names(self) -> dict[int, str]:
        """What each head has whose sets are not the expected ones, as far as that has a name."""
        named = {h: each.name for each in reversed(self.diagnosis) if each.name for h in each.heads}
        return dict(sorted(named.items()))

    @property
    def command(self) -> str:
        """What gives this report again."""
        return command(self.fn, self.patterns, self.n, self.seed, self.options)

    def __bool__(self):
        return self.passed

    def __str__(self):
        again = [] if self.passed else [f"again: {self.command}"]
        return "\n".join(
            [
                self.verdict,
                *(f"- {finding}" for finding in self.findings),
                *self.notes(),
                *again,
                *self.picture(),
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        found = "".join(f"<li>{escape(str(finding))}</li>" for finding in self.findings)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes())
        caption, *lines = map(escape, self.picture() or [""])
        image = (
            '<pre style="line-height:1.0;letter-spacing:0">' + "\n".join(lines) + "</pre>"
            if lines
            else ""
        )
        again = "" if self.passed else f"<div>again: <code>{escape(self.command)}</code></div>"
        return f"<div><b>{escape(self.verdict)}</b><ul>{found}</ul>{notes}{again}<div>{caption}</div>{image}</div>"

    def to_json(self) -> str:
        """The report as JSON, without the masks: passed, patterns, n, heads, seed, findings, diagnosis, names by head, numbers,
        remarks, command."""
        content = dict(
            passed=self.passed,
            patterns=list(map(repr, self.patterns)),
            n=self.n,
            heads=self.heads,
            seed=self.seed,
            findings=list(map(asdict, self.findings)),
            diagnosis=[asdict(each) for each in self.diagnosis],
            names=self.names,
            numbers=list(map(asdict, self.numbers)),
            remarks=self.remarks,
            command=self.command,
        )
        return json.dumps(content, allow_nan=False)

    def to_junit(self) -> str:
        """The report as JUnit XML: a test case each for what can be found."""
        return formats.junit(self)

    def to_markdown(self) -> str:
        """The report as Markdown, for a pull request or a job's summary."""
        return formats.markdown(self)

    def plot(self, ax=None, *, head: int | None = None):
        """The difference of one head, the first that differs unless given, drawn on `ax`. Returns what `plot.diff` does.

        Raises ValueError where nothing could be read out of fn.
        """
        from ...plot import diff

        if self.actual is None or self.expected is None:
            raise ValueError(f"the report has no sets to plot: {self.findings[0]}")
        head = self._head() if head is None else head
        return diff(self.expected[head], self.actual[head], ax=ax)

    @property
    def verdict(self) -> str:
        """One line."""
        names = list(dict.fromkeys(map(repr, self.patterns)))
        wanted = (
            names[0]
            if len(names) == 1
            else f"({', '.join(map(repr, self.patterns))}), head by head"
        )
        return (
            f"{'PASS' if self.passed else 'FAIL'}: fn is {'' if self.passed else 'not '}{wanted} at n = {self.size}, "
            f"{self.heads} head{'s' * (self.heads != 1)}, seed {self.seed}"
        )

    def notes(self) -> Iterator[str]:
        """What fn computes, how far the numbers are right, and what is worth knowing."""
        yield from map(str, told(self.diagnosis))
        if self.actual is not None and not self.numbers:
            yield "numbers: not judged"
        rows = self.heads * (self.n[0] if self.sampled is None else len(self.sampled.rows))
        for x in self.numbers:
            if not x.wrong and not x.broken:
                judged = "whose sets are right" if self.sampled is None else "looked at"
                yield (
                    f"numbers: right on the {x.rows} of {rows} rows {judged}, logits of spread {x.spread:g}, "
                    f"error {x.error:.2g}, budget {x.budget:.2g}"
                )
        yield from self.remarks

    def picture(self) -> list[str]:
        """A caption and the difference of the first head that differs, around its first difference."""
        if self.actual is None or self.expected is None or (self.actual == self.expected).all():
            return []
        head = self._head()
        expected, actual = self.expected[head], self.actual[head]
        i, j = first_index(expected != actual)
        rows, keys = (
            _around(i, len(expected), MOST if self.sampled is None else FEW),
            _around(j, expected.shape[1], MOST),
        )
        if self.sampled is not None:
            said = f", i = {', '.join(map(str, self.sampled.rows[rows]))}, j {keys.start} to {keys.stop - 1}"
        else:
            said = (
                ""
                if max(self.n) <= MOST
                else f", i {rows.start} to {rows.stop - 1}, j {keys.start} to {keys.stop - 1}"
            )
        return [
            f"head {head}{said}   {LEGEND}",
            *difference(expected[rows, keys], actual[rows, keys]).split("\n"),
        ]

    def _head(self) -> int:
        """The first head that differs, or 0."""
        return (
            0
            if self.actual is None
            else int((self.actual != self.expected).any(axis=(1, 2)).argmax())
        )


def _around(x: int, size: int, most: int) -> slice:
    """At most so many positions, x in the midst of them as far as the borders allow."""
    start = max(0, min(x - most // 2, size - most))
    return slice(start, min(start + most, size))
