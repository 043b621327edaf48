"""How many layers each pair needs, as discrete colours, and the pairs that no layers join."""

from __future__ import annotations

from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ...paths.finite import reach as search
from ...paths.layers import Steps
from ...sets.checks import flag
from ...sets.pattern import Pattern
from ...sets.types import BoolArray
from ..drawing.axis_ticks import label_tokens, ticks
from ..drawing.colours import Colour, Shade, colour_on, is_dark
from ..drawing.member_cells import title_with_cell
from ..drawing.scales import LEGEND_BELOW_BAR, add_bar
from ..drawing.style import (
    LATER_COLOUR,
    MAX_LINED_CELLS,
    TOKEN_INCHES,
    CellGrid,
    add_legend,
    axes_or_new,
    draw_cells,
    set_title,
)
from ..inputs.arguments import Tokens, check_optional_axes, plural, title_text, token_labels
from ..inputs.block_shares import Pair, block_for, of_blocks
from ..inputs.layer_arguments import name_of, patterns_of_layers

Counts = NDArray[np.int32]
NEVER = -1
NEVER_COLOUR = Shade("#e6c3d6", dark="#5a2c48")
CROSS_COLOUR = Shade("#8a1f4a", dark="#f0a0c0")
MAX_NAMED_COUNTS = 6  # numbers of layers with a legend entry each
COUNT_COLOURS = LinearSegmentedColormap.from_list(
    "layers", ["#061a36", "#1f5f9f", "#2f9a8f", "#9bc53d"]
)
DARK_COUNT_COLOURS = LinearSegmentedColormap.from_list(
    "layers", ["#f4faff", "#8fd0c8", "#3f8fd0", "#2a4f8f"]
)


def hops(
    steps: Pattern | Steps,
    n: int,
    *,
    residual: bool = True,
    cell: Literal["least", "most"] = "least",
    tokens: Tokens | None = None,
    title: str | None = None,
    colours: str | Colormap | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """The least number of layers through which each j reaches each i, a colour for each number.

    Pairs that no number of layers joins are marked. If no position reaches an earlier one, as in
    causal attention, only the pairs j <= i are counted, and the others have no colour. The legend
    counts pairs.

    Parameters
    ----------
    steps : a Factorized, a pattern, or a tuple of patterns, of which the first is the lowest layer;
        the layers take them round and round.
    n : the length, 1 <= n <= 4096. Above 512 a cell is a block of pairs.
    residual : whether a layer also keeps what is at i itself.
    cell : which pair of a block its cell shows: the one of the "least" layers, or of the "most",
        where pairs that are never joined come last.
    tokens : a label for each position, at most 128.
    title : the steps by default.
    colours : a colour map, or its name, from 0 layers to the most.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is that of `paths.hops`, or of its blocks: -1 if no number of
    layers joins the pair, masked where j > i in causal steps. The diagonal is 0, no layer at all.
    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> im = sr.plot.hops(sr.strided(2), 4)
    >>> print(im.get_array())
    [[0 -- -- --]
     [1 0 -- --]
     [1 1 0 --]
     [2 1 1 0]]
    >>> [text.get_text() for text in im.axes.get_legend().get_texts()]
    ['0 layers: 4 pairs', '1 layer: 5 pairs', '2 layers: 1 pair']
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    patterns = patterns_of_layers(steps, n)
    residual = flag("residual", residual)
    if cell not in ("least", "most"):
        raise ValueError(f'cell must be "least" or "most", got {cell!r}')
    text = title_text(title, name_of(steps))
    colour_map = colour_map_or(colours)
    check_optional_axes(ax)
    grid = CellGrid((n, n), block_for((n, n)))
    labels = token_labels(tokens, grid.shape, grid.block)
    counts = search.hops(patterns, n, residual=residual)
    later = later_pairs(counts)
    cells = _cells(counts, later, grid.block, cell)
    most = int(counts.max())
    ax = axes_or_new(ax, cells.shape, below=0.7, least_cell=TOKEN_INCHES if labels else 0.0)
    if colour_map is None:
        colour_map = DARK_COUNT_COLOURS if is_dark(ax) else COUNT_COLOURS
    im = _draw_counts(ax, cells, grid, colour_map, most)
    set_title(ax, _with_note(text, grid, cell), "source j", "position i")
    if labels:
        label_tokens(ax, labels)
    pairs = np.bincount(counts[~later] + 1, minlength=most + 2)
    if most <= MAX_NAMED_COUNTS:
        add_legend(ax, _legend(im, pairs))
    else:
        _add_bar(ax, colour_map, most, int(pairs[0]))
    return im


def colour_map_or(colours: Any) -> Colormap | None:
    """The colour map given, if there is one."""
    if colours is None or isinstance(colours, Colormap):
        return colours
    if not isinstance(colours, str) or colours not in plt.colormaps():
        raise ValueError(f"colours must be a colour map or the name of one, got {colours!r}")
    return plt.colormaps[colours]


def later_pairs(counts: Counts) -> BoolArray:
    """The pairs j > i, if no position reaches an earlier one; else none."""
    n = len(counts)
    above = np.triu(np.ones((n, n), bool), 1)
    if (counts[above] != NEVER).any():
        above[:] = False
    return above


def _cells(
    counts: Counts,
    later: BoolArray,
    block: Pair,
    cell: str,
) -> np.ma.MaskedArray:
    """The number of layers that each cell shows, masked if all of its pairs are later ones."""
    if block == (1, 1):
        return np.ma.array(counts, mask=later)
    last = np.iinfo(np.int32).max
    ranks = np.where(counts == NEVER, last, counts)  # a pair that is never joined comes last
    ranks[later] = last if cell == "least" else NEVER
    cells = of_blocks(np.minimum if cell == "least" else np.maximum, ranks, block)
    is_later = of_blocks(np.logical_and, later, block)
    return np.ma.array(np.where(cells == last, NEVER, cells), mask=is_later)


def _draw_counts(
    ax: Axes,
    cells: np.ma.MaskedArray,
    grid: CellGrid,
    colours: Colormap,
    most: int,
) -> AxesImage:
    """Draw the cells: a colour for pairs that are never joined, and one for each number."""
    of_counts = colours(np.linspace(0, 1, most + 1))
    never = colour_on(ax, NEVER_COLOUR)
    later = colour_on(ax, LATER_COLOUR)
    cmap = ListedColormap([never, *of_counts]).with_extremes(bad=later)
    im = draw_cells(ax, cells, grid, cmap, Normalize(NEVER - 0.5, most + 0.5))
    i, j = np.nonzero(cells.filled(0) == NEVER)
    if max(grid.shape) <= MAX_LINED_CELLS and len(i):
        colour = colour_on(ax, CROSS_COLOUR)
        ax.plot(j, i, linestyle="none", marker="x", color=colour, markersize=3)
    return im


def _with_note(title: str, grid: CellGrid, cell: str) -> str:
    """The title, and what a cell is if it is a block."""
    if grid.block == (1, 1):
        return title
    return f"{title_with_cell(title, grid)}: the {cell} layers"


def _legend(im: AxesImage, pairs: np.ndarray) -> list[Patch]:
    """An entry for each number of layers that any pair needs, and for pairs never joined."""
    entries = []
    for count in [*range(len(pairs) - 1), NEVER]:
        number = int(pairs[count + 1])
        if number:
            label = f"{_layers_in_words(count)}: {plural(number, 'pair')}"
            entries.append(_patch(im.cmap(im.norm(count)), label))
    return entries


def _layers_in_words(count: int) -> str:
    """`2 layers`, `1 layer` or `never`."""
    if count == NEVER:
        return "never"
    return plural(count, "layer")


def _patch(colour: Colour, label: str) -> Patch:
    """A legend entry."""
    return Patch(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=label)


def _add_bar(ax: Axes, colours: Colormap, most: int, unjoined: int) -> None:
    """Add a colour bar for many numbers of layers below the axes."""
    steps = ListedColormap(colours(np.linspace(0, 1, most + 1)))
    scale = ScalarMappable(Normalize(-0.5, most + 0.5), steps)
    bar = add_bar(ax, scale, "layers from j to i")
    bar.set_ticks(ticks(most + 1), minor=False)
    bar.set_ticks([], minor=True)
    if unjoined:
        never = colour_on(ax, NEVER_COLOUR)
        entry = _patch(never, f"never: {plural(unjoined, 'pair')}")
        add_legend(ax, [entry], LEGEND_BELOW_BAR)
