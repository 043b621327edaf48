"""Scores, and what a rule of `sr.selection` chooses of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ...selection import Scores
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from ..drawing.axis_ticks import ticks
from ..drawing.colours import Shade, colour_on, text_colour
from ..drawing.scales import HATCH_COLOURS, LEGEND_BELOW_BAR, add_bar, hatch, number_colours
from ..drawing.style import (
    BOTH_COLOUR,
    EXTRA_COLOUR,
    FRAME_COLOUR,
    LEAK_COLOUR,
    MAX_LINED_CELLS,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_cells,
    draw_kinds,
    set_title,
)
from ..inputs.arguments import title_text
from ..inputs.block_shares import MAX_CELLS, proportions
from ..inputs.choices import (
    CHOSEN,
    FORCED,
    HIDDEN,
    REST,
    TIED,
    Choice,
    Question,
    Rule,
    check_question,
    choose,
    choose_one,
    rule_name,
)


class _Mark(NamedTuple):
    """How a kind of entry is marked: label, marker, colour."""

    label: str
    marker: str
    colour: Shade


MARKS = {
    CHOSEN: _Mark("chosen", "o", EXTRA_COLOUR),
    FORCED: _Mark("forced", "D", LEAK_COLOUR),
    TIED: _Mark("tied with the last, not chosen", "X", Shade("#2da288", dark="#4fd0b2")),
}
REST_MARK = _Mark("not chosen", "s", BOTH_COLOUR)
ROW_MARKS = {**MARKS, REST: REST_MARK}
BAR_CELLS = (110, 256)  # the shape of a figure of bars


def selection(
    scores: Scores | ArrayLike,
    rule: Rule,
    limit: ArrayLike,
    visible: Pattern,
    *,
    forced: Pattern | None = None,
    query: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Scores, with what a rule chooses of them: forced, chosen, tied at the threshold, hidden.

    `sr.selection` itself chooses. Hidden entries are hatched, and their scores never read. An entry
    is tied if its score is that of the last one chosen, and it was left out for being later. Up to
    32 queries and atoms, marks are in the cells, and each row's threshold, the least score that was
    chosen without being forced, is at its right. Above, marks fill the cells.

    Parameters
    ----------
    scores : real array (n_q, m), or `Scores` of that shape; at most 512 atoms, and 512 queries
        unless `query` is given.
    rule : "top_k", "top_p" or "at_least"; or a function that is called as they are, such as
        `partial(sr.selection.top_k, forced_in_budget=False)`.
    limit : k, p, or the threshold, a number or one for each query.
    visible, forced : patterns over (query, atom); nothing is forced unless given.
    query : draw only the scores of this query, as bars with the threshold as a line.
    title : the rule, its limit and the query unless given.
    ax : the axes to draw on; a new figure by default.

    Returns the axes: `ax.images[0]` has the scores, masked where hidden, infinite ones with the
    colour of the greatest or the least; with `query`, `ax.containers[0]` are the bars, of height 0
    for hidden atoms and infinite scores.
    Raises as `sr.selection` does, and ValueError for another rule, scores of other axes, too many
    to be drawn, or a query that there is not.

    >>> import sparse_ref as sr
    >>> scores = [[3, 0, 0], [1, 2, 0], [1, 2, 1]]
    >>> ax = sr.plot.selection(scores, "top_k", 2, sr.Causal())
    >>> [text.get_text() for text in ax.texts]                  # the thresholds
    ['3', '1', '1', 'threshold']
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['chosen', 'tied with the last, not chosen']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    question = Question(scores, rule, limit, visible, forced)
    shape = check_question(question)
    name = rule_name(rule, limit)
    if query is not None:
        choice = choose_one(question, shape, query)
        return _draw_row(choice, title_text(title, f"{name}, query {query}"), ax)
    if shape[0] > MAX_CELLS:
        raise ValueError(
            f"scores must have at most {MAX_CELLS} queries to be drawn, got {shape[0]}: "
            "query draws one of them"
        )
    choice = choose(question, shape)
    return _draw_table(choice, title_text(title, name), ax)


def _draw_table(choice: Choice, title: str, ax: Axes | None) -> Axes:
    """Draw the scores of all queries, and the marks."""
    shape = choice.scores.shape
    n_q, m = shape
    grid = CellGrid((n_q, m))
    cells = proportions(grid.shape, grid.block)
    ax = axes_or_new(ax, cells, below=0.9)
    hatch(ax, grid)
    can_see = choice.kinds > HIDDEN
    norm = _norm(choice.scores[can_see])
    finite = np.clip(choice.scores, norm.vmin, norm.vmax)
    table = np.ma.masked_where(~can_see, finite)
    im = draw_cells(ax, table, grid, number_colours(ax), norm)
    add_bar(ax, im, "score (hatched: hidden)")
    if max(shape) <= MAX_LINED_CELLS:
        _draw_marks(ax, choice.kinds)
        _write_thresholds(ax, choice.thresholds)
    else:
        _fill_marks(ax, choice.kinds, grid)
    present = [kind for kind in MARKS if (choice.kinds == kind).any()]
    entries = [_marker(ax, MARKS[kind]) for kind in present]
    add_legend(ax, entries, LEGEND_BELOW_BAR)
    set_title(ax, title, "atom e", "query i")
    return ax


def _norm(scores: FloatArray) -> Normalize:
    """From the least to the greatest finite score."""
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        return Normalize(0, 1)
    least, greatest = finite.min(), finite.max()
    return Normalize(least, greatest if greatest > least else least + 1)


def _marker(ax: Axes, mark: _Mark) -> Line2D:
    """A mark as it is in the cells and in the legend."""
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=mark.marker,
        markerfacecolor=colour_on(ax, mark.colour),
        markeredgecolor="white",
        markeredgewidth=0.8,
        markersize=6,
        label=mark.label,
    )


def _draw_marks(ax: Axes, kinds: np.ndarray) -> None:
    """Draw a mark into each cell that has one."""
    for kind, mark in MARKS.items():
        i, j = np.nonzero(kinds == kind)
        line = _marker(ax, mark)
        line.set_data(j, i)
        ax.add_line(line)


def _write_thresholds(ax: Axes, thresholds: FloatArray) -> None:
    """Write each row's threshold at its right."""
    place = ax.get_yaxis_transform()
    ink = text_colour(ax)
    for i, threshold in enumerate(thresholds):
        text = "" if np.isnan(threshold) else f"{threshold:.3g}"
        ax.text(1.02, i, text, transform=place, color=ink, fontsize="xx-small", va="center")
    ax.text(1.02, -1, "threshold", transform=place, color=ink, fontsize="xx-small", va="bottom")


def _fill_marks(ax: Axes, kinds: np.ndarray, grid: CellGrid) -> None:
    """Fill the cells that have a mark with its colour."""
    clear = Kind("", "black", alpha=0)
    colours = [clear] * (FORCED + 1)
    for kind, mark in MARKS.items():
        colours[kind] = Kind(mark.label, mark.colour)
    draw_kinds(ax, kinds, colours, grid)


def _draw_row(choice: Choice, title: str, ax: Axes | None) -> Axes:
    """Draw the scores of one query as bars, the marks at their ends, and the threshold."""
    (scores,), (kinds,), (threshold,) = choice
    atoms = np.arange(len(scores))
    ax = axes_or_new(ax, BAR_CELLS, below=0.6)
    heights = np.where(np.isfinite(scores), scores, 0)
    present = [kind for kind in ROW_MARKS if (kinds == kind).any()]
    colours = [colour_on(ax, ROW_MARKS.get(kind, REST_MARK).colour) for kind in kinds]
    ax.bar(atoms, heights, width=0.8, color=colours)
    _hatch_hidden_atoms(ax, kinds)
    entries = [_marker(ax, ROW_MARKS[kind]) for kind in present]
    for kind in present:
        of_kind = kinds == kind
        line = _marker(ax, ROW_MARKS[kind])
        line.set_data(atoms[of_kind], heights[of_kind])
        if kind != REST:
            ax.add_line(line)
    ink = text_colour(ax)
    for e in atoms[np.isinf(scores)]:
        sign = "∞" if scores[e] > 0 else "−∞"
        ax.text(e, 0, sign, ha="center", va="bottom", fontsize="x-small", color=ink)
    if np.isfinite(threshold):
        line = ax.axhline(threshold, color=ink, linewidth=0.8, linestyle="--")
        line.set_label(f"threshold {threshold:.4g}")
        entries.append(line)
    _finish_bars(ax, len(scores))
    add_legend(ax, entries)
    set_title(ax, title, "atom e", "score")
    return ax


def _finish_bars(ax: Axes, atoms: int) -> None:
    """Ticks at atoms, and the colours of the page."""
    ink = text_colour(ax)
    ax.set_xlim(-0.5, atoms - 0.5)
    ax.set_xticks(ticks(atoms))
    ax.tick_params(labelsize="x-small", length=2, pad=2)
    ax.tick_params(color=ink, labelcolor=ink)
    ax.set_facecolor("none")
    for spine in ax.spines.values():
        spine.set_edgecolor(FRAME_COLOUR)


def _hatch_hidden_atoms(ax: Axes, kinds: np.ndarray) -> None:
    """Hatch the columns of atoms that the query does not see."""
    is_hidden = np.concatenate([[False], kinds == HIDDEN, [False]])
    edges = np.flatnonzero(np.diff(is_hidden)) - 0.5
    face, lines = (colour_on(ax, shade) for shade in HATCH_COLOURS)
    for left, right in edges.reshape(-1, 2):
        span = ax.axvspan(left, right, facecolor=face, edgecolor=lines, hatch="////")
        span.set(linewidth=0, zorder=-1)
