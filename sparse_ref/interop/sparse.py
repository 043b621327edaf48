"""Compressed sparse rows, of keys and of blocks: SciPy's arrays, and FlashInfer's block-sparse rows, which are SciPy's."""

from __future__ import annotations

import numpy as np

from ..attention.arrays import as_array
from ..lower import bsr, csr
from ..sets.checks import int_or_pair, lengths
from ..sets.listed import Listed


def scipy_csr(p, n):
    """[j in A_i] as a SciPy csr_array of bool, of shape (n_q, n_k); O(nnz) memory.

    Raises ImportError without SciPy, TypeError where p is no pattern or several, ValueError for a bad n.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.scipy_csr(sr.Strided(2), 4).indices.tolist()
    [0, 1, 0, 2, 1, 3]
    """
    from scipy.sparse import csr_array

    rows = csr(p, n)
    return csr_array(
        (np.ones(len(rows.indices), bool), rows.indices, rows.indptr), shape=rows.shape
    )


def scipy_bsr(p, n, block):
    """The occupied blocks, block = b or (b_q, b_k), as a SciPy bsr_array of bool; O(blocks b_q b_k) memory.

    SciPy's blocks divide its shape, so the shape is n_q and n_k rounded up to whole blocks; nothing is held beyond n.

    Raises as `scipy_csr` does, and for a block that is no integer (TypeError) or below 1 (ValueError).

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.scipy_bsr(sr.Causal(), 5, 2).shape
    (6, 6)
    """
    from scipy.sparse import bsr_array

    blocks = bsr(p, n, block)
    shape = tuple(-(-side // b) * b for side, b in zip(blocks.shape, blocks.data.shape[1:]))
    return bsr_array((blocks.data, blocks.indices, blocks.indptr), shape=shape)


def flashinfer_bsr(p, n, block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(indptr int32, indices int32, mask bool (blocks, R, C)) for `BlockSparseAttentionWrapper.plan`; block = (R, C).

    `plan(indptr, indices, M, N, R, C, ..., mask=mask)` with (M, N) = (n_q, n_k); where mask.all(), it can go without.

    Raises TypeError where p is no pattern or several, ValueError where the block does not divide n, which most of
    FlashInfer's kernels ask for.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> indptr, indices, mask = interop.flashinfer_bsr(sr.Causal(), 4, 2)
    >>> indptr, indices, mask.shape
    (array([0, 1, 3], dtype=int32), array([0, 0, 1], dtype=int32), (3, 2, 2))
    """
    sides, block = lengths(n), int_or_pair("block", block, 1, "(R, C)")
    if sides[0] % block[0] or sides[1] % block[1]:
        raise ValueError(f"n must be a multiple of block = {block} (FlashInfer), got {sides}")
    blocks = bsr(p, n, block)
    return blocks.indptr.astype(np.int32), blocks.indices, blocks.data


def from_csr(indptr, indices, shape=None) -> Listed:
    """The Listed pattern of rows of keys: those of row i are indices[indptr[i]:indptr[i + 1]], in any order.

    `shape`, (n_q, n_k), is checked where given. Rows of whole blocks become a pattern over tokens by
    sr.Blockwise(from_csr(indptr, indices), block).

    Raises TypeError where these are no vectors of integers; ValueError where indptr does not rise from 0 to
    len(indices), a key is negative, not below n_k, or twice in a row.

    >>> from sparse_ref import interop
    >>> interop.from_csr([0, 1, 3], [0, 1, 0])
    Listed(<2 rows, 3 keys>)
    """
    indptr, indices = _vector("indptr", indptr), _vector("indices", indices)
    if (
        len(indptr) == 0
        or indptr[0] != 0
        or indptr[-1] != len(indices)
        or (np.diff(indptr) < 0).any()
    ):
        raise ValueError(
            f"indptr must rise from 0 to len(indices) = {len(indices)}, got {indptr!r}"
        )
    if shape is not None:
        n_q, n_k = lengths(shape)
        if len(indptr) != n_q + 1:
            raise ValueError(f"indptr must have n_q + 1 = {n_q + 1} numbers, got {len(indptr)}")
        if indices.max(initial=-1) >= n_k:
            raise ValueError(f"indices must be below n_k = {n_k}, got {indices.max()}")
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    indices = indices[np.lexsort((indices, rows))]
    twice = (np.diff(rows) == 0) & (np.diff(indices) == 0)
    if twice.any():
        t = int(twice.argmax())
        raise ValueError(
            f"indices must not repeat in a row, for a set holds a key once, got {indices[t]} twice in row {rows[t]}"
        )
    if indices.min(initial=0) < 0:
        raise ValueError(f"indices must be at least 0, got {indices.min()}")
    return Listed(indptr, indices)


def from_bsr(indptr, indices, data, n=None) -> Listed:
    """The Listed pattern of block-sparse rows: data[t], bool (b_q, b_k), stands at block column indices[t].

    `n`, or (n_q, n_k), is the length: whole blocks unless given. Columns may come in any order.

    Raises TypeError where data is not bool; ValueError as `from_csr` does, for data that is not (blocks, b_q, b_k), or
    True beyond n.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_bsr([0, 1], [1], np.array([[[True, False], [True, True]]]))
    Listed(<2 rows, 3 keys>)
    """
    data = as_array("data", data)
    if data.dtype != bool:
        raise TypeError(
            f"data must be bool, True where it attends, got {data.dtype}: say which numbers do, as data != 0"
        )
    if data.ndim != 3 or min(data.shape[1:]) < 1:
        raise ValueError(
            f"data must have axes (blocks, b_q, b_k), with blocks of at least 1 x 1, got shape {data.shape}"
        )
    indptr, indices = _vector("indptr", indptr), _vector("indices", indices)
    from_csr(indptr, indices)
    if len(data) != len(indices):
        raise ValueError(
            f"data must have a block for each of the {len(indices)} indices, got {len(data)}"
        )
    _, b_q, b_k = data.shape
    block_rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    t, r, c = np.nonzero(data)
    rows, keys = block_rows[t] * b_q + r, indices[t] * b_k + c
    most = ((len(indptr) - 1) * b_q, (int(indices.max(initial=-1)) + 1) * b_k)
    n_q, n_k = most if n is None else lengths(n)
    if -(-n_q // b_q) != len(indptr) - 1:
        raise ValueError(f"n_q must fill the {len(indptr) - 1} rows of blocks of {b_q}, got {n_q}")
    beyond = (rows >= n_q) | (keys >= n_k)
    if beyond.any():
        at = int(beyond.argmax())
        raise ValueError(
            f"data must be False beyond (n_q, n_k) = {(n_q, n_k)}, got True at {(int(rows[at]), int(keys[at]))}"
        )
    order = np.lexsort((keys, rows))
    return Listed(np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_q))]), keys[order])


def from_scipy(a) -> Listed:
    """The Listed pattern of a SciPy sparse array or matrix of any format: { j : a[i, j] != 0 }, stored zeros left out.

    Raises TypeError for anything else, ValueError where it has other than two axes.
    """
    if not hasattr(a, "tocsr"):
        raise TypeError(f"a must be a SciPy sparse array, got {type(a).__name__}")
    if len(a.shape) != 2:
        raise ValueError(f"a must have axes (n_q, n_k), got shape {a.shape}")
    rows = a.tocsr().copy()
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return from_csr(rows.indptr, rows.indices, rows.shape)


def _vector(name: str, x) -> np.ndarray:
    """A vector of integers, int64."""
    x = (
        np.asarray(x, None if len(x) else np.int64)
        if isinstance(x, (list, tuple))
        else as_array(name, x)
    )
    if x.ndim != 1 or x.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be a vector of integers, got shape {x.shape}, dtype {x.dtype}"
        )
    return x.astype(np.int64)
