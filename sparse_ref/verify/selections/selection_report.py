"""The verdict on a choice: text, HTML and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from ..._text import html_text, json_text, visible, visible_line
from ...sets.glyphs import PRE, draw_difference
from ..checks.finding import Finding
from .faults import WrongRow

MAX_ATOMS = 64  # of a row in a picture
LEGEND = "█ chosen   · not   + chosen and should not be   - left out and should not be"


@dataclass(frozen=True, eq=False)
class SelectionReport:
    """Whether a choice is one of those that the scores allow; true if it is.

    Attributes
    ----------
    rule : str
        What was asked: k, and the patterns of visible and forced atoms.
    shape : (int, int, int)
        Heads, queries, atoms.
    findings : tuple of Finding
        What is wrong. Its kind is "repeat", "invisible", "minus infinity", "forced", "too many",
        "too few" or "order".
    mistakes : tuple of str
        What explains every row, each by itself; () if nothing does, or nothing is wrong.
    wrong_rows : int
        How many rows of all heads are wrong.
    remarks : tuple of str
        What is worth knowing and is no fault: ties that go elsewhere.
    examples : tuple
        The first wrong rows of the first wrong head, with the nearest right choice.
    """

    rule: str
    shape: tuple[int, int, int]
    findings: tuple[Finding, ...]
    mistakes: tuple[str, ...]
    wrong_rows: int
    remarks: tuple[str, ...]
    examples: tuple[WrongRow, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all rows are right."""
        return not self.findings

    @property
    def status(self) -> str:
        """PASS or FAIL."""
        return "PASS" if self.passed else "FAIL"

    def __bool__(self) -> bool:
        return self.passed

    @property
    def verdict(self) -> str:
        """One line: the verdict, and the mistake or the first finding."""
        heads, n, m = self.shape
        if self.passed:
            size = f"{n:,} queries, {m:,} atoms, {heads} head{'s' * (heads != 1)}"
            return visible_line(f"PASS selection - {self.rule} ({size})")
        cause = self.mistakes[0] if self.mistakes else self.findings[0].message
        rows = f"{self.wrong_rows:,} of {heads * n:,} rows are wrong"
        return visible_line(f"FAIL selection - {cause} ({rows})")

    def notes(self) -> Iterator[str]:
        """What was asked, each finding, other explanations, and remarks."""
        if not self.passed:
            yield f"asked: {self.rule}"
        for finding in self.findings:
            yield f"- {finding}".replace("key", "atom")
        for name in self.mistakes[1:]:
            yield f"also fits: {name}"
        yield from self.remarks

    def picture(self) -> list[str]:
        """A caption, and the first wrong rows; [] if none is wrong."""
        if not self.examples:
            return []
        expected = np.array([row.expected for row in self.examples])
        actual = np.array([row.actual for row in self.examples])
        columns = _columns((expected != actual).any(axis=0))
        queries = ", ".join(str(row.query) for row in self.examples)
        atoms = f"e {columns.start} to {columns.stop - 1}"
        caption = f"head {self.examples[0].head}, i = {queries}, {atoms}   {LEGEND}"
        lines = draw_difference(expected[:, columns], actual[:, columns])
        return [caption, *lines.split("\n")]

    def __str__(self) -> str:
        lines = map(visible_line, self.notes())
        return visible("\n".join([self.verdict, *lines, *self.picture()]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<b>{html_text(self.verdict)}</b>"]
        parts += [f"<div>{html_text(note)}</div>" for note in self.notes()]
        if picture := self.picture():
            caption, *lines = picture
            image = html_text("\n".join(lines))
            parts.append(f"<div>{html_text(caption)}</div>{PRE}{image}</pre>")
        return f"<div>{''.join(parts)}</div>"

    def to_json(self) -> str:
        """The report as JSON.

        The keys are status, passed, verdict, rule, heads, n_q, atoms, findings, mistakes,
        wrong_rows and remarks.
        """
        heads, n, m = self.shape
        content = {
            "status": self.status,
            "passed": self.passed,
            "verdict": self.verdict,
            "rule": self.rule,
            "heads": heads,
            "n_q": n,
            "atoms": m,
            "findings": list(map(asdict, self.findings)),
            "mistakes": self.mistakes,
            "wrong_rows": self.wrong_rows,
            "remarks": self.remarks,
        }
        return json_text(content)


def _columns(differs: np.ndarray) -> slice:
    """At most 64 atoms, the first that differs in the midst of them."""
    m = len(differs)
    first = int(differs.argmax())
    start = max(0, min(first - MAX_ATOMS // 2, m - MAX_ATOMS))
    return slice(start, min(start + MAX_ATOMS, m))
