"""Sparse Transformer: strided and fixed attention, the paper's sets and those of the published code.

Child et al. 2019, arXiv 1904.10509. Symbols:  l the stride;  c the summary width;  number, which sub-block from the end.
"""

from __future__ import annotations

from functools import partial, reduce
from operator import or_

from ...patterns import Block, Lookback, Strided, SubBlock, Summary, fixed, strided
from ...sets.factorized import Factorized
from ..proof.prove import prove
from .theorem import Theorem


def _below(j, i, l):
    """The last position congruent to i within l of j."""
    return i - (i - j) // l * l


def _above(j, i, l):
    """The last position congruent to j up to i."""
    return j + (i - j) // l * l


def of_code(l):
    """Strided attention as the code has it: a window of l keys, one fewer than in the paper."""
    return Factorized((Lookback(l), Strided(l)), via=lambda j, i: (_below(j, i, l),))


def turned(window):
    """Strided attention with the strided layer below."""
    return lambda l: Factorized((Strided(l), window(l)), via=lambda j, i: (_above(j, i, l),))


def merged(l):
    """Both steps of strided attention in one head, in two layers."""
    return Factorized((Lookback(l) | Strided(l),) * 2, via=lambda j, i: (_below(j, i, l),))


def head(own):
    """A head of `fixed` as the code has it, block and sub-block merged, in two layers."""
    return Factorized(
        (own, own), via=lambda j, i: (j // own.left.l * own.left.l + own.left.l - 1, j, i)
    )


def first_head(l, c):
    """The head whose sub-block is the last."""
    return head(Block(l) | Summary(l, c))


def later_head(l, c, number):
    """A head whose sub-block is another."""
    if number < 2:
        raise ValueError(f"number must be at least 2, got {number}")
    return head(Block(l) | SubBlock(l, c, number))


def four_heads(c):
    """The keys of four heads together, whose sub-blocks of c make up the block."""
    return reduce(or_, (SubBlock(4 * c, c, number) for number in range(1, 5)), Block(4 * c))


SEC = "Child et al. 2019, sec. 4.2 and 4.3"
CODE = "attention.py, published with Child et al. 2019"
TWO = "i hears of every j <= i within p + 1 = 3 positions, that is through two layers"
exactly = partial(prove, residual=False)

THEOREMS = (
    Theorem(
        "strided",
        "strided",
        "proved",
        "confirms",
        claim=TWO,
        source=SEC,
        remark="And without the residual edge.",
        settle=lambda: exactly(strided),
    ),
    Theorem(
        "strided-turned",
        "strided",
        "proved",
        "sharpens",
        claim="The layers may take turns in either order",
        source="Child et al. 2019, sec. 5.1, eq. 6",
        remark="The paper leaves the phase of r mod p open; for strided attention nothing hangs on it.",
        settle=lambda: exactly(turned(lambda l: Lookback(l + 1))),
    ),
    Theorem(
        "strided-code",
        "strided",
        "proved",
        "sharpens",
        claim=TWO,
        source=CODE,
        remark="l keys are enough, where the paper has l + 1.",
        settle=lambda: exactly(of_code),
    ),
    Theorem(
        "strided-code-turned",
        "strided",
        "proved",
        "sharpens",
        claim="The layers may take turns in either order",
        source=CODE,
        remark="As in the paper.",
        settle=lambda: exactly(turned(Lookback)),
    ),
    Theorem(
        "strided-too-narrow",
        "strided",
        "refuted",
        "sharpens",
        claim="A window of about l keys will do",
        source=SEC,
        remark="l keys are the least: with l - 1 the position just before them is lost.",
        settle=lambda: exactly(lambda l: (Lookback(l - 1), Strided(l))),
    ),
    Theorem(
        "strided-merged",
        "strided",
        "proved",
        "confirms",
        claim="A head that merges the steps, in every layer",
        source="Child et al. 2019, sec. 5.1, eq. 7",
        remark="Two merged layers hold the path of two layers that take turns.",
        settle=lambda: exactly(merged),
    ),
    Theorem(
        "fixed",
        "fixed",
        "refuted",
        "contradicts",
        claim=TWO,
        source=SEC,
        remark="Read to the letter: within a block no summary position stands between, and the first rows of A^(2) are empty.",
        settle=lambda: exactly(fixed),
    ),
    Theorem(
        "fixed-residual",
        "fixed",
        "proved",
        "confirms",
        claim=TWO,
        source=SEC,
        remark="With the residual edge, by which a layer also keeps i itself.",
        settle=lambda: prove(fixed),
    ),
    Theorem(
        "fixed-turned",
        "fixed",
        "refuted",
        "sharpens",
        claim="The layers may take turns in either order",
        source="Child et al. 2019, sec. 5.1, eq. 6",
        remark="With the summary layer below, what stands outside summaries never leaves its block, residual edge or not.",
        settle=lambda: prove(fixed, order=(2, 1)),
    ),
    Theorem(
        "fixed-head-0",
        "fixed",
        "proved",
        "confirms",
        claim="A head that merges the steps, in two layers",
        source=CODE,
        remark="Head 0 reads the last sub-block, which everything in the block has been read by.",
        settle=lambda: exactly(first_head),
    ),
    Theorem(
        "fixed-later-heads",
        "fixed",
        "refuted",
        "sharpens",
        claim="Each head may have a sub-block of its own",
        source="Child et al. 2019, sec. 4.3",
        remark="Alone, they do not connect: what comes after the head's sub-block in its block is never summed up.",
        settle=lambda: prove(later_head),
    ),
    Theorem(
        "fixed-heads-together",
        "fixed",
        "proved",
        "sharpens",
        claim="Heads with distinct sub-blocks do better than one",
        source="Child et al. 2019, sec. 4.3",
        remark="Four heads of sub-blocks that make up the block are full causal attention in a single layer.",
        settle=lambda: exactly(four_heads),
    ),
)
