"""Random patterns: keys drawn at random, each row by itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..sets.checks import MAX_LENGTH, integer, query_and_length
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.run import as_int64
from ..sets.types import IntArray


@dataclass(frozen=True)
class Random(Pattern):
    """A_i = { `keys` of the positions 0 <= j < n }

    A set drawn uniformly; row i depends only on (seed, i, n).

    Row i begins at block i ceil(keys / 4) of the Philox-4x64 stream whose key is the seed, four
    words per block, and draws without repeats by Floyd's method (Bentley and Floyd 1987): the same
    keys on any machine, in any order of the rows.

    Parameters
    ----------
    n : the length, below 2**31. Rows for another are an error.
    keys : how many in each row, 0 to n; with 0 every row is empty.
    seed : 0 to 2**64 - 1.

    Raises ValueError for parameters beyond these bounds.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Random(6, keys=2, seed=0), 6))
    ··█·█·
    ···█·█
    █···█·
    ·██···
    ·█·█··
    █·█···
    """

    n: int
    keys: int
    seed: int

    def __post_init__(self):
        n = integer("Random: n", self.n, 0, MAX_LENGTH)
        keys = integer("Random: keys", self.keys, 0, None)
        seed = integer("Random: seed", self.seed, 0, None)
        vars(self).update(n=n, keys=keys, seed=seed)
        if self.keys > self.n:
            raise ValueError(f"Random: keys must be at most n = {self.n}, got {self.keys}")
        if self.seed >= 2**64:
            raise ValueError(f"Random: seed must be below 2**64, got {self.seed}")

    def __repr__(self):
        return f"Random({self.n}, {self.keys}, {self.seed})"

    @property
    def own_length(self) -> int | None:
        return self.n

    def contains(self, i: Any, j: Any) -> Any:
        i, j = as_int64(np.asarray(i)), as_int64(np.asarray(j))
        i, j = np.broadcast_arrays(i, j)
        queries, row = np.unique(i, return_inverse=True)
        indptr = np.arange(len(queries) + 1) * self.keys
        listed = Listed(indptr, self.rows(queries).ravel())
        return listed.contains(row.reshape(i.shape), j)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        self.check_length(i, n)
        return self.rows(np.array([i]))[0]

    def rows(self, i: IntArray) -> IntArray:
        """The keys of each query i, ascending, int64 (len(i), keys)."""
        self.check_length(i, self.n)
        keys = np.zeros((len(i), self.keys), np.int64)
        words = self._words(i)
        for t in range(self.keys):
            last = self.n - self.keys + t
            drawn = words[:, t] % np.uint64(last + 1)
            drawn = drawn.astype(np.int64)
            earlier = keys[:, :t]
            is_repeated = np.any(earlier == drawn[:, None], axis=1)
            keys[:, t] = np.where(is_repeated, last, drawn)
        return np.sort(keys, axis=1)

    def _words(self, i) -> np.ndarray:
        """The random words of each query, uint64 (len(i), at least keys)."""
        blocks = -(-self.keys // 4)
        queries, inverse = np.unique(i, return_inverse=True)
        words = np.empty((len(queries), 4 * blocks), np.uint64)
        stream = np.random.Philox(key=self.seed)
        position = 0  # the row that the stream is at
        gaps = np.diff(queries, prepend=-2, append=MAX_LENGTH + 1)
        edges = np.flatnonzero(gaps > 1).tolist()
        for first, stop in pairwise(edges):  # consecutive rows come from the stream at once
            row = int(queries[first])
            stream.advance((row - position) * blocks)
            words[first:stop] = stream.random_raw((stop - first, 4 * blocks))
            position = row + stop - first
        return words[inverse]
