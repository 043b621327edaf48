"""Dilated and chunked patterns: every step-th key, and chunks of one length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..define import Rule, every, span


@dataclass(frozen=True)
class Dilated(Rule):
    """A_i = { j : |i - j| <= radius step,  (i - j) mod step = 0 }

    2 radius + 1 keys, every step-th.

    `radius` counts keys to one side: the window reaches radius step positions.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Dilated(1, 2), 6))
    █·█···
    ·█·█··
    █·█·█·
    ·█·█·█
    ··█·█·
    ···█·█
    """

    radius: int
    step: int
    least = (0, 1)

    @staticmethod
    def formula(i, j, radius, step):
        within_reach = (i - j <= radius * step) & (j - i <= radius * step)
        return within_reach & ((i - j) % step == 0)

    @staticmethod
    def solution(i, n, radius, step):
        farthest = (
            np.abs(i) + n
        ) // step + 1  # beyond any key, so that radius step does not overflow
        reach = np.minimum(radius, farthest) * step
        return every(step, i - reach, i + reach + 1)

    @staticmethod
    def pairs(n, radius, step):
        # the diagonals at 0, step, ..., r step, of n - |i - j| pairs each
        r = min(radius, (n - 1) // step)
        return n * (2 * r + 1) - step * r * (r + 1)


@dataclass(frozen=True)
class Chunk(Rule):
    """A_i = { j : floor((j - offset) / keys) = floor((i - offset) / keys) }

    Chunks of `keys` positions.

    Chunks begin at offset, offset + keys, ...; positions before the first are chunks of the same
    length, cut at 0. The autoregressive one is `Block(keys)`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Chunk(3, 1), 6))
    █·····
    ·███··
    ·███··
    ·███··
    ····██
    ····██
    """

    keys: int
    offset: int = 0
    least = (1, 0)

    @staticmethod
    def formula(i, j, keys, offset):
        return (j - offset) // keys == (i - offset) // keys

    @staticmethod
    def solution(i, n, keys, offset):
        start = (i - offset) // keys * keys + offset
        return span(start, start + keys)

    @staticmethod
    def pairs(n, keys, offset):
        first = min(offset % keys, n)
        whole, last = divmod(n - first, keys)
        return first * first + whole * keys * keys + last * last
