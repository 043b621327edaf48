"""Animations: the rows of a mask one by one, a receptive field that grows, a length that grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..lower import check_pattern, dense
from ..paths.layers import Steps
from ..sets.checks import flag, int_tuple, integer
from ..sets.factorized import Factorized
from ..sets.hints import got
from ..sets.pattern import Pattern
from ..sets.require import require_pattern
from ..sets.types import Length
from .drawing.files import outermost_figure
from .drawing.style import (
    EXTRA_COLOUR,
    MEMBER_COLOUR,
    NON_MEMBER_COLOUR,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from .inputs.arguments import check_optional_axes, drawable_lengths, plural, title_text
from .inputs.block_shares import block_for
from .inputs.layer_arguments import MAX_LAYERS, name_of, patterns_of_layers
from .masks.mask import mask
from .stacks.reach_panels import cell_kinds, growths, layer_names, reach_kinds

MAX_FRAMES = 256
LAYOUT_ROUNDS = 5
MIN_WIDTH = 3.2  # inches: a legend has room, however narrow the mask
MAX_LENGTH = 512  # cells a side of a mask that is drawn again and again
QUERY_KINDS = (
    Kind("not attended", NON_MEMBER_COLOUR),
    Kind("attended", MEMBER_COLOUR),
    Kind("key of this query", EXTRA_COLOUR),
)
Title = str | None
Matrix = np.ndarray[Any, Any]


class Film(NamedTuple):
    """The axes, how many frames there are, and what draws one of them, from 0."""

    ax: Axes
    frame_count: int
    draw: Callable[[int], Any]


def animate(
    p: Pattern | Steps | Callable[[int], Pattern],
    n: Length | Sequence[int],
    *,
    over: Literal["queries", "layers", "lengths"] = "queries",
    layers: int | None = None,
    residual: bool = True,
    milliseconds: int = 250,
    title: str | None = None,
    ax: Axes | None = None,
) -> FuncAnimation:
    """A mask that lights up query by query, a receptive field layer by layer, or a mask as n grows.

    Over queries, frame i shows the keys of query i, and the rows before it. Over layers, frame r
    shows which j reach which i through r layers, as `reach` does. Over lengths, each frame is the
    mask at one length. `save_animation` writes a GIF or an HTML page.

    Parameters
    ----------
    p : a Pattern; over layers, steps as `reach` takes them; over lengths, a Pattern or a function
        of n that gives one.
    n : over queries, a length, or (n_q, n_k), at most 256; over layers, a length, at most 4096;
        over lengths, a list of 2 to 256 lengths, each at most 512.
    over : what the frames go over: "queries", "layers" or "lengths".
    layers : how many layers, 1 to 64; over layers only, where it must be given.
    residual : whether a layer also keeps what is at i itself; over layers only.
    milliseconds : the time of each frame, 20 to 10,000.
    title : above the text of each frame; the notation of p by default.
    ax : the axes to draw on; a new figure by default.

    Returns the animation, which its figure keeps alive. Its frames depend on the arguments only.
    Raises TypeError or ValueError naming argument, value and bound.

    >>> import pathlib, tempfile, sparse_ref as sr
    >>> animation = sr.plot.animate(sr.Strided(2), 4)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = sr.plot.save_animation(animation, pathlib.Path(folder.name, "strided.gif"))
    >>> import matplotlib.pyplot as plt
    >>> path.read_bytes()[:6], plt.gca().get_title()                    # the last frame
    (b'GIF89a', 'Strided(2)\\nquery 3: 2 keys')
    >>> folder.cleanup()
    >>> plt.close()
    """
    milliseconds = integer("milliseconds", milliseconds, 20, 10_000)
    residual = flag("residual", residual)
    check_optional_axes(ax)
    title_text(title, "")
    _check_layers(over, layers, residual)
    if over == "layers":
        film = _layer_film(p, n, layers, residual, title, ax)
    elif over == "lengths":
        film = _length_film(p, n, title, ax)
    else:
        film = _query_film(p, n, title, ax)
    figure = outermost_figure(film.ax)
    if ax is None:
        _fix_layout(figure, film)
    animation = FuncAnimation(
        figure,
        film.draw,
        frames=film.frame_count,
        interval=milliseconds,
        cache_frame_data=False,
    )
    # A figure holds its animation by a weak reference, its callbacks by strong ones.
    figure.canvas.mpl_connect("close_event", lambda event: animation)
    return animation


def _fix_layout(figure: Figure, film: Film) -> None:
    """Lay out the last frame, and keep its margins, so that the axes do not move between frames."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(max(width, MIN_WIDTH), height)
    film.draw(film.frame_count - 1)
    for _ in range(LAYOUT_ROUNDS):  # each sees the axes where the last one has moved them
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    film.draw(0)


def _check_layers(over: Any, layers: Any, residual: bool) -> None:
    """Refuse another `over`, and what would be ignored with it."""
    if over not in ("queries", "layers", "lengths"):
        raise ValueError(f'over must be "queries", "layers" or "lengths", got {over!r}')
    if over == "layers":
        integer("layers", layers, 1, MAX_LAYERS)
    elif layers is not None:
        raise ValueError(f'layers needs over="layers", got layers={layers!r} over {over!r}')
    elif not residual:
        raise ValueError(f'residual needs over="layers", got residual=False over {over!r}')


def _query_film(p: Any, n: Any, title: Title, ax: Axes | None) -> Film:
    """The rows of a mask one by one."""
    shape = drawable_lengths(n)
    if max(shape) > MAX_FRAMES:
        raise ValueError(f"n must be at most {MAX_FRAMES} over queries, got {n!r}")
    require_pattern("p", p)
    rows = dense(p, check_pattern(p, shape))
    ax = axes_or_new(ax, shape, below=0.6)
    im = draw_kinds(ax, _query_table(rows, 0), QUERY_KINDS, CellGrid(shape))
    add_legend(ax, legend_entries(QUERY_KINDS, np.arange(3)))

    def draw(i: int) -> None:
        im.set_data(_query_table(rows, i))
        keys = plural(int(rows[i].sum()), "key")
        set_title(ax, _frame_title(title_text(title, repr(p)), f"query {i}: {keys}"))

    draw(0)
    return Film(ax, len(rows), draw)


def _query_table(rows: Matrix, i: int) -> Matrix:
    """The kinds of cells when query i is shown: its keys, and those of the queries before it."""
    table = np.zeros(rows.shape, np.uint8)
    table[:i] = rows[:i]
    table[i] = 2 * rows[i]
    return table


def _layer_film(
    steps: Any,
    n: Any,
    layers: Any,
    residual: bool,
    title: str | None,
    ax: Axes | None,
) -> Film:
    """Which pairs the input joins, each position to itself, and then one layer more a frame."""
    if not isinstance(steps, (Pattern, Factorized, list, tuple)):
        raise TypeError(f"p must be a Pattern or steps over layers, {got(steps)}")
    patterns = patterns_of_layers(steps, n)
    grid = CellGrid((n, n), block_for((n, n)))
    kinds = reach_kinds(None)
    identity = np.eye(n, dtype=np.uint8)
    tables = [cell_kinds(identity, grid)]
    texts = [f"input: {n:,} pairs"]
    names = layer_names(patterns, layers)
    for name, growth in zip(names, growths(patterns, n, layers, residual)):
        tables.append(cell_kinds(growth.kinds, grid))
        texts.append(f"{name}: {growth.counts}")
    ax = axes_or_new(ax, tables[0].shape, below=0.6)
    im = draw_kinds(ax, tables[0], kinds, grid)
    add_legend(ax, legend_entries(kinds, *tables))

    def draw(r: int) -> None:
        im.set_data(tables[r])
        text = _frame_title(title_text(title, name_of(steps)), texts[r])
        set_title(ax, text, "source j", "position i")

    draw(0)
    return Film(ax, len(tables), draw)


def _length_film(p: Any, n: Any, title: Title, ax: Axes | None) -> Film:
    """The mask at one length after the other."""
    lengths = int_tuple("n", n, 1, MAX_LENGTH)
    if not 2 <= len(lengths) <= MAX_FRAMES:
        raise ValueError(f"n must be 2 to {MAX_FRAMES} lengths over lengths, got {len(lengths)}")
    patterns = [_pattern_at(p, length) for length in lengths]
    cells = (max(lengths), max(lengths))
    ax = axes_or_new(ax, cells)

    def draw(frame: int) -> None:
        ax.clear()
        length = lengths[frame]
        pattern = patterns[frame]
        mask(pattern, length, ax=ax)
        set_title(ax, _frame_title(title_text(title, repr(pattern)), f"n = {length}"))

    draw(0)
    return Film(ax, len(lengths), draw)


def _pattern_at(p: Any, n: int) -> Pattern:
    """The pattern, or what the function gives, with rows for n."""
    pattern = p if isinstance(p, Pattern) or not callable(p) else p(n)
    require_pattern("p" if pattern is p else f"p({n})", pattern)
    check_pattern(pattern, n)
    return pattern


def _frame_title(title: str, text: str) -> str:
    """The title of a frame: that of the animation, and what this frame shows."""
    return f"{title}\n{text}".strip()
