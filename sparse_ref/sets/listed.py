"""Patterns that are listed key by key: chosen from data or a seed, not stated."""

from __future__ import annotations

import numpy as np

from .checks import query_and_length
from .pattern import HTML_LENGTH, Pattern
from .run import as_int64

MAX_HTML = 64  # the most queries or keys that a notebook shows whole


class Listed(Pattern):
    """A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }

    Chosen from data or a seed, not stated.

    Parameters
    ----------
    indptr : int array (n_q + 1,), from 0, never falling.
    indices : int array (indptr[-1],), the keys of each row ascending without repeats, none
        negative.

    The arrays are copied and frozen; two such patterns are equal when their arrays are. `contains`
    answers in NumPy alone, so a listed pattern cannot serve as a mask_mod.

    Raises ValueError naming the row where one of these does not hold, and IndexError for a query
    that is not listed.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Listed([0, 2, 2, 3], [0, 2, 1]), 3))
    █·█
    ···
    ·█·
    """

    indptr: np.ndarray
    indices: np.ndarray
    _rows: np.ndarray

    def __init__(self, indptr, indices):
        vars(self).update(indptr=_frozen(indptr, "indptr"), indices=_frozen(indices, "indices"))
        counts = np.diff(self.indptr)
        if (
            len(self.indptr) == 0
            or self.indptr[0] != 0
            or self.indptr[-1] != len(self.indices)
            or (counts < 0).any()
        ):
            raise ValueError(
                f"Listed: indptr must rise from 0 to len(indices) = {len(self.indices)}, got {indptr!r}"
            )
        vars(self).update(_rows=np.repeat(np.arange(len(counts)), counts))
        wrong = descents(self.indptr, self.indices)
        if wrong.any():
            t = int(wrong.argmax())
            raise ValueError(
                f"Listed: indices of row {self._rows[t]} must ascend without repeats, "
                f"got {self.indices[t - 1]} before {self.indices[t]}"
            )
        if len(self.indices) and self.indices.min() < 0:
            t = int(self.indices.argmin())
            raise ValueError(
                f"Listed: indices must be at least 0, got {self.indices[t]} in row {self._rows[t]}"
            )
        if self.indices.max(initial=0) >= 2**31:
            raise ValueError(f"Listed: indices must be below {2**31}, got {self.indices.max()}")

    def __setattr__(self, name, value):
        raise AttributeError(f"Listed is frozen: make another one to change {name}")

    def __reduce__(self):
        return Listed, (self.indptr, self.indices)

    @classmethod
    def of_rows(cls, rows) -> Listed:
        """The pattern whose row i is rows[i], a sequence of keys in any order, repeats dropped."""
        rows = [
            np.unique(np.array(row) if row else np.zeros(0, np.int64)) for row in map(list, rows)
        ]
        if any(row.dtype.kind == "b" for row in rows):
            raise ValueError("Listed: indices must be a vector of integers, got rows of dtype bool")
        return cls(np.cumsum([0, *map(len, rows)]), np.concatenate([np.zeros(0, np.int64), *rows]))

    def contains(self, i, j):
        i, j = np.broadcast_arrays(as_int64(np.asarray(i)), as_int64(np.asarray(j)))
        self._listed(i)
        if len(self.indices) == 0:
            return np.zeros(i.shape, bool)[()]
        most = int(self.indices.max()) + 1
        known = (j >= 0) & (j < most)
        have, asked = self._rows * most + self.indices, i * most + np.where(known, j, 0)
        t = np.minimum(np.searchsorted(have, asked), len(have) - 1)
        return ((have[t] == asked) & known)[()]

    def row(self, i, n):
        i, n = query_and_length(i, n)
        self._listed(i)
        keys = self.indices[self.indptr[i] : self.indptr[i + 1]]
        return keys[keys < n]

    def _listed(self, i):
        """Refuse queries without a row."""
        rows = len(self.indptr) - 1
        if np.size(i) and (np.min(i) < 0 or np.max(i) >= rows):
            raise IndexError(
                f"Listed has rows 0 <= i < {rows}, asked for i = {np.min(i)} to {np.max(i)}"
            )

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


def descents(indptr, indices) -> np.ndarray:
    """Where a key is not above the one before it in its row, bool (nnz,)."""
    wrong = np.zeros(len(indices), bool)
    wrong[1:] = np.diff(indices) <= 0
    wrong[indptr[:-1][np.diff(indptr) > 0]] = False
    return wrong


def _frozen(values, name: str) -> np.ndarray:
    """A read-only int64 copy."""
    array = np.array(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"Listed: {name} must be a vector of integers, got shape {array.shape}, dtype {array.dtype}"
        )
    array = array.astype(np.int64)
    array.flags.writeable = False
    return array
