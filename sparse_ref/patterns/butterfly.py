"""Pixelfly: flat block butterfly, each block sees those whose number differs in one binary digit.

Dao, Chen, Liang, Yang, Song, Rudra, Ré 2022, "Pixelated Butterfly: Simple and Efficient Sparse
training for Neural Network Models", arXiv 2112.00029.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from ..define import Rule, span
from ..sets.checks import integer
from ..sets.pattern import Pattern
from .elementary import Window

MAX_FACTORS = 59  # 2**59 is below the greatest number that a rule takes


@dataclass(frozen=True)
class Flip(Rule):
    """A_i = { j : |i - j| = step,  floor(i / (2 step)) = floor(j / (2 step)) }

    Dao et al. 2022, sec. 3.2, one factor.

    The one key at the same place in the other half of a chunk of 2 step; i XOR step if step is a
    power of 2. If the last chunk is cut, rows whose key is not there are empty.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Flip(2), 8))
    ··█·····
    ···█····
    █·······
    ·█······
    ······█·
    ·······█
    ····█···
    ·····█··
    """

    step: int

    @staticmethod
    def formula(i, j, step):
        same_chunk = i // (2 * step) == j // (2 * step)
        return ((i - j == step) | (j - i == step)) & same_chunk

    @staticmethod
    def solution(i, n, step):
        in_second_half = i // step % 2
        other = i + step - in_second_half * 2 * step
        return span(other, other + 1)

    @staticmethod
    def pairs(n, step):
        chunks, rest = divmod(n, 2 * step)
        return chunks * 2 * step + 2 * max(rest - step, 0)


def butterfly(factors: int) -> Pattern:
    """A_i = { j : i XOR j in {0, 1, 2, 4, ..., 2^(factors - 1)} }, over blocks

    Dao et al. 2022, sec. 3.2.

    The flat butterfly of maximum stride 2^factors; `Blockwise(butterfly(factors), block)` is the
    flat block butterfly. Each block sees factors + 1, if their number is a multiple of 2^factors;
    otherwise those of them that exist.

    The paper adds a low-rank term. The published layout with `global_size` is butterfly(factors) |
    Global(count) over blocks, with count = ceil(global_size / block).

    No row is empty: each contains i. Raises ValueError for `factors` below 0 or above 59.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.butterfly(3), 8))
    ███·█···
    ██·█·█··
    █·██··█·
    ·███···█
    █···███·
    ·█··██·█
    ··█·█·██
    ···█·███
    """
    factors = integer("butterfly: factors", factors, 0, MAX_FACTORS)
    flips = [Flip(2**t) for t in range(factors)]
    return reduce(or_, flips, Window(0))
