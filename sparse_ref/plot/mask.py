"""The connectivity matrix [j in A_i]: cell by cell if it is small, else as shares of its blocks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.image import AxesImage

from ..lower import check_pattern
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, FloatArray, Length
from .arguments import drawable_lengths, mask_array
from .block_shares import block_for, shares
from .cells import CellImage
from .style import (
    MEMBER_COLOUR,
    NON_MEMBER_COLOUR,
    CellGrid,
    Kind,
    axes_or_new,
    draw_cells,
    draw_kinds,
    inches_from_lower_edge,
    set_title,
)

KINDS = (Kind("not attended", NON_MEMBER_COLOUR), Kind("attended", MEMBER_COLOUR))
SHARE_COLOURS = LinearSegmentedColormap.from_list(
    "shares", ["#a9d0ee", MEMBER_COLOUR, "#061a36"]
).with_extremes(bad=NON_MEMBER_COLOUR, under=NON_MEMBER_COLOUR)


def mask(
    p: Pattern | BoolArray,
    n: Length | None = None,
    *,
    ax: Axes | None = None,
) -> AxesImage:
    """The connectivity matrix [j in A_i] in two colours; above 512 positions, shares of its blocks.

    A side longer than 512 is cut into blocks, and each shows its share of connected pairs. The
    colour bar names the blocks and gives the scale, which is logarithmic, so that a stride shows
    next to a full block. Rows are lowered 65,536 at a time, never as an n x n matrix.

    Parameters
    ----------
    p : a Pattern, or a bool array (n_q, n_k), True if query i attends to key j.
    n : a length, or (n_q, n_k); may be left out for an array, whose shape it is.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is the matrix of 0 and 1, or of shares. Cells are square unless
    one side is 16 times the other.
    Raises TypeError for another p or a missing n, ValueError if n is below 1 or not the shape of p.

    >>> import sparse_ref as sr
    >>> im = sr.plot.mask(sr.Local(1), 3)
    >>> print(im.get_array().data)
    [[1 0 0]
     [1 1 0]
     [0 1 1]]
    >>> im.axes.get_title(), im.axes.get_ylabel(), im.axes.get_xlabel()
    ('Local(1)', 'query i', 'key j')
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    if isinstance(p, Pattern) and n is not None:
        shape = check_pattern(p, drawable_lengths(n))
        title = repr(p)
    else:
        p = mask_array("p", p, n)
        shape = p.shape
        title = "mask"
    grid = CellGrid(shape, block_for(shape))
    values = shares(p, shape, grid.block)
    if grid.block == (1, 1):
        ax = axes_or_new(ax, values.shape)
        im = draw_kinds(ax, values.astype(np.uint8), KINDS, grid)
    else:
        ax = axes_or_new(ax, values.shape, below=0.6)
        im = _draw_shares(ax, values, grid)
    set_title(ax, title)
    return im


def _draw_shares(ax: Axes, values: FloatArray, grid: CellGrid) -> CellImage:
    """Draw shares on a logarithmic scale from the least share, or 1/10 if that is less.

    A share of 0 has no colour.
    """
    least = min(values[values > 0].min(initial=1), 0.1)
    im = draw_cells(ax, values, grid, SHARE_COLOURS, LogNorm(least, 1))
    bar_axes = ax.inset_axes((0, -0.52, 1, 0.1), transform=inches_from_lower_edge(ax))
    bar = ax.figure.colorbar(im, cax=bar_axes, orientation="horizontal", format="%g")
    b_q, b_k = grid.block
    label = f"share of connected pairs (grey: none),\ncells of {b_q:,} × {b_k:,} pairs"
    bar.set_label(label, fontsize="x-small", labelpad=1)
    bar.ax.tick_params(labelsize="x-small", length=2, pad=2)
    return im
