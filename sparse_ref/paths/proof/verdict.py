"""The verdict on a statement: proved, refuted or unknown, with evidence that anybody can check."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from numbers import Real
from typing import NamedTuple

from ..._text import html_text, json_text, visible

FILE_MARK = "written by sparse_ref"


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


class Obligation(NamedTuple):
    """A query on whose answer a verdict rests: its label, the answer, and the script that asks."""

    label: str
    status: str
    script: str


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
        The smallest by n, then i, then j, among parameters from 0 to 4, or else at numbers in the
        code of the functions; None unless refuted.
    negative_control : str
        A change of the sets that makes the statement false, with the counterexample for which the
        same proof then fails; "" unless proved.
    seconds : float
        The time it took.
    solvers : str
        "z3 alone", or after `confirm` "z3 and cvc5", or "z3 alone: " and the reason; "" if the
        status rests on no solver.
    obligations : tuple of Obligation
        The scripts on whose answers the status rests; `smt2` gives them as files.

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
    solvers: str = ""
    obligations: tuple[Obligation, ...] = field(default=(), repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.status == "proved"

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.statement}"]
        if self.counterexample is not None:
            lines.append(f"counterexample: {self.counterexample}")
        lines.append(f"evidence: {self.evidence}")
        if self.negative_control:
            lines.append(f"control: {self.negative_control}")
        if self.solvers:
            lines.append(f"solvers: {self.solvers}")
        return visible("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        _, *details = str(self).split("\n")
        formula = f"$\\displaystyle {html_text(self.tex)}$"
        head = f"<p><b>{html_text(self.status)}</b> {formula}</p>"
        return head + "".join(f"<div>{html_text(line)}</div>" for line in details)

    def smt2(self, name: str = "proof") -> dict[str, str]:
        """The obligations as files in SMT-LIB 2, text by file name, which begins with `name`.

        Each file says in its first lines what is claimed and what the answer means. `cvc5 FILE`
        or `z3 FILE` prints the answer; this library is not needed.

        >>> import sparse_ref as sr
        >>> list(sr.paths.prove(sr.strided).smt2("strided"))
        ['strided-claim.smt2', 'strided-facts.smt2', 'strided-control.smt2']
        """
        files = {}
        for obligation in self.obligations:
            file = f"{name}-{obligation.label}.smt2"
            files[file] = f"; {file}, {FILE_MARK}\n{obligation.script}"
        return files

    def to_json(self) -> str:
        """All attributes but the obligations as JSON.

        The counterexample is an object with j, i, n and parameters.
        """
        attributes = asdict(replace(self, obligations=()))
        del attributes["obligations"]
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
