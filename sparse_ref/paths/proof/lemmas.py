"""Any number of layers: how many a path needs, and which pairs no path connects, by induction.

z3 confirms each step of the induction.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from ...sets.checks import flag
from ...sets.pattern import Pattern
from .family import StepsOrFamily, family_of
from .hops import Hops
from .invariant import Invariant
from .verdict import Verdict, positive_seconds


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
