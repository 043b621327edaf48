"""The connectivity matrix [j in A_i]: cell by cell while it is small, as shares of connected pairs when it is large."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.image import AxesImage

from ..lower import check_pattern
from ..sets.pattern import Pattern
from .blocks import block_for, shares
from .given import bools, drawable
from .style import ATTENDS, NOT, Kind, axes_or_new, cells, painted, titled, under

KINDS = Kind("not attended", NOT), Kind("attended", ATTENDS)
SHARES = LinearSegmentedColormap.from_list("shares", ["#a9d0ee", ATTENDS, "#061a36"]).with_extremes(
    bad=NOT, under=NOT
)


def mask(p, n=None, *, ax=None) -> AxesImage:
    """The connectivity matrix [j in A_i] in two colours; in shares of connected pairs above 512 queries or keys.

    A side longer than 512 is cut into blocks; the colour bar says how long and gives the scale, which is logarithmic, so that
    a stride shows beside a full block. Rows are lowered 65,536 at a time; n x n memory is never held.

    Parameters
    ----------
    p : a Pattern, or a bool array (n_q, n_k), True where query i attends to key j.
    n : a length, or (n_q, n_k); may be left out for an array, whose shape it is.
    ax : where to draw; a new figure unless given.

    Returns the image, whose array is the matrix of 0 and 1, or of shares. Cells are square unless one side is 16 times the other.
    Raises TypeError for another p or a missing n, ValueError for n below 1 or another than the array's shape.

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
        shape, title = check_pattern(p, drawable(n)), repr(p)
    else:
        p = bools("p", p, n)
        shape, title = p.shape, "mask"
    block = block_for(shape)
    found = shares(p, shape, block)
    if block == (1, 1):
        im = painted(axes_or_new(ax, found.shape), found.astype(np.uint8), KINDS, shape)
    else:
        im = _shaded(axes_or_new(ax, found.shape, below=0.6), found, shape, block)
    titled(im.axes, title)
    return im


def _shaded(ax, found: np.ndarray, shape, block) -> AxesImage:
    """Shares on a logarithmic scale from the least there is, or from 1/10 where that is less; 0 has no colour."""
    least = min(found[found > 0].min(initial=1), 0.1)
    im = cells(ax, found, shape, block, cmap=SHARES, norm=LogNorm(least, 1))
    below = ax.inset_axes((0, -0.52, 1, 0.1), transform=under(ax))
    bar = ax.figure.colorbar(im, cax=below, orientation="horizontal", format="%g")
    cell = f"{block[0]:,} × {block[1]:,} pairs"
    bar.set_label(
        f"share of connected pairs (grey: none),\ncells of {cell}", fontsize="x-small", labelpad=1
    )
    bar.ax.tick_params(labelsize="x-small", length=2, pad=2)
    return im
