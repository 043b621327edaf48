"""Strided and fixed attention: Sparse Transformer, in the paper and in the published code.

Child et al. 2019, arXiv 1904.10509.

Symbols:  l the stride;  c the summary width;  number, which sub-block from the end.
"""

from __future__ import annotations

from functools import partial, reduce
from operator import or_

from ...patterns import Block, Lookback, Strided, SubBlock, Summary, fixed, strided
from ...sets.factorized import Factorized
from ..proof.prove import prove
from .theorem import Theorem


def _congruent_to_i(j, i, l):
    """The first position congruent to i from j on."""
    return i - (i - j) // l * l


def _congruent_to_j(j, i, l):
    """The last position congruent to j up to i."""
    return j + (i - j) // l * l


def strided_code(l):
    """Strided attention in the code: a window of l keys, one fewer than in the paper."""
    steps = (Lookback(l), Strided(l))
    return Factorized(steps, via=lambda j, i: (_congruent_to_i(j, i, l),))


def swap_layers(window):
    """Strided attention with the strided layer below, as a function of l."""

    def steps_at(l):
        steps = (Strided(l), window(l))
        return Factorized(steps, via=lambda j, i: (_congruent_to_j(j, i, l),))

    return steps_at


def merge_steps(l):
    """Both steps of strided attention in one head, in two layers."""
    steps = (Lookback(l) | Strided(l),) * 2
    return Factorized(steps, via=lambda j, i: (_congruent_to_i(j, i, l),))


def head(layer):
    """Two layers of a head of `fixed` in the code, a union of a block and a sub-block."""
    l = layer.left.l

    def via(j, i):
        block_end = j // l * l + l - 1
        return block_end, j, i

    return Factorized((layer, layer), via=via)


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
    l = 4 * c
    sub_blocks = [SubBlock(l, c, number) for number in range(1, 5)]
    return reduce(or_, sub_blocks, Block(l))


SEC = "Child et al. 2019, sec. 4.2 and 4.3"
CODE = "attention.py, published with Child et al. 2019"
TWO = "Every j reaches every i >= j on a path of p + 1 = 3 positions, that is through two layers"
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
        claim="The layers may alternate in either order",
        source="Child et al. 2019, sec. 5.1, eq. 6",
        remark="The paper leaves the phase of r mod p open; here it does not matter.",
        settle=lambda: exactly(swap_layers(lambda l: Lookback(l + 1))),
    ),
    Theorem(
        "strided-code",
        "strided",
        "proved",
        "sharpens",
        claim=TWO,
        source=CODE,
        remark="l keys are enough, where the paper has l + 1.",
        settle=lambda: exactly(strided_code),
    ),
    Theorem(
        "strided-code-turned",
        "strided",
        "proved",
        "sharpens",
        claim="The layers may alternate in either order",
        source=CODE,
        remark="As in the paper.",
        settle=lambda: exactly(swap_layers(Lookback)),
    ),
    Theorem(
        "strided-too-narrow",
        "strided",
        "refuted",
        "sharpens",
        claim="A window of about l keys is enough",
        source=SEC,
        remark="l keys are needed: with l - 1 the position just before them is lost.",
        settle=lambda: exactly(lambda l: (Lookback(l - 1), Strided(l))),
    ),
    Theorem(
        "strided-merged",
        "strided",
        "proved",
        "confirms",
        claim="A head that merges the steps, in every layer",
        source="Child et al. 2019, sec. 5.1, eq. 7",
        remark="Two merged layers contain the path of two alternating layers.",
        settle=lambda: exactly(merge_steps),
    ),
    Theorem(
        "fixed",
        "fixed",
        "refuted",
        "contradicts",
        claim=TWO,
        source=SEC,
        remark="Taken literally: no summary is between, and the first rows of A^(2) are empty.",
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
        claim="The layers may alternate in either order",
        source="Child et al. 2019, sec. 5.1, eq. 6",
        remark="With the summary layer below, no position but a summary ever leaves its block.",
        settle=lambda: prove(fixed, order=(2, 1)),
    ),
    Theorem(
        "fixed-head-0",
        "fixed",
        "proved",
        "confirms",
        claim="A head that merges the steps, in two layers",
        source=CODE,
        remark="Head 0 reads the last sub-block, whose last position reads the whole block.",
        settle=lambda: exactly(first_head),
    ),
    Theorem(
        "fixed-later-heads",
        "fixed",
        "refuted",
        "sharpens",
        claim="Each head may have a sub-block of its own",
        source="Child et al. 2019, sec. 4.3",
        remark="One head is not enough: positions after its sub-block never leave their block.",
        settle=lambda: prove(later_head),
    ),
    Theorem(
        "fixed-heads-together",
        "fixed",
        "proved",
        "sharpens",
        claim="Heads with distinct sub-blocks do better than one",
        source="Child et al. 2019, sec. 4.3",
        remark="Four heads whose sub-blocks make up the block are causal attention in one layer.",
        settle=lambda: exactly(four_heads),
    ),
)
