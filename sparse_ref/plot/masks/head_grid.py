"""The sets of several heads, or of the layers and heads of a model, panel by panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure, SubFigure

from ...sets.checks import integer
from ...sets.factorized import Scheme
from ...sets.hints import got
from ...sets.pattern import Pattern
from ...sets.types import FloatArray, Length
from ..drawing.colours import Colour
from ..drawing.member_cells import (
    MemberColours,
    draw_members,
    least_share,
    member_colours,
    share_label,
)
from ..drawing.panels import (
    Panels,
    add_figure_bar,
    check_optional_figure,
    figure_or_new,
    hide_inner_labels,
    panel_grid,
    set_figure_title,
)
from ..drawing.style import CellGrid, set_axis_labels, set_title
from ..inputs.arguments import text_list, title_text
from ..inputs.block_shares import MAX_PANEL_CELLS, block_or_default
from ..inputs.drawable import Drawable, SetAt, sets_at, title_of

MAX_SHORT_TITLE = 24  # characters of a notation above a panel; a longer one is left out
PANEL_INCHES = 1.7
TITLE_LINE_INCHES = 0.16
SMALL_PANEL_INCHES = 1.1  # of more than 24 panels


class _Grid(NamedTuple):
    """Tables of one size, their cells, colours and titles."""

    tables: list[FloatArray]
    cells: CellGrid
    colours: MemberColours
    titles: list[str]


def heads(
    patterns: Sequence[Drawable],
    n: Length | None = None,
    *,
    names: Sequence[str] | None = None,
    columns: int | None = None,
    block: Length | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    fig: Figure | SubFigure | None = None,
) -> Panels:
    """The connectivity matrix of each head, in panels with shared axes.

    Parameters
    ----------
    patterns : one set for each head: each as `plot.mask` takes it, all of one shape.
    n : a length, or (n_q, n_k); may be left out for what has a shape of its own.
    names : the titles of the panels; "head 0" and so on by default, with the notation if it has at
        most 24 characters.
    columns : how many panels are in a row; by default 4, or about as many as rows if more than 16.
    block : the side of a cell, as in `plot.mask`; by default 1 up to 256 positions.
    title : the title above all panels; none by default.
    colours : (of not attended, of attended) pairs, as in `plot.mask`.
    fig : an empty figure or subfigure to draw on; a new one by default. A constrained layout fits
        best.

    Returns the axes of the panels, (heads,); the image of each is its `images[0]`, its array the
    matrix of 0 and 1, or of shares of blocks, with one colour bar for all.
    Raises TypeError for anything but a sequence of sets, ValueError for none of them, and as
    `plot.mask` does, naming patterns[h].

    >>> import sparse_ref as sr
    >>> panels = sr.plot.heads(sr.longformer(1, dilation=(1, 2)), 5)
    >>> [panel.get_title() for panel in panels]
    ['head 0\\nWindow(1)', 'head 1\\nDilated(1, 2)']
    >>> print(panels[1].images[0].get_array().data)
    [[1 0 1 0 0]
     [0 1 0 1 0]
     [1 0 1 0 1]
     [0 1 0 1 0]
     [0 0 1 0 1]]
    >>> import matplotlib.pyplot as plt; plt.close(panels[0].figure)
    """
    sets = _sets("patterns", patterns, n)
    default_names = [f"head {h}{_short_title(p)}" for h, p in enumerate(patterns)]
    titles = text_list("names", names, len(sets), "head") or default_names
    columns = _columns(len(sets)) if columns is None else integer("columns", columns, 1)
    grid = _grid(sets, titles, block, colours)
    title_text(title, "")
    check_optional_figure(fig)
    return _draw(grid, min(columns, len(sets)), title, fig)


def layers(
    scheme: Scheme,
    n: Length,
    layers: int,
    heads: int = 1,
    *,
    block: Length | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    fig: Figure | SubFigure | None = None,
) -> Panels:
    """The connectivity matrix of each head of each layer: a row for each layer, the first on top.

    Parameters
    ----------
    scheme : how the layers and heads share steps: Interleaved, Merged or MultiHead.
    n : a length, or (n_q, n_k).
    layers, heads : how many of them, at least 1.
    block, colours, title, fig : as in `plot.heads`.

    Returns the axes of the panels, (layers, heads), with images as those of `plot.heads`. Each
    distinct pattern is lowered once.
    Raises TypeError for another scheme, ValueError for counts below 1, and as `plot.mask` does.

    >>> import sparse_ref as sr
    >>> panels = sr.plot.layers(sr.Interleaved(sr.strided(3)), 6, layers=2, heads=1)
    >>> panels.shape, panels[0, 0].get_ylabel(), panels[0, 0].get_title()
    ((2, 1), 'layer 0\\nquery i', 'head 0')
    >>> print(panels[1, 0].images[0].get_array().data)
    [[1 0 0 0 0 0]
     [0 1 0 0 0 0]
     [0 0 1 0 0 0]
     [1 0 0 1 0 0]
     [0 1 0 0 1 0]
     [0 0 1 0 0 1]]
    >>> import matplotlib.pyplot as plt; plt.close(panels[0, 0].figure)
    """
    if not isinstance(scheme, Scheme):
        raise TypeError(
            f"scheme must be Interleaved, Merged or MultiHead of a Factorized, {got(scheme)}"
        )
    layers = integer("layers", layers, 1)
    heads = integer("heads", heads, 1)
    places = np.ndindex(layers, heads)
    patterns = [scheme.at(layer, head) for layer, head in places]
    sets = _sets("scheme", patterns, n)
    titles = [f"head {head}" for head in range(heads)] + [""] * (len(sets) - heads)
    grid = _grid(sets, titles, block, colours)
    title_text(title, "")
    check_optional_figure(fig)
    panels = _draw(grid, heads, title, fig).reshape(layers, heads)
    for layer, panel in enumerate(panels[:, 0]):
        set_axis_labels(panel, panel.get_xlabel(), f"layer {layer}\n{panel.get_ylabel()}")
    return panels


def _sets(name: str, patterns: Any, n: Length | None) -> list[SetAt]:
    """The sets of a sequence, all of one shape."""
    is_sequence = isinstance(patterns, (list, tuple, np.ndarray)) and len(patterns) > 0
    if not is_sequence or getattr(patterns, "ndim", 3) != 3:
        raise TypeError(f"{name} must be a sequence of one or more sets, {got(patterns)}")
    by_name = {f"{name}[{h}]": p for h, p in enumerate(patterns)}
    return sets_at(by_name, n)


def _grid(
    sets: list[SetAt],
    titles: list[str],
    block: Length | None,
    colours: Any,
) -> _Grid:
    """The tables of the sets, each distinct pattern lowered once."""
    shape = sets[0].shape
    cells = CellGrid(shape, block_or_default(block, shape, MAX_PANEL_CELLS))
    pair = member_colours(colours)
    tables: dict[Any, FloatArray] = {}
    keys = [_key(drawn) for drawn in sets]
    for key, drawn in zip(keys, sets):
        if key not in tables:
            tables[key] = drawn.shares(cells.block)
    return _Grid([tables[key] for key in keys], cells, pair, titles)


def _key(drawn: SetAt) -> Any:
    """What tells one set from another: a pattern, or the identity of an array."""
    return drawn.p if isinstance(drawn.p, Pattern) else id(drawn.p)


def _short_title(p: Any) -> str:
    """The notation on a line of its own if it is short, else nothing."""
    notation = title_of(p)
    return f"\n{notation}" if len(notation) <= MAX_SHORT_TITLE else ""


def _columns(count: int) -> int:
    """How many panels are in a row."""
    return 4 if count <= 16 else math.ceil(math.sqrt(count))


def _draw(grid: _Grid, columns: int, title: str | None, fig: Any) -> Panels:
    """Draw the tables from the upper left, with one colour bar if they are shares."""
    count = len(grid.tables)
    rows = -(-count // columns)
    side = PANEL_INCHES if count <= 24 else SMALL_PANEL_INCHES
    is_shares = grid.cells.block != (1, 1)
    title_lines = [text.count("\n") + 1 if text else 0 for text in grid.titles]
    row_starts = range(0, count, columns)
    tallest = [max(title_lines[start : start + columns]) for start in row_starts]
    title_inches = TITLE_LINE_INCHES * sum(tallest)
    height = side * rows + title_inches + 0.4 + 0.7 * is_shares + 0.3 * bool(title)
    fig = figure_or_new(fig, (side * columns + 0.5, height))
    panels = panel_grid(fig, count, columns)
    least = least_share(*grid.tables)
    for panel, table, text in zip(panels, grid.tables, grid.titles):
        draw_members(panel, table, grid.cells, grid.colours, least)
        set_title(panel, text)
    hide_inner_labels(panels, columns)
    set_figure_title(fig, title, panels[0])
    if is_shares:
        add_figure_bar(fig, panels, share_label(grid.cells))
    return panels
