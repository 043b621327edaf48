"""A pattern and a length -> explicit sets: CSR, a small dense mask, block-sparse rows, and how many keys there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._jit import serial
from ..sets.branches import Branches
from ..sets.checks import int_or_pair
from ..sets.listed import descents
from ..sets.mask import brute_mask
from .blocks import count_blocks, fill_blocks
from .runs.lowering import check_pattern, runs
from .runs.table import key_counts, keys_of

MOST_DENSE = 4096


@dataclass(frozen=True, eq=False)
class CSR:
    """A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }, ascending.

    indptr : int64 (n_q + 1,);  indices : int32 (nnz,);  shape : (n_q, n_k).
    """

    indptr: np.ndarray
    indices: np.ndarray
    shape: tuple[int, int]

    def check(self):
        """Raise ValueError where the arrays are not what is said above, as those made by hand may be."""
        n_q, n_k = self.shape
        indptr, indices = self.indptr, self.indices
        if (
            len(indptr) != n_q + 1
            or indptr[0] != 0
            or indptr[-1] != len(indices)
            or (np.diff(indptr) < 0).any()
        ):
            raise ValueError(
                f"CSR: indptr must rise from 0 to {len(indices)} in n_q + 1 = {n_q + 1} numbers, got {indptr!r}"
            )
        if len(indices) and (
            indices.min() < 0 or indices.max() >= n_k or descents(indptr, indices).any()
        ):
            raise ValueError(
                f"CSR: indices must ascend in each row, from 0 to below n_k = {n_k}, got {indices!r}"
            )

    def dense(self) -> np.ndarray:
        """[j in A_i], bool (n_q, n_k); refuses what the function `dense` refuses."""
        _small(self.shape)
        mask = np.zeros(self.shape, bool)
        mask[np.repeat(np.arange(self.shape[0]), np.diff(self.indptr)), self.indices] = True
        return mask

    def transposed(self) -> CSR:
        """The queries of each key: { i : j in A_i } for every j."""
        n_q, n_k = self.shape
        counts = np.bincount(self.indices, minlength=n_k)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices = np.empty_like(self.indices)
        _turn(self.indptr, self.indices, indptr[:-1].copy(), indices)
        return CSR(indptr, indices, (n_k, n_q))

    def __repr__(self):
        return f"CSR(shape={self.shape}, nnz={len(self.indices):,}, {self.indptr.nbytes + self.indices.nbytes:,} bytes)"


@dataclass(frozen=True, eq=False)
class BSR:
    """The blocks that hold any key: block t of block row a is data[t], at block column indices[t].

    indptr : int64 (ceil(n_q / b_q) + 1,);  indices : int32 (blocks,), ascending in a row;
    data : bool (blocks, b_q, b_k), True where j in A_i, False beyond n_q and n_k;  shape : (n_q, n_k), not padded.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    shape: tuple[int, int]


def csr(p, n) -> CSR:
    """Every key of every query: O(nnz) memory.

    >>> import sparse_ref as sr
    >>> sr.csr(sr.Strided(2), 4).indices
    array([0, 1, 0, 2, 1, 3], dtype=int32)
    """
    table = runs(p, n)
    return CSR(*keys_of(table), table.shape)


def nnz(p, n) -> int:
    """sum_i |A_i|, without listing the keys of rows that are one run or spans alone.

    >>> import sparse_ref as sr
    >>> sr.nnz(sr.Causal(), 1_000_000)
    500000500000
    """
    return int(key_counts(runs(p, n)).sum())


def density(p, n) -> float:
    """nnz / (n_q n_k), the share of pairs that are connected; 0.0 where there are no pairs."""
    n_q, n_k = check_pattern(p, n)
    return nnz(p, n) / (n_q * n_k) if n_q * n_k else 0.0


def dense(p, n) -> np.ndarray:
    """[j in A_i], bool (n_q, n_k). Raises ValueError above 4096 queries or keys: use `csr` or `plan` there."""
    _small(check_pattern(p, n))
    return brute_mask(p, n).copy()


def multiplicity(branches, n) -> np.ndarray:
    """m_ij = |{ b : j in A_i^(b) }|, int64 (n_q, n_k): how often each key counts in a multiset; 0 or 1 for one pattern.

    Raises as `dense` does.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.Branches((sr.Lookback(2), sr.Sinks(1))), 3)
    array([[2, 0, 0],
           [2, 1, 0],
           [1, 1, 1]])
    """
    patterns = branches if isinstance(branches, Branches) else (branches,)
    return np.stack([dense(p, n) for p in patterns]).sum(axis=0, dtype=np.int64)


def bsr(p, n, block) -> BSR:
    """The occupied blocks of a pattern, block = b or (b_q, b_k), with the mask inside each. O(blocks b_q b_k) memory.

    SciPy's `bsr_array((b.data, b.indices, b.indptr))` reads it as it is. Raises ValueError for a block below 1.

    >>> import sparse_ref as sr
    >>> sr.bsr(sr.Causal(), 4, 2).indices
    array([0, 0, 1], dtype=int32)
    """
    b_q, b_k = int_or_pair("block", block, 1, "(b_q, b_k)")
    sets = runs(p, n)
    n_q, n_k = sets.shape
    blocks = np.zeros(-(-n_q // b_q), np.int64)
    count_blocks(sets.indptr, sets.table, n_k, b_q, b_k, blocks)
    indptr = np.concatenate([[0], np.cumsum(blocks)])
    indices, data = np.empty(indptr[-1], np.int32), np.zeros((indptr[-1], b_q, b_k), bool)
    fill_blocks(sets.indptr, sets.table, n_k, b_q, b_k, indptr, indices, data)
    return BSR(indptr, indices, data, sets.shape)


def _small(shape):
    """Refuse masks that would not fit."""
    if max(shape) > MOST_DENSE:
        raise ValueError(
            f"n must be at most {MOST_DENSE} for a dense mask, got {max(shape)}: use csr or plan"
        )


@serial
def _turn(indptr, indices, at, out):
    """Deal row i to each of its keys; at[j] is where key j writes next."""
    for i in range(len(indptr) - 1):
        for t in range(indptr[i], indptr[i + 1]):
            j = indices[t]
            out[at[j]] = i
            at[j] += 1
