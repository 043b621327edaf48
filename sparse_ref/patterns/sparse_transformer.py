"""Sparse Transformer: strided and fixed factorized attention.

Child, Gray, Radford, Sutskever 2019, "Generating Long Sequences with Sparse Transformers", arXiv 1904.10509.

Symbols:  l the stride, near sqrt(n);  c the summary width, c <= l;  A^(m) is step m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ..define import Rule, every, span
from ..sets.factorized import Factorized


@dataclass(frozen=True, repr=False)
class Local(Rule):
    """A_i = { t, t + 1, ..., i },  t = max(0, i - l)        Child et al. 2019, sec. 4.3, strided, m = 1

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
        return _falling(
            n, min(l + 1, n)
        )  # the diagonals at 0, 1, ..., l below the main one: n, n - 1, ... pairs


@dataclass(frozen=True, repr=False)
class Strided(Rule):
    """A_i = { j <= i : (i - j) mod l = 0 }        Child et al. 2019, sec. 4.3, strided, m = 2

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
        return _falling(
            n, -(-n // l), l
        )  # the diagonals at 0, l, 2 l, ... below the main one: n, n - l, ... pairs


@dataclass(frozen=True, repr=False)
class Block(Rule):
    """A_i = { j <= i : floor(j / l) = floor(i / l) }        Child et al. 2019, sec. 4.3, fixed, m = 1

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


@dataclass(frozen=True, repr=False)
class Summary(Rule):
    """A_i = { j <= i : j mod l >= l - c }        Child et al. 2019, sec. 4.3, fixed, m = 2

    The last c positions of every block of l, as far as they are not in the future: none for i < l - c.
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
        # n - j queries see key j. The first of its c keys in a block: n - (l - c) in block 0, then l fewer a block.
        whole, rest = divmod(n, l)
        few = max(
            rest - (l - c), 0
        )  # keys in the unfinished block: few, few - 1, ..., 1 queries see them
        return c * _falling(n - (l - c), whole, l) + whole * _falling(0, c) + _falling(few, few)


def _falling(first: int, terms: int, step: int = 1) -> int:
    """first + (first - step) + (first - 2 step) + ..., so many terms."""
    return terms * first - step * (terms * (terms - 1) // 2)


def strided(l: int) -> Factorized:
    """(Local(l), Strided(l)): the last l keys, then every l-th.        Child et al. 2019, sec. 4.3

    A path j -> a -> i takes a, the last position congruent to i within l of j.
    """
    return Factorized((Local(l), Strided(l)), f"strided({l})", partial(_strided_via, l=l))


def fixed(l: int, c: int = 1) -> Factorized:
    """(Block(l), Summary(l, c)): own block, then the last c of every block.        Child et al. 2019, sec. 4.3

    A path j -> a -> i takes a, the last position of j's block; where i is in that block itself, a = i, and the
    second step is the residual edge.
    """
    return Factorized((Block(l), Summary(l, c)), f"fixed({l}, {c})", partial(_fixed_via, l=l))


def _strided_via(j, i, l):
    """The one candidate a = i - l floor((i - j) / l):  0 <= a - j < l and (i - a) mod l = 0."""
    return (i - (i - j) // l * l,)


def _fixed_via(j, i, l):
    """The last position of j's block; or i itself, kept by the residual edge."""
    return (j // l * l + l - 1, i)
