"""How many keys each query has, and how many queries read each key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ...lower import Degrees, check_pattern, degrees
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray, Length
from ..drawing.axis_ticks import label_positions, ticks
from ..drawing.colours import Colour, colour_on
from ..drawing.line_axes import add_line_legend, line_axes_or_new, style_line_axes
from ..drawing.style import EXTRA_COLOUR, MEMBER_COLOUR, set_title
from ..inputs.arguments import (
    check_optional_axes,
    colour_list,
    drawable_lengths,
    mask_array,
    text_list,
    title_text,
)

MAX_STEPS = 512  # positions of which each is a step of the line
MAX_POINTS = 4096  # points of a line
COLOURS = MEMBER_COLOUR, EXTRA_COLOUR
NAMES = "keys of query i", "readers of key j"


def degree(
    p: Pattern | BoolArray,
    n: Length | None = None,
    *,
    scale: Literal["linear", "log"] = "linear",
    names: Sequence[str] | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    ax: Axes | None = None,
) -> list[Line2D]:
    """The number of keys of each query, and the number of queries that read each key: two lines.

    The counts are exact at any n, in O(n) memory, and in seconds for a million positions. Above
    4,096 positions a line has 2,048 stretches, and goes through the least and the greatest count of
    each.

    Parameters
    ----------
    p : a Pattern, or a bool array (n_q, n_k), True if query i attends to key j.
    n : a length, or (n_q, n_k); may be left out for an array, whose shape it is.
    scale : of the counts: "linear", or "log", which still shows a count of 0.
    names : of the two lines in the legend, which adds their least, mean and greatest count.
    title : the notation of p and the number of pairs by default.
    colours : of the two lines.
    ax : the axes to draw on; a new figure by default.

    Returns the two lines, |A_i| over i, and |{ i : j in A_i }| over j.
    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> keys, readers = sr.plot.degree(sr.Local(2) | sr.Sinks(1), 6)
    >>> print(keys.get_ydata(), readers.get_ydata())
    [1 2 3 4 4 4] [6 3 3 3 2 1]
    >>> print(keys.get_label())
    keys of query i: 1 to 4, mean 3
    >>> import matplotlib.pyplot as plt; plt.close(keys.figure)
    """
    counts, name = _counts_and_name(p, n)
    if scale not in ("linear", "log"):
        raise ValueError(f'scale must be "linear" or "log", got {scale!r}')
    line_names = text_list("names", names, 2, "line") or NAMES
    text = title_text(title, f"{name}\n{counts.keys.sum():,} pairs")
    shades = colour_list(colours, 2, "of the keys and of the readers") or COLOURS
    check_optional_axes(ax)
    ax = line_axes_or_new(ax, (3.8, 2.9))
    lines = []
    for values, line_name, shade in zip(counts, line_names, shades):
        (line,) = ax.plot(*outline(values), color=colour_on(ax, shade))
        line.set_label(f"{line_name}: {_range_of(values)}")
        line.set_drawstyle("steps-mid" if len(values) <= MAX_STEPS else "default")
        lines.append(line)
    lines[0].set(linewidth=1.1, zorder=4)  # thin over wide: where both are equal, both are seen
    lines[1].set(linewidth=2, zorder=3)
    _set_scales(ax, counts, scale)
    set_title(ax, text, "position", "count")
    add_line_legend(ax, lines, 0.33)
    return lines


def _counts_and_name(p: Any, n: Length | None) -> tuple[Degrees, str]:
    """The counts of a pattern or of an array, and its name."""
    if isinstance(p, Pattern) and n is not None:
        shape = check_pattern(p, drawable_lengths(n))
        return degrees(p, shape), repr(p)
    mask = mask_array("p", p, n)
    return Degrees(mask.sum(axis=1), mask.sum(axis=0)), "mask"


def outline(values: IntArray) -> tuple[IntArray, IntArray]:
    """(positions, values) of a line: all of them, or the extremes of stretches if they are many."""
    positions = np.arange(len(values))
    if len(values) <= MAX_POINTS:
        return positions, values
    least, greatest = [], []
    for stretch in np.array_split(positions, MAX_POINTS // 2):
        first = stretch[0]
        least.append(first + values[stretch].argmin())
        greatest.append(first + values[stretch].argmax())
    chosen = np.unique([0, *least, *greatest, len(values) - 1])
    return chosen, values[chosen]


def _range_of(values: IntArray) -> str:
    """The least, the greatest and the mean of counts."""
    least, most = values.min(), values.max()
    if least == most:
        return f"{least:,}"
    return f"{least:,} to {most:,}, mean {values.mean():,.4g}"


def _set_scales(ax: Axes, counts: Degrees, scale: str) -> None:
    """Positions along x, counts from 0 along y."""
    n = max(map(len, counts))
    margin = max(0.5, 0.01 * n)
    ax.set_xlim(-margin, n - 1 + margin)
    label_positions(ax.xaxis, ticks(n))
    if scale == "linear":
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylim(bottom=0)
    elif min(map(np.min, counts)) > 0:
        ax.set_yscale("log")
    else:
        ax.set_yscale("symlog", linthresh=1)
        ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    style_line_axes(ax, grid=True)
