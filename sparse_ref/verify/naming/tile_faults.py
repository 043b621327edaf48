"""Faults of tiled kernels: a last, partial tile that is skipped, and edges rounded to a tile.

A kernel walks over tiles of queries and of keys. A loop that ends at n // tile drops the rest of
the keys; a loop that starts at the tile of the first key, without a mask in it, rounds the edge.

Symbols:  i query, j key;  E is the expected mask and A the actual one, bool (n_q, n_k).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from ...patterns import Full
from ...patterns.globals import Prefix
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from .faulty_patterns import (
    Edges,
    FirstQueries,
    RoundedEdge,
    Rounding,
    interval_edges,
)
from .hypotheses import Hypothesis

TILES = tuple(2**k for k in range(1, 9))
SMALL_TILES, EIGHTS = range(2, 50), range(56, 257, 8)
OTHER_TILES = tuple(sorted({*SMALL_TILES, *EIGHTS} - {*TILES}))


def skipped_tiles(p: Pattern, n: tuple[int, int]) -> Iterator[Hypothesis]:
    """The last tile of keys, of queries, or of both, is skipped since it is not full."""
    n_q, n_k = n
    for first in _last_tiles(n_k):
        cause = f"{_positions('key', first, n_k)} never attended to: the last, partial tile"
        yield _missing_tile(_first_keys(p, first), p, f"{cause} is skipped")
    for first in _last_tiles(n_q):
        cause = f"{_positions('query', first, n_q)} left out: the last, partial tile"
        yield _missing_tile(FirstQueries(p, first), p, f"{cause} of queries is skipped")
        if n_q == n_k:
            cause = f"{_positions('query', first, n_q)} left out, and so are these keys"
            both = FirstQueries(_first_keys(p, first), first)
            yield _missing_tile(both, p, f"{cause}: the last, partial tile is skipped")


def _first_keys(p: Pattern, count: int) -> Pattern:
    """p without the keys from `count` on."""
    return Prefix(count) if p == Full() else p & Prefix(count)


def _positions(noun: str, first: int, n: int) -> str:
    """`keys 960 to 999 are`, `key 999 is`."""
    if first == n - 1:
        return f"{noun} {first} is"
    plural = {"key": "keys", "query": "queries"}[noun]
    return f"{plural} {first} to {n - 1} are"


def _last_tiles(n: int) -> list[int]:
    """Where the last, partial tile may begin."""
    starts = (n - n % tile for tile in (*TILES, *OTHER_TILES))
    return [start for start in dict.fromkeys(starts) if 0 < start < n]


def _missing_tile(q: Pattern, p: Pattern, cause: str) -> Hypothesis:
    """The hypothesis that p became q because a tile is skipped."""
    if " is left" in cause or " is never" in cause:  # a single position
        cause += " (or a bound is off by one)"
    return Hypothesis(q, "tile missing", cause, f"is {q!r}, asked {p!r}: {cause}")


def roundings(several_queries: bool) -> Iterator[Rounding]:
    """Every rounding to try, the likeliest first."""
    if several_queries:
        sizes = list(product(TILES, (1, *TILES)))
        sizes.sort(key=lambda size: size[0] != size[1])  # square tiles first
    else:
        sizes = [(1, tile) for tile in (*TILES, *OTHER_TILES)]
    for queries, keys in sizes:
        for side, outward in product(("left", "right"), (True, False)):
            yield Rounding(side, queries, keys, outward)


def first_rounding(E: BoolArray, A: BoolArray, several_queries: bool) -> Rounding | None:
    """The first rounding of E that is A; None if no rounding is, or if too little of it shows."""
    n_k = E.shape[1]
    expected, actual = mask_edges(E), mask_edges(A)
    both = np.any(E, axis=1) & np.any(A, axis=1)
    for rounding in roundings(several_queries):
        side = int(rounding.side == "right")
        old, new = expected[side], actual[side]
        edges = np.minimum(rounding.edges(old), n_k)
        if not np.array_equal(edges[both], new[both]):
            continue
        mask = _rounded_mask(E, expected, edges, rounding)
        if np.array_equal(mask, A) and _shows_tile(old, new, both, n_k):
            return rounding
    return None


def mask_edges(mask: BoolArray) -> Edges:
    """The edges of each row; 0 and 0 in empty rows."""
    some = np.any(mask, axis=1)
    reversed_keys = mask[:, ::-1]
    last = mask.shape[1] - reversed_keys.argmax(axis=1)
    return mask.argmax(axis=1) * some, last * some


def _rounded_mask(E: BoolArray, expected: Edges, edges: IntArray, rounding: Rounding) -> BoolArray:
    """E with one edge moved from the expected one to the rounded one."""
    j = np.arange(E.shape[1])
    start, stop = (edge[:, None] for edge in expected)
    if rounding.side == "left":
        inside, outside = j >= edges[:, None], j < start
    else:
        inside, outside = j < edges[:, None], j >= stop
    if not rounding.outward:
        return E & inside
    nonempty = np.any(E, axis=1)
    return E | (inside & outside & nonempty[:, None])


def _shows_tile(old: IntArray, new: IntArray, rows: BoolArray, n: int) -> bool:
    """Whether edges moved to two places or more that are no end of the keys."""
    moved = new[rows & (old != new)]
    is_inner = (moved > 0) & (moved < n)
    return len(np.unique(moved[is_inner])) >= 2


def rounded_edges(
    p: Pattern,
    n: tuple[int, int],
    rows: IntArray,
    matches: Callable[[BoolArray], bool],
) -> Iterator[Hypothesis]:
    """Roundings of a pattern of intervals that have the rows read.

    `matches` says whether a bool mask (rows, n_k) is what was read.
    """
    try:
        interval_edges(p, n)
    except ValueError:
        return
    j = np.arange(n[1])
    for rounding in (*roundings(False), *roundings(True)):
        q = RoundedEdge(p, rounding, n[0])
        start, stop = (edges[rows, None] for edges in q.spans(n[1]))
        if matches((j >= start) & (j < stop)):
            cause = rounding.cause
            yield Hypothesis(q, "rounded", cause, f"asked {p!r}: {cause}")
