"""The Image Transformer's local attention: blocks of queries that share a block of memory, over a line or over an image.

Parmar et al. 2018, "Image Transformer", arXiv 1802.05751, with tensor2tensor 1.15.7, the authors' code.

Symbols:  l_q the length of a query block and l_m how far its memory reaches before it;  h_q, w_q and h_m, w_m the same over the
height and width of an image;  c = floor(i / l_q), the query block of i.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..checks import pair, whole
from ..parts import Grid
from ..positions import sequence
from ..rules import Rule, span
from ..sets import Pattern
from .divided import Chunk
from .elementary import Causal, Window
from .sparse_transformer import Block


@dataclass(frozen=True, repr=False)
class MemoryBlock(Rule):
    """A_i = { j : c block - before <= j < (c + 1) block + after },  c = floor(i / block)        Parmar et al. 2018, sec. 3.2

    The queries of one block share one memory: the block itself with `before` and `after` positions around it.

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
        return (i // block * block - before <= j) & (j < i // block * block + block + after)

    @staticmethod
    def row(i, n, block, before, after):
        start = i // block * block
        return span(start - before, start + block + after)


def image_local(block, memory, shape=None) -> Pattern:
    """A_i = { j <= i : c l_q - l_m <= j }, or that in two dimensions, given a `shape`        Parmar et al. 2018, sec. 3.2

    Over a line, an image's pixels and channels read row by row, `block` is l_q and `memory` l_m, and the set holds for every
    length. tensor2tensor's `masked_local_attention_1d` is l_m = l_q.

    Over an image of `shape` (height, width), channels counted as columns, query blocks have h_q rows and w_q columns, and their
    memory reaches h_m rows up and w_m columns to either side. Blocks are generated in raster order, and pixels in raster order
    in each: j is in A_i if it lies in the memory of i's block and is i itself or was generated before it. So a query sees the
    rows above its block to both sides, the columns to the left of it down to its last row, nothing to the right, and in its
    block what precedes it. Positions are those of the image read row by row, as in `Grid`, not in the order of generation. It
    is what tensor2tensor's `masked_local_attention_2d` sees, of whose defaults both are (8, 16).

    Differs: an image that is no multiple of the block has its last blocks cut here; the code pads with zeros, and queries
    attend to those in their own block.

    Parameters
    ----------
    block : l_q, from 1; or with a shape (h_q, w_q), or one for both.
    memory : l_m, from 0; or with a shape (h_m, w_m), or one for both.
    shape : None, or (height, width).

    No row is empty: each holds i. Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.image_local(2, 1), 6))
    █·····
    ██····
    ·██···
    ·███··
    ···██·
    ···███
    >>> print(sr.picture(sr.image_local((1, 2), 1, shape=(3, 4)), 12))
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
    if shape is None:
        l_q, l_m = whole("image_local: block", block, 1), whole("image_local: memory", memory, 0)
        return MemoryBlock(l_q, l_m, 0) & Causal()
    shape = sequence("image_local: shape", shape, 1)
    if len(shape) != 2:
        raise ValueError(f"image_local: shape must be (height, width), got {shape!r}")
    h_q, w_q = pair("image_local: block", block, 1, "(h_q, w_q)")
    h_m, w_m = pair("image_local: memory", memory, 0, "(h_m, w_m)")
    rows_above, columns_before = MemoryBlock(h_q, h_m, 0) - Chunk(h_q), MemoryBlock(w_q, w_m, 0) - Chunk(w_q)
    above = Grid(shape, (rows_above, MemoryBlock(w_q, w_m, w_m)))
    left = Grid(shape, (Chunk(h_q), columns_before))
    earlier_rows = Grid(shape, (Block(h_q) - Window(0), Chunk(w_q)))
    own_row = Grid(shape, (Window(0), Block(w_q)))
    return above | left | earlier_rows | own_row
