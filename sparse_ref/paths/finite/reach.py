"""Boolean products of layers: a layer A puts at i the union of the sets at the keys of i.

Child et al. 2019, sec. 4.2, let information walk j, a, b, ..., i with j in A_a^(1), a in A_b^(2),
and so on: one row of the product A^(p) ... A^(2) A^(1) is the set of all j that reach i.

A set of positions j is a row of bits. Some thousands of columns are computed at a time, so that
memory in addition to the result is O(n).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...sets.checks import integer
from ...sets.types import BoolArray
from ..layers import StepOrder, Steps, layers, length
from .bitsets import WORDS, advance, split_new, write_where_set
from .edges import LayerEdges, edges

SLAB_BYTES = 1 << 25  # of bits that are carried at a time
BLOCK_COLUMNS = 64 * WORDS


def reach(
    steps: Steps,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> BoolArray:
    """[i, j] = position j reaches i through the layers, one per step: bool (n, n)

    The Boolean product A^(p) ... A^(2) A^(1).

    Parameters
    ----------
    steps : a Factorized, or one or more patterns, of which the first is the lowest layer.
    n : the length, at most 32,768. The result has n^2 bytes, at most 1 GiB; the search takes about
        0.1 GiB more.
    residual : whether a layer also keeps what is at i itself (the residual edge).
    order : the steps by the paper's numbers m = 1..p, lowest layer first, as (2, 1) or (1, 2, 1);
        (1, ..., p) by default.

    Raises TypeError or ValueError naming argument, value and bound. Source: Child et al. 2019, sec.
    4.2.

    >>> import sparse_ref as sr
    >>> sr.paths.reach(sr.fixed(4), 8)[7].all()              # every position reaches the last one
    np.True_
    >>> sr.paths.reach(sr.fixed(4), 8, order=(2, 1))[7]      # with the layers swapped, some do not
    array([False, False, False,  True,  True,  True,  True,  True])
    """
    cycle = layer_cycle(steps, n, residual, order)
    reaches = np.zeros((n, n), bool)
    for lo, hi in column_slabs(n):
        bits = identity_columns(n, lo, hi)
        for layer in cycle:
            advance(len(bits), *layer.arrays, bits, np.zeros_like(bits))
        write_where_set(len(reaches), bits, True, reaches[:, lo:hi])
    return reaches


def reach_by_layer(
    steps: Steps,
    n: int,
    count: int,
    *,
    residual: bool,
) -> Iterator[BoolArray]:
    """`reach` through the first 1, 2, ..., `count` layers, which cycle: bool (n, n) for each."""
    cycle = layer_cycle(steps, n, residual)
    bits = identity_columns(n, 0, n)
    for r in range(count):
        layer = cycle[r % len(cycle)]
        advance(len(bits), *layer.arrays, bits, np.zeros_like(bits))
        reaches = np.zeros((n, n), bool)
        write_where_set(n, bits, True, reaches)
        yield reaches


def hops(
    steps: Steps,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
    most: int | None = None,
) -> NDArray[np.int32]:
    """[i, j] = the least r such that j reaches i through the first r layers: int32 (n, n)

    -1 if no r does. The layers cycle through the steps: layers 1, ..., p, p + 1, ... are
    A^(1), ..., A^(p), A^(1), ... The diagonal is 0, no layer at all.

    Parameters
    ----------
    steps, residual, order : as for `reach`; the layers cycle through `order` if it is given.
    n : the length, at most 32,768, at which the result has 4 GiB; `diameter`, `growth` and
        `distance` need O(n) memory.
    most : the greatest r to try, all by default. -1 then means that no r up to `most` joins the
        pair.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.hops([sr.Lookback(3)], 6)[5]
    array([3, 2, 2, 1, 1, 0], dtype=int32)
    >>> sr.paths.hops(sr.fixed(3), 6, residual=False)[4]      # 2 reads 0, and then 4 reads 2
    array([ 2,  2,  2,  1,  0, -1], dtype=int32)
    """
    if most is not None:
        most = integer("most", most, 0)
    cycle = layer_cycle(steps, n, residual, order)
    counts = np.full((n, n), -1, np.int32)
    for lo, hi in column_slabs(n):
        columns = counts[:, lo:hi]
        for r, first in first_arrivals(cycle, identity_columns(n, lo, hi), most=most):
            write_where_set(len(columns), first, r, columns)
    return counts


def first_arrivals(
    cycle, news, known=None, most: int | None = None
) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """(r, the pairs that r layers join and fewer layers do not), for r = 0, 1, ...

    The pairs are bits in blocks like `news`. Stops when no pair is new, or when every pair is
    known; `known` is updated in place. The yielded array is overwritten in the next turn.
    """
    known = np.zeros_like(news) if known is None else known
    first = np.empty_like(news)
    flags = np.empty((len(news), 3), bool)
    # A source that arrives at i a second time below the same step brings nothing new.
    seen = [np.zeros_like(news) for _ in cycle]
    seen[0][:] = news
    r = 0
    while True:
        split_new(len(news), news, known, first, flags)
        has_first, has_news, has_unknown = np.any(flags, axis=0).tolist()
        if has_first:
            yield r, first
        if r == most or not (has_news and has_unknown):
            return
        layer = cycle[r % len(cycle)]
        r += 1
        advance(len(news), *layer.arrays, news, seen[r % len(cycle)])


def identity_columns(n: int, lo: int, hi: int) -> NDArray[np.uint64]:
    """Columns lo <= j < hi of the identity, in which each position is its own only source.

    Blocks of bits, uint64 (blocks, n, WORDS): bit j - lo of row j is set.
    """
    blocks = -(-(hi - lo) // BLOCK_COLUMNS)
    bits = np.zeros((blocks, n, WORDS), np.uint64)
    column = np.arange(hi - lo)
    word = column // 64 % WORDS
    bit = np.uint64(1) << (column % 64).astype(np.uint64)
    bits[column // BLOCK_COLUMNS, lo + column, word] = bit
    return bits


def column_slabs(n: int) -> list[tuple[int, int]]:
    """(lo, hi) of the columns lo <= j < hi that are computed together, whole blocks of them."""
    if n == 0:
        return []
    blocks = max(SLAB_BYTES // (8 * WORDS * n), 2)
    columns = blocks * BLOCK_COLUMNS
    starts = range(0, n, columns)
    return [(lo, min(lo + columns, n)) for lo in starts]


def layer_cycle(
    steps: Steps, n: int, residual: bool, order: StepOrder = None
) -> tuple[LayerEdges, ...]:
    """The edges of each layer of the cycle, at a length at which all pairs are searched."""
    patterns = layers(steps, order)
    n = length(n)
    edges_by_pattern = {p: edges(p, n, residual) for p in dict.fromkeys(patterns)}
    return tuple(edges_by_pattern[p] for p in patterns)
