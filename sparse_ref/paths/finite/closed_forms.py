"""Hops in closed form, for positions of any size: the patterns of which the way is known, each with its reason.

Each gives the hops of a pair (None where no number of layers joins it), and a pair j <= i < n that none is further apart
than. They hold with the residual edge and without: to stand still never makes a way through these shorter. They are
stated of these classes alone, not of what is derived from them.
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


class Known(NamedTuple):
    """hops(j, i) of two positions; farthest(n) = (j, i), j <= i < n, than which none is further apart, to either side."""

    hops: Callable[[int, int], int | None]
    farthest: Callable[[int], tuple[int, int]] = lambda n: (0, n - 1)


def known(steps: tuple[Pattern, ...]) -> Known | None:
    """The closed form for layers that cycle through the steps, None where there is none here."""
    first, *others = steps
    if not others:
        return _of_one(first)
    if len(others) > 1:
        return None
    keys, l = _lookback(first), getattr(others[0], "l", 1)
    if type(others[0]) is Strided and keys >= l:
        return _earlier(
            lambda d: 1 if d < keys else 2
        )  # to the last position that is a multiple of l before i
    keys, l = _lookback(others[0]), getattr(first, "l", 1)
    if type(first) is Strided and keys >= l:
        return Known(_earlier(lambda d: 1 if d % l == 0 else 2).hops, lambda n: (0, min(1, n - 1)))
    if type(first) is Block and type(others[0]) is Summary and others[0].l == first.l:
        return Known(
            lambda j, i: None if j > i else (j < i) + (j // first.l < i // first.l)
        )  # by the end of j's block
    return None


def _of_one(p: Pattern) -> Known | None:
    """The closed form where all layers are alike."""
    if type(p) is Full:
        return Known(lambda j, i: int(i != j))  # all read all
    if type(p) is Causal:
        return _earlier(lambda d: 1)  # all earlier ones are read
    if _lookback(p):
        reach = _lookback(p) - 1
        return _earlier(
            lambda d: -(-d // reach) if reach else None
        )  # no layer goes back further, and each may go as far
    if type(p) is Window:
        return Known(lambda j, i: _strides(abs(i - j), 1, p.radius))  # likewise to either side
    if type(p) is Dilated:
        far = 1 if p.step > 1 else None  # the next position is of another remainder
        return Known(
            lambda j, i: _strides(abs(i - j), p.step, p.radius), lambda n: (0, min(far or n, n - 1))
        )
    if type(p) is Strided:
        return Known(
            _earlier(lambda d: None if d % p.l else 1).hops,
            lambda n: (0, n - 1 if p.l == 1 else min(1, n - 1)),
        )
    if type(p) is LogSparse:
        return Known(
            _earlier(int.bit_count).hops, lambda n: (0, (1 << (n.bit_length() - 1)) - 1)
        )  # the powers that sum to d
    return _butterfly(p)


def _butterfly(p: Pattern) -> Known | None:
    """A layer changes one binary digit: i's that j lacks come last, so that no position is beyond j and i."""
    factors = len(leaves(p)) - 1
    if not 0 <= factors <= 59 or p != butterfly(factors):
        return None

    def farthest(n):
        top = 1 << max((n - 1).bit_length() - 1, 0)  # the greatest power of 2 below n
        return (0, 1 << factors) if n > 1 << factors else (top - 1, min(top, n - 1))

    return Known(lambda j, i: None if (i ^ j) >> factors else (i ^ j).bit_count(), farthest)


def _earlier(hops: Callable[[int], int | None]) -> Known:
    """Hops by the distance d = i - j > 0, where nobody reads the future; the first and the last are furthest apart."""
    return Known(lambda j, i: hops(i - j) if j < i else 0 if j == i else None)


def _lookback(p: Pattern) -> int:
    """The keys of a window that ends at i; 0 for any other pattern."""
    return p.keys if type(p) is Lookback else p.l + 1 if type(p) is Local else 0


def _strides(distance: int, step: int, radius: int) -> int | None:
    """ceil(distance / (step radius)) where step divides the distance."""
    if distance % step or (distance and not radius):
        return None
    return -(-distance // (step * radius)) if distance else 0
