"""Positions as a parameter of a rule: is x one of them, and how many of them are at most x.

These are the two words of a formula besides + - * // %, comparisons, & and |. Like those they take
Python's ints, NumPy's arrays, torch's tensors and Numba's numbers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .types import Positions

Interval = tuple[int, int]  # (start, stop), the stop not included


def isin(x: Any, positions: Positions) -> Any:
    """[x in positions], for ascending positions; broadcasts over x."""
    if isinstance(x, np.ndarray):
        edges_before = np.searchsorted(_edges(positions), x, side="right")
        return edges_before % 2 == 1
    inside = x != x  # False, in the shape of x
    for start, stop in intervals(positions):
        inside = inside | ((start <= x) & (x < stop))
    return inside


def rank(x: Any, positions: Positions) -> Any:
    """|{ a in positions : a <= x }|, for ascending positions; broadcasts over x."""
    if isinstance(x, np.ndarray):
        return np.searchsorted(np.array(positions, np.int64), x, side="right")
    is_before = ((a <= x) + 0 for a in positions)
    return sum(is_before, 0 * x)


def intervals(positions: Positions) -> tuple[Interval, ...]:
    """Ascending positions as intervals (start, stop) of consecutive ones."""
    intervals: list[Interval] = []
    for a in positions:
        if intervals and intervals[-1][1] == a:
            start, _ = intervals.pop()
            intervals.append((start, a + 1))
        else:
            intervals.append((a, a + 1))
    return tuple(intervals)


@lru_cache
def _edges(positions: Positions) -> np.ndarray:
    """The starts and stops of the intervals of consecutive positions, in turn."""
    return np.array(intervals(positions), np.int64).ravel()


def first_index(flags: np.ndarray) -> tuple[int, ...]:
    """The index of the first True of a bool array that has one; errors and findings name it."""
    return tuple(int(x) for x in np.argwhere(flags)[0])
