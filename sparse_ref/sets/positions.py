"""Positions as a parameter of a rule: whether x is one of them, and how many of them lie at or
before it.

These are the two words of a formula beside + - * // %, comparisons, & and |, and like them they are
read by Python's ints, NumPy, torch and Numba alike.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def isin(x, positions):
    """[x in positions], for ascending positions; broadcasts over x."""
    if isinstance(x, np.ndarray):
        return np.searchsorted(_edges(positions), x, side="right") % 2 == 1
    inside = x != x
    for start, stop in intervals(positions):
        inside = inside | ((start <= x) & (x < stop))
    return inside


def rank(x, positions):
    """|{ a in positions : a <= x }|, for ascending positions; broadcasts over x."""
    if isinstance(x, np.ndarray):
        return np.searchsorted(np.array(positions, np.int64), x, side="right")
    return sum(((a <= x) + 0 for a in positions), 0 * x)


def intervals(positions: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Ascending positions as (start, stop) of those that follow one another."""
    found: list[tuple[int, int]] = []
    for a in positions:
        if found and found[-1][1] == a:
            found[-1] = found[-1][0], a + 1
        else:
            found.append((a, a + 1))
    return tuple(found)


@lru_cache
def _edges(positions: tuple[int, ...]) -> np.ndarray:
    """Where stretches of consecutive positions start and stop, in turn."""
    return np.array(intervals(positions), np.int64).ravel()


def first_index(flags: np.ndarray) -> tuple[int, ...]:
    """The index of the first True of a bool array that has one; errors and findings name it."""
    return tuple(int(x) for x in np.argwhere(flags)[0])
