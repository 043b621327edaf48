"""One query to z3 about layers at terms for i, j, n and parameters: whether there is a case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from threading import Timer
from typing import Any, NamedTuple

from ...sets.pattern import Pattern
from .facts import facts_about
from .family import Family, Layers
from .refusals import Undecided
from .terms import Symbols, Term, integer_expression, integer_term, truth
from .verdict import Counterexample
from .wording import readable_condition
from .z3_import import z3

# z3 is restarted with another seed, as its luck varies: the share of the time that each seed gets.
TIME_SHARES = (0.02, 0.02, 0.04, 0.04, 0.08, 0.1, 0.2, 0.5)
VACUITY_TIMEOUT = 5000  # in ms


class Answer(NamedTuple):
    """The status "unsat", "sat" with the case that z3 found, or "unknown" with the reason."""

    status: str
    case: Counterexample | None = None
    reason: str = ""


class Query:
    """Layers of a family at terms, and positions 0 <= j, i < n, with j <= i if causal.

    `change` mutates the layers first.
    """

    def __init__(
        self,
        family: Family,
        causal: bool,
        n: int | None = None,
        change: Callable[[Layers], Layers] | None = None,
    ):
        self.symbols = Symbols()
        self.values, layers = family.symbolic(self.symbols)
        self.layers = layers if change is None else change(layers)
        self.i = integer_term(self.symbols, "i")
        self.j = integer_term(self.symbols, "j")
        self.n = self.values["n"] if "n" in self.values else integer_term(self.symbols, "n")
        self.bounds = self.range_conditions(self.i) + self.range_conditions(self.j)
        if causal:
            self.bounds.append(self.j.expression <= self.i.expression)
        self.length = self._single_length(n)
        if self.length is not None:
            self.bounds.append(self.n.expression == self.length.expression)

    def _single_length(self, n: int | None) -> Term | None:
        """The one length as a term, if the statement is about one."""
        candidates = (n, self.layers.own_length, self.values.get("n"))
        length = next((x for x in candidates if x is not None), None)
        if length is None:
            return None
        return Term(z3().simplify(self.term(length).expression), self.symbols)

    def term(self, x) -> Term:
        """An int as a term."""
        if isinstance(x, Term):
            return x
        return Term(integer_expression(x, self.symbols), self.symbols)

    def range_conditions(self, x: Term) -> list[Any]:
        """0 <= x < n."""
        return [x.expression >= 0, x.expression < self.n.expression]

    def attends(self, step: Pattern, i, j, residual: bool = False):
        """The condition that j is in A_i; or j = i, with the residual edge."""
        member = truth(self.symbols.call(step.contains, i, j), self.symbols)
        return z3().Or(member, i.expression == j.expression) if residual else member

    def path_condition(self, between: list[Term], residual: bool):
        """The condition that j, between, i is a path: each position attends to the one before."""
        hops = pairwise([self.j, *between, self.i])
        links = [
            self.attends(p, query, key, residual)
            for p, (key, query) in zip(self.layers.steps, hops, strict=True)
        ]
        ranges = [condition for a in between for condition in self.range_conditions(a)]
        return z3().And(*links, *ranges)

    def assumption_texts(self) -> list[str]:
        """The parameters without assumptions, then the assumptions, each in words.

        Assumptions that the others imply are left out.
        """
        independent = list(self.symbols.assumptions)
        for assumption in self.symbols.assumptions:
            others = [x for x in independent if not x.eq(assumption)]
            if self.symbols.follows(assumption, *others):
                independent = others
        texts = [readable_condition(self.symbols.text(assumption)) for assumption in independent]
        mentioned = {word for text in texts for word in re.findall(r"\w+", text)}
        free = [name for name in self.values if name != "n" and name not in mentioned]
        return free + texts

    def solve(
        self, *conditions, seconds: float, eliminate: bool = False, at: Counterexample | None = None
    ) -> Answer:
        """Whether all conditions hold in any case, or in the case `at`.

        `eliminate` is for conditions with quantifiers: z3 eliminates them.
        """
        if eliminate and self.symbols.definitions:
            raise Undecided(
                "quantifier elimination needs numbers as divisors, and a divisor here is a length"
            )
        premises = [*self._premises(), *conditions]
        if at is not None:
            premises += self.case_conditions(at)
        if eliminate:
            tactic = z3().Then("simplify", "qsat", ctx=self.symbols.context)
            return self._check(premises, tactic.solver(), seconds)
        answer = Answer("unknown")
        facts = facts_about(premises, self.symbols.quotients.values())
        for seed, share in enumerate(TIME_SHARES):
            solver = z3().Solver(ctx=self.symbols.context)
            solver.set("random_seed", seed)
            # Facts shorten some proofs and lengthen others: every second attempt has them.
            hints = [*facts.products, *facts.divisions] if seed % 2 else []
            answer = self._check([*premises, *hints], solver, share * seconds)
            if answer.status != "unknown":
                break
        return answer

    def is_vacuous(self, instances: Iterable[dict[str, int]]) -> bool:
        """Whether the assumptions hold for none of these parameters, at any n.

        Then a proof would mean nothing.
        """
        for values in instances:
            solver = z3().Solver(ctx=self.symbols.context)
            solver.set("timeout", VACUITY_TIMEOUT)
            solver.add(*self._premises())
            for name, x in values.items():
                solver.add(self.values[name].expression == x)
            if solver.check() == z3().sat:
                return False
        return True

    def _premises(self) -> list[Any]:
        """What is known of the terms before any condition."""
        return [*self.symbols.assumptions, *self.symbols.definitions, *self.bounds]

    def case_conditions(self, case: Counterexample) -> list[Any]:
        """The conditions that fix every term to its number in this case."""
        positions = [self.i.expression == case.i, self.j.expression == case.j]
        length = self.n.expression == case.n
        parameters = [self.values[name].expression == x for name, x in case.parameters]
        return [*positions, length, *parameters]

    def _check(self, premises, solver, seconds: float) -> Answer:
        """The answer of one solver within some seconds."""
        solver.set("timeout", max(1, round(1000 * seconds)))
        solver.add(*premises)
        # z3 does not keep its own timeout everywhere, so a timer interrupts it a second later.
        timer = Timer(seconds + 1, self.symbols.context.interrupt)
        timer.start()
        try:
            status = str(solver.check())
            if status == "sat":
                return Answer(status, self._case(solver.model()))
            if status == "unsat":
                return Answer(status)
            return Answer("unknown", reason=f"z3 gave up: {solver.reason_unknown()}")
        except z3().Z3Exception as error:
            return Answer("unknown", reason=f"z3 gave up: {error}")
        finally:
            timer.cancel()

    def _case(self, model) -> Counterexample:
        """The numbers that a z3 model gives to the terms."""
        return Counterexample(
            j=_number(model, self.j),
            i=_number(model, self.i),
            n=_number(model, self.n),
            parameters=self.parameters(model),
        )

    def parameters(self, model) -> tuple[tuple[str, int], ...]:
        """The names of parameters, and the numbers that a z3 model gives to them."""
        numbers = (_number(model, term) for term in self.values.values())
        return tuple(zip(self.values, numbers))

    def call(self, function: Callable, j: Term, i: Term) -> Any:
        """function(j, i), with terms for its parameters."""
        return self.symbols.call(function, j, i, **self.values)


def _number(model, term: Term) -> int:
    """The number that a z3 model gives to a term."""
    # With model completion, terms that the model leaves free get a number, too.
    return model.eval(term.expression, model_completion=True).as_long()
