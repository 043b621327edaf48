"""FlexAttention's BlockMask: the blocks of keys that each block of queries visits.

A block is full if each of its b_q b_k pairs attends, and partial if some do; `mask_mod` decides the
pairs of partial blocks only. A block that n cuts off is partial even if all of its pairs attend, as
in torch 2.13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..lower import BSR, block_counts, bsr
from ..sets.checks import int_or_pair, lengths
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, IntArray, Length
from .functions import MaskMod, leaves_without_formula, mask_mod, mask_mod_of_sets
from .heads import BlockSides, PatternPerHead, patterns_of_heads, stack_heads

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask as TorchBlockMask


Int32Array = NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class BlockMask:
    """The arrays of torch's BlockMask, under the names that `BlockMask.from_kv_blocks` gives them.

    Attributes
    ----------
    kv_num_blocks : int32 (1, H, rows), how many partial blocks each row of blocks has.
    kv_indices : int32 (1, H, rows, cols), the first kv_num_blocks of a row are its partial blocks,
        ascending; the other blocks follow.
    full_kv_num_blocks, full_kv_indices : the same for full blocks; None if all blocks are partial.
    BLOCK_SIZE : (b_q, b_k);  seq_lengths : (n_q, n_k).
    mask_mod : the function for partial blocks; None if all of their pairs attend.
    """

    kv_num_blocks: Int32Array
    kv_indices: Int32Array
    full_kv_num_blocks: Int32Array | None
    full_kv_indices: Int32Array | None
    BLOCK_SIZE: tuple[int, int]
    seq_lengths: tuple[int, int]
    mask_mod: MaskMod | None = None

    def __repr__(self) -> str:
        heads = self.kv_num_blocks.shape[1]
        partial = int(self.kv_num_blocks.sum())
        full = 0 if self.full_kv_num_blocks is None else int(self.full_kv_num_blocks.sum())
        return (
            f"BlockMask(seq_lengths={self.seq_lengths}, BLOCK_SIZE={self.BLOCK_SIZE}, "
            f"heads={heads}, partial={partial:,}, full={full:,})"
        )


def block_mask(p: PatternPerHead, n: Length, block: BlockSides = 128) -> BlockMask:
    """The BlockMask of p at n, or (n_q, n_k), as plain arrays; H is 1 for one pattern.

    `block` is b or (b_q, b_k). Memory is O(rows cols), never n x n.

    Raises TypeError if p is no pattern, nor a sequence with one per head, ValueError for a bad n or
    block.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.block_mask(sr.Causal(), 1024)
    BlockMask(seq_lengths=(1024, 1024), BLOCK_SIZE=(128, 128), heads=1, partial=8, full=28)
    """
    patterns = patterns_of_heads("p", p)
    shape = lengths(n)
    b_q, b_k = int_or_pair("block", block, 1, "(b_q, b_k)")

    def count(pattern: Pattern) -> IntArray:
        return block_counts(pattern, shape, (b_q, b_k))

    counts = stack_heads(count, patterns)[None]
    is_full = counts == b_q * b_k
    is_partial = (counts > 0) & ~is_full
    return BlockMask(
        *_kv_blocks(is_partial),
        *_kv_blocks(is_full),
        BLOCK_SIZE=(b_q, b_k),
        seq_lengths=shape,
        mask_mod=mask_mod_of_sets(patterns),
    )


def torch_block_mask(
    p: PatternPerHead,
    n: Length,
    block: BlockSides = 128,
    *,
    device: Any = "cpu",
) -> TorchBlockMask:
    """torch's own BlockMask of p at n, or (n_q, n_k), for `flex_attention(..., block_mask=...)`.

    Its mask_mod is that of `interop.mask_mod`. Listed and random sets have none: they get one that
    looks pairs up in a table of the occupied blocks, O(blocks b_q b_k) memory. `device` is a torch
    device. Imports torch.

    Raises ImportError without torch, and as `block_mask` does.
    """
    import torch
    from torch.nn.attention.flex_attention import BlockMask as TorchBlockMask

    ours = block_mask(p, n, block)
    patterns = patterns_of_heads("p", p)
    arrays = (ours.kv_num_blocks, ours.kv_indices, ours.full_kv_num_blocks, ours.full_kv_indices)
    needs_table = any(leaves_without_formula(pattern) for pattern in patterns)
    return TorchBlockMask.from_kv_blocks(
        *(torch.as_tensor(array, device=device) for array in arrays),
        BLOCK_SIZE=ours.BLOCK_SIZE,
        mask_mod=_table_mask_mod(patterns, ours, device) if needs_table else mask_mod(p),
        seq_lengths=ours.seq_lengths,
    )


def _kv_blocks(is_visited: BoolArray) -> tuple[Int32Array, Int32Array]:
    """(kv_num_blocks, kv_indices): the visited blocks of a row, then all others, as in torch."""
    counts = is_visited.sum(axis=-1, dtype=np.int32)
    indices = np.argsort(~is_visited, axis=-1, kind="stable").astype(np.int32)
    return counts, indices


def _table_mask_mod(
    patterns: tuple[Pattern, ...], ours: BlockMask, device: Any
) -> Callable[..., Any]:
    """A mask_mod that looks up each pair in its block; slot 0 is an empty block."""
    import torch

    b_q, b_k = ours.BLOCK_SIZE
    slots = np.zeros(ours.kv_indices.shape[1:], np.int64)
    blocks = [np.zeros((1, b_q, b_k), bool)]
    stored = 1
    for slot, pattern in zip(slots, patterns):
        rows = bsr(pattern, ours.seq_lengths, ours.BLOCK_SIZE)
        count = len(rows.data)
        slot[_block_rows(rows), rows.indices] = stored + np.arange(count)
        blocks.append(rows.data)
        stored += count
    slot_table = torch.as_tensor(slots, device=device)
    block_table = torch.as_tensor(np.concatenate(blocks), device=device)
    head_stride = int(len(patterns) > 1)  # 0 if one pattern serves every head

    def table_mask_mod(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        slot = slot_table[h * head_stride, q_idx // b_q, kv_idx // b_k]
        return block_table[slot, q_idx % b_q, kv_idx % b_k]

    return table_mask_mod


def _block_rows(rows: BSR) -> IntArray:
    """The block row of each stored block."""
    counts = np.diff(rows.indptr)
    return np.repeat(np.arange(len(counts)), counts)
