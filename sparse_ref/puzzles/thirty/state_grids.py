"""State the set, from a picture: images read row by row, and distances by powers of two."""

import numpy as np

import sparse_ref as sr

from ...define import every
from ..kinds import Formula
from ..puzzle import Mistake, Puzzle


def same_column(i, j):
    """Positions of one column differ by a multiple of the width."""
    return (i - j) % 4 == 0


def _same_column_runs(i, n):
    """The column of query i begins at i % 4."""
    return every(4, i % 4, n)


def neighborhood(i, j):
    """Three of four columns: all but the one on the other side; rows likewise."""
    return (j % 4 != 3 * (i % 4 < 2)) & (j // 4 != 3 * (i // 4 < 2))


def powers_of_two(i, j):
    """x & (x - 1) removes the lowest bit of x; of a negative x the sign is left."""
    return (i - j) & (i - j - 1) == 0


def flip_one_bit(i, j):
    """i ^ j has the bits that differ; x & (x - 1) removes the lowest of them."""
    return (i ^ j) & ((i ^ j) - 1) == 0


PUZZLES = (
    Puzzle(
        number="11",
        title="The same column of an image",
        question=(
            "An image of 3 x 4 pixels is read row by row: position 5 is row 1, column 1. Each "
            "query attends to the pixels of its column, above and below, itself included."
        ),
        kind=Formula(
            lengths=(12,),
            drawn_lengths=(),
            runs=_same_column_runs,
            pattern=lambda: sr.axial((3, 4), 0),
        ),
        reference=same_column,
        hints=(
            "A row has 4 pixels, so the pixel below i is i + 4.",
            "The column of position i is i % 4.",
        ),
        mistakes=(
            Mistake("the same row, not the same column", lambda i, j: i // 4 == j // 4),
            Mistake(
                "the height in place of the width: a row has 4 pixels",
                lambda i, j: (i - j) % 3 == 0,
            ),
            Mistake(
                "only the pixels next to it: the query itself and the far row are missing",
                lambda i, j: abs(i - j) == 4,
            ),
            Mistake(
                "only pixels above: those below are missing",
                lambda i, j: (j <= i) & ((i - j) % 4 == 0),
            ),
        ),
    ),
    Puzzle(
        number="12",
        title="A neighborhood that never truncates",
        question=(
            "An image of 4 x 4 pixels is read row by row. Each query attends to 3 x 3 pixels "
            "around it. At a border the square moves inward, so that every query has nine keys; a "
            "corner attends to the square that lies in the corner."
        ),
        kind=Formula(
            lengths=(16,),
            drawn_lengths=(),
            pattern=lambda: sr.natten_nd((4, 4), (3, 3)),
        ),
        reference=neighborhood,
        hints=(
            "Row and column are separate conditions, i // 4 and i % 4. Begin with the columns.",
            "Of four columns one is left out: column 3 if the query is in column 0 or 1, else 0.",
        ),
        mistakes=(
            Mistake(
                "truncated at the borders: a corner has only four keys",
                lambda i, j: (abs(i % 4 - j % 4) <= 1) & (abs(i // 4 - j // 4) <= 1),
            ),
            Mistake(
                "only the columns: every row is included",
                lambda i, j: j % 4 != 3 * (i % 4 < 2),
            ),
            Mistake(
                "only the rows: every column is included",
                lambda i, j: j // 4 != 3 * (i // 4 < 2),
            ),
            Mistake(
                "the other side: the square moves away from the query",
                lambda i, j: (j % 4 != 3 * (i % 4 >= 2)) & (j // 4 != 3 * (i // 4 >= 2)),
            ),
            Mistake(
                "a window on the sequence: three neighbors on one line",
                lambda i, j: abs(i - j) <= 1,
            ),
        ),
    ),
    Puzzle(
        number="13",
        title="Powers of two",
        question=(
            "Each query attends to itself and to the keys 1, 2, 4, 8, ... before it: about log n "
            "keys, but any distance is a sum of few of them."
        ),
        kind=Formula(),
        reference=powers_of_two,
        hints=(
            "In binary, a power of two has one bit. What is 8 & 7?",
            "x & (x - 1) removes the lowest bit of x. What is left of a power of two, and of 0?",
        ),
        mistakes=(
            Mistake(
                "later keys at these distances are included",
                lambda i, j: abs(i - j) & (abs(i - j) - 1) == 0,
            ),
            Mistake(
                "the query itself is missing: the distance 0 counts, too",
                lambda i, j: (j < i) & ((i - j) & (i - j - 1) == 0),
            ),
            Mistake(
                "every second key: even distances, not powers",
                lambda i, j: (j <= i) & ((i - j) % 2 == 0),
            ),
            Mistake(
                "the distances end at 8: 16, 32 and so on are missing",
                lambda i, j: (i - 9 < j) & (j <= i) & ((i - j) & (i - j - 1) == 0),
            ),
            Mistake(
                "the key is the power, not the distance",
                lambda i, j: (j <= i) & (j & (j - 1) == 0),
            ),
        ),
    ),
    Puzzle(
        number="14",
        title="Flip one bit",
        question=(
            "Write positions in binary. Each query attends to itself and to every position that "
            "differs from it in one bit: query 5 = 101 attends to 100, 111, 001, 1101 and so on."
        ),
        kind=Formula(shown={"n": 16}),
        reference=flip_one_bit,
        hints=(
            "i ^ j has a 1 at each bit in which i and j differ.",
            "Then it is the last puzzle again: no bit, or one bit.",
        ),
        mistakes=(
            Mistake(
                "distances in place of bits: 3 and 4 differ by 1, but in three bits",
                lambda i, j: abs(i - j) & (abs(i - j) - 1) == 0,
            ),
            Mistake(
                "only earlier keys: a bit may also be set",
                lambda i, j: (j <= i) & ((i ^ j) & ((i ^ j) - 1) == 0),
            ),
            Mistake(
                "the query itself is missing: no bit differs",
                lambda i, j: (i != j) & ((i ^ j) & ((i ^ j) - 1) == 0),
            ),
            Mistake("only the lowest bit is flipped", lambda i, j: (i ^ j) <= 1),
            Mistake("up to two bits differ", lambda i, j: np.bitwise_count(i ^ j) <= 2),
            Mistake("distances in place of bits: i - 1 and i + 1", lambda i, j: abs(i - j) == 1),
        ),
    ),
)
