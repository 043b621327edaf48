"""Pools of tokens: which of them query i may see.

Symbols:  e a pool, the tokens e stride <= j < e stride + length. These are patterns over (query,
pool): the key j of a formula is a pool, and so is a column of a picture. `Pooled` spreads them over
tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..define import Rule, span


@dataclass(frozen=True)
class PoolRule(Rule):
    """A rule over pools of `length` tokens, one every `stride`, which is `length` unless given."""

    length: int
    stride: int | None = None

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.length)
        super().__post_init__()


@dataclass(frozen=True)
class Complete(PoolRule):
    """A_i = { e : e stride + length <= i + 1 }

    Yuan et al. 2025, sec. 3.3.1, the blocks that NSA compresses.

    The pools that are full at query i: all their tokens are at or before it. DeepSeek V4's HCA and
    CSA have pools that touch.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Complete(2), (6, 3)))
    ···
    █··
    █··
    ██·
    ██·
    ███
    """

    @staticmethod
    def formula(i, j, length, stride):
        return j <= (i + 1 - length) // stride  # no product that wraps in int64

    @staticmethod
    def solution(i, n, length, stride):
        return span(0, (i + 1 - length) // stride + 1)


@dataclass(frozen=True)
class Started(PoolRule):
    """A_i = { e : e stride <= i }

    Lu et al. 2025, sec. 2.2, the blocks of MoBA.

    The pools that have begun at query i, the one that i is in among them. `length` matters only as
    the stride of pools that touch.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Started(2), (6, 3)))
    █··
    █··
    ██·
    ██·
    ███
    ███
    """

    @staticmethod
    def formula(i, j, length, stride):
        return j <= i // stride

    @staticmethod
    def solution(i, n, length, stride):
        return span(0, i // stride + 1)
