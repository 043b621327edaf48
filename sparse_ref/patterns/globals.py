"""Global positions: they are seen by all, or see all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..define import Rule, intervals, isin, span


@dataclass(frozen=True)
class Global(Rule):
    """A_i = { j : i < count or j < count }

    The first `count` positions see all and are seen by all.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Global(1), 4))
    ████
    █···
    █···
    █···
    """

    count: int
    least = 0

    @staticmethod
    def formula(i, j, count):
        return (i < count) | (j < count)

    @staticmethod
    def solution(i, n, count):
        return span(0, np.where(i < count, n, count))

    @staticmethod
    def pairs(n, count):
        g = min(count, n)
        return n * n - (n - g) * (n - g)


@dataclass(frozen=True)
class GlobalAt(Rule):
    """A_i = { j : i in G or j in G },  G = positions

    The positions in G see all and are seen by all.

    `positions` in any order, repeats dropped; those of n and more have no effect.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.GlobalAt((1, 3)), 5))
    ·█·█·
    █████
    ·█·█·
    █████
    ·█·█·
    """

    positions: tuple[int, ...]
    least = 0

    @staticmethod
    def formula(i, j, positions):
        return isin(i, positions) | isin(j, positions)

    @staticmethod
    def solution(i, n, positions):
        is_global = isin(np.asarray(i), positions)
        everything = span(0, np.where(is_global, n, 0))
        keys = [(start, stop) for start, stop in intervals(positions) if start < n]
        return everything, *(span(start + 0 * i, stop) for start, stop in keys)

    @staticmethod
    def pairs(n, positions):
        g = sum(1 for position in positions if position < n)
        return n * n - (n - g) * (n - g)


@dataclass(frozen=True)
class Sinks(Rule):
    """A_i = { j <= i : j < count }

    The first `count` positions, seen by all after them.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Sinks(2), 4))
    █···
    ██··
    ██··
    ██··
    """

    count: int
    least = 0

    @staticmethod
    def formula(i, j, count):
        return (j <= i) & (j < count)

    @staticmethod
    def solution(i, n, count):
        return span(0, np.minimum(i + 1, count))

    @staticmethod
    def pairs(n, count):
        s = min(count, n)
        return n * s - s * (s - 1) // 2


@dataclass(frozen=True)
class Prefix(Rule):
    """A_i = { j : j < length }

    The first `length` positions, seen by all.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Causal() | sr.Prefix(2), 4))
    ██··
    ██··
    ███·
    ████
    """

    length: int
    least = 0

    @staticmethod
    def formula(i, j, length):
        everywhere = (i <= j) | (i > j)  # true, in the shape that i and j broadcast to
        return (j < length) & everywhere

    @staticmethod
    def solution(i, n, length):
        return span(0 * i, length)

    @staticmethod
    def pairs(n, length):
        return n * min(length, n)
