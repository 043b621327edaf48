"""Sparse Transformer: strided and fixed factorized attention.

Child, Gray, Radford, Sutskever 2019, "Generating Long Sequences with Sparse Transformers", arXiv 1904.10509.

Symbols:  l the stride, near sqrt(n);  c the summary width, c <= l;  A^(m) is step m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ..checks import MOST, whole
from ..factorized import Factorized
from ..sets import Pattern, Rule, every, span

MOST_HEADS = 65536


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
    def row(i, n, l):
        return span(i - l, i + 1)


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
    def row(i, n, l):
        return every(l, i % l, i + 1)


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
    def row(i, n, l):
        return span(i // l * l, i + 1)


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
    def row(i, n, l, c):
        return every(l, l - c, i + 1, c)


@dataclass(frozen=True, repr=False)
class SubBlock(Rule):
    """A_i = { j <= i : l - number c <= j mod l < l - (number - 1) c }        Child et al. 2019, sec. 4.3, distinct sub-blocks

    Of the sub-blocks of c positions in every block of l, the one that is `number`-th from the end, so that each head can
    have its own; SubBlock(l, c, 1) is Summary(l, c).

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.SubBlock(4, 1, 2), 8))
    ········
    ········
    ··█·····
    ··█·····
    ··█·····
    ··█·····
    ··█···█·
    ··█···█·
    """

    l: int
    c: int
    number: int

    def __post_init__(self):
        super().__post_init__()
        if self.number * self.c > self.l:
            raise ValueError(f"SubBlock: number must be at most l // c = {self.l // self.c}, got {self.number}")

    @staticmethod
    def formula(i, j, l, c, number):
        return (j <= i) & (j % l >= l - number * c) & (j % l < l - (number - 1) * c)

    @staticmethod
    def row(i, n, l, c, number):
        return every(l, l - number * c, i + 1, c)


def strided(l: int) -> Factorized:
    """(Local(l), Strided(l)): the last l keys, then every l-th.        Child et al. 2019, sec. 4.3

    A path j -> a -> i takes a, the last position congruent to i within l of j.
    """
    return Factorized((Local(l), Strided(l)), f"strided({l})", partial(_strided_via, l=l))


def fixed(l: int, c: int = 1) -> Factorized:
    """(Block(l), Summary(l, c)): one's own block, then the last c positions of every block.  Child et al. 2019, sec. 4.3

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


def openai_fixed(l: int, blocksize: int, num_verts: int = 1, vertsize: int = 1, heads: int | None = None) -> tuple[Pattern, ...]:
    """The published code's `fixed` mode: both steps merged, one pattern per head.

    A_i^h = { j <= i : floor(j / l') = floor(i / l')  or  floor((j mod l') / b) in {S - 1 - h' v - t : t < v} }
    with b = blocksize, S = floor(l / b), l' = S b, v = vertsize and h' = h mod num_verts: head 0 looks at the
    last v sub-blocks of each block, head 1 at the v before, and so on.

    Parameters
    ----------
    l, blocksize : the stride and the block length, in positions; l is rounded down to whole blocks.
    num_verts : how many distinct sub-blocks the heads take in turn.
    vertsize : their length in blocks.
    heads : how many heads, num_verts unless given; a multiple of num_verts.

    Raises ValueError where the published asserts would fail, and where num_verts sub-blocks do not fit in l.
    Source: `attention.py`, `get_blocksparse_obj` and `get_callback`, of the code published with Child et al. 2019.

    >>> import sparse_ref as sr
    >>> for p in sr.openai_fixed(4, 1, num_verts=2): print(sr.picture(p, 6), end="\\n\\n")
    █·····
    ██····
    ███···
    ████··
    ···██·
    ···███
    <BLANKLINE>
    █·····
    ██····
    ███···
    ████··
    ··█·█·
    ··█·██
    <BLANKLINE>
    """
    given = dict(l=l, blocksize=blocksize, num_verts=num_verts, vertsize=vertsize, heads=num_verts if heads is None else heads)
    l, blocksize, num_verts, vertsize, heads = (whole(f"openai_fixed: {name}", value, 1, MOST_HEADS if name == "heads" else MOST)
                                                for name, value in given.items())
    blocks = l // blocksize
    if blocks < 1:
        raise ValueError(f"openai_fixed: l must be at least blocksize = {blocksize}, got {l}")
    if heads % num_verts:
        raise ValueError(f"openai_fixed: heads must be a multiple of num_verts = {num_verts}, got {heads}")
    if vertsize > blocks or blocks % vertsize:
        raise ValueError(f"openai_fixed: vertsize must divide l // blocksize = {blocks}, got {vertsize}")
    if num_verts * vertsize > blocks:
        raise ValueError(f"openai_fixed: num_verts must be at most {blocks // vertsize}, all sub-blocks of l, got {num_verts}")
    l, c = blocks * blocksize, vertsize * blocksize
    each = [Block(l) | (SubBlock(l, c, number) if number > 1 else Summary(l, c)) for number in range(1, num_verts + 1)]
    return tuple(each * (heads // num_verts))
