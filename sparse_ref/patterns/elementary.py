"""Basic patterns: dense attention and sliding windows."""

from __future__ import annotations

from dataclasses import dataclass

from ..define import Rule, span


@dataclass(frozen=True)
class Full(Rule):
    """A_i = { j : 0 <= j < n }

    Dense attention.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Full(), 3))
    ███
    ███
    ███
    """

    @staticmethod
    def formula(i, j):
        return (j <= i) | (j > i)  # true everywhere, in the shape that i and j broadcast to

    @staticmethod
    def solution(i, n):
        return span(0 * i, n)

    @staticmethod
    def pairs(n):
        return n * n


@dataclass(frozen=True)
class Causal(Rule):
    """A_i = { j : j <= i }

    Dense autoregressive attention.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Causal(), 4))
    █···
    ██··
    ███·
    ████
    """

    @staticmethod
    def formula(i, j):
        return j <= i

    @staticmethod
    def solution(i, n):
        return span(0, i + 1)

    @staticmethod
    def pairs(n):
        return n * (n + 1) // 2


@dataclass(frozen=True)
class Window(Rule):
    """A_i = { j : |i - j| <= radius }

    A sliding window to both sides: 2 radius + 1 keys, i included.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Window(1), 5))
    ██···
    ███··
    ·███·
    ··███
    ···██
    """

    radius: int
    least = 0

    @staticmethod
    def formula(i, j, radius):
        return (i - j <= radius) & (j - i <= radius)

    @staticmethod
    def solution(i, n, radius):
        return span(i - radius, i + radius + 1)

    @staticmethod
    def pairs(n, radius):
        r = min(radius, n - 1)
        return n * (2 * r + 1) - r * (r + 1)


@dataclass(frozen=True)
class Lookback(Rule):
    """A_i = { j : i - keys < j <= i }

    A causal sliding window, as Mistral's: the last `keys` keys, i included.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Lookback(2), 5))
    █····
    ██···
    ·██··
    ··██·
    ···██
    """

    keys: int

    @staticmethod
    def formula(i, j, keys):
        return (i - keys < j) & (j <= i)

    @staticmethod
    def solution(i, n, keys):
        return span(i - keys + 1, i + 1)

    @staticmethod
    def pairs(n, keys):
        w = min(keys, n)
        return n * w - w * (w - 1) // 2


@dataclass(frozen=True)
class Band(Rule):
    """A_i = { j : i - left <= j <= i + right }

    A window of left + right + 1 keys; a negative side excludes i.

    Raises ValueError if left + right < 0: such a band contains no key.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Band(2, -1), 5))
    ·····
    █····
    ██···
    ·██··
    ··██·
    """

    left: int
    right: int
    least = None

    def __post_init__(self):
        super().__post_init__()
        if self.left + self.right < 0:
            raise ValueError(f"Band: right must be at least -left = {-self.left}, got {self.right}")

    @staticmethod
    def formula(i, j, left, right):
        return (i - left <= j) & (j <= i + right)

    @staticmethod
    def solution(i, n, left, right):
        return span(i - left, i + right + 1)

    @staticmethod
    def pairs(n, left, right):
        return _pairs_up_to(n, right) - _pairs_up_to(n, -left - 1)


def _pairs_up_to(n, d):
    """The number of pairs with j - i <= d."""
    d = max(-n, min(d, n - 1))
    # n + d diagonals of 1, 2, ... pairs; for d > 0 two corners of them are outside the matrix
    diagonals = (n + d) * (n + d + 1) // 2
    corner = max(d, 0) * (max(d, 0) + 1) // 2
    return diagonals - 2 * corner
