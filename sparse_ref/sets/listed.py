"""Explicit lists: patterns listed key by key, chosen from data or a seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .array_checks import check_array, check_keys, check_rise, int64_vector
from .checks import MAX_LENGTH, check_queries, query_and_length
from .hints import got
from .pattern import HTML_LENGTH, Pattern
from .run import as_int64
from .types import IntArray

MAX_HTML = 64  # the most queries or keys that a notebook shows whole


class Listed(Pattern):
    """A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }

    An explicit list of keys, chosen from data or a seed.

    Parameters
    ----------
    indptr : int array (n_q + 1,), from 0, never falling.
    indices : int array (indptr[-1],), the keys of each row ascending without repeats, none
        negative.

    The arrays are copied into memory that nothing writes to; two such patterns are equal if their
    arrays are. `contains` works only with NumPy, so a listed pattern cannot be a mask_mod.

    The keys are positions, whatever the length: with n_k keys, query i attends to those of A_i
    below n_k, as with any pattern. A `CSR` has a shape, and is refused with other lengths.

    Raises TypeError for what is no vector of integers, ValueError naming the row if one of these is
    violated, and IndexError for a query without a row.

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
    _checked: tuple[Any, ...]  # the arrays that passed, and their layouts
    _hash: int

    def __init__(self, indptr: ArrayLike, indices: ArrayLike):
        row_ends = _frozen("Listed: indptr", indptr)
        vars(self).update(indptr=row_ends, indices=_frozen("Listed: indices", indices))
        self._check_arrays()
        vars(self).update(_checked=self._arrays_and_layouts())

    def check(self) -> None:
        """Check the arrays, unless they are those of the constructor, which nothing can write to.

        Raises TypeError and ValueError as the constructor does.
        """
        indptr, indices, *layouts = self._arrays_and_layouts()
        checked_indptr, checked_indices, *checked_layouts = self._checked
        is_own = indptr is checked_indptr and indices is checked_indices
        if not is_own or layouts != checked_layouts:
            self._check_arrays()

    def _arrays_and_layouts(self) -> tuple[Any, ...]:
        """The arrays; what NumPy lets anyone set even of arrays that are read-only."""
        arrays = self.indptr, self.indices
        names = "dtype", "shape", "strides"
        layouts = [[getattr(array, name, None) for name in names] for array in arrays]
        return *arrays, *layouts

    def _check_arrays(self):
        """Refuse arrays that are no rows of ascending keys."""
        indptr, indices = self.indptr, self.indices
        check_array("Listed: indptr", indptr, np.int64, (None,))
        check_array("Listed: indices", indices, np.int64, (None,))
        check_rise("Listed: indptr", indptr, len(indices), "indices")
        check_keys("Listed: indices", indptr, indices, MAX_LENGTH + 1)

    def __setattr__(self, name, value):
        raise AttributeError(f"Listed is frozen: make another one to change {name}")

    def __reduce__(self):
        return Listed, (self.indptr, self.indices)

    @classmethod
    def of_rows(cls, rows: Iterable[Iterable[int]]) -> Listed:
        """The pattern whose row i is rows[i], a sequence of keys in any order, repeats dropped."""
        nothing = np.zeros(0, np.int64)
        vectors = [int64_vector("Listed: indices", _as_list(row)) for row in _as_list(rows)]
        keys = [np.unique(vector) for vector in vectors]
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
        counts = np.diff(self.indptr)
        rows = np.repeat(np.arange(len(counts)), counts)
        pairs = rows * width + self.indices
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
        self.check()
        check_queries("Listed", i, len(self.indptr) - 1)

    def _html_length(self):
        n_q = len(self.indptr) - 1
        n_k = max(n_q, int(self.indices.max(initial=-1)) + 1)
        return (n_q, n_k) if n_k <= MAX_HTML else (min(n_q, HTML_LENGTH), HTML_LENGTH)

    def __eq__(self, other):
        return self is other or (
            isinstance(other, Listed)
            and np.array_equal(self.indptr, other.indptr)
            and np.array_equal(self.indices, other.indices)
        )

    def __hash__(self):
        self.check()
        # kept, as the keys may be many and each dictionary of patterns asks for it
        if "_hash" not in vars(self):
            both = self.indptr.tobytes(), self.indices.tobytes()
            vars(self)["_hash"] = hash(both)
        return self._hash

    def __repr__(self):
        return f"Listed(<{len(self.indptr) - 1} rows, {len(self.indices)} keys>)"


def _frozen(name: str, values: Any) -> IntArray:
    """An int64 copy over `bytes`: the flag that would let anyone write to it cannot be set."""
    copy = int64_vector(name, values).tobytes()
    return np.frombuffer(copy, np.int64)


def _as_list(values: Any) -> list[Any]:
    """Rows, or the keys of a row, as a list."""
    try:
        return list(values)
    except TypeError as error:
        raise TypeError(f"Listed: rows must be sequences of keys, {got(values)}") from error
