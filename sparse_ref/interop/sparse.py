"""Compressed sparse rows, of keys and of blocks: SciPy's arrays, FlashInfer's block-sparse rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention.arrays import as_array
from ..lower import bsr, csr
from ..sets.array_checks import check_bounds, check_rise, int64_vector, repeats
from ..sets.checks import MAX_LENGTH, int_or_pair, lengths
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, IntArray, Length
from .heads import BlockSides
from .scipy_arrays import entries_of

if TYPE_CHECKING:
    from scipy.sparse import bsr_array, csr_array


def scipy_csr(p: Pattern, n: Length) -> csr_array:
    """[j in A_i] as a SciPy csr_array of bool, of shape (n_q, n_k); O(nnz) memory.

    Raises ImportError without SciPy, TypeError if p is not one pattern, ValueError for a bad n.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.scipy_csr(sr.Strided(2), 4).indices.tolist()
    [0, 1, 0, 2, 1, 3]
    """
    from scipy.sparse import csr_array

    rows = csr(p, n)
    data = np.ones(len(rows.indices), bool)
    return csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def scipy_bsr(p: Pattern, n: Length, block: BlockSides) -> bsr_array:
    """The occupied blocks, block = b or (b_q, b_k), as a SciPy bsr_array of bool.

    SciPy's blocks divide its shape, so the shape is n_q and n_k rounded up to whole blocks; cells
    past n are False. O(blocks b_q b_k) memory.

    Raises as `scipy_csr` does, TypeError if block is no integer, ValueError if it is below 1.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.scipy_bsr(sr.Causal(), 5, 2).shape
    (6, 6)
    """
    from scipy.sparse import bsr_array

    blocks = bsr(p, n, block)
    n_q, n_k = blocks.shape
    _, b_q, b_k = blocks.data.shape
    whole = (-(-n_q // b_q) * b_q, -(-n_k // b_k) * b_k)
    return bsr_array((blocks.data, blocks.indices, blocks.indptr), shape=whole)


def flashinfer_bsr(
    p: Pattern, n: Length, block: BlockSides
) -> tuple[NDArray[np.int32], NDArray[np.int32], BoolArray]:
    """(indptr int32, indices int32, mask bool (blocks, R, C)) for FlashInfer, block = (R, C).

    `BlockSparseAttentionWrapper.plan(indptr, indices, M, N, R, C, ..., mask=mask)` takes them with
    (M, N) = (n_q, n_k); if mask.all(), the mask can be left out.

    Raises TypeError if p is not one pattern, ValueError if the block does not divide n, as most of
    FlashInfer's kernels require.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> indptr, indices, mask = interop.flashinfer_bsr(sr.Causal(), 4, 2)
    >>> indptr, indices, mask.shape
    (array([0, 1, 3], dtype=int32), array([0, 0, 1], dtype=int32), (3, 2, 2))
    """
    n_q, n_k = lengths(n)
    R, C = int_or_pair("block", block, 1, "(R, C)")
    if n_q % R or n_k % C:
        raise ValueError(f"n must be a multiple of block = {(R, C)} (FlashInfer), got {(n_q, n_k)}")
    blocks = bsr(p, n, (R, C))
    return blocks.indptr.astype(np.int32), blocks.indices, blocks.data


def from_csr(indptr: ArrayLike, indices: ArrayLike, shape: Length | None = None) -> Listed:
    """The Listed pattern whose row i has the keys indices[indptr[i]:indptr[i + 1]], in any order.

    `shape`, (n_q, n_k), is checked if given. Rows of whole blocks become a pattern over tokens by
    sr.Blockwise(from_csr(indptr, indices), block).

    Raises TypeError if these are no vectors of integers; ValueError if indptr does not rise from 0
    to len(indices), or a key is negative, not below n_k, or twice in a row.

    >>> from sparse_ref import interop
    >>> interop.from_csr([0, 1, 3], [0, 1, 0])
    Listed(<2 rows, 3 keys>)
    """
    starts = int64_vector("indptr", indptr)
    keys = int64_vector("indices", indices)
    check_rise("indptr", starts, len(keys), "indices")
    if shape is not None:
        _check_shape(starts, keys, shape)
    rows = _row_of_each(starts)
    order = np.lexsort((keys, rows))  # rows are in order already
    keys = keys[order]
    is_repeated = repeats(rows, keys)
    if is_repeated.any():
        t = int(is_repeated.argmax())
        raise ValueError(
            "indices must not repeat in a row, for a set holds a key once, "
            f"got {keys[t]} twice in row {rows[t]}"
        )
    check_bounds("indices", keys, 0, MAX_LENGTH + 1)
    return Listed(starts, keys)


def from_bsr(
    indptr: ArrayLike, indices: ArrayLike, data: ArrayLike, n: Length | None = None
) -> Listed:
    """The Listed pattern of block-sparse rows: data[t], bool (b_q, b_k), is at column indices[t].

    `n`, or (n_q, n_k), is the length, by default that of whole blocks. Columns may be in any order.

    Raises TypeError if data is not bool; ValueError as `from_csr` does, if data is not
    (blocks, b_q, b_k), or is True past n.

    >>> import numpy as np
    >>> from sparse_ref import interop
    >>> interop.from_bsr([0, 1], [1], np.array([[[True, False], [True, True]]]))
    Listed(<2 rows, 3 keys>)
    """
    blocks = _check_blocks(data)
    starts = int64_vector("indptr", indptr)
    columns = int64_vector("indices", indices)
    from_csr(starts, columns)  # raises if these are not rows of distinct blocks
    if len(blocks) != len(columns):
        raise ValueError(
            f"data must have a block for each of the {len(columns)} indices, got {len(blocks)}"
        )
    _, b_q, b_k = blocks.shape
    block_rows = len(starts) - 1
    if n is None:
        block_columns = int(columns.max(initial=-1)) + 1
        n_q, n_k = block_rows * b_q, block_columns * b_k
    else:
        n_q, n_k = lengths(n)
    if -(-n_q // b_q) != block_rows:
        raise ValueError(f"n_q must fill the {block_rows} rows of blocks of {b_q}, got {n_q}")
    block, row, column = np.nonzero(blocks)
    rows = _row_of_each(starts)[block] * b_q + row
    keys = columns[block] * b_k + column
    _check_inside(rows, keys, (n_q, n_k))
    order = np.lexsort((keys, rows))
    ends = np.cumsum(np.bincount(rows, minlength=n_q))
    return Listed(np.concatenate([[0], ends]), keys[order])


def from_scipy(a: Any) -> Listed:
    """The Listed pattern { j : a[i, j] != 0 } of a SciPy sparse array or matrix of any format.

    Stored zeros are left out, and entries of one place add up. Raises TypeError for anything else;
    ValueError naming the attribute if it does not have two axes, or if an index is out of bounds.
    """
    if not hasattr(a, "tocsr"):
        raise TypeError(f"a must be a SciPy sparse array, got {type(a).__name__}")
    entries, shape = entries_of(a)
    rows, keys = entries.nonzero()
    ends = np.cumsum(np.bincount(rows, minlength=shape[0]))
    return Listed(np.concatenate([[0], ends]), keys)


def _check_shape(indptr: IntArray, indices: IntArray, shape: Length) -> None:
    """Refuse rows and keys that are not those of (n_q, n_k)."""
    n_q, n_k = int_or_pair("shape", shape, 0, "(n_q, n_k)")
    if len(indptr) != n_q + 1:
        raise ValueError(f"indptr must have n_q + 1 = {n_q + 1} numbers, got {len(indptr)}")
    if indices.max(initial=-1) >= n_k:
        raise ValueError(f"indices must be below n_k = {n_k}, got {indices.max()}")


def _check_blocks(data: ArrayLike) -> BoolArray:
    """Blocks as a bool array (blocks, b_q, b_k)."""
    blocks = as_array("data", data)
    if blocks.dtype != bool:
        raise TypeError(
            f"data must be bool, True where it attends, got {blocks.dtype}: "
            "say which numbers do, as data != 0"
        )
    if blocks.ndim != 3 or min(blocks.shape[1:]) < 1:
        raise ValueError(
            "data must have axes (blocks, b_q, b_k), with blocks of at least 1 x 1, "
            f"got shape {blocks.shape}"
        )
    return blocks


def _check_inside(rows: IntArray, keys: IntArray, shape: tuple[int, int]) -> None:
    """Refuse pairs past (n_q, n_k)."""
    is_past = (rows >= shape[0]) | (keys >= shape[1])
    if is_past.any():
        t = int(is_past.argmax())
        pair = (int(rows[t]), int(keys[t]))
        raise ValueError(f"data must be False beyond (n_q, n_k) = {shape}, got True at {pair}")


def _row_of_each(indptr: IntArray) -> IntArray:
    """The row of each index."""
    counts = np.diff(indptr)
    return np.repeat(np.arange(len(counts)), counts)
