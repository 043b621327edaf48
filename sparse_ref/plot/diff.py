"""Two masks compared: the keys that both have, and those that only one of them has."""

from __future__ import annotations

import numpy as np
from matplotlib.image import AxesImage

from .blocks import block_for, shares
from .given import bools
from .style import (
    BOTH,
    EXTRA,
    GRID,
    MISSING,
    NEITHER,
    Kind,
    axes_or_new,
    handles,
    legend,
    painted,
    titled,
)

KINDS = (
    Kind("neither", NEITHER),
    Kind("both", BOTH),
    Kind("− only expected", MISSING),
    Kind("+ only actual", EXTRA),
    Kind("± some of each", "black"),
)
GLYPHS = {2: ("_", "white"), 3: ("+", "black"), 4: ("x", "white")}
RINGS = (
    64  # differing cells that are circled, where there are no more of them and glyphs would not fit
)


def diff(expected, actual, *, n=None, ax=None) -> AxesImage:
    """Where two masks agree and differ, pair by pair: neither, both, only expected (missing), only actual (extra).

    Cells bear − for a missing key and + for an extra one up to 32 queries and keys. Above, the differing cells are circled where
    they are at most 64; above 512 a cell is a block and shows a difference if any of its pairs differs.

    Parameters
    ----------
    expected, actual : bool arrays (n_q, n_k) of one shape, or Patterns, drawn at n, of at most 4096 queries and keys.
    n : a length, or (n_q, n_k); may be left out where one of the two is an array.
    ax : where to draw; a new figure unless given.

    Returns the image, whose array holds 0 neither, 1 both, 2 missing, 3 extra, 4 a block with both differences.
    Raises TypeError for other masks or a missing n, ValueError for shapes that disagree.

    >>> import numpy as np, sparse_ref as sr
    >>> im = sr.plot.diff(sr.Causal(), np.array([[1, 1], [0, 1]], bool))
    >>> print(im.get_array().data)
    [[1 3]
     [2 1]]
    >>> im.axes.get_title()
    '1 missing, 1 extra'
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    if n is None:
        n = next((mask.shape for mask in (expected, actual) if hasattr(mask, "shape")), None)
    expected, actual = bools("expected", expected, n), bools("actual", actual, n)
    shape, block = expected.shape, block_for(expected.shape)
    less, more = expected & ~actual, actual & ~expected
    both, missing, extra = (
        shares(pairs, shape, block) > 0 for pairs in (expected & actual, less, more)
    )
    values = np.select([missing & extra, extra, missing, both], [4, 3, 2, 1], 0).astype(np.uint8)
    ax = axes_or_new(ax, values.shape, below=0.6)
    im = painted(ax, values, KINDS, shape, block)
    _marked(ax, values, shape, block)
    blocks = "" if block == (1, 1) else f"\ncells of {block[0]} × {block[1]} pairs"
    titled(ax, f"{less.sum():,} missing, {more.sum():,} extra{blocks}")
    legend(ax, handles(KINDS, values))
    return im


def _marked(ax, values: np.ndarray, shape, block):
    """Glyphs in the differing cells where cells are large enough; circles around them where they are few."""
    cell = (
        min(ax.bbox.width / shape[1], ax.bbox.height / shape[0]) * 72 / ax.figure.dpi
    )  # in points
    for kind, (glyph, colour) in GLYPHS.items():
        i, j = ((x + 0.5) * side - 0.5 for x, side in zip(np.nonzero(values == kind), block))
        if max(shape) <= GRID:
            ax.plot(
                j, i, linestyle="none", marker=glyph, color=colour, markersize=min(0.6 * cell, 12)
            )
        elif (values > 1).sum() <= RINGS:
            ax.plot(
                j,
                i,
                linestyle="none",
                marker="o",
                markerfacecolor="none",
                markeredgecolor=KINDS[kind].colour,
                markersize=8,
                clip_on=False,
            )
