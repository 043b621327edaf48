"""What became of a statement: proved, refuted or unknown, and what anybody can check of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from html import escape
from math import isfinite
from numbers import Real
from typing import NamedTuple


class Counterexample(NamedTuple):
    """Positions, the length they lie in, and the parameters, for which a statement is false."""

    j: int
    i: int
    n: int
    parameters: tuple[tuple[str, int], ...] = ()

    def __str__(self):
        numbers = dict(self.parameters) | dict(j=self.j, i=self.i, n=self.n)
        return ", ".join(f"{name} = {value}" for name, value in numbers.items())


@dataclass(frozen=True)
class Verdict:
    """The verdict on a statement about paths; true if it is proved.

    Attributes
    ----------
    status : "proved", "refuted" or "unknown".
    statement, tex : the statement, in words and in TeX.
    evidence : what the status rests on; where it is unknown, why.
    counterexample : the smallest found where it is refuted, by n, then i, then j, among parameters from 0 to 4; None elsewhere.
    planted : a change of the sets by which the statement becomes false, and which the same proof, repeated, refuses; "" where
        nothing was proved.
    seconds : how long it took.

    >>> import sparse_ref as sr
    >>> print(sr.paths.prove(sr.fixed(4), residual=False))
    refuted: for every n and all 0 <= j <= i < n: there is a with j in Block(4)_a and a in Summary(4, 1)_i
    counterexample: j = 0, i = 0, n = 1
    evidence: every path was walked, and j = 0 reaches nothing
    """

    status: str
    statement: str
    tex: str
    evidence: str
    counterexample: Counterexample | None = None
    planted: str = ""
    seconds: float = 0.0

    def __bool__(self):
        return self.status == "proved"

    def __str__(self):
        told = dict(
            counterexample=self.counterexample, evidence=self.evidence, planted=self.planted
        )
        return "\n".join(
            [
                f"{self.status}: {self.statement}",
                *(f"{name}: {text}" for name, text in told.items() if text),
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, *rest = str(self).split("\n")
        return (
            f"<p><b>{escape(first.partition(':')[0])}</b> $\\displaystyle {escape(self.tex)}$</p>"
            + "".join(f"<div>{escape(line)}</div>" for line in rest)
        )

    def to_json(self) -> str:
        """All of it, as JSON; the counterexample as an object with j, i, n and parameters."""
        found = self.counterexample
        told = None if found is None else found._asdict() | {"parameters": dict(found.parameters)}
        return json.dumps(asdict(self) | {"counterexample": told})


def seconds_of(value) -> float:
    """A time limit, checked."""
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value) or value <= 0:
        raise ValueError(f"seconds must be a number above 0, got {value!r}")
    return float(value)
