"""The table: rows with a measurement, what it is compared with and a target; as text, as Markdown,
as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import NamedTuple

import numpy as np

HEAD = ("case", "measured", "compared with", "", "value", "target", "met")
ALIGNMENT = ("---", "--:", "--:", "---", "--:", "--:", "---")  # of the columns, as in Markdown


class Target(NamedTuple):
    """The relation that a value must have to the bound: "<=" or ">="."""

    relation: str
    bound: float

    def is_met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value <= self.bound if self.relation == "<=" else value >= self.bound


@dataclass(frozen=True)
class Row:
    """One line of the table.

    measured, reference : two numbers in `unit`, or None; `name` says what the second one is.
    value : what the target is about, mostly measured / reference: the median over the rounds of the
        ratio within each.
    missing : why there is no value.
    more : what else the JSON contains.
    """

    group: str
    case: str
    name: str = ""
    measured: float | None = None
    reference: float | None = None
    unit: str = "ms"
    value: float | None = None
    target: Target | None = None
    missing: str = ""
    more: dict = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None if there is no target or no value."""
        if self.target is None or self.value is None:
            return None
        return self.target.is_met(self.value)

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts in the columns of HEAD."""
        target = f"{self.target.relation} {self.target.bound:g}" if self.target else ""
        verdict = {None: "", True: "yes", False: "no"}[self.is_met]
        if self.missing:
            verdict = f"missing: {self.missing}"
        measured, reference = self.quantity(self.measured), self.quantity(self.reference)
        return self.case, measured, reference, self.name, digits(self.value), target, verdict

    def quantity(self, x: float | None) -> str:
        """A number with its unit; empty if there is none."""
        return "" if x is None else f"{digits(x)} {self.unit}"

    def record(self) -> dict:
        """The row for JSON."""
        target = self.target and self.target._asdict()
        return {**asdict(self), "target": target, "met": self.is_met}


def ratio(
    group: str,
    case: str,
    name: str,
    measured: np.ndarray,
    reference: np.ndarray,
    target: Target | None = None,
) -> Row:
    """The row of two calls that took these seconds in each round: measured / reference."""
    return Row(
        group,
        case,
        name,
        1e3 * float(np.median(measured)),
        1e3 * float(np.median(reference)),
        "ms",
        float(np.median(measured / reference)),
        target,
        more={"seconds": measured.tolist(), "reference_seconds": reference.tolist()},
    )


def reason(error: Exception) -> str:
    """Why something is missing, on one line."""
    return f"{type(error).__name__}: {error}".split("\n")[0]


def digits(x: float | None) -> str:
    """Three digits, or all before the point."""
    if x is None:
        return ""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def text(rows: Sequence[Row]) -> str:
    """The rows under their groups, in columns as wide as they need be."""
    table = [HEAD, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = [text_line(HEAD, widths)]
    for group, of_group in groupby(rows, lambda row: row.group):
        lines += ["", group, *(text_line(row.cells, widths) for row in of_group)]
    return "\n".join(lines)


def text_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, numbers to the right."""
    texts = []
    for cell, width, alignment in zip(cells, widths, ALIGNMENT):
        texts.append(cell.rjust(width) if alignment == "--:" else cell.ljust(width))
    return "  ".join(texts).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    body = [markdown_line(row.cells) for row in rows]
    return "\n".join([markdown_line(HEAD), f"|{'|'.join(ALIGNMENT)}|", *body])


def markdown_line(cells: Sequence[str]) -> str:
    """One line of the Markdown table."""
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
