"""Receptive fields that grow layer by layer: a panel for each layer of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from ...paths.finite.reach import reach_by_layer
from ...paths.layers import Steps
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ...sets.types import BoolArray
from ..drawing.colours import Colour, Shade
from ..drawing.member_cells import title_with_cell
from ..drawing.panels import (
    add_figure_legend,
    check_optional_figure,
    figure_or_new,
    hide_inner_labels,
    panel_grid,
    set_figure_title,
)
from ..drawing.style import (
    EXTRA_COLOUR,
    MEMBER_COLOUR,
    NON_MEMBER_COLOUR,
    CellGrid,
    Kind,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import colour_list, title_text
from ..inputs.block_shares import MAX_PANEL_CELLS, block_for, shares
from ..inputs.layer_arguments import MAX_LAYERS, name_of, patterns_of_layers

UNREACHED, REACHED, NEW, GONE = range(4)
LABELS = ("not reached", "reached", "new in this layer", "reached by fewer layers only")
GONE_COLOUR = Shade("#93c1e8", dark="#2f6ca6")
COLOURS = (NON_MEMBER_COLOUR, MEMBER_COLOUR, EXTRA_COLOUR, GONE_COLOUR)
MAX_COLUMNS = 4  # panels in a row
MAX_NAME = 26  # characters of a step above its panel


class Growth(NamedTuple):
    """What one layer adds: the kind of each pair, how many are reached, how many are new."""

    kinds: NDArray[np.uint8]
    pairs: int
    new: int

    @property
    def counts(self) -> str:
        """The numbers, as a title has them."""
        return f"{self.pairs:,} pairs, {self.new:,} new"


def reach(
    steps: Pattern | Steps,
    n: int,
    layers: int,
    *,
    residual: bool = True,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    fig: Figure | SubFigure | None = None,
) -> NDArray[Any]:
    """Receptive fields growing layer by layer: for each layer, which positions j reach which i.

    A panel for each of the first `layers` layers, which take the steps round and round. The pairs
    that this layer joins first have a colour of their own. Above 256 positions a cell is a block:
    new if any of its pairs is, else reached if any is.

    Parameters
    ----------
    steps : a Factorized, a pattern, or a tuple of patterns, of which the first is the lowest layer.
    n : the length, 1 <= n <= 4096.
    layers : the number of layers, 1 to 64.
    residual : whether a layer also keeps what is at i itself. Without it, a pair may be reached
        through r layers and not through r + 1; it then has the fourth colour.
    title : above all panels; the steps by default.
    colours : of a pair not reached, reached, new, and reached by fewer layers only.
    fig : an empty figure or subfigure to draw on; a new figure by default.

    Returns the Axes of the panels, an array (layers,). The image of each has the array 0 for a pair
    not reached, 1 reached, 2 new, 3 reached by fewer layers only. Every position reaches itself
    through no layer.
    Raises TypeError or ValueError naming argument, value and bound.
    Source: Child et al. 2019, sec. 4.2: paths through the steps.

    >>> import sparse_ref as sr
    >>> axes = sr.plot.reach([sr.Lookback(2)], 4, 2)
    >>> print(axes[1].images[0].get_array().data)
    [[1 0 0 0]
     [1 1 0 0]
     [2 1 1 0]
     [0 2 1 1]]
    >>> axes[1].get_title()
    'layer 2\\n9 pairs, 2 new'
    >>> import matplotlib.pyplot as plt; plt.close(axes[0].figure)
    """
    patterns = patterns_of_layers(steps, n)
    layers = integer("layers", layers, 1, MAX_LAYERS)
    residual = flag("residual", residual)
    text = title_text(title, name_of(steps))
    kinds = reach_kinds(colours)
    check_optional_figure(fig)
    grid = CellGrid((n, n), block_for((n, n), MAX_PANEL_CELLS))
    columns = _columns(layers)
    fig = figure_or_new(fig, _new_size(layers, n))
    panels = panel_grid(fig, layers, columns)
    tables = []
    names = layer_names(patterns, layers)
    stack = growths(patterns, n, layers, residual)
    for ax, name, growth in zip(panels, names, stack):
        values = cell_kinds(growth.kinds, grid)
        draw_kinds(ax, values, kinds, grid)
        set_title(ax, f"{name}\n{growth.counts}", "source j", "position i")
        tables.append(values)
    hide_inner_labels(panels, columns)
    set_figure_title(fig, title_with_cell(text, grid), panels[0])
    add_figure_legend(fig, panels[0], legend_entries(kinds, *tables))
    return panels


def reach_kinds(colours: Sequence[Colour] | None) -> list[Kind]:
    """The kinds of pairs, in the colours given or in the usual ones."""
    shades = colour_list(colours, len(COLOURS), ", ".join(LABELS)) or COLOURS
    return [Kind(label, shade) for label, shade in zip(LABELS, shades)]


def growths(
    patterns: tuple[Pattern, ...],
    n: int,
    layers: int,
    residual: bool,
) -> Iterator[Growth]:
    """What each layer adds, from the lowest."""
    earlier = np.eye(n, dtype=bool)
    for reaches in reach_by_layer(patterns, n, layers, residual=residual):
        kinds = _kinds_of_pairs(reaches, earlier)
        new = int((kinds == NEW).sum())
        yield Growth(kinds, int(reaches.sum()), new)
        earlier |= reaches


def _kinds_of_pairs(reaches: BoolArray, earlier: BoolArray) -> NDArray[np.uint8]:
    """The kind of each pair from whether this layer joins it, and whether fewer layers do."""
    kinds = np.full(reaches.shape, UNREACHED, np.uint8)
    kinds[earlier] = GONE
    kinds[reaches & earlier] = REACHED
    kinds[reaches & ~earlier] = NEW
    return kinds


def cell_kinds(kinds: NDArray[np.uint8], grid: CellGrid) -> NDArray[np.uint8]:
    """The kind of each cell: new if any pair of it is, else reached, else reached by fewer."""
    if grid.block == (1, 1):
        return kinds
    by_rank = [NEW, REACHED, GONE]
    has_kind = [shares(kinds == kind, grid.shape, grid.block) > 0 for kind in by_rank]
    return np.select(has_kind, by_rank, UNREACHED).astype(np.uint8)


def layer_names(patterns: tuple[Pattern, ...], layers: int) -> list[str]:
    """`layer 1: Local(4)`, or with the number of the step if its notation is long.

    A stack of one pattern only does not repeat it.
    """
    names = []
    for layer in range(layers):
        m = layer % len(patterns)
        notation = repr(patterns[m])
        step = notation if len(notation) <= MAX_NAME else f"step {m + 1}"
        number = f"layer {layer + 1}"
        names.append(number if len(patterns) == 1 else f"{number}: {step}")
    return names


def _new_size(layers: int, n: int) -> tuple[float, float]:
    """The size of a new figure for so many layers, in inches."""
    rows = -(-layers // MAX_COLUMNS)
    side = 1.75 if n <= 128 else 2.4
    return max(side * _columns(layers) + 0.3, 3.2), (side + 0.35) * rows + 0.6


def _columns(layers: int) -> int:
    """How many panels are in a row: at most four, and about as many in the last row."""
    rows = -(-layers // MAX_COLUMNS)
    return -(-layers // rows)
