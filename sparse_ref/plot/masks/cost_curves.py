"""How the number of connected pairs grows with the length, and the power of n that fits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from ...lower import check_pattern, nnz
from ...sets.branches import Branches
from ...sets.checks import int_tuple
from ...sets.factorized import Factorized
from ...sets.hints import got
from ...sets.pattern import Pattern
from ..drawing.axis_ticks import label_positions
from ..drawing.colours import Colour, colour_on, part_colours
from ..drawing.line_axes import add_line_legend, line_axes_or_new, style_line_axes
from ..drawing.style import set_title
from ..inputs.arguments import check_optional_axes, colour_list, title_text

Steps = Pattern | Factorized | Branches | Sequence[Pattern]
Family = Steps | Callable[[int], Steps]
Counts = dict[str, list[int]]  # by name, at each length
REFERENCES = {
    "full": ("all pairs, n^2", lambda n: n * n),
    "causal": ("causal, n (n + 1) / 2", lambda n: n * (n + 1) // 2),
}
REFERENCE_COLOUR = "0.55"
MAX_TICKS = 5
MARKERS = "osD^vP*X"


def cost(
    patterns: Mapping[str, Family],
    lengths: Sequence[int],
    *,
    reference: Literal["causal", "full", "none"] = "causal",
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    ax: Axes | None = None,
) -> list[Line2D]:
    """The number of connected pairs over n, on logarithmic axes, with the power of n that fits.

    The slope is that of the line of least squares through the logarithms, over all lengths: 2 for
    dense attention, 1 for a window, 1.5 for strides of sqrt(n). No pair is listed.

    Parameters
    ----------
    patterns : by name, a pattern, or steps or branches, whose pairs are added up, or a function
        of n that gives one of them.
    lengths : two or more lengths n, ascending, at least 1.
    reference : a grey line, of all pairs of "causal" or "full" attention; "none" for no line.
    title : none by default.
    colours : one for each of the patterns.
    ax : the axes to draw on; a new figure by default.

    Returns a line for each pattern, in order, and that of the reference if there is one.
    Raises TypeError or ValueError naming argument, value and bound; ValueError for a pattern that
    has no pairs at one of the lengths, which a logarithmic axis cannot show.

    >>> import sparse_ref as sr
    >>> line, causal = sr.plot.cost({"strided": lambda n: sr.strided(int(n**0.5))}, [64, 256, 1024])
    >>> print(line.get_ydata(), line.get_label())
    [  828  6392 50160] strided: n^1.48
    >>> import matplotlib.pyplot as plt; plt.close(line.figure)
    """
    sizes = _lengths(lengths)
    pairs = _pairs_by_name(patterns, sizes)
    if reference not in (*REFERENCES, "none"):
        names = ", ".join(f'"{name}"' for name in REFERENCES)
        raise ValueError(f'reference must be one of {names}, "none", got {reference!r}')
    default = part_colours(len(pairs))
    shades = colour_list(colours, len(pairs), "one for each of patterns") or default
    text = title_text(title, "")
    check_optional_axes(ax)
    ax = line_axes_or_new(ax, (3.8, 2.9 + 0.15 * len(pairs)))
    lines = []
    for place, (name, counts) in enumerate(pairs.items()):
        marker = MARKERS[place % len(MARKERS)]
        label = f"{name}: n^{slope(sizes, counts):.2f}"
        (line,) = ax.plot(sizes, counts, marker=marker, label=label)
        line.set(color=colour_on(ax, shades[place]))
        line.set(linewidth=1.4, markersize=4, zorder=3)
        lines.append(line)
    if reference != "none":
        lines.append(_draw_reference(ax, sizes, reference))
    _set_scales(ax, sizes)
    style_line_axes(ax, grid=True)
    set_title(ax, text, "length n", "connected pairs")
    add_line_legend(ax, lines, 0.36)
    return lines


def _set_scales(ax: Axes, sizes: tuple[int, ...]) -> None:
    """Logarithmic axes; some of the lengths are the ticks, evenly spaced."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    named_sizes = sizes[:: -(-len(sizes) // MAX_TICKS)]
    label_positions(ax.xaxis, named_sizes)
    ax.set_xticks([], minor=True)
    low, high = ax.get_ylim()
    if high >= 100 * low:
        ax.yaxis.set_minor_formatter(NullFormatter())


def slope(lengths: Sequence[int], counts: Sequence[int]) -> float:
    """The power of n that fits counts best, by least squares in logarithms."""
    x = np.log(np.array(lengths, float))
    y = np.log(np.array(counts, float))
    x_centred = x - x.mean()
    return float(x_centred @ y / (x_centred @ x_centred))


def _draw_reference(ax: Axes, sizes: tuple[int, ...], reference: str) -> Line2D:
    """Draw the pairs of dense attention as a grey dashed line."""
    label, count_of = REFERENCES[reference]
    counts = [count_of(n) for n in sizes]
    (line,) = ax.plot(sizes, counts, color=REFERENCE_COLOUR, linestyle="--")
    line.set(linewidth=1.2, label=label)
    return line


def _lengths(lengths: Any) -> tuple[int, ...]:
    """Two or more ascending lengths."""
    sizes = int_tuple("lengths", lengths, 1)
    if len(sizes) < 2:
        raise ValueError(f"lengths must be two or more, for a slope, got {lengths!r}")
    if any(longer <= n for n, longer in pairwise(sizes)):
        raise ValueError(f"lengths must ascend, got {lengths!r}")
    return sizes


def _pairs_by_name(patterns: Any, sizes: tuple[int, ...]) -> Counts:
    """The numbers of pairs of each name at the lengths."""
    if not isinstance(patterns, Mapping) or not patterns:
        raise TypeError(f"patterns must be a dict of one or more patterns by name, {got(patterns)}")
    counts: Counts = {}
    for name, family in patterns.items():
        if not isinstance(name, str):
            raise TypeError(f"patterns must have strings as names, got {name!r}")
        counts[name] = [_pairs(name, family, n) for n in sizes]
    return counts


def _pairs(name: str, family: Any, n: int) -> int:
    """The number of pairs of a pattern, or of all steps, at the length n."""
    argument = f"patterns[{name!r}]"
    steps = family
    if callable(family):
        argument = f"{argument}({n})"
        steps = _call(argument, family, n)
    parts = _parts(argument, steps)
    for p in parts:
        check_pattern(p, n)
    count = sum(nnz(p, n) for p in parts)
    if count == 0:
        raise ValueError(f"{argument} has no pairs at n = {n}: a logarithmic axis has no 0")
    return count


def _call(argument: str, family: Any, n: int) -> Any:
    """What the function gives for n."""
    try:
        return family(n)
    except TypeError as error:
        raise TypeError(f"{argument} failed, a function of n alone is needed: {error}") from error


def _parts(argument: str, steps: Any) -> tuple[Pattern, ...]:
    """The patterns whose pairs are added up."""
    is_several = isinstance(steps, (Factorized, Branches, list, tuple))
    parts = tuple(steps) if is_several else (steps,)
    if not parts or not all(isinstance(p, Pattern) for p in parts):
        raise TypeError(
            f"{argument} must be a Pattern, steps, branches, or a function of n that gives them, "
            f"{got(steps)}"
        )
    return parts
