"""Exercises of lesson 1, why sparse: a set, its pairs, and when they are few."""

from ..kinds import Formula, Value
from ..puzzle import Mistake, Puzzle


def first_and_last_three(i, j):
    """Two conditions joined by "or", and both of them causal."""
    return (j <= i) & ((j == 0) | (i - j < 3))


FIRST_AND_LAST_THREE = Puzzle(
    number="01.1",
    title="The first key and the last three",
    question=(
        "Each query attends to key 0, and to the last three keys, itself included.\n\n"
        "Write the condition on a query i and a key j, in one line. i and j are arrays, "
        "so join conditions by & and |."
    ),
    kind=Formula(),
    reference=first_and_last_three,
    hints=(
        "Begin with the last three keys: i - j is 0, 1 or 2. Then add j == 0 by |.",
        "No key of the future: all of it has to be & (j <= i).",
    ),
    mistakes=(
        Mistake(
            "one key too many at the left edge: i - j <= 3 counts 0, 1, 2 and 3",
            lambda i, j: (j <= i) & ((j == 0) | (i - j <= 3)),
        ),
        Mistake(
            "the query itself is missing",
            lambda i, j: (j == 0) | (j < i) & (i - j <= 3),
        ),
        Mistake("key 0 is missing", lambda i, j: (j <= i) & (i - j < 3)),
        Mistake("the future is not cut off", lambda i, j: (j == 0) | (i - j < 3)),
        Mistake(
            "& in place of |: key 0 only while it is near",
            lambda i, j: (j == 0) & (i - j < 3),
        ),
    ),
)


def window_pairs(n, keys):
    """n rows of `keys` keys, without the triangle that is missing in the first rows."""
    keys = min(n, keys)
    return n * keys - keys * (keys - 1) // 2


def lengths_and_keys():
    """Lengths, and windows that may be longer."""
    from hypothesis import strategies as st

    return st.tuples(st.integers(0, 300), st.integers(1, 300))


WINDOWS = (
    (8, 1),
    (8, 3),
    (3, 8),
    (0, 2),
    (16_384, 256),
)

WINDOW_PAIRS = Puzzle(
    number="01.2",
    title="The pairs of a window",
    question=(
        "At length n, each query attends to the last `keys` keys, its own included. How many "
        "pairs of a query and a key does that make?\n\n"
        "A loop is right, too; but find the closed form."
    ),
    kind=Value(
        examples=WINDOWS,
        arguments=lengths_and_keys,
    ),
    reference=window_pairs,
    hints=(
        "Count rows times keys, then take away what the first rows lack.",
        "Row 0 lacks keys - 1 of them, row 1 keys - 2, and so on: keys (keys - 1) / 2 in all.",
        "And if the window is longer than the sequence?",
    ),
    mistakes=(
        Mistake("the first rows have fewer keys", lambda n, keys: n * keys),
        Mistake(
            "a window longer than the sequence has no more keys than n",
            lambda n, keys: n * keys - keys * (keys - 1) // 2,
        ),
        Mistake(
            "one key too few in the first rows: row 0 lacks keys - 1, not keys",
            lambda n, keys: window_pairs(n, keys) - min(n, keys),
        ),
        Mistake(
            "row 0 lacks keys - 1, not keys; and a window longer than n has no more keys than n",
            lambda n, keys: n * keys - keys * (keys + 1) // 2,
        ),
        Mistake("every earlier key, not the last ones", lambda n, keys: n * (n + 1) // 2),
    ),
)


def worthwhile_length(times):
    """The first n at which the causal pairs are `times` times those of the window."""
    n = 256
    missing = 256 * 255 // 2  # of the first rows
    while n * (n + 1) // 2 < times * (n * 256 - missing):
        n += 1
    return n


RATIOS = 2, 3, 5  # short enough for a loop over sr.nnz

WORTHWHILE_LENGTH = Puzzle(
    number="01.3",
    title="When a window pays",
    question=(
        "A causal window of 256 keys is compared with causal attention. What is the smallest "
        "n >= 256 at which causal attention has at least `times` times as many pairs as the "
        "window?\n\n"
        "times is a whole number of at least 2."
    ),
    kind=Value(examples=tuple(zip(RATIOS))),
    reference=worthwhile_length,
    hints=(
        "Causal attention has n (n + 1) / 2 pairs; the window's are the exercise before this one.",
        "Both counts are exact, so a loop that raises n by 1 finds the answer.",
    ),
    mistakes=(
        Mistake(
            "dense attention that looks ahead: causal pairs are about half of n^2",
            lambda times: _first_length(lambda n: n * n >= times * window_pairs(n, 256)),
        ),
        Mistake(
            "the first 255 queries have fewer than 256 keys",
            lambda times: _first_length(lambda n: n * (n + 1) // 2 >= times * n * 256),
        ),
        Mistake(
            "as if each query had n keys: causal queries have n / 2 on average",
            lambda times: 256 * times,
        ),
        Mistake(
            "n / 2 keys against 256 is only nearly right: the first 255 queries have fewer",
            lambda times: 512 * times,
        ),
        Mistake(
            "more than `times` times as many pairs, in place of at least",
            lambda times: worthwhile_length(times) + 1,
        ),
    ),
)


def _first_length(is_enough):
    """The first n from 256 on at which a condition holds."""
    n = 256
    while not is_enough(n):
        n += 1
    return n


PUZZLES = (FIRST_AND_LAST_THREE, WINDOW_PAIRS, WORTHWHILE_LENGTH)
