"""Factorized next to dense attention, as image and as matrix: Child et al. 2019, fig. 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from ...patterns import Causal
from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ..drawing.colours import colour_on
from ..drawing.member_cells import title_with_cell
from ..drawing.panels import add_figure_legend, check_optional_figure, figure_or_new
from ..drawing.style import QUERY_COLOUR, CellGrid, draw_kinds, legend_entries, set_title
from ..inputs.arguments import ImageShape, Position, image_shape, query_index, steps_of, text_list
from ..inputs.block_shares import block_for, shares
from ..inputs.drawable import title_of
from .image import kinds_for_members, kinds_for_query, kinds_of

MAX_COLUMN_TITLE = 70  # characters of a notation


class _Column(NamedTuple):
    """One attention to draw: its title and its steps."""

    title: str
    steps: tuple[Pattern, ...]


class _Scene(NamedTuple):
    """What all columns share: the image's shape, the query, the number of kinds of step."""

    shape: ImageShape
    query: int
    step_kinds: int


def factorization(
    f: Pattern | Factorized | Sequence[Pattern | Factorized],
    shape: ImageShape,
    *,
    query: Position | None = None,
    titles: Sequence[str] | None = None,
    fig: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Dense causal attention and factorized ones side by side: one query's keys, and the matrix.

    The upper panels show the keys of one query on an image, the lower ones [j in A_i]. Each step
    has its own colour; dense attention is one step. The mark at a matrix is at the row drawn above.
    One step or two are shades of blue; more have colours of their own, which differ in
    grey up to 5.

    Parameters
    ----------
    f : a Factorized or a Pattern, or a sequence of them, a column for each after the dense one.
    shape : (height, width) of an image read row by row; the matrix is over n = height * width
        positions. Above 512 of them its cells are blocks, in the colour of the steps that have any
        pair there.
    query : the position drawn, as an int or as (row, column); near the lower middle by default.
    titles : one for each factorization; by default its name or notation, cut if it is long.
    fig : an empty figure or subfigure to draw on; a new figure by default. A constrained layout
        fits best.

    Returns the figure. Raises as `image` does, and ValueError for an empty sequence.
    Source: Child et al. 2019, arXiv 1904.10509, fig. 3, which has shape (6, 6) and l = 6.

    >>> import sparse_ref as sr
    >>> fig = sr.plot.factorization([sr.strided(6), sr.fixed(6)], (6, 6))
    >>> [ax.get_title() for ax in fig.axes[:3]]
    ['(a) dense, causal', '(b) strided(6)', '(c) fixed(6, 1)']
    >>> import matplotlib.pyplot as plt; plt.close(fig)
    """
    factorizations = list(f) if isinstance(f, Sequence) else [f]
    if not factorizations:
        raise ValueError("f must have at least 1 factorization, got none")
    height, width = shape = image_shape(shape)
    lower_middle = (2 * height // 3, width // 2)
    i = query_index(lower_middle if query is None else query, shape)
    names = text_list("titles", titles, len(factorizations), "factorization")
    columns = _columns(factorizations, names, height * width)
    scene = _Scene(shape, i, max(len(column.steps) for column in columns))
    check_optional_figure(fig)
    side = 2.1 if height * width <= 144 else 3.0
    fig = figure_or_new(fig, (side * len(columns), 2 * side + 0.4))
    panels = fig.subplots(2, len(columns)).T
    tables = []
    for column_panels, column in zip(panels, columns):
        tables += _draw_column(column_panels, column, scene)
    for panel in panels[1:].flat:
        panel.set_ylabel("")
    entries = legend_entries(kinds_of(scene.step_kinds), *tables)
    add_figure_legend(fig, panels[0, 0], entries, 3 * (len(columns) - 1))
    return fig


def _columns(
    factorizations: list[Any],
    names: list[str],
    n: int,
) -> list[_Column]:
    """The dense column, then one for each factorization, with letters in the titles."""
    columns = [_Column("(a) dense, causal", (Causal(),))]
    for place, factorization in enumerate(factorizations):
        letter = chr(ord("b") + place)
        steps = steps_of("f", factorization, n)
        name = names[place] if names else title_of(factorization, MAX_COLUMN_TITLE)
        columns.append(_Column(f"({letter}) {name}", steps))
    return columns


def _draw_column(
    panels: Sequence[Axes],
    column: _Column,
    scene: _Scene,
) -> list[np.ndarray]:
    """Draw the image above, the matrix below it; returns the kinds of cell in both."""
    top, bottom = panels
    height, width = scene.shape
    kinds = kinds_of(scene.step_kinds)
    image = kinds_for_query(column.steps, scene.step_kinds, scene.query, scene.shape)
    draw_kinds(top, image, kinds, CellGrid(scene.shape))
    set_title(top, column.title, "column", "row")

    n = height * width
    grid = CellGrid((n, n), block_for((n, n)), unit=width)
    matrix = _matrix_kinds(column.steps, scene.step_kinds, grid)
    draw_kinds(bottom, matrix, kinds, grid)
    set_title(bottom, title_with_cell("", grid))
    bottom.plot(
        1.03,
        scene.query,
        marker="<",
        markersize=4,
        color=colour_on(bottom, QUERY_COLOUR),
        transform=bottom.get_yaxis_transform(),
        clip_on=False,
    )
    return [image, matrix]


def _matrix_kinds(steps: Sequence[Pattern], step_kinds: int, grid: CellGrid) -> np.ndarray:
    """The kind of each cell of the matrix."""
    tables = [shares(step, grid.shape, grid.block) for step in steps]
    members = np.stack(tables) > 0
    rows, columns = tables[0].shape
    a, b = np.ogrid[:rows, :columns]
    is_later = b > a
    if members[:, is_later].any():
        is_later[:] = False  # as in the image: attention looks both ways
    return kinds_for_members(members, step_kinds, is_later)
