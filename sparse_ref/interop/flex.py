"""FlexAttention's BlockMask: which blocks of keys each block of queries visits, and in which of them every pair attends.

A block is full where each of its b_q b_k pairs attends, and partial where some do: `mask_mod` is asked there alone. A
block that n cuts off is partial however many of its pairs attend, as in torch 2.13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..lower import block_counts, bsr
from ..sets.checks import int_or_pair, lengths
from .functions import chosen, listed_in, mask_mod
from .heads import heads_of, stacked


@dataclass(frozen=True, eq=False, repr=False)
class BlockMask:
    """The arrays of torch's BlockMask, under the names that `BlockMask.from_kv_blocks` has for them.

    kv_num_blocks : int32 (1, H, rows), how many partial blocks each row of blocks has.
    kv_indices : int32 (1, H, rows, cols), which: the first kv_num_blocks of a row, ascending; the others stand behind them.
    full_kv_num_blocks, full_kv_indices : the same of full blocks; None where all blocks stand as partial ones.
    BLOCK_SIZE : (b_q, b_k);  seq_lengths : (n_q, n_k).
    mask_mod : the function for partial blocks; None where every pair of theirs attends.
    """

    kv_num_blocks: np.ndarray
    kv_indices: np.ndarray
    full_kv_num_blocks: np.ndarray | None
    full_kv_indices: np.ndarray | None
    BLOCK_SIZE: tuple[int, int]
    seq_lengths: tuple[int, int]
    mask_mod: Callable | None = None

    def __repr__(self):
        full = 0 if self.full_kv_num_blocks is None else int(self.full_kv_num_blocks.sum())
        return (
            f"BlockMask(seq_lengths={self.seq_lengths}, BLOCK_SIZE={self.BLOCK_SIZE}, heads={self.kv_num_blocks.shape[1]}, "
            f"partial={int(self.kv_num_blocks.sum()):,}, full={full:,})"
        )


def block_mask(p, n, block=128) -> BlockMask:
    """The BlockMask of p at n, or (n_q, n_k), as plain arrays; H is 1 for one pattern. O(rows cols) memory, never n x n.

    `block` is b or (b_q, b_k). Raises TypeError where p is no pattern, nor a sequence with one for each head, ValueError
    for a bad n or block.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.block_mask(sr.Causal(), 1024)
    BlockMask(seq_lengths=(1024, 1024), BLOCK_SIZE=(128, 128), heads=1, partial=8, full=28)
    """
    patterns, shape, sides = heads_of(p), lengths(n), int_or_pair("block", block, 1, "(b_q, b_k)")
    held = stacked(lambda each: block_counts(each, shape, sides), patterns)[None]
    whole_block = held == sides[0] * sides[1]
    return BlockMask(
        *_ordered((held > 0) & ~whole_block), *_ordered(whole_block), sides, shape, chosen(patterns)
    )


def torch_block_mask(p, n, block=128, *, device="cpu"):
    """torch's own BlockMask of p at n, or (n_q, n_k): `flex_attention(q, k, v, block_mask=...)` takes it. Imports torch.

    Its mask_mod is that of `interop.mask_mod`; for sets that are listed or drawn, one that looks pairs up in a table of
    the occupied blocks, O(blocks b_q b_k) memory.

    Raises ImportError without torch, and as `block_mask` does.
    """
    import torch
    from torch.nn.attention.flex_attention import BlockMask as Theirs

    ours, patterns = block_mask(p, n, block), heads_of(p)
    tables = (ours.kv_num_blocks, ours.kv_indices, ours.full_kv_num_blocks, ours.full_kv_indices)
    fn = _looked_up(patterns, ours, device) if any(map(listed_in, patterns)) else mask_mod(p)
    return Theirs.from_kv_blocks(
        *(torch.as_tensor(table, device=device) for table in tables),
        BLOCK_SIZE=ours.BLOCK_SIZE,
        mask_mod=fn,
        seq_lengths=ours.seq_lengths,
    )


def _ordered(held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(how many blocks each row holds, all blocks with those first), int32, as torch orders them."""
    return held.sum(axis=-1, dtype=np.int32), np.argsort(~held, axis=-1, kind="stable").astype(
        np.int32
    )


def _looked_up(patterns, ours: BlockMask, device) -> Callable:
    """A mask_mod that reads each pair out of the block it lies in; block 0 stands for all that hold nothing."""
    import torch

    (b_q, b_k), many = ours.BLOCK_SIZE, int(len(patterns) > 1)
    slots, cells = np.zeros(ours.kv_indices.shape[1:], np.int64), [np.zeros((1, b_q, b_k), bool)]
    for slot, p in zip(slots, patterns):
        own = bsr(p, ours.seq_lengths, ours.BLOCK_SIZE)
        slot[np.repeat(np.arange(len(slot)), np.diff(own.indptr)), own.indices] = sum(
            map(len, cells)
        ) + np.arange(len(own.data))
        cells.append(own.data)
    slot, cell = (
        torch.as_tensor(slots, device=device),
        torch.as_tensor(np.concatenate(cells), device=device),
    )

    def looked_up(b, h, q_idx, kv_idx):
        return cell[slot[h * many, q_idx // b_q, kv_idx // b_k], q_idx % b_q, kv_idx % b_k]

    return looked_up
