"""Sparse Transformer, published code: where it differs from the paper, `fixed` with a sub-block for each head.

`attention.py` of openai/sparse_attention, published with Child et al. 2019, arXiv 1904.10509. Its other modes are
Causal(), Lookback(l) and Strided(l); `sparse_ref.published` has its functions.

Symbols:  l the stride;  c the length of a sub-block.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..define import Rule, every
from ..sets.checks import MAX_HEADS, MAX_PARAMETER, integer
from ..sets.pattern import Pattern
from .sparse_transformer import Block, Summary


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
            raise ValueError(
                f"SubBlock: number must be at most l // c = {self.l // self.c}, got {self.number}"
            )

    @staticmethod
    def formula(i, j, l, c, number):
        return (j <= i) & (j % l >= l - number * c) & (j % l < l - (number - 1) * c)

    @staticmethod
    def solution(i, n, l, c, number):
        return every(l, l - number * c, i + 1, c)

    @staticmethod
    def pairs(n, l, c, number):
        return Summary.pairs(n, l, number * c) - Summary.pairs(n, l, (number - 1) * c)


def openai_fixed(
    l: int, blocksize: int, num_verts: int = 1, vertsize: int = 1, heads: int | None = None
) -> tuple[Pattern, ...]:
    """Block(l) | SubBlock(l, c, h'): both steps of `fixed` merged, a sub-block per head        Child et al. 2019, published code

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
    given = dict(
        l=l,
        blocksize=blocksize,
        num_verts=num_verts,
        vertsize=vertsize,
        heads=num_verts if heads is None else heads,
    )
    l, blocksize, num_verts, vertsize, heads = (
        integer(f"openai_fixed: {name}", value, 1, MAX_HEADS if name == "heads" else MAX_PARAMETER)
        for name, value in given.items()
    )
    blocks = l // blocksize
    if blocks < 1:
        raise ValueError(f"openai_fixed: l must be at least blocksize = {blocksize}, got {l}")
    if heads % num_verts:
        raise ValueError(
            f"openai_fixed: heads must be a multiple of num_verts = {num_verts}, got {heads}"
        )
    if vertsize > blocks or blocks % vertsize:
        raise ValueError(
            f"openai_fixed: vertsize must divide l // blocksize = {blocks}, got {vertsize}"
        )
    if num_verts * vertsize > blocks:
        raise ValueError(
            f"openai_fixed: num_verts must be at most {blocks // vertsize}, all sub-blocks of l, got {num_verts}"
        )
    l, c = blocks * blocksize, vertsize * blocksize
    each = [
        Block(l) | (SubBlock(l, c, number) if number > 1 else Summary(l, c))
        for number in range(1, num_verts + 1)
    ]
    return tuple(each * (heads // num_verts))
