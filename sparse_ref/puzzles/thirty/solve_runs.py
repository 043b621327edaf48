"""Solve for j: the same sets as runs, from which rows are read without a look at other keys."""

import sparse_ref as sr

from ...define import every, span
from ..kinds import Runs
from ..puzzle import Mistake, Puzzle

RUNS = (
    "every(step, start, stop) is start, start + step, ... below stop; span(start, stop) has every "
    "key from start on, below stop. Keys below 0 and from n on are left out."
)


def every_third_runs(i, n):
    """The smallest key with the right remainder is i % 3."""
    return every(3, i % 3, i + 1)


def block_ends_runs(i, n):
    """3, 7, 11, ..., up to i."""
    return every(4, 3, i + 1)


def neighborhood_runs(i, n):
    """Three keys in each of three rows: groups of three, 4 apart."""
    first = i // 8 * 4 + i % 4 // 2
    return every(4, first, first + 11, 3)


PUZZLES = (
    Puzzle(
        number="16",
        title="Every third key back, solved for j",
        question=(
            "A formula answers for one pair; a loop over keys would ask it n times. Solved for j, "
            f"the set names its keys. {RUNS}\n\n"
            "Write { j <= i : (i - j) mod 3 = 0 } as one run. i is an int or an array of queries."
        ),
        kind=Runs(pattern=lambda: sr.Strided(3)),
        reference=every_third_runs,
        hints=(
            "Query 7 has the keys 1, 4, 7. Where does it begin, as a function of i?",
            "The first key is the remainder of i, and the last one is i, so stop is i + 1.",
        ),
        mistakes=(
            Mistake(
                "it begins at 0 for every query, so the keys are fixed: 0, 3, 6",
                lambda i, n: every(3, 0 * i, i + 1),
            ),
            Mistake(
                "the query itself is missing: stop is not in a run",
                lambda i, n: every(3, i % 3, i),
            ),
            Mistake(
                "later keys are included: the run goes on to n",
                lambda i, n: every(3, i % 3, n),
            ),
            Mistake("every key from i % 3 on: a span has no step", lambda i, n: span(i % 3, i + 1)),
        ),
    ),
    Puzzle(
        number="17",
        title="The last key of every block, solved for j",
        question=(
            "Each query attends to the last key of each block of four, up to itself: 3, 7, 11 and "
            f"so on. Write it as one run. {RUNS}"
        ),
        kind=Runs(pattern=lambda: sr.Summary(4)),
        reference=block_ends_runs,
        hints=(
            "The first key is 3 for every query.",
            "Where does it end? If stop is below start, the run is empty.",
        ),
        mistakes=(
            Mistake("the first key of each block: 0, 4, 8", lambda i, n: every(4, 0 * i, i + 1)),
            Mistake("a block's last query does not see its own key", lambda i, n: every(4, 3, i)),
            Mistake("later blocks are included: the run goes on to n", lambda i, n: every(4, 3, n)),
            Mistake(
                "distances in place of keys: it begins at i % 4",
                lambda i, n: every(4, i % 4, i + 1),
            ),
        ),
    ),
    Puzzle(
        number="18",
        title="A neighborhood, solved for j",
        question=(
            "The neighborhoods of 3 x 3 pixels on an image of 4 x 4, moved inward at borders, as "
            "one run. every(step, start, stop, width) has `width` keys from each of start, "
            "start + step, ...: rows of an image are groups of keys.\n\n"
            "i is an int or an int64 array of queries, so use arithmetic and no `if`. Two lines "
            "are allowed."
        ),
        kind=Runs(
            lengths=(16,),
            drawn_lengths=(),
            pattern=lambda: sr.natten_nd((4, 4), (3, 3)),
            one_line=False,
        ),
        reference=neighborhood_runs,
        hints=(
            "The square begins in row 0 or 1, and in column 0 or 1: i // 4 // 2 and i % 4 // 2.",
            "From the first key to the last one are two rows and three keys: stop = first + 11.",
        ),
        mistakes=(
            Mistake(
                "only the first row: a span has one group",
                lambda i, n: span(i // 8 * 4 + i % 4 // 2, i // 8 * 4 + i % 4 // 2 + 3),
            ),
            Mistake(
                "only the first column: the groups have one key",
                lambda i, n: every(4, i // 8 * 4 + i % 4 // 2, i // 8 * 4 + i % 4 // 2 + 11),
            ),
            Mistake(
                "every square begins at key 0: the corner of the image",
                lambda i, n: every(4, 0 * i, 0 * i + 11, 3),
            ),
            Mistake(
                "centered and cut: at borders the groups run into other rows",
                lambda i, n: every(4, i - 5, i + 6, 3),
            ),
        ),
    ),
)
