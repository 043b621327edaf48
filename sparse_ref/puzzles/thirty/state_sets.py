"""State the set: a picture is given, and the answer is its formula, then its runs."""

from ...define import span
from ...patterns import Causal, Lookback
from ..kinds import Formula
from ..puzzle import Mistake, Puzzle


def causal(i, j):
    """j comes no later than i."""
    return j <= i


def causal_runs(i, n):
    """From key 0 to i."""
    return span(0, i + 1)


def last_three(i, j):
    """i - 2, i - 1 and i."""
    return (i - 3 < j) & (j <= i)


def last_three_runs(i, n):
    """Keys below 0 are left out by whoever reads the span."""
    return span(i - 2, i + 1)


PUZZLES = (
    Puzzle(
        number="1",
        title="Causal",
        question=(
            "Query i is a row, key j a column. Each query attends to every key up to itself, "
            "itself included. Write this set as a formula: one line that gives True for the pairs "
            "that attend. i and j are arrays of integers."
        ),
        kind=Formula(runs=causal_runs, pattern=Causal),
        reference=causal,
        hints=(
            "Look at one row: which keys are filled, compared with the number of the row?",
            "Key j comes no later than query i. One comparison of i and j says it.",
        ),
        mistakes=(
            Mistake("the query itself is missing: j < i leaves out j = i", lambda i, j: j < i),
            Mistake("past and future exchanged: this is the transpose", lambda i, j: j >= i),
            Mistake("one key of the future is included: j = i + 1", lambda i, j: j <= i + 1),
        ),
    ),
    Puzzle(
        number="2",
        title="The last three keys",
        question=(
            "Each query attends to the last three keys, itself included. The first queries have "
            "fewer: there is nothing before key 0."
        ),
        kind=Formula(runs=last_three_runs, pattern=lambda: Lookback(3)),
        reference=last_three,
        hints=(
            "The first key of query i is i - 2, the last one is i itself.",
            "Two comparisons, each in parentheses, joined by &.",
        ),
        mistakes=(
            Mistake(
                "one key too many at the left edge: i - 4 < j gives four keys",
                lambda i, j: (i - 4 < j) & (j <= i),
            ),
            Mistake(
                "no right edge: every later key is included as well",
                lambda i, j: i - 3 < j,
            ),
            Mistake(
                "the query itself is missing: the window ends before i",
                lambda i, j: (i - 3 <= j) & (j < i),
            ),
            Mistake(
                "| in place of &: one of two conditions is enough",
                lambda i, j: (i - 3 < j) | (j <= i),
            ),
        ),
    ),
)
