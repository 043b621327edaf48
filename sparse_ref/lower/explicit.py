"""A pattern and a length -> explicit sets: CSR, dense mask, block-sparse rows, counts of keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._jit import serial
from ..sets.array_checks import (
    check_array,
    check_keys,
    check_rise,
    check_shape,
    fault_of,
    with_kernel_arrays,
)
from ..sets.branches import Branches
from ..sets.checks import int_or_pair
from ..sets.mask import MAX_MASK, brute_mask
from ..sets.notebook import summary_table
from ..sets.pattern import Pattern
from ..sets.require import check_pattern
from ..sets.rule import Rule
from ..sets.types import BoolArray, IntArray, Length
from .blocks import count_blocks, fill_blocks
from .runs.keys import keys_of
from .runs.runs_of import all_runs, row_counts
from .runs.table import indptr_of


@dataclass(frozen=True, eq=False)
class CSR:
    """Compressed sparse rows: A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }, ascending.

    Parameters
    ----------
    indptr : int64 array (n_q + 1,), where the keys of each row begin.
    indices : int32 array (nnz,), the keys.
    shape : (n_q, n_k).
    """

    indptr: np.ndarray
    indices: np.ndarray
    shape: tuple[int, int]

    def check(self) -> None:
        """Check arrays that were made by hand, in O(n_q + nnz) time.

        Raises
        ------
        TypeError
            A field is no NumPy array, a subclass of it, or of another dtype; shape is no pair of
            ints.
        ValueError
            indptr does not rise from 0 to nnz, or the indices of a row do not ascend within n_k.
        """
        n_q, n_k = check_shape("CSR: shape", self.shape)
        check_array("CSR: indptr", self.indptr, np.int64, (n_q + 1,))
        check_array("CSR: indices", self.indices, np.int32, (None,))
        check_rise("CSR: indptr", self.indptr, len(self.indices), "indices")
        check_keys("CSR: indices", self.indptr, self.indices, n_k, "n_k")

    def dense(self) -> BoolArray:
        """[j in A_i], bool (n_q, n_k).

        Raises as `check` does, and ValueError above 4096 queries or keys.
        """
        self.check()
        _check_dense(self.shape)
        mask = np.zeros(self.shape, bool)
        rows = np.arange(self.shape[0])
        mask[np.repeat(rows, np.diff(self.indptr)), self.indices] = True
        return mask

    def transpose(self) -> CSR:
        """The queries of each key: { i : j in A_i } for every j. Raises as `check` does."""
        self.check()
        return transpose_rows(with_kernel_arrays(self))

    @property
    def nbytes(self) -> int:
        """The bytes of both arrays."""
        return self.indptr.nbytes + self.indices.nbytes

    def __repr__(self):
        fault = fault_of(self)
        if fault:
            return f"<CSR that check refuses: {fault}>"
        return f"CSR(shape={self.shape}, nnz={len(self.indices):,}, {self.nbytes:,} bytes)"

    def _repr_html_(self) -> str:
        fault = fault_of(self)
        if fault:
            return summary_table("CSR that check refuses", {"reason": fault})
        n_q, n_k = self.shape
        counts = np.diff(self.indptr)
        pairs = max(n_q * n_k, 1)
        fewest, most = counts.min(initial=n_k), counts.max(initial=0)
        numbers = {
            "queries × keys": f"{n_q:,} × {n_k:,}",
            "connected pairs": f"{len(self.indices):,}",
            "density: share of pairs that are connected": f"{len(self.indices) / pairs:.2%}",
            "keys per query, fewest to most": f"{fewest:,} to {most:,}" if n_q else "no queries",
            "bytes": f"{self.nbytes:,}",
        }
        return summary_table("CSR: the keys of each query", numbers)


@dataclass(frozen=True, eq=False)
class BSR:
    """Block-sparse rows: block t is data[t], at block column indices[t]. Empty blocks are left out.

    Parameters
    ----------
    indptr : int64 array (ceil(n_q / b_q) + 1,); those of block row a are indptr[a] <= t <
        indptr[a + 1].
    indices : int32 array (blocks,), ascending in a block row.
    data : bool array (blocks, b_q, b_k), True if j in A_i; False beyond n_q and n_k.
    shape : (n_q, n_k), without padding.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    shape: tuple[int, int]


def csr(p: Pattern, n: Length) -> CSR:
    """Every key of every query at length n, or (n_q, n_k): O(nnz) memory. Raises as `plan` does.

    >>> import sparse_ref as sr
    >>> sr.csr(sr.Strided(2), 4).indices
    array([0, 1, 0, 2, 1, 3], dtype=int32)
    """
    runs = all_runs(p, n)
    indptr, indices = keys_of(runs)
    return CSR(indptr, indices, runs.shape)


def nnz(p: Pattern, n: Length) -> int:
    """sum_i |A_i|, the number of connected pairs. Raises as `plan` does.

    No key is listed: O(n) memory for every pattern, and none for a rule that states its `pairs` in
    closed form, if n_q = n_k.

    >>> import sparse_ref as sr
    >>> sr.nnz(sr.Causal(), 1_000_000)
    500000500000
    """
    n_q, n_k = check_pattern(p, n)
    closed = p.pair_count(n_k) if isinstance(p, Rule) and n_q == n_k else None
    return int(row_counts(p, n).sum()) if closed is None else closed


def density(p: Pattern, n: Length) -> float:
    """nnz / (n_q n_k), the share of pairs that are connected; 0.0 if there are no pairs.

    Raises as `plan` does.
    """
    n_q, n_k = check_pattern(p, n)
    return nnz(p, n) / (n_q * n_k) if n_q * n_k else 0.0


def dense(p: Pattern, n: Length) -> BoolArray:
    """[j in A_i], bool (n_q, n_k).

    Raises as `plan` does, and ValueError above 4096 queries or keys: use `csr` or `plan` there.
    """
    _check_dense(check_pattern(p, n))
    return brute_mask(p, n).copy()


def multiplicity(branches: Pattern | Branches, n: Length) -> IntArray:
    """m_ij = |{ b : j in A_i^(b) }|, int64 (n_q, n_k): how often each key counts in a multiset.

    0 or 1 for one pattern. Raises as `dense` does.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.Branches((sr.Lookback(2), sr.Sinks(1))), 3)
    array([[2, 0, 0],
           [2, 1, 0],
           [1, 1, 1]])
    """
    patterns = branches if isinstance(branches, Branches) else (branches,)
    masks = [dense(p, n) for p in patterns]
    return np.stack(masks).sum(axis=0, dtype=np.int64)


def bsr(p: Pattern, n: Length, block: Length) -> BSR:
    """The occupied blocks of a pattern, block = b or (b_q, b_k), with the mask inside each block.

    O(blocks b_q b_k) memory. SciPy's `bsr_array((b.data, b.indices, b.indptr))` reads it as it is.
    Raises as `plan` does, and ValueError for a block below 1.

    >>> import sparse_ref as sr
    >>> sr.bsr(sr.Causal(), 4, 2).indices
    array([0, 0, 1], dtype=int32)
    """
    b_q, b_k = sides = int_or_pair("block", block, 1, "(b_q, b_k)")
    runs = all_runs(p, n)
    n_q, n_k = runs.shape
    sets = runs.indptr, runs.table, n_k
    counts = np.zeros(-(-n_q // b_q), np.int64)
    count_blocks(len(counts), sets, sides, counts)
    indptr = indptr_of(counts)
    indices = np.empty(indptr[-1], np.int32)
    data = np.zeros((indptr[-1], b_q, b_k), bool)
    fill_blocks(len(indptr) - 1, sets, sides, indptr, indices, data)
    return BSR(indptr, indices, data, runs.shape)


def transpose_rows(rows: CSR) -> CSR:
    """`CSR.transpose` of arrays that have been checked."""
    n_q, n_k = rows.shape
    indptr = indptr_of(np.bincount(rows.indices, minlength=n_k))
    indices = np.empty_like(rows.indices)
    _write_transpose(rows.indptr, rows.indices, indptr[:-1].copy(), indices)
    return CSR(indptr, indices, (n_k, n_q))


def _check_dense(shape: tuple[int, int]):
    """Refuse masks that would not fit."""
    if max(shape) > MAX_MASK:
        raise ValueError(
            f"n must be at most {MAX_MASK} for a dense mask, got {max(shape)}: use csr or plan"
        )


@serial
def _write_transpose(indptr, indices, at, out):
    """Write row i to each of its keys; at[j] is where key j writes next."""
    for i in range(len(indptr) - 1):
        for t in range(indptr[i], indptr[i + 1]):
            j = indices[t]
            out[at[j]] = i
            at[j] += 1
