"""MInference: vertical and slash lines, and the A-shape.

Jiang et al. 2024, "MInference 1.0: Accelerating Pre-filling for Long-Context LLMs via Dynamic
Sparse Attention", arXiv 2407.02490.

Symbols:  a vertical is a column j of the matrix; a slash is a diagonal, by its offset i - j >= 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..define import Rule, intervals, isin, span
from ..sets.checks import integer
from ..sets.pattern import Pattern
from .elementary import Lookback
from .globals import Sinks


@dataclass(frozen=True)
class Verticals(Rule):
    """A_i = { j <= i : j in positions }

    Jiang et al. 2024, sec. 3.2, alg. 2, vertical lines.

    `positions` in any order, repeats dropped; rows before the first of them are empty.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Verticals((0, 3)), 5))
    █····
    █····
    █····
    █··█·
    █··█·
    """

    positions: tuple[int, ...]
    least = 0

    @staticmethod
    def formula(i, j, positions):
        return (j <= i) & isin(j, positions)

    @staticmethod
    def solution(i, n, positions):
        nothing = span(0 * i, 0)
        keys = [(start, stop) for start, stop in intervals(positions) if start < n]
        after = i + 1
        lines = [span(start, np.minimum(stop, after)) for start, stop in keys]
        return nothing, *lines

    @staticmethod
    def pairs(n, positions):
        return sum(n - position for position in positions if position < n)


@dataclass(frozen=True)
class Slashes(Rule):
    """A_i = { j <= i : i - j in offsets }

    Jiang et al. 2024, sec. 3.2, alg. 2, slash lines.

    `offsets` in any order, repeats dropped; 0 is the main diagonal. Rows before the least of them
    are empty.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Slashes((0, 1, 3)), 6))
    █·····
    ██····
    ·██···
    █·██··
    ·█·██·
    ··█·██
    """

    offsets: tuple[int, ...]
    least = 0

    @staticmethod
    def formula(i, j, offsets):
        return (j <= i) & isin(i - j, offsets)

    @staticmethod
    def solution(i, n, offsets):
        nothing = span(0 * i, 0)
        diagonals = intervals(offsets)
        lines = [span(i - stop + 1, i - start + 1) for start, stop in diagonals]
        return nothing, *lines

    @staticmethod
    def pairs(n, offsets):
        return sum(n - offset for offset in offsets if offset < n)


def a_shape(sinks: int, radius: int) -> Pattern:
    """A_i = { j <= i : j < sinks  or  i - j <= radius }

    Jiang et al. 2024, sec. 3.2, A-shape, as it is searched.

    radius + 1 diagonals: the mask with which the published code judges whether this pattern fits a
    head. Differs: the kernel that then runs with the same two numbers keeps i - j < radius, one
    diagonal fewer: streaming(sinks, radius).

    Raises ValueError for negative `sinks` or `radius`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.a_shape(1, 1), 5))
    █····
    ██···
    ███··
    █·██·
    █··██
    """
    sinks = integer("a_shape: sinks", sinks, 0)
    radius = integer("a_shape: radius", radius, 0)
    return Sinks(sinks) | Lookback(radius + 1)


def vertical_slash(verticals: Sequence[int], slashes: Sequence[int]) -> Pattern:
    """A_i = { j <= i : j in verticals  or  i - j in slashes }

    Jiang et al. 2024, sec. 3.2, alg. 2.

    The set with which the published code searches; its kernel rounds each slash to blocks of 64
    rows, and so sees more.

    Parameters
    ----------
    verticals : the columns, from 0, in any order; the code picks them by the attention of the last
        64 queries.
    slashes : the diagonals, by i - j; with 0 among them no row is empty.

    Raises TypeError for what is no sequence of integers, ValueError for negative ones.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.vertical_slash((1,), (0, 3)), 6))
    █·····
    ·█····
    ·██···
    ██·█··
    ·█··█·
    ·██··█
    """
    return Verticals(verticals) | Slashes(slashes)  # type: ignore[arg-type]
