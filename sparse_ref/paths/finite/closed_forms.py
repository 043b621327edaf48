"""Hops in closed form, for positions of any size: patterns whose shortest paths are known, and why.

A closed form gives the hops of a pair, and a pair j <= i < n at maximal distance. It holds with the
residual edge and without: a layer that stays at its position never shortens a path through these
patterns. It is stated for exactly these classes, not for subclasses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...patterns import (
    Causal,
    Dilated,
    Full,
    Local,
    LogSparse,
    Lookback,
    Strided,
    Window,
    butterfly,
)
from ...patterns.sparse_transformer import Block, Summary
from ...sets.pattern import Pattern, leaves

MAX_FACTORS = 59  # a butterfly of more factors joins distances beyond 10^18
Hops = Callable[[int, int], int | None]
Pair = tuple[int, int]


def both_ends(n: int) -> Pair:
    """The first position and the last."""
    return 0, n - 1


def neighbours(n: int) -> Pair:
    """The first two positions."""
    return 0, min(1, n - 1)


class ClosedForm(NamedTuple):
    """hops(j, i): the hops of two positions, None if nothing joins them.

    farthest(n) = (j, i), j <= i < n: no pair is further apart, in either direction.
    """

    hops: Hops
    farthest: Callable[[int], Pair] = both_ends


def form_of(steps: tuple[Pattern, ...]) -> ClosedForm | None:
    """The closed form for layers that cycle through the steps, None if none is known here."""
    if len(steps) == 1:
        (p,) = steps
        form = FORMS.get(type(p))
        return _butterfly(p) if form is None else form(p)
    if len(steps) == 2:
        return _of_two(*steps)
    return None


def _of_two(below: Pattern, above: Pattern) -> ClosedForm | None:
    """The closed form of two layers that take turns."""
    if type(above) is Strided and _lookback_keys(below) >= above.l:
        keys = _lookback_keys(below)
        # The window carries j up to a position congruent to i, the stride from there to i.
        return ClosedForm(_backward(lambda d: 1 if d < keys else 2))
    if type(below) is Strided and _lookback_keys(above) >= below.l:
        l = below.l
        return ClosedForm(_backward(lambda d: 1 if d % l == 0 else 2), neighbours)
    if type(below) is Block and type(above) is Summary and below.l == above.l:
        return ClosedForm(_hops_in_blocks(below.l))
    return None


def _hops_in_blocks(l: int) -> Hops:
    """One layer to the end of j's block, one more to a later block."""

    def hops(j, i):
        if j > i:
            return None
        return (j < i) + (j // l < i // l)

    return hops


def _full(p: Full) -> ClosedForm:
    """Every position reads every position."""
    return ClosedForm(lambda j, i: int(i != j))


def _causal(p: Causal) -> ClosedForm:
    """Every position reads all earlier ones."""
    return ClosedForm(_backward(lambda d: 1))


def _lookback(p: Pattern) -> ClosedForm:
    """No layer goes back further than keys - 1, and each may go as far."""
    farthest_key = _lookback_keys(p) - 1
    return ClosedForm(_backward(lambda d: -(-d // farthest_key) if farthest_key else None))


def _window(p: Window) -> ClosedForm:
    """No layer goes further than the radius to either side, and each may go as far."""
    return ClosedForm(lambda j, i: _stride_count(abs(i - j), 1, p.radius))


def _dilation_form(p: Dilated) -> ClosedForm:
    """A window over the positions of one remainder."""
    # With step > 1 the next position has another remainder, and nothing joins the two.
    farthest = neighbours if p.step > 1 else both_ends

    def hops(j, i):
        return _stride_count(abs(i - j), p.step, p.radius)

    return ClosedForm(hops, farthest)


def _stride_form(p: Strided) -> ClosedForm:
    """Every position reads all earlier ones of its remainder, in one layer."""
    farthest = both_ends if p.l == 1 else neighbours
    return ClosedForm(_backward(lambda d: None if d % p.l else 1), farthest)


def _log_sparse(p: LogSparse) -> ClosedForm:
    """One layer for each power of two in the distance; 2^k - 1 has the most."""

    def farthest(n):
        return 0, (1 << (n.bit_length() - 1)) - 1

    return ClosedForm(_backward(int.bit_count), farthest)


FORMS: dict[type, Callable] = {
    Full: _full,
    Causal: _causal,
    Lookback: _lookback,
    Local: _lookback,
    Window: _window,
    Dilated: _dilation_form,
    Strided: _stride_form,
    LogSparse: _log_sparse,
}


def _butterfly(p: Pattern) -> ClosedForm | None:
    """A layer changes one binary digit.

    The digits of i that j lacks are set last, so that no position on the way is beyond both j and
    i.
    """
    factors = len(leaves(p)) - 1
    if not 0 <= factors <= MAX_FACTORS or p != butterfly(factors):
        return None

    def hops(j, i):
        changed = i ^ j
        return None if changed >> factors else changed.bit_count()

    def farthest(n):
        if n > 1 << factors:
            return 0, 1 << factors
        top = 1 << max((n - 1).bit_length() - 1, 0)  # the greatest power of 2 below n
        return top - 1, min(top, n - 1)

    return ClosedForm(hops, farthest)


def _backward(hops: Callable[[int], int | None]) -> Hops:
    """Hops by the distance d = i - j > 0, if no position reads the future."""

    def of_pair(j, i):
        if j > i:
            return None
        return hops(i - j) if j < i else 0

    return of_pair


def _lookback_keys(p: Pattern) -> int:
    """The number of keys of a window that ends at i; 0 for any other pattern."""
    if type(p) is Lookback:
        return p.keys
    return p.l + 1 if type(p) is Local else 0


def _stride_count(distance: int, step: int, radius: int) -> int | None:
    """ceil(distance / (step radius)) if step divides the distance, otherwise None."""
    if distance == 0:
        return 0
    if distance % step or radius == 0:
        return None
    return -(-distance // (step * radius))
