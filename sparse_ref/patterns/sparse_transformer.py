"""Sparse Transformer: strided and fixed factorized attention.

Child, Gray, Radford, Sutskever 2019, "Generating Long Sequences with Sparse Transformers", arXiv
1904.10509.

Symbols:  l the stride, near sqrt(n);  c the summary width, c <= l;  A^(m) is step m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ..define import Rule, every, span
from ..sets.factorized import Factorized, notation


@dataclass(frozen=True)
class Local(Rule):
    """A_i = { t, t + 1, ..., i },  t = max(0, i - l)

    Child et al. 2019, sec. 4.3, strided, m = 1.

    l + 1 keys. Differs: the published code keeps l of them, `Lookback(l)`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Local(2), 6))
    █·····
    ██····
    ███···
    ·███··
    ··███·
    ···███
    """

    l: int

    @staticmethod
    def formula(i, j, l):
        return (i - l <= j) & (j <= i)

    @staticmethod
    def solution(i, n, l):
        return span(i - l, i + 1)

    @staticmethod
    def pairs(n, l):
        # the diagonals at 0, 1, ..., l below the main one: n, n - 1, ... pairs
        return _arithmetic_sum(n, min(l + 1, n))


@dataclass(frozen=True)
class Strided(Rule):
    """A_i = { j <= i : (i - j) mod l = 0 }

    Child et al. 2019, sec. 4.3, strided, m = 2.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Strided(3), 6))
    █·····
    ·█····
    ··█···
    █··█··
    ·█··█·
    ··█··█
    """

    l: int

    @staticmethod
    def formula(i, j, l):
        return (j <= i) & ((i - j) % l == 0)

    @staticmethod
    def solution(i, n, l):
        return every(l, i % l, i + 1)

    @staticmethod
    def pairs(n, l):
        # the diagonals at 0, l, 2 l, ... below the main one: n, n - l, ... pairs
        return _arithmetic_sum(n, -(-n // l), l)


@dataclass(frozen=True)
class Block(Rule):
    """A_i = { j <= i : floor(j / l) = floor(i / l) }

    Child et al. 2019, sec. 4.3, fixed, m = 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Block(3), 6))
    █·····
    ██····
    ███···
    ···█··
    ···██·
    ···███
    """

    l: int

    @staticmethod
    def formula(i, j, l):
        return (j <= i) & (j // l == i // l)

    @staticmethod
    def solution(i, n, l):
        return span(i // l * l, i + 1)

    @staticmethod
    def pairs(n, l):
        whole, last = divmod(n, l)
        return (whole * l * (l + 1) + last * (last + 1)) // 2


@dataclass(frozen=True)
class Summary(Rule):
    """A_i = { j <= i : j mod l >= l - c }

    Child et al. 2019, sec. 4.3, fixed, m = 2.

    The last c positions of every block of l that are not in the future: none for i < l - c.
    Differs: the paper prints residues {t, ..., l} with t = l - c; residue l does not occur.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Summary(3, 1), 6))
    ······
    ······
    ··█···
    ··█···
    ··█···
    ··█··█
    """

    l: int
    c: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.c > self.l:
            raise ValueError(f"Summary: c must be at most l = {self.l}, got {self.c}")

    @staticmethod
    def formula(i, j, l, c):
        return (j <= i) & (j % l >= l - c)

    @staticmethod
    def solution(i, n, l, c):
        return every(l, l - c, i + 1, c)

    @staticmethod
    def pairs(n, l, c):
        # n - j queries see key j: the first of a block's c keys is seen by n - (l - c) queries in
        # block 0, by l fewer in each block after it; the next keys of a block by 1, 2, ... fewer
        blocks, rest = divmod(n, l)
        first_keys = _arithmetic_sum(n - (l - c), blocks, l)
        whole_blocks = c * first_keys + blocks * _arithmetic_sum(0, c)
        unfinished = max(rest - (l - c), 0)  # keys: unfinished, ..., 2, 1 queries see them
        return whole_blocks + _arithmetic_sum(unfinished, unfinished)


def _arithmetic_sum(first: int, terms: int, step: int = 1) -> int:
    """first + (first - step) + (first - 2 step) + ..., so many terms."""
    return terms * first - step * (terms * (terms - 1) // 2)


def strided(l: int) -> Factorized:
    """(Local(l), Strided(l)): the last l keys, then every l-th.

    Child et al. 2019, sec. 4.3.

    A path j -> a -> i takes a, the last position congruent to i within l of j.

    >>> import sparse_ref as sr
    >>> sr.picture(sr.strided(3), 6)
    █·····  █·····
    ██····  ·█····
    ███···  ··█···
    ████··  █··█··
    ·████·  ·█··█·
    ··████  ··█··█
    """
    steps = Local(l), Strided(l)
    return Factorized(steps, notation("strided", l), partial(stride_relay, l=l))


def fixed(l: int, c: int = 1) -> Factorized:
    """(Block(l), Summary(l, c)): own block, then the last c of every block.

    Child et al. 2019, sec. 4.3.

    A path j -> a -> i takes a, the last position of j's block; if i is in that block itself, a = i,
    and the second step is the residual edge.

    >>> import sparse_ref as sr
    >>> sr.picture(sr.fixed(3), 6)
    █·····  ······
    ██····  ······
    ███···  ··█···
    ···█··  ··█···
    ···██·  ··█···
    ···███  ··█··█
    """
    steps = Block(l), Summary(l, c)
    return Factorized(steps, notation("fixed", l, c), partial(block_relay, l=l))


def stride_relay(j, i, l):
    """The one candidate a = i - l floor((i - j) / l):  0 <= a - j < l and (i - a) mod l = 0."""
    return (i - (i - j) // l * l,)


def block_relay(j, i, l):
    """The last position of j's block; or i itself, kept by the residual edge."""
    return (j // l * l + l - 1, i)
