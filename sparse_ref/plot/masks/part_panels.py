"""A pattern by its parts: each in its colour, and the union of all: BigBird fig. 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from ...sets.checks import flag
from ...sets.hints import got
from ...sets.types import FloatArray, IntArray, Length
from ..drawing.colours import Colour, colour_on, part_colours
from ..drawing.member_cells import least_share, title_with_cell
from ..drawing.panels import (
    Panels,
    add_figure_legend,
    check_optional_figure,
    figure_or_new,
    hide_inner_labels,
    panel_grid,
)
from ..drawing.style import (
    NON_MEMBER_COLOUR,
    SEVERAL_PARTS_COLOUR,
    CellGrid,
    Kind,
    add_legend,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import check_optional_axes, colour_list, title_text
from ..inputs.block_shares import MAX_PANEL_CELLS, block_or_default
from ..inputs.drawable import Drawable, SetAt, sets_at
from .head_grid import PANEL_INCHES

LEAST_DEPTH = 0.45  # of the colour of a cell with the least share


class _Scene(NamedTuple):
    """What all panels share: the kinds of cell, their size, where the scale of shares begins."""

    kinds: list[Kind]
    grid: CellGrid
    least: float


def parts(
    parts: Mapping[str, Drawable],
    n: Length | None = None,
    *,
    overlap: bool = False,
    block: Length | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    fig: Figure | SubFigure | None = None,
    ax: Axes | None = None,
) -> Panels:
    """The parts of a pattern, each in its colour in a panel, and their union in the last panel.

    A pair of the union has the colour of the first part that contains it. Above 256 positions a
    cell is a block, in the colour of the first part that has any pair there, and paler if it has
    few of them.

    Parameters
    ----------
    parts : the parts by name, such as {"window": p, "global": q}: each as `plot.mask` takes it, all
        of one shape.
    n : a length, or (n_q, n_k); may be left out for what has a shape of its own.
    overlap : whether pairs of several parts have a colour of their own.
    block : the side of a cell, as in `plot.mask`.
    title : the title of the union; "union" by default.
    colours : one for each part. By default those of up to five parts differ in grey, and for every
        kind of colour vision.
    fig : an empty figure or subfigure to draw on; a new one by default. A constrained layout fits
        best.
    ax : the axes to draw the union on, with a legend, instead of all panels.

    Returns the axes of the panels, (parts + 1,), the union last, or only that of the union, (1,),
    if `ax` is given. The array of an image, `images[0]`, is 0 for a pair in no part, m for the
    m-th part from 1, and parts + 1 for several.
    Raises TypeError for anything but a mapping of sets, ValueError for none of them, if both fig
    and ax are given, and as `plot.mask` does, naming parts[name].
    Source: Zaheer et al. 2020, arXiv 2007.14062, fig. 1; Beltagy et al. 2020, arXiv 2004.05150,
    fig. 2.

    >>> import sparse_ref as sr
    >>> panels = sr.plot.parts({"window": sr.Window(1), "global": sr.Global(1)}, 4)
    >>> [panel.get_title() for panel in panels]
    ['window', 'global', 'union']
    >>> print(panels[-1].images[0].get_array().data)
    [[1 1 2 2]
     [1 1 1 0]
     [2 1 1 1]
     [2 0 1 1]]
    >>> import matplotlib.pyplot as plt; plt.close(panels[0].figure)
    """
    sets = _sets(parts, n)
    shape = sets[0].shape
    grid = CellGrid(shape, block_or_default(block, shape, MAX_PANEL_CELLS))
    kinds = _kinds(list(parts), colours)
    overlap = flag("overlap", overlap)
    name = title_text(title, "union")
    _check_place(fig, ax)
    tables = [part.shares(grid.block) for part in sets]
    scene = _Scene(kinds, grid, least_share(*tables))
    if ax is not None:
        values = _draw_union(ax, tables, scene, overlap)
        set_title(ax, title_with_cell(name, grid))
        add_legend(ax, legend_entries(kinds, values))
        return np.array([ax], object)
    return _draw_panels(tables, scene, overlap, name, fig)


def _sets(parts: Any, n: Length | None) -> list[SetAt]:
    """The parts, all of one shape."""
    if not isinstance(parts, Mapping):
        raise TypeError(f'parts must be a mapping such as {{"window": Window(2)}}, {got(parts)}')
    if not parts:
        raise ValueError("parts must have at least 1 part, got none")
    for name in parts:
        if not isinstance(name, str):
            raise TypeError(f"parts must have strings as names, got {name!r}")
    by_name = {f"parts[{name!r}]": p for name, p in parts.items()}
    return sets_at(by_name, n)


def _kinds(names: list[str], colours: Any) -> list[Kind]:
    """No part, one kind for each part, several parts."""
    shades = colour_list(colours, len(names), "one for each part")
    if shades is None:
        shades = part_colours(len(names))
    kinds = [Kind(name, shade) for name, shade in zip(names, shades)]
    none = Kind("not attended", NON_MEMBER_COLOUR)
    return [none, *kinds, Kind("several parts", SEVERAL_PARTS_COLOUR)]


def _check_place(fig: Any, ax: Any) -> None:
    """Refuse two places to draw on, and what is none."""
    check_optional_figure(fig)
    check_optional_axes(ax)
    if fig is not None and ax is not None:
        raise ValueError("fig and ax must not both be given: ax is for the union only")


def _draw_panels(
    tables: list[FloatArray],
    scene: _Scene,
    overlap: bool,
    name: str,
    fig: Any,
) -> Panels:
    """Draw a panel for each part, and one for the union."""
    count = len(tables) + 1
    columns = count if count <= 4 else -(-count // 2)
    rows = -(-count // columns)
    side = PANEL_INCHES + 0.3
    fig = figure_or_new(fig, (side * columns + 0.5, (side + 0.15) * rows + 0.5))
    panels = panel_grid(fig, count, columns)
    for place, table in enumerate(tables):
        values = np.where(table > 0, place + 1, 0)
        _draw_cells(panels[place], values, table, scene)
        set_title(panels[place], scene.kinds[place + 1].label)
    values = _draw_union(panels[-1], tables, scene, overlap)
    set_title(panels[-1], title_with_cell(name, scene.grid))
    hide_inner_labels(panels, columns)
    several = len(tables) + 1
    if (values == several).any():
        entries = legend_entries(scene.kinds, values[values > 0])
        add_figure_legend(fig, panels[-1], entries)
    return panels


def _draw_union(
    ax: Axes,
    tables: list[FloatArray],
    scene: _Scene,
    overlap: bool,
) -> IntArray:
    """Draw the first part of each cell, or several of them; returns the kinds of cell."""
    stack = np.stack(tables)
    members = stack > 0
    first = members.argmax(axis=0)
    values = np.where(members.any(axis=0), first + 1, 0)
    depth = np.take_along_axis(stack, first[None], axis=0)[0]
    if overlap:
        is_several = members.sum(axis=0) > 1
        values[is_several] = len(tables) + 1
        depth[is_several] = stack.max(axis=0)[is_several]
    _draw_cells(ax, values, depth, scene)
    return values


def _draw_cells(ax: Axes, values: IntArray, shares: FloatArray, scene: _Scene) -> None:
    """Draw cells of these kinds; blocks are paler if their share is less."""
    im = draw_kinds(ax, values, scene.kinds, scene.grid)
    if scene.grid.block == (1, 1):
        return
    share = np.maximum(shares, scene.least)
    logarithm = 1 - np.log(share) / np.log(scene.least)  # 0 for the least share, 1 for all pairs
    depth = LEAST_DEPTH + (1 - LEAST_DEPTH) * logarithm
    im.fade(depth, colour_on(ax, NON_MEMBER_COLOUR))
