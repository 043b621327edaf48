"""Two masks compared: the keys in both, and those in only one of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ..sets.pattern import Pattern
from ..sets.types import BoolArray, Length
from .arguments import mask_array
from .block_shares import block_for, shares
from .style import (
    BOTH_COLOUR,
    EXTRA_COLOUR,
    LEAK_COLOUR,
    MAX_LINED_CELLS,
    MISSING_COLOUR,
    NEITHER_COLOUR,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)

NEITHER, BOTH, MISSING, EXTRA, MIXED, LEAK = range(6)
KINDS = (
    Kind("neither", NEITHER_COLOUR),
    Kind("both", BOTH_COLOUR),
    Kind("− only expected", MISSING_COLOUR),
    Kind("+ only actual", EXTRA_COLOUR),
    Kind("± some of each", "black"),
    Kind("~ leak: only with large logits", LEAK_COLOUR),
)
GLYPHS = {
    MISSING: ("_", "white"),
    EXTRA: ("+", "black"),
    MIXED: ("x", "white"),
    LEAK: ("$\\sim$", "white"),
}
MAX_RINGS = 64  # differing cells without room for glyphs are circled if there are at most so many


def diff(
    expected: Pattern | BoolArray,
    actual: Pattern | BoolArray,
    *,
    n: Length | None = None,
    leaks: BoolArray | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """Where two masks agree and differ: neither, both, only expected or only actual.

    A key is missing if only `expected` has it, extra if only `actual` has it. Up to 32 queries and
    keys, cells bear − for a missing key and + for an extra one. Above, the
    differing cells are circled if they are at most 64. Above 512, a cell is a block, and shows a
    difference if any of its pairs differs.

    Parameters
    ----------
    expected, actual : bool arrays (n_q, n_k) of one shape, or Patterns, drawn at n, of at most 4096
        queries and keys.
    leaks : bool array (n_q, n_k) of keys in neither mask that only large logits let in, as a finite
        mask does; None for none.
    n : a length, or (n_q, n_k); may be left out if one of the two is an array.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is 0 for neither, 1 both, 2 missing, 3 extra, 4 a block with both
    differences, 5 leak.
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
        arrays = [mask for mask in (expected, actual) if not isinstance(mask, Pattern)]
        n = getattr(arrays[0], "shape", None) if arrays else None
    expected = mask_array("expected", expected, n)
    actual = mask_array("actual", actual, n)
    missing = expected & ~actual
    extra = actual & ~expected
    grid = CellGrid(expected.shape, block_for(expected.shape))
    values = _kinds_of_cells(expected & actual, missing, extra, grid)
    title = f"{missing.sum():,} missing, {extra.sum():,} extra"
    outside = np.zeros_like(expected)
    if leaks is not None:
        outside = mask_array("leaks", leaks, n) & ~expected & ~actual
    if outside.any():
        has_leak = shares(outside, grid.shape, grid.block) > 0
        values[has_leak & (values <= BOTH)] = LEAK
        count = int(outside.sum())
        title += f", {count:,} leak{'s' * (count != 1)}"
    ax = axes_or_new(ax, values.shape, below=0.6)
    im = draw_kinds(ax, values, KINDS, grid)
    _mark_differences(ax, values, grid)
    if grid.block != (1, 1):
        title += f"\ncells of {grid.block[0]} × {grid.block[1]} pairs"
    set_title(ax, title)
    add_legend(ax, legend_entries(KINDS, values))
    return im


def _kinds_of_cells(
    both: BoolArray, missing: BoolArray, extra: BoolArray, grid: CellGrid
) -> np.ndarray:
    """The kind of each cell, uint8, an index into KINDS."""
    has_both, has_missing, has_extra = (
        shares(pairs, grid.shape, grid.block) > 0 for pairs in (both, missing, extra)
    )
    conditions = [has_missing & has_extra, has_extra, has_missing, has_both]
    kinds = np.select(conditions, [MIXED, EXTRA, MISSING, BOTH], NEITHER)
    return kinds.astype(np.uint8)


def _mark_differences(ax: Axes, values: np.ndarray, grid: CellGrid) -> None:
    """Draw glyphs into the differing cells if cells are large, circles if there are few of them."""
    has_glyphs = max(grid.shape) <= MAX_LINED_CELLS
    has_rings = (values > BOTH).sum() <= MAX_RINGS
    for kind, (glyph, colour) in GLYPHS.items():
        rows, columns = np.nonzero(values == kind)
        i = _centres(rows, grid.block[0])
        j = _centres(columns, grid.block[1])
        if has_glyphs:
            size = min(0.6 * _cell_points(ax, grid), 12)
            ax.plot(j, i, linestyle="none", marker=glyph, color=colour, markersize=size)
        elif has_rings:
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


def _centres(cells: np.ndarray, side: int) -> np.ndarray:
    """The positions of the centres of cells."""
    return (cells + 0.5) * side - 0.5


def _cell_points(ax: Axes, grid: CellGrid) -> float:
    """The side of one position in points, 1/72 inch."""
    n_q, n_k = grid.shape
    pixels = min(ax.bbox.width / n_k, ax.bbox.height / n_q)
    return pixels * 72 / ax.figure.dpi
