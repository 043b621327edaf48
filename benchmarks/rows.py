"""What is reported: rows with a measurement, what it is held against and a target; as text, as
Markdown, as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np

HEAD = ("case", "measured", "beside it", "", "value", "target", "met")


class Target(NamedTuple):
    """What a value has to reach: "<=" or ">=", and the bound."""

    relation: str
    bound: float

    def met(self, value: float) -> bool:
        return value <= self.bound if self.relation == "<=" else value >= self.bound


@dataclass(frozen=True)
class Row:
    """One line of the table.

    measured, beside : two numbers in `unit`; `name` says what the second one is. None where there
    is none. value : what the target is about, mostly measured / beside, taken within each round:
    the median over the rounds. missing : why there is no value. more : what else is kept in the
    JSON.
    """

    group: str
    case: str
    name: str = ""
    measured: float | None = None
    beside: float | None = None
    unit: str = "ms"
    value: float | None = None
    target: Target | None = None
    missing: str = ""
    more: dict = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is no target or no value."""
        return None if self.target is None or self.value is None else self.target.met(self.value)

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the columns of HEAD."""
        first, second = (
            f"{shown(x)} {self.unit}" if x is not None else "" for x in (self.measured, self.beside)
        )
        target = f"{self.target.relation} {self.target.bound:g}" if self.target else ""
        met = (
            f"missing: {self.missing}"
            if self.missing
            else {None: "", True: "yes", False: "no"}[self.met]
        )
        return self.case, first, second, self.name, shown(self.value), target, met

    def record(self) -> dict:
        """The row as JSON has it."""
        return {**asdict(self), "target": self.target and self.target._asdict(), "met": self.met}


def ratio(
    group: str,
    case: str,
    name: str,
    measured: np.ndarray,
    beside: np.ndarray,
    target: Target | None = None,
) -> Row:
    """The row of two calls that took these seconds in each round: measured / beside."""
    return Row(
        group,
        case,
        name,
        1e3 * float(np.median(measured)),
        1e3 * float(np.median(beside)),
        "ms",
        float(np.median(measured / beside)),
        target,
        more={"seconds": measured.tolist(), "seconds_beside": beside.tolist()},
    )


def reason(error: Exception) -> str:
    """Why something is missing, on one line."""
    return f"{type(error).__name__}: {error}".split("\n")[0]


def shown(x: float | None) -> str:
    """Three digits, or all before the point."""
    if x is None:
        return ""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def text(rows: Sequence[Row]) -> str:
    """The rows under their groups, in columns as wide as they need be."""
    table = [HEAD, *(row.cells for row in rows)]
    wide = [max(map(len, column)) for column in zip(*table)]
    lines = [_line(HEAD, wide)]
    for before, row in zip([None, *rows], rows):
        if before is None or before.group != row.group:
            lines += ["", row.group]
        lines.append(_line(row.cells, wide))
    return "\n".join(lines)


def _line(cells, wide) -> str:
    """Words to the left, numbers to the right."""
    return "  ".join(
        cell.ljust(w) if c in (0, 3, 6) else cell.rjust(w)
        for c, (cell, w) in enumerate(zip(cells, wide))
    ).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, *(row.cells for row in rows)]
    table = [
        "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |" for cells in lines
    ]
    return "\n".join([table[0], "|---|--:|--:|---|--:|--:|---|", *table[1:]])
