"""Sparse Transformer, published code: `fixed` with a sub-block for each head.

`attention.py` of openai/sparse_attention, published with Child et al. 2019, arXiv 1904.10509,
differs from the paper here. Its other modes are Causal(), Lookback(l) and Strided(l);
`sparse_ref.published` has its functions.

Symbols:  l the stride;  c the length of a sub-block.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..define import Rule, every
from ..sets.budget import spend_on_parts
from ..sets.checks import MAX_HEADS, integer
from ..sets.heads import PatternTuple
from ..sets.pattern import Pattern
from .sparse_transformer import Block, Summary


@dataclass(frozen=True)
class SubBlock(Rule):
    """A_i = { j <= i : l - number c <= j mod l < l - (number - 1) c }

    Child et al. 2019, sec. 4.3, distinct sub-blocks.

    The `number`-th from the end of the sub-blocks of c positions in every block of l, so that each
    head can have its own; SubBlock(l, c, 1) is Summary(l, c).

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
        start = l - number * c
        return (j <= i) & (start <= j % l) & (j % l < start + c)

    @staticmethod
    def solution(i, n, l, c, number):
        return every(l, l - number * c, i + 1, c)

    @staticmethod
    def pairs(n, l, c, number):
        from_start = Summary.pairs(n, l, number * c)
        from_stop = Summary.pairs(n, l, (number - 1) * c)
        return from_start - from_stop


def openai_fixed(
    l: int,
    blocksize: int,
    num_verts: int = 1,
    vertsize: int = 1,
    heads: int | None = None,
) -> tuple[Pattern, ...]:
    """Block(l) | SubBlock(l, c, h'): both steps of `fixed` merged, a sub-block per head

    Child et al. 2019, published code.

    Head h has { j <= i : floor(j / l') = floor(i / l')  or  floor((j mod l') / b) = S - 1 - h' v -
    t for some t < v }, with b = blocksize, S = floor(l / b), l' = S b, v = vertsize and h' = h mod
    num_verts: head 0 looks at the last v sub-blocks of each block, head 1 at the v before, and so
    on.

    Parameters
    ----------
    l, blocksize : the stride and the block length, in positions; l is rounded down to whole blocks.
    num_verts : how many distinct sub-blocks the heads take in turn.
    vertsize : their length in blocks.
    heads : how many heads, num_verts unless given; a multiple of num_verts.

    Raises ValueError if the published asserts would fail, and if num_verts sub-blocks do not fit in
    l. The code is `get_blocksparse_obj` and `get_callback` of `attention.py`.

    >>> import sparse_ref as sr
    >>> for p in sr.openai_fixed(4, 1, num_verts=2):
    ...     print(sr.picture(p, 6), end="\\n\\n")
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
    l = integer("openai_fixed: l", l, 1)
    blocksize = integer("openai_fixed: blocksize", blocksize, 1)
    num_verts = integer("openai_fixed: num_verts", num_verts, 1)
    vertsize = integer("openai_fixed: vertsize", vertsize, 1)
    heads = num_verts if heads is None else heads
    heads = integer("openai_fixed: heads", heads, 1, MAX_HEADS)
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
            f"openai_fixed: num_verts must be at most {blocks // vertsize}, "
            f"all sub-blocks of l, got {num_verts}"
        )
    l, c = blocks * blocksize, vertsize * blocksize
    spend_on_parts(3 * num_verts)
    others = [SubBlock(l, c, number) for number in range(2, num_verts + 1)]
    sub_blocks = [Summary(l, c), *others]
    patterns = [Block(l) | sub_block for sub_block in sub_blocks]
    return PatternTuple(patterns * (heads // num_verts))
