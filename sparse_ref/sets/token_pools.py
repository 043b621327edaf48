"""Pools: patterns over pools of tokens, spread over the tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from .checks import integer, query_and_length
from .pattern import Pattern
from .require import require_pattern
from .run import as_int64
from .types import IntArray

MAX_OVERLAP = 1024  # pools that may share a token


@dataclass(frozen=True)
class Pooled(Pattern):
    """A_i = { j : some e in P_i has e stride <= j < e stride + length }

    Yuan et al. 2025, eq. 11, the blocks that NSA selects.

    A pattern over (query, pool), spread over the tokens of each pool.
    Pool e holds `length` tokens from e `stride` on. `stride` is `length` unless given: pools that
    touch. Pools overlap if it is less, and leave tokens out if it is more. P is stated for every
    number of pools; n tokens have ceil(n / stride) of them, the last ones possibly cut by the end.

    Raises TypeError or ValueError for bounds below 1, for a pattern that is stated for one length,
    and for more than 1024 pools over one token.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Pooled(sr.Complete(2), 2), 6))
    ······
    ██····
    ██····
    ████··
    ████··
    ██████
    """

    pattern: Pattern
    length: int
    stride: int | None = None

    def __post_init__(self) -> None:
        require_pattern("Pooled: pattern", self.pattern)
        length = integer("Pooled: length", self.length, 1)
        stride = length if self.stride is None else integer("Pooled: stride", self.stride, 1)
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "stride", stride)
        if self.pattern.own_length is not None:
            raise ValueError(
                "Pooled: pattern must be stated for every length, got one that is stated for "
                f"n = {self.pattern.own_length}"
            )
        if self.overlap > MAX_OVERLAP:
            raise ValueError(
                f"Pooled: length must be at most {MAX_OVERLAP} strides, got length = {length} "
                f"with stride = {stride}"
            )

    @property
    def overlap(self) -> int:
        """The most pools that share a token, ceil(length / stride)."""
        if self.stride is self.length:  # pools that touch, a parameter of a proof among them
            return 1
        return -(-self.length // self.step)

    @property
    def step(self) -> int:
        """The stride, as an int."""
        assert self.stride is not None  # since the constructor
        return self.stride

    def contains(self, i: Any, j: Any) -> Any:
        i, j = as_int64(i), as_int64(j)
        last = j // self.step  # the last pool that begins at or before j
        pools = (last - back for back in range(self.overlap))
        return reduce(or_, (self._holds(i, j, pool) for pool in pools))

    def _holds(self, i, j, pool):
        """Whether this pool is one of query i's and holds token j."""
        place = j - pool * self.step
        is_inside = (pool >= 0) & (place < self.length)
        return is_inside & self.pattern.contains(i, pool)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        pools = self.pattern.row(i, pool_count(n, self.step))
        starts = pools[:, None] * self.step
        keys = np.unique(starts + np.arange(min(self.length, n)))
        return keys[keys < n]

    def __repr__(self) -> str:
        sizes = f"{self.length}" if self.stride == self.length else f"{self.length}, {self.stride}"
        return f"Pooled({self.pattern!r}, {sizes})"


def pool_count(n: int, stride: int) -> int:
    """The pools that begin in n tokens, ceil(n / stride)."""
    return -(-n // stride)
