"""State the set, from a picture: causal sets and windows, and what is added to them."""

import numpy as np

import sparse_ref as sr

from ...define import span
from ..kinds import Formula
from ..puzzle import Mistake, Puzzle


def causal(i, j):
    """j comes no later than i."""
    return j <= i


def _causal_runs(i, n):
    """From key 0 to i."""
    return span(0, i + 1)


def last_three(i, j):
    """i - 2, i - 1 and i."""
    return (i - 3 < j) & (j <= i)


def _last_three_runs(i, n):
    """Readers of a span leave out keys below 0."""
    return span(i - 2, i + 1)


def two_before(i, j):
    """i - 2 and i - 1."""
    return (i - 2 <= j) & (j < i)


def _two_before_runs(i, n):
    """The stop of a span is not in it."""
    return span(i - 2, i)


def sinks_and_window(i, j):
    """Both parts are causal, so j <= i stands once, outside."""
    return (j <= i) & ((j < 2) | (i - 3 < j))


def _sinks_and_window_runs(i, n):
    """A key that is in both spans is attended to once."""
    return span(0, np.minimum(2, i + 1)), span(i - 2, i + 1)


def prefix_then_causal(i, j):
    """Keys of the prefix are seen by every query, also by earlier ones."""
    return (j < 5) | (j <= i)


def _prefix_then_causal_runs(i, n):
    """Both parts begin at key 0, so the longer one is the union."""
    return span(0, np.maximum(5, i + 1))


def bottom_right(i, j):
    """Query 3 is the last of 12 positions: it is position 3 + 8 = 11."""
    return j <= i + 8


def _bottom_right_runs(i, n):
    """Query i is position i + 8."""
    return span(0, i + 9)


PUZZLES = (
    Puzzle(
        number="1",
        title="Causal",
        question=(
            "Queries are rows from the top, keys are columns from the left, both counted from 0. "
            "A filled cell is a pair (i, j): query i attends to key j.\n\n"
            "Here each query attends to every key up to itself. Write this set as a formula: one "
            "line that is True for the pairs that attend. i and j are arrays of integers."
        ),
        kind=Formula(runs=_causal_runs, pattern=sr.Causal),
        reference=causal,
        hints=(
            "Look at one row: which keys are filled, compared with the number of the row?",
            "Key j comes no later than query i. One comparison of i and j says it.",
        ),
        mistakes=(
            Mistake("the query itself is missing: j < i leaves out j = i", lambda i, j: j < i),
            Mistake("past and future are exchanged", lambda i, j: j >= i),
            Mistake("one key of the future: j = i + 1 is included", lambda i, j: j <= i + 1),
        ),
    ),
    Puzzle(
        number="2",
        title="The last three keys",
        question=(
            "Each query attends to the last three keys, itself included. The first queries have "
            "fewer: there is nothing before key 0."
        ),
        kind=Formula(runs=_last_three_runs, pattern=lambda: sr.Lookback(3)),
        reference=last_three,
        hints=(
            "The first key of query i is i - 2, the last one is i itself.",
            "Two comparisons, each in parentheses, joined by &.",
        ),
        mistakes=(
            Mistake(
                "one key too many at the left edge: this window has four keys",
                lambda i, j: (i - 4 < j) & (j <= i),
            ),
            Mistake("no right edge: all later keys are included", lambda i, j: i - 3 < j),
            Mistake(
                "the query itself is missing: the window ends before i",
                lambda i, j: (i - 3 <= j) & (j < i),
            ),
            Mistake(
                "every key is included: with | in place of & one condition is enough",
                lambda i, j: (i - 3 < j) | (j <= i),
            ),
        ),
    ),
    Puzzle(
        number="3",
        title="The two before",
        question=(
            "Each query attends to the two keys before it, but not to itself. Query 0 attends to "
            "nothing."
        ),
        kind=Formula(runs=_two_before_runs, pattern=lambda: sr.Band(2, -1)),
        reference=two_before,
        hints=(
            "The keys of query 5 are 3 and 4.",
            "The diagonal j = i is not filled: the right edge is j < i.",
        ),
        mistakes=(
            Mistake(
                "the query itself is included: the right edge is one too far",
                lambda i, j: (i - 2 <= j) & (j <= i),
            ),
            Mistake(
                "one key too few: i - 2 is missing",
                lambda i, j: (i - 2 < j) & (j < i),
            ),
            Mistake(
                "one key too many at the left edge: i - 3 is included",
                lambda i, j: (i - 3 <= j) & (j < i),
            ),
        ),
    ),
    Puzzle(
        number="8",
        title="Two sinks and a window",
        question=(
            "Each query attends to the first two keys, the sinks, and to the last three, itself "
            "included. No query attends to a later key."
        ),
        kind=Formula(
            runs=_sinks_and_window_runs,
            pattern=lambda: sr.Sinks(2) | sr.Lookback(3),
        ),
        reference=sinks_and_window,
        hints=(
            "A union of two sets is |. Which key may query 0 attend to?",
            "Both parts need j <= i: write it once, and put the union in parentheses.",
        ),
        mistakes=(
            Mistake(
                "the sinks leak: query 0 attends to key 1, which comes later",
                lambda i, j: (j < 2) | ((i - 3 < j) & (j <= i)),
            ),
            Mistake(
                "the sinks are missing: only the window is left",
                lambda i, j: (i - 3 < j) & (j <= i),
            ),
            Mistake(
                "only one sink",
                lambda i, j: (j <= i) & ((j < 1) | (i - 3 < j)),
            ),
            Mistake(
                "& in place of |: only sinks that are in the window",
                lambda i, j: (j <= i) & (j < 2) & (i - 3 < j),
            ),
        ),
    ),
    Puzzle(
        number="9",
        title="A prefix, then causal",
        question=(
            "The first five tokens are a prompt that is read as a whole: every query attends to "
            "all of it. What follows is causal."
        ),
        kind=Formula(runs=_prefix_then_causal_runs, pattern=lambda: sr.prefix_lm(5)),
        reference=prefix_then_causal,
        hints=(
            "Query 0 attends to keys 0 to 4. Which condition on j alone says that?",
            "A union: keys of the prefix, or keys up to i.",
        ),
        mistakes=(
            Mistake(
                "only causality: queries of the prompt do not see all of it", lambda i, j: j <= i
            ),
            Mistake("the prompt has one token too many", lambda i, j: (j <= 5) | (j <= i)),
            Mistake(
                "later queries see only themselves of what follows the prompt",
                lambda i, j: (j < 5) | (j == i),
            ),
            Mistake(
                "later queries do not see the prompt",
                lambda i, j: ((i < 5) & (j < 5)) | ((i >= 5) & (j >= 5) & (j <= i)),
            ),
        ),
    ),
    Puzzle(
        number="15",
        title="Four queries at the end",
        question=(
            "A cache holds 8 keys, and four new tokens arrive: 4 queries, 12 keys. Query 0 is the "
            "first new token, which is position 8, so it attends to keys 0 to 8. Each query "
            "attends to every key up to its own position."
        ),
        kind=Formula(
            lengths=((4, 12),),
            drawn_lengths=(),
            runs=_bottom_right_runs,
            pattern=lambda: sr.Shifted(sr.Causal(), 8),
        ),
        reference=bottom_right,
        hints=(
            "The last query, i = 3, attends to all 12 keys.",
            "Query i is position i + 8. Compare j with that.",
        ),
        mistakes=(
            Mistake("upper-left alignment: query i is taken for position i", lambda i, j: j <= i),
            Mistake("one key missing: each query misses itself", lambda i, j: j < i + 8),
            Mistake("one key of the future: the next token", lambda i, j: j <= i + 9),
            Mistake("each query has the keys of query 0", lambda i, j: j + 0 * i <= 8),
            Mistake("only the cache: no new token is seen", lambda i, j: j + 0 * i < 8),
            Mistake("all keys: the first three queries see later tokens", lambda i, j: j < 12),
        ),
    ),
)
