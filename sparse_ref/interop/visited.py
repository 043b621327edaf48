"""What a BlockMask tells a kernel to visit, as a pattern: full blocks whole, and partial ones where mask_mod says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..attention.arrays import as_array
from ..sets.checks import int_or_pair, integer, lengths
from ..sets.pattern import Pattern
from .functions import asked
from .heads import first_true, listed


def from_block_mask(block_mask, *, batch: int | None = None) -> tuple[Pattern, ...]:
    """The Listed pattern of each head of a BlockMask, ours or torch's: full blocks, and what mask_mod leaves of partial ones.

    It is what the arrays tell a kernel to visit: where they and mask_mod disagree, torch's uncompiled flex_attention, which
    asks mask_mod alone, attends to something else. A tuple, of one pattern where the arrays have one head. `batch` chooses
    a batch element, and has to be given where there are several. O(nnz) memory beside one row of blocks.

    Raises TypeError for anything without these arrays; ValueError where they do not fit one another, or a block stands
    twice in a row, whose keys would count twice.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.from_block_mask(interop.block_mask(sr.Causal(), 10, 4))
    (Listed(<10 rows, 55 keys>),)
    """
    names = ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices")
    lacking = [
        name
        for name in (*names, "BLOCK_SIZE", "seq_lengths", "mask_mod")
        if not hasattr(block_mask, name)
    ]
    if lacking:
        raise TypeError(
            f"block_mask must be a BlockMask, got {type(block_mask).__name__} without {', '.join(lacking)}"
        )
    shape, block = (
        lengths(tuple(block_mask.seq_lengths)),
        int_or_pair("BLOCK_SIZE", tuple(block_mask.BLOCK_SIZE), 1, "(b_q, b_k)"),
    )
    tables = [
        _table(name, getattr(block_mask, name), axes) for name, axes in zip(names, (3, 4, 3, 4))
    ]
    batches, heads = np.broadcast_shapes(
        *(table.shape[:2] for table in tables if table is not None)
    )
    if batch is None and batches > 1:
        raise ValueError(f"batch must say which of {batches} batch elements, got None")
    b = integer("batch", batch or 0, 0, batches - 1)
    call = asked(block_mask.mask_mod or _all, b, *_framework(block_mask.kv_num_blocks))

    def read(h):
        held = np.zeros(
            [2] + [-(-n // side) for n, side in zip(shape, block)], bool
        )  # partial, full
        for kind, (counts, indices) in zip(held, (tables[:2], tables[2:])):
            if counts is not None and indices is not None:
                _mark(
                    kind,
                    *(
                        np.broadcast_to(x, (batches, heads, *x.shape[2:]))[b, h]
                        for x in (counts, indices)
                    ),
                )
        twice = held.all(axis=0)
        if twice.any():
            raise ValueError(
                f"full_kv_indices must not hold block {first_true(twice)} of head {h}, which kv_indices holds: "
                "it would count twice"
            )
        return listed(_row(call, h, a, held[:, a], shape, block) for a in range(held.shape[1]))

    return tuple(read(h) for h in range(heads))


def _table(name: str, x, axes: int) -> np.ndarray | None:
    """A table of a BlockMask as int64, with axes of its own for the batch and the heads."""
    if x is None and name.startswith("full"):
        return None
    table = as_array(name, x.cpu() if hasattr(x, "cpu") else x)
    if not axes - 2 <= table.ndim <= axes or table.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integers in at most {axes} axes, got {table.dtype}, shape {table.shape}"
        )
    return table.astype(np.int64).reshape((1,) * (axes - table.ndim) + table.shape)


def _mark(held: np.ndarray, counts: np.ndarray, indices: np.ndarray):
    """Set held[a, b] for the first counts[a] blocks b of indices[a]."""
    rows, cols = held.shape
    if (
        counts.shape != (rows,)
        or len(indices) != rows
        or counts.min(initial=0) < 0
        or counts.max(initial=0) > indices.shape[1]
    ):
        raise ValueError(
            f"kv_num_blocks must count the kv_indices of {rows} rows of blocks, as seq_lengths and BLOCK_SIZE have, "
            f"got shapes {counts.shape} and {indices.shape}, counts up to {counts.max(initial=0)}"
        )
    for a, count in enumerate(counts):
        own = indices[a, :count]
        if own.min(initial=0) < 0 or own.max(initial=-1) >= cols:
            raise ValueError(
                f"kv_indices must be from 0 to below {cols}, got {own.tolist()} in row {a} of blocks"
            )
        if len(np.unique(own)) < count:
            raise ValueError(
                f"kv_indices must not repeat in a row of blocks, got {own.tolist()} in row {a}"
            )
        held[a, own] = True


def _row(call, h: int, a: int, held: np.ndarray, shape, block) -> np.ndarray:
    """The mask of row a of blocks, bool (its rows, n_k); `held` says which blocks are partial, and which full."""
    i = np.arange(a * block[0], min((a + 1) * block[0], shape[0]))
    j = np.arange(shape[1])
    partial, full = held[:, j // block[1]]
    mask = np.repeat(full[None], len(i), axis=0)
    if partial.any():
        mask[:, partial] = call(h, i, j[partial])
    return mask


def _framework(table: Any) -> tuple[str, Any]:
    """What a BlockMask's mask_mod is called with, and where: tensors beside tensors."""
    return (
        ("torch", table.device)
        if type(table).__module__.partition(".")[0] == "torch"
        else ("numpy", "cpu")
    )


def _all(b, h, q_idx, kv_idx):
    """A mask_mod that leaves every pair."""
    return True
