"""At most, or exactly, so many layers join j and i: by induction along the path.

Symbols:  j, i as in `finite.reach`; a is the key of i from which the induction goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...sets.types import IntArray
from .agreement import Reading, at_positions
from .family import Family
from .induction import Induction
from .mutations import narrower
from .query import Query
from .small_cases import layer_counts, pairs_in_scope
from .terms import Term, integer_term
from .wording import function_text, hops_statement, plain_statement, source
from .z3_import import z3

Function = Callable[..., Any]  # of j, i and the parameters


class Hops(Induction):
    """j reaches i through at most, or exactly, hops(j, i) layers."""

    def __init__(
        self,
        family: Family,
        causal: bool,
        deadline: float,
        hops: Function,
        toward: Function,
        exact: bool,
    ):
        super().__init__(family, causal, deadline)
        self.hops = hops
        self.toward = toward
        self.exact = exact
        self.assumes_causal = causal

    def hops_between(self, query: Query, j: Term, i: Term):
        """hops(j, i) as a z3 integer."""
        hops = query.call(self.hops, j, i)
        return query.term(hops).expression

    def functions(self):
        return self.hops, self.toward

    def readings(self, query):
        hops = self.hops_between(query, query.j, query.i)
        yield Reading("hops(j, i)", hops, at_positions(self.hops))
        toward = self.toward_term(query).expression
        yield Reading("toward(j, i)", toward, at_positions(self.toward))

    def toward_term(self, query: Query) -> Term:
        """toward(j, i)."""
        return query.term(query.call(self.toward, query.j, query.i))

    def claim(self, scope):
        hops = function_text(self.hops, "hops(j, i)")
        layers = f"layers that {source(self.family.build)} gives"
        claim = (
            f"the shortest path from j to i through {layers} has length {hops}"
            if self.exact
            else f"j reaches i through {layers}, at most {hops} of them"
        )
        return plain_statement(scope, claim)

    def induction_steps(self, query):
        all_of, negate = z3().And, z3().Not
        i, j = query.i, query.j
        a = self.toward_term(query)
        from_a = self.hops_between(query, j, a)
        from_i = self.hops_between(query, j, i)
        differ = i.expression != j.expression
        attends = query.attends(query.layers.steps[0], i, a)
        nearer = [attends, *query.range_conditions(a)]
        if self.causal:
            nearer += [j.expression <= a.expression, a.expression <= i.expression]
        nearer.append(from_a < from_i)
        yield "hops(j, i) is at least 0", from_i < 0
        yield "hops(j, i) is above 0 if i is not j", all_of(differ, from_i <= 0)
        yield (
            "i attends to a = toward(j, i), and hops(j, a) < hops(j, i)",
            all_of(differ, negate(all_of(*nearer))),
        )
        if self.exact:
            yield from self.exactness_steps(query, from_i)

    def exactness_steps(self, query: Query, from_i):
        """The steps of: no path is shorter than hops(j, i), which is `from_i`."""
        all_of = z3().And
        i, j = query.i, query.j
        step = query.layers.steps[0]
        a = integer_term(query.symbols, "a")
        from_a = self.hops_between(query, j, a)
        from_j = self.hops_between(query, j, j)
        key = [query.attends(step, i, a), *query.range_conditions(a)]
        if self.causal:
            key.append(j.expression <= a.expression)
        yield "hops(j, j) is 0", from_j > 0
        yield (
            "hops(j, i) <= hops(j, a) + 1 for every key a of i",
            all_of(all_of(*key), from_i > from_a + 1),
        )
        if self.causal:
            looks_ahead = all_of(query.attends(step, j, i), i.expression != j.expression)
            yield "no key comes after its query", looks_ahead

    def failures(self, values, layers, n):
        needed = layer_counts(layers.steps, n)
        i, j = np.arange(n)[:, None], np.arange(n)
        hops = self.hops(j, i, **values)
        claimed: IntArray = np.broadcast_to(hops, (n, n))
        wrong = needed != claimed if self.exact else needed > claimed
        return wrong & pairs_in_scope(n, self.causal)

    def mutations(self, count):
        return narrower(count, self.causal)

    def statement(self, query):
        value = query.term(query.call(self.hops, query.j, query.i))
        hops = function_text(self.hops, repr(value))
        return hops_statement(query.layers.steps, self.scope(query), hops, self.exact)

    def evidence(self, query):
        key = function_text(self.toward, repr(self.toward_term(query)))
        nearer = (
            "one layer nearer to j, and no key is nearer than that"
            if self.exact
            else "at least one layer nearer to j"
        )
        return f"induction, each step confirmed by z3: i reads {key}, which is {nearer}"
