"""Pairs that no path joins, at any depth: by induction over the layers.

Symbols:  j, i as in `finite.reach`; a is the key of i from which the induction goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...sets.types import BoolArray
from .agreement import Reading, at_positions
from .family import Family, Values
from .induction import Induction
from .mutations import wider
from .query import Query
from .refusals import Undecided
from .small_cases import layer_counts, pairs_in_scope, smallest_failure
from .terms import Term, integer_term, truth
from .wording import function_text, invariant_statement, plain_statement, source
from .z3_import import z3

EVIDENCE_SECONDS = 5  # for the example in the evidence, beyond the time limit

Function = Callable[..., Any]  # of j, i and the parameters


class Invariant(Induction):
    """j reaches i only if holds(j, i), and j <= i if causal, which is proved and not assumed."""

    assumes_causal = False

    def __init__(self, family: Family, causal: bool, deadline: float, holds: Function):
        super().__init__(family, causal, deadline)
        self.holds = holds

    def functions(self):
        return (self.holds,)

    def readings(self, query):
        holds = self.truth_at(query, query.j, query.i)
        yield Reading("holds(j, i)", holds, at_positions(self.holds))

    def claim(self, scope):
        holds = function_text(self.holds, "holds(j, i)")
        layers = f"layers that {source(self.family.build)} gives"
        return plain_statement(scope, f"{layers} lead from j to i only if {holds}")

    def truth_at(self, query: Query, j: Term, i: Term):
        """holds(j, i) as a z3 condition."""
        holds = query.call(self.holds, j, i)
        return truth(holds, query.symbols)

    def condition(self, query: Query, j: Term, i: Term):
        """holds(j, i), and j <= i if causal, as a z3 condition."""
        holds = self.truth_at(query, j, i)
        return z3().And(holds, j.expression <= i.expression) if self.causal else holds

    def induction_steps(self, query):
        all_of, negate = z3().And, z3().Not
        i, j = query.i, query.j
        a = integer_term(query.symbols, "a")
        yield "holds(j, j)", negate(self.condition(query, j, j))
        for m, step in enumerate(query.layers.steps, 1):
            premises = [query.attends(step, i, a), *query.range_conditions(a)]
            premises.append(self.condition(query, j, a))
            conclusion = self.condition(query, j, i)
            yield (
                f"holds(j, a) implies holds(j, i) if i attends to a in layer {m}",
                all_of(all_of(*premises), negate(conclusion)),
            )

    def failures(self, values, layers, n):
        reachable = layer_counts(layers.steps, n) < n
        return reachable & ~self.mask(values, n)

    def mask(self, values: Values, n: int) -> BoolArray:
        """holds(j, i), and j <= i if causal, bool [i, j]."""
        i, j = np.arange(n)[:, None], np.arange(n)
        holds = np.broadcast_to(self.holds(j, i, **values), (n, n))
        return holds & pairs_in_scope(n, self.causal)

    def mutations(self, count):
        return wider(count, self.causal)

    def statement(self, query):
        value = query.call(self.holds, query.j, query.i)
        holds = function_text(self.holds, repr(value))
        return invariant_statement(query.layers.steps, self.scope(query), holds)

    def evidence(self, query):
        def exclusions(values, layers, n):
            return ~self.mask(values, n) & pairs_in_scope(n, self.causal)

        limit = self.deadline + EVIDENCE_SECONDS
        pair = smallest_failure(self.family, exclusions, limit)
        if pair is None:
            raise Undecided(
                "holds(j, i) is true for every pair that was checked, so it excludes nothing"
            )
        values = dict(pair.parameters) | {"n": pair.n}
        case = ", ".join(f"{name} = {x}" for name, x in values.items())
        example = f"j = {pair.j} never reaches i = {pair.i} at {case}"
        return f"induction, each step confirmed by z3; so {example}"
