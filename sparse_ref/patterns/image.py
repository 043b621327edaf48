"""Image Transformer: blocks of queries that share a block of memory, over a line or over an image.

Parmar et al. 2018, "Image Transformer", arXiv 1802.05751, with tensor2tensor 1.15.7, the authors'
code.

Symbols:  l_q the length of a query block and l_m how far its memory reaches before it;  h_q, w_q
and h_m, w_m the same over the height and width of an image;  c = floor(i / l_q), the query block of
i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..define import Rule, span
from ..sets.checks import int_or_pair, int_tuple, integer
from ..sets.parts import Grid
from ..sets.pattern import Pattern
from .divided import Chunk
from .elementary import Causal, Window
from .sparse_transformer import Block


@dataclass(frozen=True)
class MemoryBlock(Rule):
    """A_i = { j : c block - before <= j < (c + 1) block + after },  c = floor(i / block)

    Parmar et al. 2018, sec. 3.3.

    The queries of one block share one memory: the block itself with `before` and `after` positions
    around it. No row is empty.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.MemoryBlock(2, before=1, after=0), 6))
    ██····
    ██····
    ·███··
    ·███··
    ···███
    ···███
    """

    block: int
    before: int
    after: int
    least = (1, 0, 0)

    @staticmethod
    def formula(i, j, block, before, after):
        start = i // block * block
        return (start - before <= j) & (j < start + block + after)

    @staticmethod
    def solution(i, n, block, before, after):
        start = i // block * block
        return span(start - before, start + block + after)


def image_local(block: int, memory: int) -> Pattern:
    """A_i = { j <= i : c l_q - l_m <= j },  c = floor(i / l_q)

    Parmar et al. 2018, sec. 3.3, 1D local attention.

    An image's pixels and channels read row by row, as a line of any length. tensor2tensor's
    `masked_local_attention_1d` is l_m = l_q.

    Parameters
    ----------
    block : l_q, from 1.
    memory : l_m, from 0.

    No row is empty: each contains i. Raises ValueError for `block` below 1 and negative `memory`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.image_local(2, 1), 6))
    █·····
    ██····
    ·██···
    ·███··
    ···██·
    ···███
    """
    block = integer("image_local: block", block, 1)
    memory = integer("image_local: memory", memory, 0)
    return MemoryBlock(block, memory, 0) & Causal()


def image_local_2d(
    shape: Sequence[int],
    block: int | tuple[int, int],
    memory: int | tuple[int, int],
) -> Pattern:
    """A_i = { j in memory(i) : j = i or generated before i }, over an image

    Parmar et al. 2018, sec. 3.3, 2D local attention.

    Channels counted as columns, query blocks have h_q rows and w_q columns, and their memory
    reaches h_m rows up and w_m columns to either side. Blocks are generated in raster order, and
    pixels in raster order in each. So a query sees the rows above its block to both sides, the
    columns to the left of it down to its last row, nothing to the right, and in its block what
    precedes it. Positions are those of the image read row by row, as in `Grid`, not in the order of
    generation. The set is that of tensor2tensor's `masked_local_attention_2d`, whose default is
    (8, 16) for both block and memory.

    Differs: an image that is no multiple of the block has its last blocks cut here; the code pads
    with zeros, and queries attend to those in their own block.

    Parameters
    ----------
    shape : (height, width) of the image.
    block : (h_q, w_q), from 1, or one for both.
    memory : (h_m, w_m), from 0, or one for both.

    No row is empty: each contains i. Raises ValueError if `shape` is no pair, a side or block is
    below 1, or memory is negative.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.image_local_2d((3, 4), (1, 2), 1), 12))
    █···········
    ██··········
    ·██·········
    ·███········
    ███·█·······
    ███·██······
    ·███·██·····
    ·███·███····
    ····███·█···
    ····███·██··
    ·····███·██·
    ·····███·███
    """
    shape = int_tuple("image_local_2d: shape", shape, 1)
    if len(shape) != 2:
        raise ValueError(f"image_local_2d: shape must be (height, width), got {shape!r}")
    h_q, w_q = int_or_pair("image_local_2d: block", block, 1, "(h_q, w_q)")
    h_m, w_m = int_or_pair("image_local_2d: memory", memory, 0, "(h_m, w_m)")
    rows_above = MemoryBlock(h_q, h_m, 0) - Chunk(h_q)
    columns_before = MemoryBlock(w_q, w_m, 0) - Chunk(w_q)
    above = Grid(shape, (rows_above, MemoryBlock(w_q, w_m, w_m)))
    left = Grid(shape, (Chunk(h_q), columns_before))
    earlier_rows = Grid(shape, (Block(h_q) - Window(0), Chunk(w_q)))
    own_row = Grid(shape, (Window(0), Block(w_q)))
    return above | left | earlier_rows | own_row
