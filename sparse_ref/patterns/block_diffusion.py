"""Block diffusion: one pass over a noised sequence and its clean copy, block after block.

Arriola et al. 2025, "Block Diffusion: Interpolating Between Autoregressive and Diffusion Language
Models", arXiv 2503.09573.
"""

from __future__ import annotations

from ..sets.checks import MAX_LENGTH, integer
from ..sets.parts import Blockwise, Grid
from ..sets.pattern import Pattern
from .divided import Chunk
from .elementary import Band, Causal, Window
from .globals import Prefix


def block_diffusion(n: int, block: int) -> Pattern:
    """A_i = M_BD | M_OBC | M_BC, over the noised x_t, then the clean x_0

    Arriola et al. 2025, sec. 3.2, training mask.

    Positions 0, ..., n - 1 are noised; n, ..., 2 n - 1 are the same tokens clean; b is the block of
    a token. The parts are the block diagonal M_BD (the same half, b_j = b_i), the offset
    block-causal M_OBC (a noised query, a clean key, b_j < b_i) and the block-causal M_BC (both
    clean, b_j <= b_i).

    Parameters
    ----------
    n : the tokens of the sequence. The pattern is stated for 2 n positions.
    block : the tokens of a block; the last block has fewer if they do not divide n.

    No row is empty. Raises ValueError for `n` or `block` below 1, and for `n` so long that 2 n is
    2**31 or more.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.block_diffusion(6, 2), 12))
    ██··········
    ██··········
    ··██··██····
    ··██··██····
    ····██████··
    ····██████··
    ······██····
    ······██····
    ······████··
    ······████··
    ······██████
    ······██████
    """
    n = integer("block_diffusion: n", n, 1, MAX_LENGTH // 2)  # there are 2 n positions
    block = integer("block_diffusion: block", block, 1)
    # a grid of two rows: the noised half, then the clean half
    same_half = Window(0)
    noised_to_clean = Band(-1, 1)
    both_clean = Window(0) - Prefix(1)
    same_block = Chunk(block)
    up_to_block = Blockwise(Causal(), block)
    block_diagonal = Grid((2, n), (same_half, same_block))
    offset_block_causal = Grid((2, n), (noised_to_clean, up_to_block - same_block))
    block_causal = Grid((2, n), (both_clean, up_to_block))
    return block_diagonal | offset_block_causal | block_causal
