"""What FlexAttention computes: the blocks of a BlockMask, full, partial or empty."""

from __future__ import annotations

from operator import mul

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ...lower import block_counts, check_pattern
from ...sets.checks import int_or_pair
from ...sets.heads import PatternOfHeads
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ...sets.types import IntArray, Length
from ..drawing.style import (
    NEITHER_COLOUR,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import drawable_lengths, head_index, title_text
from ..inputs.block_shares import Pair, block_for, of_blocks, proportions
from ..inputs.drawable import title_of
from .tile_image import FULL_COLOUR, UNUSED_COLOUR

EMPTY, PARTIAL, FULL = range(3)
NAMES = "empty", "partial", "full"
COLOURS = NEITHER_COLOUR, UNUSED_COLOUR, FULL_COLOUR


def blocks(
    p: PatternOfHeads,
    n: Length,
    block: Length = 128,
    *,
    head: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """The blocks of FlexAttention's BlockMask: the full, the partial and the empty ones.

    A block is full if each of its b_q b_k pairs attends, partial if some do; a block that n cuts
    off is partial even if all of its pairs attend. The legend counts the blocks, the title has the
    share that is empty. Above 512 blocks a side a cell is several of them, and partial unless all
    are full or all are empty.

    Parameters
    ----------
    p : a Pattern, or a sequence with one for each head.
    n : a length, or (n_q, n_k).
    block : b, or (b_q, b_k), at least 1.
    head : the head to draw, from 0; may be left out if there is one.
    title : by default the notation and the sparsity, the empty blocks in per cent of all. That is
        what torch's `BlockMask.sparsity` gives if the blocks divide n; else torch counts blocks
        that are cut off as whole.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is 0 for empty, 1 partial, 2 full.
    Raises TypeError for another p, ValueError for a length or a block below 1, or a missing head.

    >>> import sparse_ref as sr
    >>> im = sr.plot.blocks(sr.Causal(), 12, 4)
    >>> print(im.get_array().data)
    [[1 0 0]
     [2 1 0]
     [2 2 1]]
    >>> print(im.axes.get_title())
    Causal()
    33.3% sparse, blocks of 4 × 4
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    pattern = _pattern_of_head(p, head)
    shape = check_pattern(pattern, drawable_lengths(n))
    sides = int_or_pair("block", block, 1, "(b_q, b_k)")
    table = _kinds_of_blocks(block_counts(pattern, shape, sides), sides)
    blocks_per_cell = block_for(table.shape)
    values = _kinds_of_cells(table, blocks_per_cell)
    numbers = np.bincount(table.ravel(), minlength=3)
    kinds = _kinds(numbers)
    b_q, b_k = map(mul, sides, blocks_per_cell)
    grid = CellGrid(shape, (b_q, b_k))
    of_head = "" if head is None else f", head {head}"
    name = f"{title_of(pattern)}{of_head}\n{_sparsity(numbers, sides)}"
    lines = [title_text(title, name)]
    ax = axes_or_new(ax, proportions(shape, grid.block), below=0.6)
    im = draw_kinds(ax, values, kinds, grid)
    if blocks_per_cell != (1, 1):
        rows, columns = blocks_per_cell
        lines.append(f"cells of {rows:,} × {columns:,} blocks")
    set_title(ax, "\n".join(lines))
    add_legend(ax, legend_entries(kinds, np.flatnonzero(numbers)))
    return im


def _pattern_of_head(p: PatternOfHeads, head: int | None) -> Pattern:
    """The pattern to draw."""
    patterns = patterns_of_heads("p", p)
    pattern: Pattern = patterns[head_index(head, len(patterns), "patterns of p")]
    return pattern


def _kinds_of_blocks(counts: IntArray, sides: Pair) -> np.ndarray:
    """The kind of each block from its number of pairs, uint8."""
    b_q, b_k = sides
    conditions = [counts == b_q * b_k, counts > 0]
    kinds = np.select(conditions, [FULL, PARTIAL], EMPTY)
    return kinds.astype(np.uint8)


def _kinds_of_cells(table: np.ndarray, per_cell: Pair) -> np.ndarray:
    """The kind of cells of several blocks: that of all of them, else partial."""
    least = of_blocks(np.minimum, table, per_cell)
    greatest = of_blocks(np.maximum, table, per_cell)
    return np.where(least == greatest, least, PARTIAL).astype(np.uint8)


def _kinds(numbers: IntArray) -> list[Kind]:
    """What a cell can be, with the numbers of blocks."""
    kinds = zip(NAMES, numbers, COLOURS)
    return [Kind(f"{name} ({number:,})", colour) for name, number, colour in kinds]


def _sparsity(numbers: IntArray, sides: Pair) -> str:
    """The share of blocks that are empty, and their sides."""
    b_q, b_k = sides
    share = numbers[EMPTY] / numbers.sum()
    return f"{share:.1%} sparse, blocks of {b_q:,} × {b_k:,}"
