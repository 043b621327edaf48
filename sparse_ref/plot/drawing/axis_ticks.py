"""Which positions an axis labels, by their numbers or by tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from ..inputs.arguments import TokenLabels

POWERS_OF_TEN = [10**e for e in range(20)]
ROUND_NUMBERS = [m * power for power in POWERS_OF_TEN for m in (1, 2, 5)]


def ceil_division(n: int, side: int) -> int:
    """How many parts of length `side` cover n."""
    return -(-n // side)


def ticks(n: int, unit: int = 1) -> list[int]:
    """Positions from 0, evenly spaced, counted in units, if positions come in rows of `unit`.

    The space is a power of two that divides n, else 1, 2 or 5 times a power of ten. There are at
    most 8 ticks up to n = 64 and 5 above.
    """
    most = 8 if n <= 64 else 5
    units = ceil_division(n, unit)
    least_space = ceil_division(units, most)
    space = 1 << (least_space - 1).bit_length()
    if units % space:
        space = next(size for size in ROUND_NUMBERS if size >= least_space)
    return list(range(0, n, space * unit))


def set_ticks(
    axis: Axis,
    n: int,
    block: int,
    unit: int,
    has_lines: bool,
) -> None:
    """Label positions on an axis of n; minor ticks are the lines between the cells."""
    label_positions(axis, ticks(n, unit))
    borders = np.arange(block, n, block) - 0.5
    axis.set_ticks(borders if has_lines else [], minor=True)


def label_positions(axis: Axis, positions: Sequence[int]) -> None:
    """Label these positions by their numbers, in groups of three digits."""
    axis.set_ticks(positions, labels=[f"{position:,}" for position in positions])


def label_tokens(ax: Axes, tokens: TokenLabels) -> None:
    """Label every position by its token: queries at the left, keys on top, from below."""
    queries, keys = tokens
    inches = ax.figure.bbox.height / ax.figure.dpi * ax.get_position().height
    points = min(7.0, 0.8 * 72 * inches / len(queries))
    ax.set_yticks(range(len(queries)), labels=queries, parse_math=False)
    ax.set_xticks(range(len(keys)), labels=keys, parse_math=False, rotation=90)
    ax.tick_params(labelsize=max(points, 1.0))
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
