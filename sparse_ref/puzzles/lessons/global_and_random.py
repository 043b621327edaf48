"""Lesson 6: a star, tokens that nobody reads, and what a sink does not do."""

from __future__ import annotations

import numpy as np

from ...patterns import GlobalAt, Lookback, Sinks, Window
from ...sets.mask import brute_mask
from ..kinds import Claim, Formula, Value
from ..puzzle import Mistake, Puzzle


def star_around(i, j, c):
    """The row of c, the column of c, and the diagonal."""
    return (i == c) | (j == c) | (i == j)


def _draw_case(rng, keys):
    """A length of more than `keys` tokens."""
    return keys + int(rng.integers(1, 40)), keys


def unread_tokens(n, keys):
    """All n - 1 others miss a token, each with probability 1 - keys / n; there are n tokens."""
    return n * (1 - keys / n) ** (n - 1)


def sink_as_hub():
    """Two windows of four keys move information by six, and the sink passes on only itself."""
    return 9, 1, 8


def _reaches_by_sink_and_window(n, j, i):
    """Why a pair does not refute the claim of two layers with a sink; "" if it does."""
    if not 0 <= j <= i < n:
        return "it must have 0 <= j <= i < n"
    layer = brute_mask(Sinks(1) | Lookback(4), n)
    stops = np.flatnonzero(layer[i] & layer[:, j])
    return f"the path {j}, {stops[0]}, {i} joins the pair" if len(stops) else ""


PUZZLES = (
    Puzzle(
        number="06.1",
        title="A star",
        question=(
            "BigBird's theorem applies to every set that contains a star. A star around position "
            "c: c attends to every position, every position attends to c, and each attends to "
            "itself. Write it as a formula of i, j and c, with nothing else in it."
        ),
        kind=Formula(
            lengths=tuple(range(4, 13)),
            parameters={"c": range(4)},
            pattern=lambda c: GlobalAt((c,)) | Window(0),
        ),
        reference=star_around,
        hints=(
            "Three kinds of pairs: the row of c, the column of c, the diagonal.",
            "One comparison for each, in parentheses, joined by |.",
        ),
        mistakes=(
            Mistake(
                "a sink: every position attends to c, but c attends only to itself",
                lambda i, j, c: (j == c) | (i == j),
            ),
            Mistake(
                "c attends to every position, but no other position attends to c",
                lambda i, j, c: (i == c) | (i == j),
            ),
            Mistake(
                "the others do not attend to themselves: the diagonal is missing",
                lambda i, j, c: (i == c) | (j == c),
            ),
            Mistake(
                "the hub is position 0, whatever c is",
                lambda i, j, c: star_around(i, j, 0),
            ),
        ),
    ),
    Puzzle(
        number="06.2",
        title="Tokens that nobody reads",
        question=(
            "Each of n queries draws `keys` different keys at random out of all n positions, and "
            "reads nothing else. How many tokens are, on average, read by none of the other "
            "queries? Give the exact expectation, for 1 <= keys <= n."
        ),
        kind=Value(
            draw=_draw_case,
            examples=((1, 1), (2, 1), (1024, 3)),
        ),
        reference=unread_tokens,
        hints=(
            "What is the probability that one given query does not draw one given token?",
            "1 - keys / n. All n - 1 other queries must miss the token, and there are n tokens.",
        ),
        mistakes=(
            Mistake(
                "that is the probability for one token: there are n of them",
                lambda n, keys: (1 - keys / n) ** (n - 1),
            ),
            Mistake(
                "n - 1 other queries can read a token, not n: it may read itself",
                lambda n, keys: n * (1 - keys / n) ** n,
            ),
            Mistake(
                "a query misses a token with probability 1 - keys / n: it draws `keys` of them",
                lambda n, keys: n * (1 - 1 / n) ** (n - 1),
            ),
            Mistake(
                "n e^-keys is what it tends to in a long text: give the exact expectation",
                lambda n, keys: n * np.exp(-keys),
            ),
            Mistake(
                "the tokens that somebody reads, not the others",
                lambda n, keys: n - unread_tokens(n, keys),
            ),
        ),
    ),
    Puzzle(
        number="06.3",
        title="Is a sink a hub?",
        question=(
            "Claim: in two layers of Sinks(1) | Lookback(4), that is token 0 and the last four "
            "keys, every j reaches every i >= j, at every length n. Return True if it is true, or "
            "the smallest counterexample (n, j, i)."
        ),
        kind=Claim(
            holds=False,
            names=("n", "j", "i"),
            refutes=_reaches_by_sink_and_window,
            size=lambda n, j, i: n,
        ),
        reference=sink_as_hub,
        hints=(
            "Which keys does the sink itself have? So whose information can it pass on?",
            "Only its own. Without it, two windows of four keys move information by six.",
        ),
        mistakes=(
            Mistake(
                "the claim is false: a causal sink passes on nothing but itself",
                lambda: True,
            ),
            Mistake(
                "token 0 is the sink, which every query reads: its pairs are connected",
                lambda: (8, 0, 7),
            ),
            Mistake(
                "a distance of 6 is still connected, by two windows of four keys",
                lambda: (8, 1, 7),
            ),
            Mistake("j and i are exchanged: the earlier position is j", lambda: (9, 8, 1)),
            Mistake(
                "right, but not the smallest: two windows move information by 6, not by 7 or 8",
                lambda: (10, 1, 9),
            ),
        ),
    ),
)
