"""What all figures share: colours, a table of cells, axes that count positions, legends."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, ListedColormap, Normalize, to_rgba
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from ..._text import visible, visible_line
from ..inputs.arguments import Pair, check_axes
from .axis_ticks import ceil_division, set_ticks
from .cells import CellImage
from .colours import Colour, Shade, colour_on, page_colour, readable, text_colour

MAX_LINED_CELLS = 32  # lines between the cells, and glyphs in them, up to so many cells a side
MAX_SQUARE_RATIO = 16  # cells are square unless one side is so many times the other
MAX_TITLE = 46  # characters on a line of a title
TITLE_INCHES = 0.9  # above and below the cells: a title of two lines, ticks and a label
TOKEN_INCHES = 0.13  # the least side of a cell whose position has a label
CHARACTERS_PER_INCH = 18  # of a title
LEGEND_BELOW_LABEL = -0.33  # inches from the axes

MEMBER_COLOUR = Shade("#1f5f9f", dark="#6cb4ee")
NON_MEMBER_COLOUR = Shade("#e4e4e4", dark="#2a2a2a")
QUERY_COLOUR = Shade("#061a36", dark="#ffffff")
SEVERAL_STEPS_COLOUR = Shade("#1b4f8a", dark="#b8dcf8")
SEVERAL_PARTS_COLOUR = Shade("#30203c", dark="#f4e3ee")
LATER_COLOUR = Shade("#ffffff", dark="#101010")
STEP_COLOURS = Shade("#3f83c0", dark="#2f6ca6"), Shade("#93c1e8", dark="#6fa9d8")  # first, last
FRAME_COLOUR = "#8c8c8c"
NEITHER_COLOUR = Shade("#f7f7f7", dark="#1c1c1c")
BOTH_COLOUR = Shade("#c6c6c6", dark="#5c5c5c")
MISSING_COLOUR = Shade("#0b4f8a", dark="#5aa6e6")
EXTRA_COLOUR = Shade("#e07b10", dark="#f0a040")
LEAK_COLOUR = Shade("#8a1f7a", dark="#d77fca")

LEGEND_STYLE = dict(
    fontsize="x-small",
    frameon=False,
    handlelength=1,
    handleheight=1,
    columnspacing=1.2,
)


class Kind(NamedTuple):
    """What a cell can be: its name in the legend, its colour, its opacity."""

    label: str
    colour: Colour
    alpha: float = 1.0


class CellGrid(NamedTuple):
    """How cells cover positions: cell (a, b) covers `block` of the `shape` positions.

    Ticks are at multiples of `unit`; `lines` draws lines between the cells if these are large.
    """

    shape: Pair
    block: Pair = (1, 1)
    unit: int = 1
    lines: bool = True

    @property
    def cells(self) -> Pair:
        """How many rows and columns of cells there are."""
        rows, columns = map(ceil_division, self.shape, self.block)
        return rows, columns


def axes_or_new(
    ax: Axes | None,
    cells: Pair,
    below: float = 0.0,
    least_cell: float = 0.0,
    shape: Pair | None = None,
) -> Axes:
    """The axes given; else those of a new figure for so many cells, as high and wide as `shape`.

    In inches: `below`, the room below the axes, and `least_cell`, the least side of a cell. The
    proportion is that of the cells if there is no shape.
    """
    if ax is not None:
        check_axes(ax)
        return ax
    longest = 2.8 if max(cells) <= 256 else 5.6
    longest = max(longest, least_cell * max(cells))
    sides = cells if shape is None else shape
    height, width = (max(longest * n / max(sides), 0.5) for n in sides)
    width = max(width, 1.2 if below else 0.5)  # a legend is as wide
    figsize = (width + 0.6, height + below + TITLE_INCHES)
    _, new = plt.subplots(figsize=figsize, layout="constrained")
    return new


def draw_kinds(
    ax: Axes,
    values: np.ndarray,
    kinds: Sequence[Kind],
    grid: CellGrid,
) -> CellImage:
    """Draw a table in which a cell is kinds[value]; a Shade has the colour for the page of `ax`."""
    colours = [kind_colour(ax, kind) for kind in kinds]
    norm = Normalize(-0.5, len(kinds) - 0.5)
    return draw_cells(ax, values, grid, ListedColormap(colours), norm)


def kind_colour(ax: Axes, kind: Kind) -> tuple[float, float, float, float]:
    """The colour of a kind on the page of `ax`, RGBA."""
    return to_rgba(colour_on(ax, kind.colour), kind.alpha)


def draw_cells(
    ax: Axes,
    values: np.ndarray,
    grid: CellGrid,
    cmap: Colormap,
    norm: Normalize,
) -> CellImage:
    """An image without smoothing, row 0 on top, with ticks and lines as the grid says."""
    n_q, n_k = grid.shape
    rows, columns = values.shape
    bottom = rows * grid.block[0] - 0.5
    right = columns * grid.block[1] - 0.5
    im = CellImage(
        ax,
        interpolation="none",
        interpolation_stage="rgba",
        resample=True,
        origin="upper",
        cmap=cmap,
        norm=norm,
    )
    im.set_data(values)
    im.set_extent((-0.5, right, bottom, -0.5))
    im.set_clip_path(ax.patch)
    is_square = max(grid.shape) < MAX_SQUARE_RATIO * min(grid.shape)
    ax.set_aspect("equal" if is_square else "auto")
    ax.add_image(im)
    ax.set_xlim(-0.5, n_k - 0.5)
    ax.set_ylim(n_q - 0.5, -0.5)
    _draw_frame(ax)
    has_lines = grid.lines and max(grid.cells) <= MAX_LINED_CELLS
    set_ticks(ax.yaxis, n_q, grid.block[0], grid.unit, has_lines)
    set_ticks(ax.xaxis, n_k, grid.block[1], grid.unit, has_lines)
    _draw_ticks_and_lines(ax, grid)
    return im


def _draw_frame(ax: Axes) -> None:
    """Draw a grey frame around the outermost cells, not over half of them.

    Next to a black frame a row of dark cells would not be seen. The frame is moved outward by its
    whole width, not by half of it, because a raster may move a line inward by a pixel.
    """
    for spine in ax.spines.values():
        spine.set_position(("outward", spine.get_linewidth()))
        spine.set_edgecolor(FRAME_COLOUR)


def _draw_ticks_and_lines(ax: Axes, grid: CellGrid) -> None:
    """Small ticks; lines between cells, if there are any, in the colour of the page."""
    colour = readable(ax, matplotlib.rcParams["xtick.color"])
    ax.tick_params(labelsize="x-small", length=2, pad=2, color=colour, labelcolor=colour)
    ax.tick_params(which="minor", length=0)
    ax.grid(False, which="major")
    linewidth = min(0.6, 8 / max(grid.cells))
    ax.grid(which="minor", color=page_colour(ax), linewidth=linewidth)


def set_title(
    ax: Axes,
    title: str = "",
    x: str = "key j",
    y: str = "query i",
) -> None:
    """Set title and labels in sizes for one column of a paper; a long title is broken at blanks."""
    text = fill_title(title, _title_width(ax))
    colour = text_colour(ax)
    ax.set_title(text, fontsize="small", color=colour, parse_math=False)
    set_axis_labels(ax, x, y)


def fill_title(title: str, width: int = MAX_TITLE) -> str:
    """A title that can be printed, its lines broken at blanks."""
    paragraphs = visible(title).split("\n")
    lines = [fill(paragraph, width, break_long_words=False) for paragraph in paragraphs]
    return "\n".join(lines)


def set_axis_labels(ax: Axes, x: str, y: str) -> None:
    """Set the labels of both axes."""
    colour = text_colour(ax)
    ax.set_xlabel(x, fontsize="small", color=colour, labelpad=2)
    ax.set_ylabel(y, fontsize="small", color=colour, labelpad=2)


def style_bar(bar: Colorbar, ax: Axes, label: str) -> None:
    """Label a colour bar, in small text that can be read on the page of `ax`."""
    colour = text_colour(ax)
    bar.set_label(label, fontsize="x-small", color=colour, labelpad=1)
    bar.ax.tick_params(labelsize="x-small", length=2, pad=2, labelcolor=colour)
    bar.ax.tick_params(which="both", color=colour)
    bar.outline.set_edgecolor(colour)


def _title_width(ax: Axes) -> int:
    """How many characters of a title fit above an axes: 16 to 46."""
    inches = ax.figure.bbox.width / ax.figure.dpi * ax.get_position().width
    return int(np.clip(inches * CHARACTERS_PER_INCH, 16, MAX_TITLE))


class Swatch(Patch):
    """The legend entry of a kind, which knows its colour on any page."""

    def __init__(self, kind: Kind):
        colour = to_rgba(kind.colour, kind.alpha)
        super().__init__(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=kind.label)
        self.kind = kind

    def adapt(self, ax: Axes) -> None:
        """Take the colour that the kind has on the page of `ax`."""
        self.set_facecolor(kind_colour(ax, self.kind))


def legend_entries(kinds: Sequence[Kind], *tables: np.ndarray) -> list[Patch]:
    """Legend entries for the kinds that occur in the tables."""
    values = np.unique(np.concatenate([np.unique(table) for table in tables]))
    return [Swatch(kinds[value]) for value in values]


def add_legend(ax: Axes, entries: Sequence[Artist], inches: float = LEGEND_BELOW_LABEL) -> None:
    """Add the legend of one axes, if it has entries, so many inches from its lower edge."""
    if not entries:
        return
    legend = ax.legend(
        handles=entries_on(ax, entries),
        labels=list("-" * len(entries)),
        loc="upper center",
        bbox_to_anchor=(0.5, inches),
        bbox_transform=inches_from_lower_edge(ax),
        ncols=2,
        labelcolor=text_colour(ax),
        **LEGEND_STYLE,
    )
    name_entries(legend, entries)


def name_entries(legend: Legend, entries: Sequence[Artist]) -> None:
    """Name the entries as they are: not as formulas, and also those with a leading _."""
    for text, entry in zip(legend.get_texts(), entries):
        text.set_parse_math(False)
        text.set_text(visible_line(str(entry.get_label())))


def entries_on(ax: Axes, entries: Sequence[Artist]) -> list[Artist]:
    """The same entries, in the colours for the page of `ax`."""
    for entry in entries:
        if isinstance(entry, Swatch):
            entry.adapt(ax)
    return list(entries)


def inches_from_lower_edge(ax: Axes) -> Transform:
    """Coordinates: x from 0 to 1 along the axes, y in inches from their lower edge."""
    lower_edge = ScaledTranslation(0, 0, ax.transAxes)  # type: ignore[arg-type]  # any transform
    inches = ax.figure.dpi_scale_trans + lower_edge
    return blended_transform_factory(ax.transAxes, inches)
