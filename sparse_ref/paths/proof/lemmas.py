"""Any number of layers: how many a path needs, and which pairs no path connects, by induction.

z3 confirms each step of the induction.

Symbols:  j, i as in `finite.reach`; a is the key of i from which the induction goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np

from ...sets.checks import flag
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from .family import Family, StepsOrFamily, Values, family_of
from .induction import Induction
from .mutations import narrower, wider
from .query import Query
from .small_cases import layer_counts, pairs_in_scope, smallest_failure
from .terms import Term, Undecided, integer_term, truth, z3
from .verdict import Verdict, positive_seconds
from .wording import function_text, hops_statement, invariant_statement

EVIDENCE_SECONDS = 5  # for the example in the evidence, beyond the time limit

Function = Callable[..., Any]  # of j, i and the parameters


def prove_hops(
    step: Pattern | Callable[..., Pattern],
    hops: Callable[..., Any],
    toward: Callable[..., Any],
    *,
    exact: bool = False,
    causal: bool = True,
    seconds: float = 60.0,
) -> Verdict:
    """Whether j reaches i through at most hops(j, i) layers of one step

    The statement is for every n, i, j and parameter. By induction: if i is not j, then hops(j, i)
    is above 0, i attends to a = toward(j, i), and hops(j, a) < hops(j, i). With `exact`, no path
    is shorter: hops(j, j) <= 0, and hops(j, i) <= hops(j, a) + 1 for all keys a of i.

    Parameters
    ----------
    step : Pattern, or function of named parameters that gives one
        As for `prove`.
    hops, toward : function of j, i and these parameters
        In + - * // %, comparisons and `rank`. A docstring states the result in words.
    exact : bool
        Whether the shortest path takes exactly hops(j, i) layers.
    causal : bool
        True for pairs j <= i, False for all pairs.
    seconds : float
        As for `prove`.

    Small lengths and parameters are checked first.

    Raises TypeError or ValueError naming argument, value and bound; ImportError if z3 is missing.

    >>> import sparse_ref as sr
    >>> def needed(j, i, l):
    ...     "ceil((i - j) / l)"
    ...     return -((j - i) // l)
    >>> def toward(j, i, l): return i - (i - j - 1) % l - 1
    >>> verdict = sr.paths.prove_hops(sr.Local, needed, toward, exact=True)
    >>> print(verdict.status, verdict.statement.partition(": ")[2], sep=": ")
    proved: the shortest path from j to i through layers of Local(l) has length ceil((i - j) / l)
    >>> print(*verdict.evidence.split(", which "), sep="\\n")
    induction, each step confirmed by z3: i reads i - ((i - j - 1) % l) - 1
    is one layer nearer to j, and no key is nearer than that
    >>> print(*verdict.negative_control.split(": "), sep="\\n")
    with distance 1 removed from layer 1, the induction fails
    the counterexample is l = 1, n = 2, j = 0, i = 1
    """
    deadline = monotonic() + positive_seconds(seconds)
    target = family_of(step, None)
    if target.layer_count() > 1:
        raise ValueError(f"step must be one pattern, got {step!r}")
    _check_callable("hops", hops)
    _check_callable("toward", toward)
    exact = flag("exact", exact)
    causal = flag("causal", causal)
    return Hops(target, causal, deadline, hops, toward, exact).verdict()


def prove_invariant(
    steps: StepsOrFamily,
    holds: Callable[..., Any],
    *,
    causal: bool = True,
    seconds: float = 60.0,
) -> Verdict:
    """Whether `holds` is an invariant of paths: j reaches i only if holds(j, i), at any depth

    The statement is for every n, i, j and parameter, and the layers come in any order. By
    induction: holds(j, j); and if holds(j, a), and i attends to a in any of the steps, then
    holds(j, i). A pair that does not satisfy `holds` is never connected; the evidence names the
    first such pair.

    Parameters
    ----------
    steps : as for `prove`
    holds : function of j, i and the parameters of steps
        In + - * // %, comparisons, & and |. A docstring states the condition in words.
    causal : bool
        True to prove j <= i as well, so that no key comes after its query. The pair that the
        evidence names then has j <= i, too.
    seconds : float
        As for `prove`.

    Small lengths and parameters are checked first.

    Raises TypeError or ValueError naming argument, value and bound; ImportError if z3 is missing.

    >>> import sparse_ref as sr
    >>> def one_block(j, i, l):
    ...     "j and i are in one block"
    ...     return j // l == i // l
    >>> verdict = sr.paths.prove_invariant(sr.Block, one_block)
    >>> print(verdict.status, verdict.statement.partition(": ")[2], sep=": ")
    proved: layers of Block(l) lead from j to i only if j and i are in one block
    >>> print(verdict.evidence)
    induction, each step confirmed by z3; so j = 0 never reaches i = 1 at l = 1, n = 2
    >>> print(*verdict.negative_control.split(": "), sep="\\n")
    with distance 1 added to layer 1, the induction fails
    the counterexample is l = 1, n = 2, j = 0, i = 1
    """
    deadline = monotonic() + positive_seconds(seconds)
    target = family_of(steps, None)
    _check_callable("holds", holds)
    causal = flag("causal", causal)
    return Invariant(target, causal, deadline, holds).verdict()


def _check_callable(name: str, value) -> None:
    """Raise TypeError unless the value is a function."""
    if not callable(value):
        raise TypeError(f"{name} must be a function of j, i and the parameters, got {value!r}")


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
        return query.term(self.hops(j, i, **query.values)).expression

    def induction_steps(self, query):
        all_of, negate = z3().And, z3().Not
        i, j = query.i, query.j
        a = query.term(self.toward(j, i, **query.values))
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
        value = self.hops(query.j, query.i, **query.values)
        hops = function_text(self.hops, value)
        return hops_statement(query.layers.steps, self.scope(query), hops, self.exact)

    def evidence(self, query):
        value = self.toward(query.j, query.i, **query.values)
        key = function_text(self.toward, value)
        nearer = (
            "one layer nearer to j, and no key is nearer than that"
            if self.exact
            else "at least one layer nearer to j"
        )
        return f"induction, each step confirmed by z3: i reads {key}, which is {nearer}"


class Invariant(Induction):
    """j reaches i only if holds(j, i), and j <= i if causal, which is proved and not assumed."""

    assumes_causal = False

    def __init__(self, family: Family, causal: bool, deadline: float, holds: Function):
        super().__init__(family, causal, deadline)
        self.holds = holds

    def condition(self, query: Query, j: Term, i: Term):
        """holds(j, i), and j <= i if causal, as a z3 condition."""
        holds = truth(self.holds(j, i, **query.values), query.symbols)
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
        value = self.holds(query.j, query.i, **query.values)
        holds = function_text(self.holds, value)
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
