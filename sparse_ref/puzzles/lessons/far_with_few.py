"""Lesson 7: mend a dilated window, count binary ones, and see what a causal butterfly keeps."""

from __future__ import annotations

import numpy as np

from ..kinds import Formula, Value
from ..puzzle import Mistake, Puzzle


def mended_dilation(i, j):
    """Distance 1 is a sum of positive distances only if it is one of them."""
    return np.isin(i - j, (0, 1, 3, 6))


def logsparse_layers(i, j):
    """As many powers of two add up to the distance as it has binary ones."""
    return bin(i - j).count("1")


def _pair_case(rng, size):
    """Positions j <= i, up to 2^size."""
    i = int(rng.integers(0, 2**size + 1))
    return i, int(rng.integers(0, i + 1))


def causal_butterfly(i, j):
    """A step to a later position turns a binary zero into a one."""
    return (i & j) == j


def _has_distance(i, j, *distances):
    """Whether i - j is one of the distances."""
    return np.isin(i - j, distances)


_ones = np.bitwise_count
PAIRS = (0, 0), (37, 0), (8, 7)

PUZZLES = (
    Puzzle(
        number="07.1",
        title="Mend the dilated window",
        question=(
            "A causal dilated window reads i, i - 3 and i - 6, as far as they exist. In many "
            "layers of it the three residue classes never meet. Give every query one more key, at "
            "the same distance for all, so that enough layers connect every j with every i >= j. "
            "Write the formula of the mended window."
        ),
        kind=Formula(),
        reference=mended_dilation,
        hints=(
            "Which new distance makes every distance a sum of the distances that there are?",
            "Distance 1 must be a sum, too, and all distances are positive.",
        ),
        mistakes=(
            Mistake(
                "nothing is added: distances 3 and 6 only add up to multiples of 3",
                lambda i, j: np.isin(i - j, (0, 3, 6)),
            ),
            Mistake(
                "distance 1 is no sum of 2, 3 and 6: j = 0 never reaches i = 1",
                lambda i, j: np.isin(i - j, (0, 2, 3, 6)),
            ),
            Mistake(
                "distance 1 is no sum of 3, 4 and 6: j = 0 never reaches i = 1",
                lambda i, j: np.isin(i - j, (0, 3, 4, 6)),
            ),
            Mistake(
                "distance 1 is no sum of 3, 5 and 6: j = 0 never reaches i = 1",
                lambda i, j: np.isin(i - j, (0, 3, 5, 6)),
            ),
            Mistake(
                "distance 1 is no sum of 3, 6 and 7: j = 0 never reaches i = 1",
                lambda i, j: np.isin(i - j, (0, 3, 6, 7)),
            ),
            Mistake(
                "every key of the window: one more was asked for, at one distance",
                lambda i, j: (j <= i) & (i - j <= 6),
            ),
            Mistake(
                "distance 9 is a multiple of 3 again: the classes stay separate",
                lambda i, j: np.isin(i - j, (0, 3, 6, 9)),
            ),
            Mistake(
                "the key after the query is in the future: the window must stay causal",
                lambda i, j: _has_distance(i, j, -1, 0, 3, 6),
            ),
            Mistake(
                "token 0 is no key at one distance, and as a sink passes on nothing but itself",
                lambda i, j: _has_distance(i, j, 0, 3, 6) | (j == 0),
            ),
        ),
    ),
    Puzzle(
        number="07.2",
        title="Layers of LogSparse",
        question=(
            "LogSparse reads i and i - 1, i - 2, i - 4, i - 8, ... How many layers does it take "
            "at least from j to i? i and j are Python integers, 0 <= j <= i; the answer is an "
            "integer, 0 for i = j."
        ),
        kind=Value(draw=_pair_case, sizes=range(2, 40), examples=PAIRS),
        reference=logsparse_layers,
        hints=(
            "Each layer subtracts one power of two from the distance.",
            'How few powers of two add up to i - j? bin(37) is "0b100101".',
        ),
        mistakes=(
            Mistake(
                "that is the number of binary digits, the paper's bound: zeros need no layer",
                lambda i, j: (i - j).bit_length(),
            ),
            Mistake(
                "digits in which i and j differ: that counts flips, as a butterfly does",
                lambda i, j: bin(i ^ j).count("1"),
            ),
            Mistake(
                "the ones of i less those of j: count the ones of the distance i - j",
                lambda i, j: bin(i).count("1") - bin(j).count("1"),
            ),
            Mistake(
                "the zeros are counted, too: that is the number of digits of bin(i - j)",
                lambda i, j: len(bin(i - j)) - 2,
            ),
        ),
    ),
    Puzzle(
        number="07.3",
        title="What a causal butterfly keeps",
        question=(
            "Each position i reads itself and the positions i XOR 2^e, for every e, that come "
            "before it. Which pairs do enough layers connect? Write the formula that is True where "
            "j reaches i."
        ),
        kind=Formula(),
        reference=causal_butterfly,
        hints=(
            "A step from a smaller number to a larger one turns a binary zero into a one.",
            "So the ones of j are never lost. `&` of two integers keeps the ones that both have.",
        ),
        mistakes=(
            Mistake(
                "the wrong way round: the ones of i would be among those of j",
                lambda i, j: (i & j) == i,
            ),
            Mistake(
                "every earlier position: j = 1 would reach i = 2, which turns a one off",
                lambda i, j: j <= i,
            ),
            Mistake(
                "one layer only: pairs that differ in at most one digit",
                lambda i, j: (j <= i) & (_ones(i ^ j) <= 1),
            ),
            Mistake(
                "as many ones are not the same ones: 01 has no more than 10",
                lambda i, j: (j <= i) & (_ones(j) <= _ones(i)),
            ),
        ),
    ),
)
