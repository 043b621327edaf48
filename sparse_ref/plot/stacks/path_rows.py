"""One path through the layers, lit; or the closed set that keeps two positions separate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ...paths.finite.shortest import shortest
from ...paths.finite.unreachable import WhyNot, why_not
from ...paths.layers import Steps
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ..drawing.colours import colour_on
from ..drawing.line_axes import add_line_legend
from ..drawing.style import (
    EXTRA_COLOUR,
    MEMBER_COLOUR,
    set_title,
)
from ..inputs.arguments import check_optional_axes, plural, title_text, token_labels
from ..inputs.layer_arguments import name_of, patterns_of_layers
from .layer_rows import (
    FAINT,
    MAX_DOTS,
    MAX_EDGES,
    MAX_LABELS,
    LayerRows,
    axes_for,
    draw_dots,
    draw_edges,
    label_position,
    mark_end,
    rows_of,
    set_axes,
)


def path(
    steps: Pattern | Steps,
    j: int,
    i: int,
    n: int,
    *,
    residual: bool = True,
    tokens: Sequence[str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Line2D:
    """A shortest path from j up to i through the layers, lit; if there is none, the reason.

    Each layer is a row of positions; the input is the lowest. Lines lead from each key to the
    queries that read it, if they are few. If no number of layers joins j and i, the rows show the
    closed set that separates them, see `paths.why_not`: no line leaves it, or none enters it.

    Parameters
    ----------
    steps : a Factorized, a pattern, or a tuple of patterns, of which the first is the lowest layer;
        the layers take them round and round.
    j, i : where the path starts, in the input, and where it ends, from 0 to n - 1.
    n : the length, 1 <= n <= 4096.
    residual : whether a layer also keeps what is at i itself.
    tokens : n texts that stand for the positions; their numbers by default.
    title : by default the steps, and how many layers the path takes or that there is none.
    ax : the axes to draw on; a new figure by default.

    Returns the line of the path: its x are the positions, its y the layers from 0, the input. If
    there is no path, the line has a marker at each position of the closed set.
    Raises TypeError or ValueError naming argument, value and bound.
    Source: Child et al. 2019, sec. 4.2: paths through the steps.

    >>> import sparse_ref as sr
    >>> line = sr.plot.path(sr.strided(4), 1, 14, 16)
    >>> print(line.get_xdata(), line.get_ydata())
    [ 1  2 14] [0 1 2]
    >>> sr.plot.path(sr.Dilated(1, 2), 3, 6, 8).axes.get_title()
    'Dilated(1, 2)\\nno number of layers leads from 3 to 6'
    >>> import matplotlib.pyplot as plt; plt.close("all")
    """
    patterns = patterns_of_layers(steps, n)
    j = integer("j", j, 0, n - 1)
    i = integer("i", i, 0, n - 1)
    residual = flag("residual", residual)
    labels = token_labels(tokens, (n, n), (1, 1))
    texts = None if labels is None else labels[0]
    headline = title_text(title, name_of(steps))
    check_optional_axes(ax)
    try:
        positions = shortest(patterns, j, i, n, residual=residual)
    except LookupError:
        why = why_not(patterns, j, i, n, residual=residual)
        rows = rows_of(patterns, len(patterns), n, residual, texts)
        ax = axes_for(ax, rows)
        line = _draw_closed_set(ax, rows, why)
        outcome = f"no number of layers leads from {rows.label(j)} to {rows.label(i)}"
    else:
        rows = rows_of(patterns, len(positions) - 1, n, residual, texts)
        ax = axes_for(ax, rows)
        line = _draw_path(ax, rows, positions)
        outcome = f"{rows.label(j)} reaches {rows.label(i)} through {_layers_in_words(rows)}"
    set_axes(ax, rows)
    set_title(ax, headline if title is not None else f"{headline}\n{outcome}", "position", "")
    note = f"more than {MAX_EDGES:,} edges, not drawn" if rows.edges is None else None
    add_line_legend(ax, [line], 0.36 + rows.tick_inches, note)
    return line


def _draw_path(ax: Axes, rows: LayerRows, positions: tuple[int, ...]) -> Line2D:
    """Draw all edges faintly, and the path over them, each of its positions with a label."""
    if rows.edges is not None:
        draw_edges(ax, rows.edges, FAINT, 0.35)
    draw_dots(ax, np.ones((rows.row_count, rows.n), bool), FAINT)
    (line,) = ax.plot(
        np.array(positions),
        np.arange(rows.row_count),
        color=colour_on(ax, EXTRA_COLOUR),
        marker="o",
        markersize=5,
        linewidth=2,
        zorder=4,
        label=f"shortest path: {_layers_in_words(rows)}",
    )
    if len(positions) <= MAX_LABELS:
        for row, position in enumerate(positions):
            label_position(ax, rows, position, row)
    return line


def _draw_closed_set(ax: Axes, rows: LayerRows, why: WhyNot) -> Line2D:
    """Draw the sets S_1, ..., S_p, S_1 from the input on, and the edges that stay inside."""
    every = np.arange(rows.n)
    sets = [np.isin(every, positions) for positions in why.sets]
    inside = np.array([*sets, sets[0]])
    if rows.edges is not None:
        layer, key, query = rows.edges.T
        is_inside = inside[layer, key] if why.outward else inside[layer + 1, query]
        draw_edges(ax, rows.edges[~is_inside], FAINT, 0.35)
        draw_edges(ax, rows.edges[is_inside], colour_on(ax, MEMBER_COLOUR), 0.8)
    draw_dots(ax, ~inside, FAINT)
    row, position = np.nonzero(inside)
    (line,) = ax.plot(
        position,
        row,
        linestyle="none",
        marker="o",
        markersize=4 if rows.n <= MAX_DOTS else 2,
        color=colour_on(ax, MEMBER_COLOUR),
        zorder=4,
        label=f"closed set: the positions that {_clause(rows, why)}",
    )
    ends = {0: why.j, len(why.sets): why.i}
    for end_row, end in ends.items():
        mark_end(ax, end, end_row)
        label_position(ax, rows, end, end_row)
    return line


def _clause(rows: LayerRows, why: WhyNot) -> str:
    """What the positions of the closed set do."""
    return f"{rows.label(why.j)} reaches" if why.outward else f"reach {rows.label(why.i)}"


def _layers_in_words(rows: LayerRows) -> str:
    """The layers that are drawn, such as "2 layers"."""
    return plural(len(rows.patterns), "layer")
