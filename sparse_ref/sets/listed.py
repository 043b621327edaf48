"""Explicit lists: patterns listed key by key, chosen from data or a seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_queries, query_and_length
from .pattern import HTML_LENGTH, Pattern
from .run import as_int64
from .types import BoolArray, IntArray

MAX_HTML = 64  # the most queries or keys that a notebook shows whole


class Listed(Pattern):
    """A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }

    An explicit list of keys, chosen from data or a seed.

    Parameters
    ----------
    indptr : int array (n_q + 1,), from 0, never falling.
    indices : int array (indptr[-1],), the keys of each row ascending without repeats, none
        negative.

    The arrays are copied and frozen; two such patterns are equal if their arrays are. `contains`
    works only with NumPy, so a listed pattern cannot be a mask_mod.

    The keys are positions, whatever the length: with n_k keys, query i attends to those of A_i
    below n_k, as with any pattern. A `CSR` has a shape, and is refused with other lengths.

    Raises ValueError naming the row if one of these is violated, and IndexError for a query
    without a row.

    >>> import sparse_ref as sr
    >>> listed = sr.Listed([0, 2, 2, 3], [0, 2, 1])
    >>> print(sr.picture(listed, 3))
    █·█
    ···
    ·█·
    >>> listed.row(0, 3), listed.row(0, 2)
    (array([0, 2]), array([0]))
    """

    indptr: IntArray
    indices: IntArray
    _rows: IntArray

    def __init__(self, indptr: ArrayLike, indices: ArrayLike):
        row_ends, keys = _frozen(indptr, "indptr"), _frozen(indices, "indices")
        counts = np.diff(row_ends)
        ends = row_ends[[0, -1]].tolist() if len(row_ends) else []
        if ends != [0, len(keys)] or (counts < 0).any():
            raise ValueError(
                f"Listed: indptr must rise from 0 to len(indices) = {len(keys)}, got {indptr!r}"
            )
        rows = np.repeat(np.arange(len(counts)), counts)
        vars(self).update(indptr=row_ends, indices=keys, _rows=rows)
        self._check_keys()

    def _check_keys(self):
        """Refuse keys that do not ascend in their row, or are out of bounds."""
        keys, rows = self.indices, self._rows
        is_descent = descents(self.indptr, keys)
        if is_descent.any():
            t = int(is_descent.argmax())
            raise ValueError(
                f"Listed: indices of row {rows[t]} must ascend without repeats, "
                f"got {keys[t - 1]} before {keys[t]}"
            )
        if keys.min(initial=0) < 0:
            t = int(keys.argmin())
            raise ValueError(f"Listed: indices must be at least 0, got {keys[t]} in row {rows[t]}")
        if keys.max(initial=0) >= 2**31:
            raise ValueError(f"Listed: indices must be below {2**31}, got {keys.max()}")

    def __setattr__(self, name, value):
        raise AttributeError(f"Listed is frozen: make another one to change {name}")

    def __reduce__(self):
        return Listed, (self.indptr, self.indices)

    @classmethod
    def of_rows(cls, rows: Iterable[Iterable[int]]) -> Listed:
        """The pattern whose row i is rows[i], a sequence of keys in any order, repeats dropped."""
        nothing = np.zeros(0, np.int64)
        keys = [np.unique(row) if row else nothing for row in map(list, rows)]
        if any(row.dtype.kind == "b" for row in keys):
            raise ValueError("Listed: indices must be a vector of integers, got rows of dtype bool")
        indptr = np.cumsum([0, *map(len, keys)])
        return cls(indptr, np.concatenate([nothing, *keys]))

    def contains(self, i: Any, j: Any) -> Any:
        i, j = as_int64(np.asarray(i)), as_int64(np.asarray(j))
        i, j = np.broadcast_arrays(i, j)
        self.check_rows(i)
        if len(self.indices) == 0:
            return np.zeros(i.shape, bool)[()]
        width = int(self.indices.max()) + 1
        in_width = (j >= 0) & (j < width)
        # pairs (i, j) as one ascending number i width + j, searched for by bisection
        pairs = self._rows * width + self.indices
        pair = i * width + np.where(in_width, j, 0)
        t = np.minimum(np.searchsorted(pairs, pair), len(pairs) - 1)
        return ((pairs[t] == pair) & in_width)[()]

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        self.check_rows(i)
        keys = self.indices[self.indptr[i] : self.indptr[i + 1]]
        return keys[keys < n]

    def check_rows(self, i: Any) -> None:
        """Refuse queries i, an int or an array, that have no row, by an IndexError."""
        check_queries("Listed", i, len(self.indptr) - 1)

    def _html_length(self):
        n_q = len(self.indptr) - 1
        n_k = max(n_q, int(self.indices.max(initial=-1)) + 1)
        return (n_q, n_k) if n_k <= MAX_HTML else (min(n_q, HTML_LENGTH), HTML_LENGTH)

    def __eq__(self, other):
        return (
            isinstance(other, Listed)
            and np.array_equal(self.indptr, other.indptr)
            and np.array_equal(self.indices, other.indices)
        )

    def __hash__(self):
        return hash((self.indptr.tobytes(), self.indices.tobytes()))

    def __repr__(self):
        return f"Listed(<{len(self.indptr) - 1} rows, {len(self.indices)} keys>)"


def descents(indptr: IntArray, indices: IntArray) -> BoolArray:
    """Whether each key is not above the one before it in its row, bool (nnz,)."""
    is_descent = np.zeros(len(indices), bool)
    is_descent[1:] = np.diff(indices) <= 0
    is_empty = np.diff(indptr) == 0
    first_keys = indptr[:-1][~is_empty]
    is_descent[first_keys] = False
    return is_descent


def _frozen(values, name: str) -> np.ndarray:
    """A read-only int64 copy."""
    array = np.array(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"Listed: {name} must be a vector of integers, "
            f"got shape {array.shape}, dtype {array.dtype}"
        )
    array = array.astype(np.int64)
    array.flags.writeable = False
    return array
