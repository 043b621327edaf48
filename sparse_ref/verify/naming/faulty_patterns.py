"""What faults make of a pattern, as patterns: rows cut off, rows filled up, one edge rounded.

`faulty_rows` lowers them to runs as other patterns are, so that one hypothesis is tested at any n.

Symbols:  i query, j key;  P the pattern that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import IntArray

Edges = tuple[IntArray, IntArray]  # the first key of each row, and the first key after its last


@dataclass(frozen=True)
class FirstQueries(Pattern):
    """A_i = { j : i < count,  j in P_i }

    The rows from `count` on attend to nothing.
    """

    pattern: Pattern
    count: int

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        return self.pattern.contains(i, j) & (i < self.count)

    def row(self, i: int, n: int) -> IntArray:
        keys = self.pattern.row(i, n)
        return keys if i < self.count else keys[:0]

    def __repr__(self) -> str:
        return f"{self.pattern!r} for queries below {self.count}"


@dataclass(frozen=True)
class FilledRows(Pattern):
    """A_i = P_i, or every key if P_i is empty

    The softmax over logits that are all masked with one finite number is uniform.
    """

    pattern: Pattern

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        """For all keys of each query at once: i is (n_q, 1) and j is (1, n_k)."""
        mask = self.pattern.contains(i, j)
        return mask | ~mask.any(axis=-1, keepdims=True)

    def row(self, i: int, n: int) -> IntArray:
        keys = self.pattern.row(i, n)
        return keys if len(keys) else np.arange(n, dtype=np.int64)

    def __repr__(self) -> str:
        return repr(self.pattern)


@dataclass(frozen=True)
class Rounding:
    """How one edge of each row is rounded, outward or inward, to tiles of queries x keys.

    In a tile of several queries, every row has the edge of the first or the last.
    """

    side: str
    queries: int
    keys: int
    outward: bool

    @property
    def is_down(self) -> bool:
        """Whether edges become smaller."""
        return (self.side == "left") == self.outward

    def edges(self, edges: IntArray) -> IntArray:
        """The rounded edges, (n_q,)."""
        if self.queries > 1:
            combine = np.minimum if self.is_down else np.maximum
            starts = np.arange(0, len(edges), self.queries)
            tiles = combine.reduceat(edges, starts)
            edges = tiles.repeat(self.queries)[: len(edges)]
        if self.is_down:
            return edges // self.keys * self.keys
        return -(-edges // self.keys) * self.keys

    @property
    def cause(self) -> str:
        """The fault in words."""
        way = "down" if self.is_down else "up"
        sizes = f"a multiple of {self.keys}"
        if self.queries > 1:
            sizes = f"tiles of {self.queries} queries x {self.keys} keys"
        return f"{self.side} edge rounded {way} to {sizes}"


@dataclass(frozen=True)
class RoundedEdge(Pattern):
    """A_i = P_i with one edge rounded

    P has rows that are intervals, for n_q queries.
    """

    pattern: Pattern
    rounding: Rounding
    n_q: int

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        """For all keys of each query at once: i is (n_q, 1) and j is (1, n_k)."""
        start, stop = self.spans(j.shape[-1])
        return (start[i] <= j) & (j < stop[i])

    def row(self, i: int, n: int) -> IntArray:
        start, stop = self.spans(n)
        return np.arange(start[i], stop[i])

    def spans(self, n: int) -> Edges:
        """The edges of each row."""
        start, stop = interval_edges(self.pattern, (self.n_q, n))
        some = start < stop
        if self.rounding.side == "left":
            start = np.where(some, self.rounding.edges(start), start)
        else:
            rounded = np.minimum(self.rounding.edges(stop), n)
            stop = np.where(some, rounded, stop)
        return start, np.maximum(start, stop)

    def __repr__(self) -> str:
        return f"{self.pattern!r}, {self.rounding.cause}"


@lru_cache(maxsize=4)
def interval_edges(p: Pattern, n: tuple[int, int]) -> Edges:
    """The edges of each row, 0 and 0 if it is empty. Raises ValueError if a row is no interval."""
    from ...lower import all_runs  # needs Numba, which names of small masks do without
    from ...lower.runs.table import START, STOP

    runs = all_runs(p, n)
    if not runs.only_spans or runs.counts.max(initial=0) > 1:
        raise ValueError(f"the rows of {p!r} are no intervals")
    start, stop = np.zeros((2, n[0]), np.int64)
    some = runs.counts == 1
    start[some] = runs.table[:, START]
    stop[some] = runs.table[:, STOP]
    return start, stop
