"""Any number of layers: how many a path takes, and where no path ever leads. Both by induction, whose steps z3 is asked for.

Symbols:  as in `connectivity`; a is the position that i reads, and from which the induction goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from time import monotonic

import numpy as np

from ...sets.checks import flag
from .family import Family, family
from .induction import Induction
from .mutations import narrower, wider
from .query import Question
from .small_cases import layers_needed, least, pairs
from .solver import z3
from .symbols import Undecided
from .terms import integer, truth
from .verdict import Verdict, seconds_of
from .wording import at_any_depth, in_layers, text_of


def prove_hops(step, hops, toward, *, exact=False, causal=True, seconds=60.0) -> Verdict:
    """Whether j reaches i through at most hops(j, i) layers of one step, for every n, i, j and parameters

    By induction: where i is not j, i attends to a = toward(j, i), from which hops(j, a) < hops(j, i) layers are left; and
    hops(j, i) is above 0. With `exact`, no path is shorter: hops(j, j) <= 0, and hops(j, i) <= hops(j, a) + 1 for all keys a of i.

    Parameters
    ----------
    step : a pattern, or a function of named parameters that gives one, as for `prove`.
    hops, toward : functions of j, i and these parameters, in + - * // %, comparisons and `rank`; docstrings tell them in words.
    exact : whether the statement is that the shortest path takes hops(j, i) layers.
    causal : True for pairs j <= i, False for all pairs.
    seconds : as for `prove`.

    Small lengths and parameters are walked first. Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> def needed(j, i, l):
    ...     "ceil((i - j) / l)"
    ...     return -((j - i) // l)
    >>> def toward(j, i, l): return i - (i - j - 1) % l - 1
    >>> verdict = sr.paths.prove_hops(sr.Local, needed, toward, exact=True)
    >>> print(verdict.status, verdict.statement.partition(": ")[2], sep=": ")
    proved: the shortest path from j to i through layers of Local(l) has length ceil((i - j) / l)
    >>> print(verdict.evidence)
    induction, each step confirmed by z3: i reads i - ((i - j - 1) % l) - 1, and no key is nearer by more than a layer
    >>> print(verdict.planted)
    without keys at distance 1 in layer 1 it is false at l = 1, j = 0, i = 1, n = 2, and z3 says so
    """
    given, deadline = family(step, None), monotonic() + seconds_of(seconds)
    if any(len(found.steps) != 1 for _, found in islice(given.small(), 1)):
        raise ValueError(f"step must be one pattern, got {step!r}")
    hops, toward = _function("hops", hops), _function("toward", toward)
    return Hops(
        given, hops, toward, flag("exact", exact), flag("causal", causal), deadline
    ).verdict()


def prove_closed(steps, holds, *, causal=True, seconds=60.0) -> Verdict:
    """Whether j reaches i only where holds(j, i), through any number of layers in any order, for every n, i, j and parameters

    By induction over the layers: holds(j, j); and where holds(j, a), and i attends to a in any of the steps, holds(j, i).
    So a pair for which it does not hold is never connected, and the evidence names the first.

    Parameters
    ----------
    steps : as for `prove`.
    holds : a function of j, i and the parameters of steps, in + - * // %, comparisons, & and |; a docstring says it in words.
    causal : True to prove j <= i with it, that no key comes after its query; the pair that the evidence names has j <= i, too.
    seconds : as for `prove`.

    Small lengths and parameters are walked first. Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> def one_block(j, i, l):
    ...     "j and i are in one block"
    ...     return j // l == i // l
    >>> print(sr.paths.prove_closed(sr.Block, one_block))
    proved: for all l >= 1, every n and all 0 <= j <= i < n: layers of Block(l) lead from j to i only where j and i are in one block
    evidence: induction, each step confirmed by z3; so j = 0 never reaches i = 1 at l = 1, n = 2
    planted: with keys at distance 1 added in layer 1 it is false at l = 1, j = 0, i = 1, n = 2, and z3 says so
    """
    deadline = monotonic() + seconds_of(seconds)
    return Closed(
        family(steps, None), _function("holds", holds), flag("causal", causal), deadline
    ).verdict()


def _function(name: str, value) -> Callable:
    """The value, which is one."""
    if not callable(value):
        raise TypeError(f"{name} must be a function of j, i and the parameters, got {value!r}")
    return value


class Hops(Induction):
    """j reaches i through at most, or exactly, hops(j, i) layers."""

    def __init__(
        self,
        given: Family,
        hops: Callable,
        toward: Callable,
        exact: bool,
        causal: bool,
        deadline: float,
    ):
        super().__init__(given, causal, deadline)
        self.hops, self.toward, self.exact, self.assumed = hops, toward, exact, causal

    def conditions(self, question):
        both, no, i, j, step = z3().And, z3().Not, question.i, question.j, question.layers.steps[0]
        a = question.term(self.toward(j, i, **question.values))
        left, needed = (
            question.term(self.hops(j, x, **question.values)).expression for x in (a, i)
        )
        apart, order = (
            i.expression != j.expression,
            [j.expression <= a.expression, a.expression <= i.expression],
        )
        nearer = both(
            question.holds(step, i, a),
            *question.within(a),
            *(order if self.causal else []),
            left < needed,
        )
        yield "hops(j, i) is at least 0", needed < 0
        yield "hops(j, i) is above 0 where i is not j", both(apart, needed <= 0)
        yield (
            "i attends to a = toward(j, i), where hops(j, a) < hops(j, i)",
            both(apart, no(nearer)),
        )
        if self.exact:
            a = integer(question.symbols, "a")
            left, none = (
                question.term(self.hops(j, x, **question.values)).expression for x in (a, j)
            )
            key = both(
                question.holds(step, i, a),
                *question.within(a),
                *([j.expression <= a.expression] if self.causal else []),
            )
            yield "hops(j, j) is 0", none > 0
            yield "hops(j, i) <= hops(j, a) + 1 for every key a of i", both(key, needed > left + 1)
            if self.causal:
                yield "no key comes after its query", both(question.holds(step, j, i), apart)

    def wrong(self, values, found, n):
        needed, i, j = layers_needed(found.steps, n), np.arange(n)[:, None], np.arange(n)
        allowed = np.broadcast_to(self.hops(j, i, **values), (n, n))
        return ((needed != allowed) if self.exact else (needed > allowed)) & pairs(n, self.causal)

    def changes(self, count):
        return narrower(count, self.causal)

    def said(self, question):
        said = text_of(self.hops, self.hops(question.j, question.i, **question.values))
        return in_layers(
            question.layers.steps, question.assumed(), self.causal, question.own, said, self.exact
        )

    def evidence(self, question):
        toward = self.toward(question.j, question.i, **question.values)
        nearer = "no key is nearer by more than a layer" if self.exact else "is nearer by a layer"
        return f"induction, each step confirmed by z3: i reads {text_of(self.toward, toward)}, and {nearer}"


class Closed(Induction):
    """j reaches i only where holds(j, i), and j <= i where causal: which is proved with it, and not assumed."""

    assumed = False

    def __init__(self, given: Family, holds: Callable, causal: bool, deadline: float):
        super().__init__(given, causal, deadline)
        self.holds = holds

    def related(self, question: Question, j, i):
        """holds(j, i), and j <= i where causal."""
        held = truth(self.holds(j, i, **question.values), question.symbols)
        return z3().And(held, j.expression <= i.expression) if self.causal else held

    def conditions(self, question):
        both, no, i, j, a = (
            z3().And,
            z3().Not,
            question.i,
            question.j,
            integer(question.symbols, "a"),
        )
        yield "holds(j, j)", no(self.related(question, j, j))
        for m, step in enumerate(question.layers.steps, 1):
            key = both(
                question.holds(step, i, a), *question.within(a), self.related(question, j, a)
            )
            yield (
                f"holds(j, i) where holds(j, a) and i attends to a in layer {m}",
                both(key, no(self.related(question, j, i))),
            )

    def wrong(self, values, found, n):
        return (layers_needed(found.steps, n) < n) & ~self.held(values, n)

    def held(self, values, n):
        """holds(j, i), and j <= i where causal, bool [i, j]."""
        j, i = np.arange(n), np.arange(n)[:, None]
        return np.broadcast_to(self.holds(j, i, **values), (n, n)) & pairs(n, self.causal)

    def changes(self, count):
        return wider(count, self.causal)

    def said(self, question):
        said = text_of(self.holds, self.holds(question.j, question.i, **question.values))
        return at_any_depth(
            question.layers.steps, question.assumed(), self.causal, question.own, said
        )

    def evidence(self, question):
        never = least(
            self.given,
            lambda values, found, n: ~self.held(values, n) & pairs(n, self.causal),
            self.deadline + 5,
        )
        if never is None:
            raise Undecided("holds(j, i) is true of every pair that was looked at: nothing is said")
        at = ", ".join(
            f"{name} = {x}" for name, x in (dict(never.parameters) | dict(n=never.n)).items()
        )
        return f"induction, each step confirmed by z3; so j = {never.j} never reaches i = {never.i} at {at}"
