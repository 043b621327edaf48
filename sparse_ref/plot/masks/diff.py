"""Two masks compared: the keys that both have, and those that only one of them has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ..._text import visible_line
from ...sets.types import BoolArray, Length
from ..drawing.colours import Shade, colour_on
from ..drawing.member_cells import title_with_cell
from ..drawing.style import (
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
from ..inputs.arguments import mask_array, plural, title_text
from ..inputs.block_shares import Pair, block_for, proportions
from ..inputs.comparison import Counts, Side, common_shape, compare, side_of

NEITHER, BOTH, MISSING, EXTRA, MIXED, LEAK = range(6)
MIXED_COLOUR = Shade("#000000", dark="#ffffff")
ON_DARK_CELL = Shade("#ffffff", dark="#000000")
GLYPHS = {
    MISSING: ("_", ON_DARK_CELL),
    EXTRA: ("+", "black"),
    MIXED: ("x", ON_DARK_CELL),
    LEAK: ("$\\sim$", ON_DARK_CELL),
}
RING_COLOURS = {
    MISSING: MISSING_COLOUR,
    EXTRA: EXTRA_COLOUR,
    MIXED: MIXED_COLOUR,
    LEAK: LEAK_COLOUR,
}
NAMES = "expected", "actual"
MAX_RINGS = 64  # differing cells without room for glyphs are circled if there are at most so many


def diff(
    expected: Any,
    actual: Any,
    n: Length | None = None,
    names: tuple[str, str] = NAMES,
    *,
    leaks: BoolArray | None = None,
    head: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """Where two masks agree and differ: neither, both, only expected or only actual.

    A key is missing if only `expected` has it, extra if only `actual` has it. Up to 32 queries and
    keys, cells bear − for a missing key and + for an extra one. Above, the differing cells are
    circled if they are at most 64. Above 512, a cell is a block, and shows a difference if any of
    its pairs differs. Above 4096, patterns are counted block by block, never as n x n.

    Parameters
    ----------
    expected, actual : Patterns, drawn at n; bool arrays (n_q, n_k); a CSR or a Plan; or what has
        such a mask, such as the result of `sr.verify.probe`, whose leaks are drawn too.
    n : a length, or (n_q, n_k); may be left out if one of the two has a shape.
    names : what the two are called in the legend and, unless they are the default ones, the title.
    leaks : bool array (n_q, n_k) of keys in neither mask that only large logits let in, as a finite
        mask does; those of a probe, or none, by default.
    head : which of the masks (H, n_q, n_k) of a probe; may be left out if it has one.
    title : in place of the numbers of pairs that differ.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is 0 for neither, 1 both, 2 missing, 3 extra, 4 a block with both
    differences, 5 leak.
    Raises TypeError for other masks or a missing n, ValueError for shapes that disagree, a head
    that a probe does not have, or names that are not two different texts.

    >>> import numpy as np, sparse_ref as sr
    >>> im = sr.plot.diff(sr.Causal(), np.array([[1, 1], [0, 1]], bool))
    >>> print(im.get_array().data)
    [[1 3]
     [2 1]]
    >>> im.axes.get_title()
    '1 missing, 1 extra'
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    first, second = _check_names(names)
    sides = side_of("expected", expected, head), side_of("actual", actual, head)
    if head is not None and not any(side.has_heads for side in sides):
        raise ValueError(f"head must be None if neither of the two has heads, got {head!r}")
    shape = common_shape(sides, n)
    grid = CellGrid(shape, block_for(shape))
    leak_mask = _leaks(leaks, sides, shape)
    counts = compare(*sides, leak_mask, shape, grid.block)
    kinds = _kinds(first, second)
    values = _kinds_of_cells(counts)
    text = title_text(title, _numbers(counts, names))
    ax = axes_or_new(ax, proportions(shape, grid.block), below=0.6)
    im = draw_kinds(ax, values, kinds, grid)
    _mark_differences(ax, values, grid)
    set_title(ax, title_with_cell(text, grid))
    add_legend(ax, legend_entries(kinds, values))
    return im


def _check_names(names: Any) -> tuple[str, str]:
    """Two different texts."""
    is_pair = isinstance(names, tuple | list) and len(names) == 2
    has_texts = is_pair and all(isinstance(name, str) for name in names)
    if not has_texts:
        raise TypeError(f"names must be two texts, got {names!r}")
    first, second = names
    if first == second:
        raise ValueError(f"names must differ, got {names!r}")
    return visible_line(first), visible_line(second)


def _leaks(leaks: Any, sides: Sequence[Side], shape: Pair) -> BoolArray | None:
    """The leaks that are given, or else those of the sides, if they have any."""
    if leaks is not None:
        return mask_array("leaks", leaks, shape)
    masks = [side.leaks for side in sides if side.leaks is not None]
    return np.logical_or.reduce(masks) if masks else None


def _kinds(first: str, second: str) -> tuple[Kind, ...]:
    """What a cell can be."""
    return (
        Kind("neither", NEITHER_COLOUR),
        Kind("both", BOTH_COLOUR),
        Kind(f"− only {first}", MISSING_COLOUR),
        Kind(f"+ only {second}", EXTRA_COLOUR),
        Kind("± some of each", MIXED_COLOUR),
        Kind("~ leak: only with large logits", LEAK_COLOUR),
    )


def _numbers(counts: Counts, names: Sequence[str]) -> str:
    """How many pairs differ."""
    _, missing, extra, leaks = (int(pairs.sum()) for pairs in counts)
    text = f"{missing:,} missing, {extra:,} extra"
    if tuple(names) != NAMES:
        first, second = names
        text = f"{missing:,} only {first}, {extra:,} only {second}"
    return f"{text}, {plural(leaks, 'leak')}" if leaks else text


def _kinds_of_cells(counts: Counts) -> np.ndarray:
    """The kind of each cell, uint8, an index into the kinds."""
    has_both, has_missing, has_extra, has_leak = (pairs > 0 for pairs in counts)
    conditions = [has_missing & has_extra, has_extra, has_missing, has_leak, has_both]
    kinds = np.select(conditions, [MIXED, EXTRA, MISSING, LEAK, BOTH], NEITHER)
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
            ax.plot(
                j, i, linestyle="none", marker=glyph, color=colour_on(ax, colour), markersize=size
            )
        elif has_rings:
            ax.plot(
                j,
                i,
                linestyle="none",
                marker="o",
                markerfacecolor="none",
                markeredgecolor=colour_on(ax, RING_COLOURS[kind]),
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
