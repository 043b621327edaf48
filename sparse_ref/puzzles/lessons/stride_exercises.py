"""Exercises of lesson 2, strided and fixed: the best stride, a summary, an order that fails."""

import sparse_ref as sr

from ..kinds import Claim, Formula, Value
from ..puzzle import Mistake, Puzzle


def best_stride(n):
    """About l keys near and n / 2l far: the sum is least near the root of n / 2, not of n."""

    def pairs(l):
        near = sum(n - distance for distance in range(min(l + 1, n)))
        far = sum(n - distance for distance in range(0, n, l))
        return near + far

    return min(range(1, int(2 * n**0.5) + 2), key=pairs)


def best_fixed_stride(n):
    """The stride with the fewest pairs of fixed(l, 1)."""

    def pairs(l):
        return sr.Block.pairs(n, l) + sr.Summary.pairs(n, l, 1)

    return min(range(1, int(2 * n**0.5) + 2), key=pairs)


LENGTHS = 64, 1024, 4096, 12_288

BEST_STRIDE = Puzzle(
    number="02.1",
    title="The best stride",
    question=(
        "Strided attention has two steps, the window { i - l <= j <= i } and every l-th key. "
        "Which l has the fewest pairs in both steps together, at length n?\n\n"
        "Count exactly. If several l are best, give the smallest."
    ),
    kind=Value(examples=tuple(zip(LENGTHS))),
    reference=best_stride,
    hints=(
        "The pairs at a distance d from the query are n - d. Which distances has each step?",
        "The window has the distances 0, ..., l, the stride 0, l, 2l, ... below n.",
        "Try every l up to about 2 sqrt(n), and take the one with the smallest sum.",
    ),
    mistakes=(
        Mistake(
            "the root of n: right for fixed, whose blocks are half full, not for strided",
            lambda n: round(n**0.5),
        ),
        Mistake(
            "the root of n, rounded down: right for fixed, not for strided",
            lambda n: int(n**0.5),
        ),
        Mistake(
            "the root of n / 2 is near the best stride: count around it",
            lambda n: round((n / 2) ** 0.5),
        ),
        Mistake(
            "the root of n / 2, rounded down, is near the best stride: count around it",
            lambda n: int((n / 2) ** 0.5),
        ),
        Mistake("the best stride of fixed, not of strided", best_fixed_stride),
        Mistake("the widest stride has the most pairs near the query", lambda n: n),
    ),
)


def fixed_pairs(i, j, l, c):
    """The block of the query, or a summary of any block, and never the future."""
    return (j <= i) & ((j // l == i // l) | (j % l >= l - c))


FIXED_PAIRS = Puzzle(
    number="02.2",
    title="Fixed attention, merged",
    question=(
        "Both steps of fixed attention in one set: query i attends to its own block of l keys, "
        "and to the last c positions of every block, as far as they are not in the future.\n\n"
        "Write the condition in one line. The picture has l = 4 and c = 2."
    ),
    kind=Formula(
        parameters={"l": range(2, 5), "c": range(1, 3)},
        pattern=lambda l, c: sr.Block(l) | sr.Summary(l, c),
    ),
    reference=fixed_pairs,
    hints=(
        "Two positions are in the same block if j // l == i // l.",
        "j % l is the place in its block; the last c places are l - c, ..., l - 1.",
    ),
    mistakes=(
        Mistake(
            "one summary position too few: j % l > l - c leaves out l - c",
            lambda i, j, l, c: (j <= i) & ((j // l == i // l) | (j % l > l - c)),
        ),
        Mistake(
            "the first c positions of each block, which have seen the least of it",
            lambda i, j, l, c: (j <= i) & ((j // l == i // l) | (j % l < c)),
        ),
        Mistake(
            "the own block looks ahead",
            lambda i, j, l, c: (j // l == i // l) | ((j <= i) & (j % l >= l - c)),
        ),
        Mistake(
            "the own block is missing",
            lambda i, j, l, c: (j <= i) & (j % l >= l - c),
        ),
        Mistake(
            "& in place of |: only summaries of the own block",
            lambda i, j, l, c: (j <= i) & (j // l == i // l) & (j % l >= l - c),
        ),
        Mistake(
            "the future is not cut off, neither in the block nor in the summaries",
            lambda i, j, l, c: (j // l == i // l) | (j % l >= l - c),
        ),
    ),
)


def swapped_layers():
    """Key 0 is no summary position, and query 4 is the first one in another block."""
    return 4, 0


def _reason(i, j):
    """Why j reaches i through a summary step below a block step; "" if it does not."""
    if not 0 <= j <= i:
        return "0 <= j <= i is needed"
    if i // 4 == j // 4:
        return f"{j} is in the block of {i}, which the upper layer reads"
    if j % 4 == 3:
        return f"{j} is a summary position, which {i} reads in the lower layer"
    return ""


SWAPPED_LAYERS = Puzzle(
    number="02.3",
    title="The layers swapped",
    question=(
        "fixed(4, 1) with its layers swapped: the lower layer reads the last position of every "
        "block of 4, the upper layer reads the own block. Each layer also keeps what is at i "
        "(the residual edge).\n\n"
        "Claim: every j reaches every i >= j. Return True, or a counterexample (i, j) with the "
        "smallest i."
    ),
    kind=Claim(holds=False, names=("i", "j"), refutes=_reason, size=lambda i, j: i),
    reference=swapped_layers,
    hints=(
        "Within a block everything connects. Look at the first query of the next block.",
        "What has a summary position read of its block, before the upper layer runs?",
    ),
    mistakes=(
        Mistake("the claim is false: in the wrong order no summary is written", lambda: True),
        Mistake("within a block, the block step connects", lambda: (3, 0)),
        Mistake("3 is a summary position, and every later query reads it", lambda: (4, 3)),
        Mistake("there is a pair with a smaller i", lambda: (9, 1)),
    ),
)

PUZZLES = (BEST_STRIDE, FIXED_PAIRS, SWAPPED_LAYERS)
