"""The pattern that a BlockMask makes a kernel visit: full blocks, and mask_mod in partial ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..attention.arrays import as_array
from ..sets.checks import MAX_LENGTH, int_or_pair, integer
from ..sets.pattern import Pattern
from ..sets.positions import first_index
from ..sets.run import as_int64_exactly
from ..sets.types import BoolArray, IntArray
from .functions import GridMask, grid_mask
from .heads import pattern_of_slabs

TABLE_AXES = {
    "kv_num_blocks": 3,
    "kv_indices": 4,
    "full_kv_num_blocks": 3,
    "full_kv_indices": 4,
}


Pair = tuple[int, int]
Patterns = tuple[Pattern, ...]


class _Layout(NamedTuple):
    """Lengths (n_q, n_k) and the sides (b_q, b_k) of a block."""

    shape: Pair
    block: Pair

    @property
    def blocks(self) -> Pair:
        """(rows, columns) of blocks."""
        (n_q, n_k), (b_q, b_k) = self
        return -(-n_q // b_q), -(-n_k // b_k)


def from_block_mask(block_mask: Any, *, batch: int | None = None) -> Patterns:
    """The Listed pattern of each head of a BlockMask, ours or torch's; a tuple, also for one head.

    It contains full blocks, and the pairs of partial blocks that mask_mod allows: what the arrays
    make a kernel visit. torch's uncompiled flex_attention evaluates mask_mod only; if mask_mod and
    the arrays disagree, it attends to another set. `batch` is the batch element, required if there
    are several. Memory is O(nnz) and one row of blocks.

    Raises TypeError for anything without these arrays; ValueError if they do not fit one another,
    or a block is twice in a row, so that its keys would count twice.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.from_block_mask(interop.block_mask(sr.Causal(), 10, 4))
    (Listed(<10 rows, 55 keys>),)
    """
    _check_attributes(block_mask)
    shape = _pair("seq_lengths", block_mask.seq_lengths, 0, "(n_q, n_k)")
    layout = _Layout(shape, _pair("BLOCK_SIZE", block_mask.BLOCK_SIZE, 1, "(b_q, b_k)"))
    tables = [_as_table(name, getattr(block_mask, name)) for name in TABLE_AXES]
    batches, heads = _batch_shape(tables)
    if batch is None and batches > 1:
        raise ValueError(f"batch must say which of {batches} batch elements, got None")
    b = integer("batch", batch or 0, 0, batches - 1)
    framework, device = _framework(block_mask.kv_num_blocks)
    mask_mod = _every_pair if block_mask.mask_mod is None else block_mask.mask_mod
    call = grid_mask(mask_mod, b, framework, device)

    def read(h: int) -> Pattern:
        per_head = [_select(table, (batches, heads), (b, h)) for table in tables]
        is_partial = _block_visits(per_head[0], per_head[1], layout)
        is_full = _block_visits(per_head[2], per_head[3], layout)
        is_repeated = is_partial & is_full
        if is_repeated.any():
            raise ValueError(
                f"full_kv_indices must not hold block {first_index(is_repeated)} of head {h}, "
                "which kv_indices holds: it would count twice"
            )
        return pattern_of_slabs(_block_rows(call, h, is_partial, is_full, layout))

    return tuple(read(h) for h in range(heads))


def _check_attributes(block_mask: Any) -> None:
    """Refuse what does not have the attributes of a BlockMask."""
    names = (*TABLE_AXES, "BLOCK_SIZE", "seq_lengths", "mask_mod")
    missing = [name for name in names if not hasattr(block_mask, name)]
    if missing:
        raise TypeError(
            f"block_mask must be a BlockMask, got {type(block_mask).__name__} "
            f"without {', '.join(missing)}"
        )


def _pair(name: str, value: Any, least: int, parts: str) -> Pair:
    """A pair of integers, from a tuple, or a list as torch has it."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be a pair {parts}, got {type(value).__name__}")
    first, second = int_or_pair(name, tuple(value), least, parts)
    if max(first, second) > MAX_LENGTH:
        raise ValueError(f"{name} must be below {MAX_LENGTH + 1}, got {(first, second)}")
    return first, second


def _batch_shape(tables: list[IntArray | None]) -> Pair:
    """(batch, heads), to which the leading axes of all tables broadcast."""
    if (tables[2] is None) != (tables[3] is None):
        raise ValueError("full_kv_num_blocks and full_kv_indices must both be given, or neither")
    named = zip(TABLE_AXES, tables)
    shapes = {name: table.shape[:2] for name, table in named if table is not None}
    try:
        batches, heads = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise ValueError(
            f"{', '.join(shapes)} must have batches and heads that broadcast, "
            f"got {', '.join(map(str, shapes.values()))}"
        ) from None
    return batches, heads


def _as_table(name: str, x: Any) -> IntArray | None:
    """A table of a BlockMask as int64, with leading axes for the batch and the heads."""
    is_optional = name.startswith("full")
    if is_optional and x is None:
        return None
    axes = TABLE_AXES[name]
    table = as_array(name, x.cpu() if hasattr(x, "cpu") else x)
    if not axes - 2 <= table.ndim <= axes or table.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integers in at most {axes} axes, got {table.dtype}, "
            f"shape {table.shape}"
        )
    leading = (1,) * (axes - table.ndim)
    return as_int64_exactly(name, table).reshape(leading + table.shape)


def _select(table: IntArray | None, batch_shape: Pair, index: Pair):
    """The table at index (batch element, head); None if there is no table."""
    if table is None:
        return None
    shape = (*batch_shape, *table.shape[2:])
    return np.broadcast_to(table, shape)[index]


def _block_visits(counts: IntArray | None, indices: IntArray | None, layout: _Layout) -> BoolArray:
    """Which blocks a head visits, bool (rows, columns): the first counts[row] of indices[row]."""
    rows, columns = layout.blocks
    if counts is None or indices is None:
        return np.zeros(layout.blocks, bool)
    has_rows = counts.shape == (rows,) and len(indices) == rows
    most = counts.max(initial=0)
    if not has_rows or counts.min(initial=0) < 0 or most > indices.shape[1]:
        raise ValueError(
            f"kv_num_blocks must count the kv_indices of {rows} rows of blocks, as seq_lengths and "
            f"BLOCK_SIZE have, got shapes {counts.shape} and {indices.shape}, counts up to {most}"
        )
    is_visited = np.zeros(layout.blocks, bool)
    for row, count in enumerate(counts):
        visited = indices[row, :count]
        if visited.min(initial=0) < 0 or visited.max(initial=-1) >= columns:
            raise ValueError(
                f"kv_indices must be from 0 to below {columns}, got {visited.tolist()} "
                f"in row {row} of blocks"
            )
        if len(np.unique(visited)) < count:
            raise ValueError(
                f"kv_indices must not repeat in a row of blocks, got {visited.tolist()} "
                f"in row {row}"
            )
        is_visited[row, visited] = True
    return is_visited


def _block_rows(
    call: GridMask, h: int, is_partial: BoolArray, is_full: BoolArray, layout: _Layout
) -> Iterator[BoolArray]:
    """The mask of each row of blocks, bool (its queries, n_k)."""
    (n_q, n_k), (b_q, b_k) = layout
    keys = np.arange(n_k)
    block_of_key = keys // b_k
    for row in range(len(is_full)):
        queries = np.arange(row * b_q, min((row + 1) * b_q, n_q))
        in_full = is_full[row, block_of_key]
        mask = np.repeat(in_full[None], len(queries), axis=0)
        in_partial = is_partial[row, block_of_key]
        if in_partial.any():
            mask[:, in_partial] = call(h, queries, keys[in_partial])
        yield mask


def _framework(table: Any) -> tuple[str, Any]:
    """(framework, device) of the arguments of mask_mod: tensors if the tables are tensors."""
    is_tensor = type(table).__module__.partition(".")[0] == "torch"
    return ("torch", table.device) if is_tensor else ("numpy", "cpu")


def _every_pair(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> bool:
    """A mask_mod that allows every pair."""
    return True
