"""What all figures share: colours, a table of cells, axes that count positions, legends."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, ListedColormap, Normalize, to_rgba
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from .._text import visible
from .arguments import check_axes

MAX_LINED_CELLS = 32  # lines between the cells, and glyphs in them, up to so many cells a side
MAX_SQUARE_RATIO = 16  # cells are square unless one side is so many times the other

MEMBER_COLOUR = "#1f5f9f"
NON_MEMBER_COLOUR = "#e4e4e4"
QUERY_COLOUR = "#061a36"
SEVERAL_STEPS_COLOUR = "#1b4f8a"
LATER_COLOUR = "#ffffff"
STEP_COLOURS = "#3f83c0", "#93c1e8"  # of the first and of the last step
NEITHER_COLOUR = "#f7f7f7"
BOTH_COLOUR = "#c6c6c6"
MISSING_COLOUR = "#0b4f8a"
EXTRA_COLOUR = "#e07b10"
LEAK_COLOUR = "#8a1f7a"

LEGEND_STYLE = dict(
    fontsize="x-small",
    frameon=False,
    handlelength=1,
    handleheight=1,
    columnspacing=1.2,
)
POWERS_OF_TEN = [10**e for e in range(20)]
ROUND_NUMBERS = [m * power for power in POWERS_OF_TEN for m in (1, 2, 5)]
Pair = tuple[int, int]


class Kind(NamedTuple):
    """What a cell can be: its name in the legend, its colour, its opacity."""

    label: str
    colour: Any
    alpha: float = 1.0


class CellGrid(NamedTuple):
    """How cells cover positions: cell (a, b) covers `block` of the `shape` positions.

    Ticks are at multiples of `unit`; `lines` draws lines between the cells if these are large.
    """

    shape: Pair
    block: Pair = (1, 1)
    unit: int = 1
    lines: bool = True


def axes_or_new(ax: Axes | None, cells: Pair, below: float = 0.0) -> Axes:
    """The axes given; else those of a new figure for so many cells, with room below, in inches."""
    if ax is not None:
        check_axes(ax)
        return ax
    longest = 2.8 if max(cells) <= 256 else 5.6
    height, width = (max(longest * n / max(cells), 0.5) for n in cells)
    figsize = (width + 0.6, height + below + 0.6)
    _, new = plt.subplots(figsize=figsize, layout="constrained")
    return new


def draw_kinds(
    ax: Axes,
    values: np.ndarray,
    kinds: Sequence[Kind],
    grid: CellGrid,
) -> AxesImage:
    """Draw a table in which a cell is kinds[value]."""
    colours = ListedColormap([to_rgba(kind.colour, kind.alpha) for kind in kinds])
    return draw_cells(ax, values, grid, colours, Normalize(-0.5, len(kinds) - 0.5))


def draw_cells(
    ax: Axes,
    values: np.ndarray,
    grid: CellGrid,
    cmap: Colormap,
    norm: Normalize,
) -> AxesImage:
    """imshow without smoothing, row 0 on top, with ticks and lines as the grid says."""
    n_q, n_k = grid.shape
    rows, columns = values.shape
    bottom = rows * grid.block[0] - 0.5
    right = columns * grid.block[1] - 0.5
    is_square = max(grid.shape) < MAX_SQUARE_RATIO * min(grid.shape)
    im = ax.imshow(
        values,
        interpolation="none",
        aspect="equal" if is_square else "auto",
        origin="upper",
        extent=(-0.5, right, bottom, -0.5),
        cmap=cmap,
        norm=norm,
    )
    ax.set_xlim(-0.5, n_k - 0.5)
    ax.set_ylim(n_q - 0.5, -0.5)
    has_lines = grid.lines and max(grid.shape) <= MAX_LINED_CELLS
    _set_ticks(ax.yaxis, n_q, grid.unit, has_lines)
    _set_ticks(ax.xaxis, n_k, grid.unit, has_lines)
    ax.tick_params(labelsize="x-small", length=2, pad=2)
    ax.tick_params(which="minor", length=0)
    ax.grid(False, which="major")
    linewidth = min(0.6, 8 / max(grid.shape))
    ax.grid(which="minor", color="white", linewidth=linewidth)
    return im


def _set_ticks(axis: Axis, n: int, unit: int, has_lines: bool) -> None:
    """Label positions on an axis of n; minor ticks are the lines between the cells."""
    positions = ticks(n, unit)
    axis.set_ticks(positions, labels=[f"{position:,}" for position in positions])
    borders = np.arange(1, n) - 0.5
    axis.set_ticks(borders if has_lines else [], minor=True)


def ticks(n: int, unit: int = 1) -> list[int]:
    """Positions from 0, evenly spaced, counted in units, if positions come in rows of `unit`.

    The space is a power of two that divides n, else 1, 2 or 5 times a power of ten. There are at
    most 8 ticks up to n = 64 and 5 above.
    """
    most = 8 if n <= 64 else 5
    units = -(-n // unit)
    least_space = -(-units // most)
    space = 1 << (least_space - 1).bit_length()
    if units % space:
        space = next(size for size in ROUND_NUMBERS if size >= least_space)
    return list(range(0, n, space * unit))


def set_title(
    ax: Axes,
    title: str = "",
    x: str = "key j",
    y: str = "query i",
) -> None:
    """Set title and labels in sizes for one column of a paper; a long title is broken at blanks."""
    paragraphs = visible(title).split("\n")
    lines = [fill(paragraph, 46, break_long_words=False) for paragraph in paragraphs]
    ax.set_title("\n".join(lines), fontsize="small", parse_math=False)
    ax.set_xlabel(x, fontsize="small", labelpad=2)
    ax.set_ylabel(y, fontsize="small", labelpad=2)


def legend_entries(kinds: Sequence[Kind], *tables: np.ndarray) -> list[Patch]:
    """Legend entries for the kinds that occur in the tables."""
    values = np.unique(np.concatenate([np.unique(table) for table in tables]))
    return [_legend_entry(kinds[value]) for value in values]


def _legend_entry(kind: Kind) -> Patch:
    """The legend entry of a kind."""
    colour = to_rgba(kind.colour, kind.alpha)
    return Patch(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=kind.label)


def add_legend(ax: Axes, entries: Sequence[Patch]) -> None:
    """Add the legend of one axes below its label, so that it hides no cell."""
    ax.legend(
        handles=entries,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.33),
        bbox_transform=inches_from_lower_edge(ax),
        ncols=2,
        **LEGEND_STYLE,
    )


def inches_from_lower_edge(ax: Axes) -> Transform:
    """Coordinates: x from 0 to 1 along the axes, y in inches from their lower edge."""
    lower_edge = ScaledTranslation(0, 0, ax.transAxes)  # type: ignore[arg-type]  # any transform
    inches = ax.figure.dpi_scale_trans + lower_edge
    return blended_transform_factory(ax.transAxes, inches)
