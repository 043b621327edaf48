"""Tables of runs, row after row: made tidy, counted, and listed key by key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from ..._jit import parallel
from .run_count import size
from .run_loops import listed, united


@dataclass(frozen=True, eq=False)
class Runs:
    """A_i as the union of runs `table[indptr[i]:indptr[i + 1]]`, each (start, stop, step, width).

    The runs of a row are tidy: first its spans (step = width = 1), ascending and apart from one another; then its
    strided runs, which may overlap anything. All keys lie below n_k; a strided run may start below 0, where
    its keys do not count.

    indptr : int64 (n_q + 1,);  table : int64 (runs, 4);  shape : (n_q, n_k).
    """

    indptr: np.ndarray
    table: np.ndarray
    shape: tuple[int, int]


def key_counts(runs: Runs) -> np.ndarray:
    """|A_i| of each row of tidy runs, int64 (n_q,)."""
    sizes = np.zeros(runs.shape[0], np.int64)
    _count(runs.indptr, runs.table, runs.shape[1], sizes)
    return sizes


def keys_of(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """(indptr int64, indices int32): the keys themselves, row after row, ascending; O(nnz) memory."""
    indptr = np.concatenate([[0], np.cumsum(key_counts(runs))])
    indices = np.empty(indptr[-1], np.int32)
    _list(runs.indptr, runs.table, runs.shape[1], indptr, indices)
    return indptr, indices


def normalise(runs: Runs) -> Runs:
    """The same sets, each row's runs clipped to 0 <= j < n_k, its spans sorted and merged."""
    table, kept = np.empty_like(runs.table), np.zeros(runs.shape[0], np.int64)
    _unite(runs.indptr, runs.table, runs.shape[1], table, kept)
    slots = np.diff(runs.indptr)
    if (kept < slots).any():
        place = np.arange(len(table)) - np.repeat(runs.indptr[:-1], slots)
        table = table[place < np.repeat(kept, slots)]
    return Runs(np.concatenate([[0], np.cumsum(kept)]), table, runs.shape)


@parallel
def _unite(indptr, table, n, out, kept):
    for i in prange(len(kept)):
        lo, hi = indptr[i], indptr[i + 1]
        if lo < hi:
            kept[i] = united(table[lo:hi], n, out[lo:hi])


@parallel
def _count(indptr, table, n, sizes):
    for i in prange(len(sizes)):
        sizes[i] = size(table[indptr[i] : indptr[i + 1]], n)


@parallel
def _list(indptr, table, n, starts, indices):
    for i in prange(len(indptr) - 1):
        listed(table[indptr[i] : indptr[i + 1]], n, indices[starts[i] : starts[i + 1]])
