"""Layers as rows of positions, the input lowest, with the edges that lead from keys to queries."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from ...lower import csr
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from ..drawing.axis_ticks import label_positions, ticks
from ..drawing.colours import colour_on, page_colour, text_colour
from ..drawing.line_axes import line_axes_or_new, style_line_axes
from ..drawing.style import EXTRA_COLOUR
from ..inputs.layer_arguments import Patterns
from .reach_panels import layer_names

MAX_EDGES = 3000  # edges of all layers that are drawn
MAX_DOTS = 64  # positions that have a dot in each layer
MAX_LABELS = 40  # positions, of a path or of all, that have a label each
MAX_ROW_NAMES = 12  # rows that have a name each
FAINT = "0.6"


class LayerRows(NamedTuple):
    """What is drawn: the pattern of each layer drawn, the length, the edges, texts."""

    patterns: Patterns
    names: list[str]
    n: int
    edges: IntArray | None
    tokens: list[str] | None

    @property
    def row_count(self) -> int:
        """The input and the layers."""
        return len(self.patterns) + 1

    def label(self, position: int) -> str:
        """A position as a label."""
        return f"{position:,}" if self.tokens is None else self.tokens[position]

    @property
    def tick_inches(self) -> float:
        """The height of tokens below the axes beyond that of numbers."""
        longest = max(map(len, self.tick_tokens), default=0)
        return 0.075 * max(longest - 1, 0)

    @property
    def tick_tokens(self) -> list[str]:
        """The tokens below the axes; none if there is no room for all of them."""
        return self.tokens if self.tokens and self.n <= MAX_LABELS else []


def rows_of(
    patterns: Patterns,
    layers: int,
    n: int,
    residual: bool,
    tokens: list[str] | None,
) -> LayerRows:
    """So many layers, which take the patterns round and round."""
    of_layers = tuple(patterns[r % len(patterns)] for r in range(layers))
    names = ["input", *layer_names(patterns, layers)]
    return LayerRows(of_layers, names, n, edges_of(of_layers, n, residual), tokens)


def axes_for(ax: Axes | None, rows: LayerRows) -> Axes:
    """The axes given, or those of a new figure with room for the rows."""
    width = np.clip(0.11 * rows.n, 3.0, 5.6) + 0.8
    height = min(0.5 * rows.row_count + 0.9, 7.0)
    return line_axes_or_new(ax, (width, height))


def edges_of(patterns: Patterns, n: int, residual: bool) -> IntArray | None:
    """(layer from 0, key, query) of every edge, int64 (edges, 3); None if they are too many."""
    tables = [np.zeros((0, 3), np.int64)]
    for layer, p in enumerate(patterns):
        key, query = _edges_of_layer(p, n, residual)
        table = np.stack([0 * key + layer, key, query], axis=1)
        tables.append(table)
        if sum(map(len, tables)) > MAX_EDGES:
            return None
    return np.concatenate(tables)


def _edges_of_layer(p: Pattern, n: int, residual: bool) -> tuple[IntArray, IntArray]:
    """The keys and the queries of the edges of one layer; each once, if the residual is one too."""
    positions = np.arange(n)
    sets = csr(p, n)
    key = sets.indices.astype(np.int64)
    query = np.repeat(positions, np.diff(sets.indptr))
    if not residual:
        return key, query
    others = np.setdiff1d(positions, key[key == query])
    return np.concatenate([key, others]), np.concatenate([query, others])


def draw_edges(ax: Axes, edges: IntArray, colour: Any, linewidth: float) -> None:
    """Draw each edge from its key up to its query."""
    segments = []
    for layer, key, query in edges.tolist():
        segments.append([(key, layer), (query, layer + 1)])
    ax.add_collection(LineCollection(segments, colors=colour, linewidths=linewidth, zorder=1))


def draw_dots(ax: Axes, mask: BoolArray, colour: Any) -> None:
    """Draw a small dot at each (row, position) of the mask, if there is room."""
    row, position = np.nonzero(mask)
    if mask.shape[1] <= MAX_DOTS:
        (dots,) = ax.plot(position, row, linestyle="none", marker="o", markersize=2)
        dots.set(color=colour, zorder=2)


def mark_end(ax: Axes, position: int, row: int) -> None:
    """Draw a ring around an end of the path that does not exist."""
    ax.plot(
        position,
        row,
        marker="o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=colour_on(ax, EXTRA_COLOUR),
        markeredgewidth=1.8,
        zorder=5,
    )


def label_position(ax: Axes, rows: LayerRows, position: int, row: int) -> None:
    """Name a position below it, to the right, where no path runs."""
    ax.annotate(
        rows.label(position),
        (position, row),
        xytext=(5, -3),
        textcoords="offset points",
        va="top",
        fontsize="x-small",
        color=text_colour(ax),
        parse_math=False,
        zorder=6,
        bbox=dict(boxstyle="square,pad=0.1", facecolor=page_colour(ax), edgecolor="none"),
    )


def set_axes(ax: Axes, rows: LayerRows) -> None:
    """Positions along x, rows from the input upward, each with its name if they are few."""
    margin = max(0.02 * rows.n, 1)
    ax.set_xlim(-margin, rows.n - 1 + margin)
    ax.set_ylim(-0.6, rows.row_count - 0.6)
    if rows.tick_tokens:
        ax.set_xticks(range(rows.n), labels=rows.tick_tokens, parse_math=False)
        ax.tick_params(axis="x", labelrotation=90)
    else:
        label_positions(ax.xaxis, ticks(rows.n))
    is_short = rows.row_count <= MAX_ROW_NAMES
    named_rows = list(range(rows.row_count)) if is_short else ticks(rows.row_count)
    names = [rows.names[row] for row in named_rows]
    ax.set_yticks(named_rows, labels=names, parse_math=False)
    style_line_axes(ax, grid=False)
    ax.spines["left"].set_visible(False)
