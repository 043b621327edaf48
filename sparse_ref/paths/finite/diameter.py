"""Distances and receptive fields: numbers about all pairs, without n x n results."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ...sets.types import IntArray
from ..layers import MAX_SEARCH_LENGTH, StepOrder, Steps, layers
from .bitsets import WORDS
from .closed_forms import ClosedForm, form_of
from .reach import column_slabs, first_arrivals, identity_columns, layer_cycle
from .shortest import no_path, shortest

Bits = NDArray[np.uint64]
Patterns = tuple[Pattern, ...]


class Extent(NamedTuple):
    """The most layers that any joined pair needs, and a pair (j, i) that nothing joins or None."""

    layers: int
    unjoined: tuple[int, int] | None


def diameter(
    steps: Steps,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
    causal: bool = True,
) -> int:
    """The greatest number of layers that any pair j <= i < n needs: max hops[i, j]

    0 if n is at most 1. In closed form, at any n up to 10^18, for Full, Causal, Window, Lookback,
    Local, Dilated, Strided, LogSparse and butterfly layers, and for the layers of `strided` in
    either order and of `fixed`; otherwise by search in O(n) memory.

    Parameters
    ----------
    steps, residual, order : as for `hops`: the layers cycle.
    n : the length; at most 32,768 if no closed form is known.
    causal : consider only the pairs j <= i; with False, all pairs.

    Raises
    ------
    LookupError
        No number of layers joins some pair, which the error names: by search the first, of the
        least i and then the least j.
    TypeError, ValueError
        Naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.diameter(sr.strided(181), 32768)
    2
    >>> sr.paths.diameter([sr.LogSparse()], 10**18), sr.paths.diameter([sr.Lookback(512)], 10**18)
    (59, 1956947162426615)
    >>> sr.paths.diameter([sr.Sinks(1)], 8)
    Traceback (most recent call last):
    LookupError: no path from j = 1 to i = 2 through Sinks(1), in any number of layers
    """
    patterns = layers(steps, order)
    n = integer("n", n, 0)
    greatest = extent(patterns, n, residual, flag("causal", causal))
    if greatest.unjoined is not None:
        raise no_path(patterns, *greatest.unjoined)
    return greatest.layers


def extent(patterns: Patterns, n: int, residual: bool, causal: bool) -> Extent:
    """The greatest number of layers of any pair: in closed form, or by search if none is known."""
    form = form_of(patterns)
    if form is None:
        return search_extent(patterns, n, residual, causal)
    return _extent_by_form(form, n, causal)


def _extent_by_form(form: ClosedForm, n: int, causal: bool) -> Extent:
    """`extent` by a closed form."""
    if n == 0:
        return Extent(0, None)
    j, i = form.farthest(n)
    pairs = [(j, i)]
    if not causal:
        pairs.append((i, j))
    counts = [form.hops(*pair) for pair in pairs]
    unjoined = [pair for pair, count in zip(pairs, counts) if count is None]
    return Extent(max(count or 0 for count in counts), unjoined[0] if unjoined else None)


def search_extent(patterns: Patterns, n: int, residual: bool, causal: bool) -> Extent:
    """`extent` by search, some columns at a time, until every pair in question is joined."""
    if n > MAX_SEARCH_LENGTH:
        raise ValueError(
            f"n must be at most {MAX_SEARCH_LENGTH} if no closed form is known, got {n}"
        )
    cycle = layer_cycle(patterns, n, residual)
    greatest = 0
    unjoined: list[tuple[int, int]] = []  # (i, j)
    for lo, hi in column_slabs(n):
        joined = _pairs_to_ignore(n, lo, hi, causal)
        for r, _ in first_arrivals(cycle, identity_columns(n, lo, hi), joined):
            greatest = max(greatest, r)
        incomplete = (~joined).any(axis=(0, 2))
        if incomplete.any():
            i = int(incomplete.argmax())
            bits = np.unpackbits(joined[:, i].view(np.uint8), bitorder="little")
            unjoined.append((i, lo + int(bits.argmin())))
    if not unjoined:
        return Extent(greatest, None)
    i, j = min(unjoined)
    return Extent(greatest, (j, i))


def _pairs_to_ignore(n: int, lo: int, hi: int, causal: bool) -> Bits:
    """The bits of no pair lo <= j < hi, and of j > i if causal: blocks as of `identity_columns`."""
    columns = hi - lo
    words = -(-columns // (64 * WORDS)) * WORDS
    first_bit = np.arange(0, 64 * words, 64).reshape(-1, 1, WORDS)
    # Row i asks about its first `counts[i]` columns.
    counts = np.full(n, columns)
    if causal:
        counts = np.minimum(np.arange(n) + 1 - lo, columns)
    bits = np.clip(counts[:, None] - first_bit, 0, 64)
    shift = (bits % 64).astype(np.uint64)  # a shift by 64 is undefined
    beyond = ~np.uint64(0) << shift
    return np.where(bits == 64, np.uint64(0), beyond)


def growth(
    steps: Steps,
    n: int,
    i: int | None = None,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> IntArray:
    """The receptive field: how many positions reach i through at most r layers, for r = 0, 1, ...

    |{ j : 0 <= hops[i, j] <= r }|, int64: (R + 1, n) for every i, or (R + 1,) for one i. Row 0 is
    1, i itself. Row R is the first row after which nothing grows; R is the greatest of the hops.
    O(n) memory in addition to the result.

    Parameters
    ----------
    steps, n, residual, order : as for `hops`; n at most 32,768.
    i : one position, below n; every position by default.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.growth([sr.Lookback(3)], 9, 8)
    array([1, 3, 5, 7, 9])
    >>> sr.paths.growth([sr.LogSparse()], 9, 8)
    array([1, 5, 8, 9])
    >>> sr.paths.growth(sr.strided(3), 9)
    array([[1, 1, 1, 1, 1, 1, 1, 1, 1],
           [1, 2, 3, 4, 4, 4, 4, 4, 4],
           [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    """
    cycle = layer_cycle(steps, n, residual, order)
    rows = np.arange(n)
    if i is not None:
        rows = rows[[integer("i", i, 0, n - 1)]]
    arrivals = [0 * rows]  # arrivals[r] : how many positions reach each row first through r layers
    for lo, hi in column_slabs(n):
        for r, first in first_arrivals(cycle, identity_columns(n, lo, hi)):
            while len(arrivals) <= r:
                arrivals.append(0 * rows)
            ones = np.bitwise_count(first[:, rows])
            arrivals[r] += ones.sum(axis=(0, 2), dtype=np.int64)
    sizes = np.cumsum(arrivals, axis=0)
    if i is None:
        return sizes
    field = sizes[:, 0]
    return field[: np.searchsorted(field, field[-1]) + 1]


def distance(
    steps: Steps,
    j: int,
    i: int,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> int:
    """hops[i, j] of one pair: the least number of layers through which j reaches i

    In closed form if `diameter` has one, for n up to 10^18; otherwise the length of `shortest`.
    Parameters and errors are those of `shortest`.

    >>> import sparse_ref as sr
    >>> sr.paths.distance([sr.LogSparse()], 5, 2**50 + 8, 2**60)            # 3 = 2 + 1 beyond 2**50
    3
    """
    patterns = layers(steps, order)
    n = integer("n", n, 1, None)
    form = form_of(patterns)
    if form is None:
        return len(shortest(steps, j, i, n, residual=residual, order=order)) - 1
    j = integer("j", j, 0, n - 1)
    i = integer("i", i, 0, n - 1)
    count = form.hops(j, i)
    if count is None:
        raise no_path(patterns, j, i)
    return count
