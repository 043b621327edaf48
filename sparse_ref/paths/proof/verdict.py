"""The verdict on a statement: proved, refuted or unknown, with evidence that anybody can check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from numbers import Real
from typing import NamedTuple

from ..._text import html_text, json_text, visible


class Counterexample(NamedTuple):
    """Parameters, a length n and positions j and i in it for which a statement is false."""

    j: int
    i: int
    n: int
    parameters: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        positions = {"n": self.n, "j": self.j, "i": self.i}
        values = dict(self.parameters) | positions
        return ", ".join(f"{name} = {value}" for name, value in values.items())


@dataclass(frozen=True)
class Verdict:
    """The verdict on a statement about paths; true if it is proved.

    Attributes
    ----------
    status : str
        "proved", "refuted" or "unknown".
    statement, tex : str
        The statement, in words and in TeX.
    evidence : str
        What the status rests on; why, if it is unknown.
    counterexample : Counterexample or None
        The smallest by n, then i, then j, among parameters from 0 to 4; None unless refuted.
    negative_control : str
        A change of the sets that makes the statement false, with the counterexample for which the
        same proof then fails; "" unless proved.
    seconds : float
        The time it took.

    >>> import sparse_ref as sr
    >>> print(sr.paths.prove(sr.Block(4)))
    refuted: for every n and all 0 <= j <= i < n: j in Block(4)_i or j = i
    counterexample: n = 5, j = 0, i = 4
    evidence: every path was checked: j = 0 reaches only i = 0, 1, 2, 3
    """

    status: str
    statement: str
    tex: str
    evidence: str
    counterexample: Counterexample | None = None
    negative_control: str = ""
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return self.status == "proved"

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.statement}"]
        if self.counterexample is not None:
            lines.append(f"counterexample: {self.counterexample}")
        lines.append(f"evidence: {self.evidence}")
        if self.negative_control:
            lines.append(f"control: {self.negative_control}")
        return visible("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        _, *details = str(self).split("\n")
        formula = f"$\\displaystyle {html_text(self.tex)}$"
        head = f"<p><b>{html_text(self.status)}</b> {formula}</p>"
        return head + "".join(f"<div>{html_text(line)}</div>" for line in details)

    def to_json(self) -> str:
        """All attributes as JSON; the counterexample is an object with j, i, n and parameters."""
        attributes = asdict(self)
        case = self.counterexample
        if case is not None:
            parameters = dict(case.parameters)
            attributes["counterexample"] = case._asdict() | {"parameters": parameters}
        return json_text(attributes)


def positive_seconds(value) -> float:
    """A time limit as a float. Raises ValueError unless it is a number above 0."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or value <= 0:
        raise ValueError(f"seconds must be a number above 0, got {value!r}")
    return float(value)
