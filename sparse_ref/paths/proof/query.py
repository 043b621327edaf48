"""One question to z3 about layers, at terms for i, j, n and the parameters: whether a condition holds in any case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from threading import Timer
from typing import Any, NamedTuple

from ...sets.pattern import Pattern
from .family import Family, Layers
from .solver import z3
from .symbols import Symbols, Undecided
from .terms import Term, integer, truth
from .verdict import Counterexample

SHARES = (
    (0.02, 0),
    (0.02, 1),
    (0.04, 2),
    (0.04, 3),
    (0.08, 4),
    (0.1, 5),
    (0.2, 6),
    (0.5, 7),
)  # of the time, and the seed: luck
OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "!="}
TURNED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "!=": "!=", "==": "=="}


class Answer(NamedTuple):
    """ "no", "yes" with the case that was found, or "unknown", and why."""

    found: str
    case: Counterexample | None = None
    reason: str = ""


class Question:
    """Layers of a family at terms, and positions 0 <= j, i < n, j <= i where causal; `change` makes other layers of them first."""

    def __init__(
        self,
        given: Family,
        causal: bool,
        n: int | None = None,
        change: Callable[[Layers], Layers] = lambda x: x,
    ):
        self.symbols = Symbols()
        self.values, self.layers = given.symbolic(self.symbols)
        self.layers = change(self.layers)
        self.i, self.j = integer(self.symbols, "i"), integer(self.symbols, "j")
        self.n = self.values["n"] if "n" in self.values else integer(self.symbols, "n")
        self.inside = [*self.within(self.i), *self.within(self.j)]
        if causal:
            self.inside.append(self.j.expression <= self.i.expression)
        self.own = next(
            (x for x in (n, self.layers.own_length, self.values.get("n")) if x is not None), None
        )
        if self.own is not None:
            self.own = Term(z3().simplify(self.term(self.own).expression), self.symbols)
            self.inside.append(self.n.expression == self.own.expression)

    def term(self, x) -> Term:
        """An int as a term."""
        return x if isinstance(x, Term) else Term(self.n._raw(x), self.symbols)

    def within(self, x: Term) -> list[Any]:
        """0 <= x < n."""
        return [x.expression >= 0, x.expression < self.n.expression]

    def holds(self, step: Pattern, i, j, residual: bool = False):
        """j in A_i; or j = i, with the residual edge."""
        member = truth(step.contains(i, j), self.symbols)
        return z3().Or(member, i.expression == j.expression) if residual else member

    def assumed(self) -> list[str]:
        """What is assumed of the parameters, each in words, without what the others imply; and those of which nothing is."""
        kept = list(self.symbols.given)
        for each in self.symbols.given:
            others = [x for x in kept if not x.eq(each)]
            kept = others if self.symbols.follows(each, *others) else kept
        said = [_turned(self.symbols.said(each)) for each in kept]
        free = [
            name
            for name in self.values
            if name != "n" and not any(re.search(rf"\b{name}\b", text) for text in said)
        ]
        return free + said

    def case(
        self, *conditions, seconds: float, eliminate: bool = False, at: Counterexample | None = None
    ) -> Answer:
        """Whether all of these conditions hold in any case; at one case, where that is given. `eliminate` is for quantifiers."""
        if eliminate and self.symbols.facts:
            raise Undecided(
                "quantifiers are eliminated at numbers alone, and a length is divided by"
            )
        asked = [*self.symbols.given, *self.symbols.facts, *self.inside, *conditions]
        if at is not None:
            pinned = (
                (self.i, at.i),
                (self.j, at.j),
                (self.n, at.n),
                *((self.values[name], x) for name, x in at.parameters),
            )
            asked += [term.expression == x for term, x in pinned]
        if eliminate:
            return self._asked(
                asked, z3().Then("simplify", "qsat", ctx=self.symbols.context).solver(), seconds
            )
        for share, seed in SHARES:
            solver = z3().Solver(ctx=self.symbols.context)
            solver.set("random_seed", seed)
            answer = self._asked(asked, solver, share * seconds)
            if answer.found != "unknown":
                break
        return answer

    def vacuous(self, instances: Iterable[dict[str, int]]) -> bool:
        """Whether what is assumed holds at none of these parameters, whatever n: then nothing would be proved."""
        for values in instances:
            solver = z3().Solver(ctx=self.symbols.context)
            solver.set("timeout", 5000)
            solver.add(*self.symbols.given, *self.symbols.facts, *self.inside)
            solver.add(*(self.values[name].expression == x for name, x in values.items()))
            if solver.check() == z3().sat:
                return False
        return True

    def _asked(self, conditions, solver, seconds: float) -> Answer:
        """What one solver says within some seconds."""
        solver.set("timeout", max(1, round(1000 * seconds)))
        solver.add(*conditions)
        late = Timer(seconds + 1, self.symbols.context.interrupt)
        late.start()
        try:
            found = str(solver.check())
            return (
                Answer("no")
                if found == "unsat"
                else Answer("yes", self._read(solver.model()))
                if found == "sat"
                else Answer("unknown", reason=f"z3 gave up: {solver.reason_unknown()}")
            )
        except z3().Z3Exception as error:
            return Answer("unknown", reason=f"z3 gave up: {error}")
        finally:
            late.cancel()

    def _read(self, model) -> Counterexample:
        """The case that a model of z3 is."""
        j, i, n, *rest = (
            model.eval(x.expression, model_completion=True).as_long()
            for x in (self.j, self.i, self.n, *self.values.values())
        )
        return Counterexample(j, i, n, tuple(zip(self.values, rest)))


def _turned(text: str) -> str:
    """A condition without Not, and with the number on the right."""
    if found := re.fullmatch(r"Not\((.+) (<=|>=|<|>|==) (.+)\)", text):
        text = f"{found[1]} {OPPOSITE[found[2]]} {found[3]}"
    if found := re.fullmatch(r"(-?\d+) (<=|>=|<|>|!=|==) (.+)", text):
        text = f"{found[3]} {TURNED[found[2]]} {found[1]}"
    return text
