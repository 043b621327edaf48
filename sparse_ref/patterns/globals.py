"""Sets in which some positions are seen by all, or see all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..define import Rule, intervals, isin, span


@dataclass(frozen=True, repr=False)
class Global(Rule):
    """A_i = { j : i < count or j < count }        the first `count` positions see all and are seen by all

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


@dataclass(frozen=True, repr=False)
class GlobalAt(Rule):
    """A_i = { j : i in G or j in G },  G = positions        they see all and are seen by all

    `positions` in any order, repeats dropped; those of n and more are not there to be seen.

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
        everything = span(0, np.where(isin(np.asarray(i), positions), n, 0))
        return (
            everything,
            *(span(start + 0 * i, stop) for start, stop in intervals(positions) if start < n),
        )

    @staticmethod
    def pairs(n, positions):
        g = sum(1 for position in positions if position < n)
        return n * n - (n - g) * (n - g)


@dataclass(frozen=True, repr=False)
class Sinks(Rule):
    """A_i = { j <= i : j < count }        the first `count` positions, seen by all after them

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


@dataclass(frozen=True, repr=False)
class Prefix(Rule):
    """A_i = { j : j < length }        the first `length` positions, seen by all

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
        return (j < length) & (
            (i <= j) | (i > j)
        )  # the second is true everywhere, in the shape of i and j together

    @staticmethod
    def solution(i, n, length):
        return span(0 * i, length)

    @staticmethod
    def pairs(n, length):
        return n * min(length, n)
