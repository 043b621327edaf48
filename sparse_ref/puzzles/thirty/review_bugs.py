"""Puzzle 30, the first five of ten: attentions that passed review, and what they really compute.

An answer is the pattern that the code has, or, where the sets are right, a word for what is wrong.
"""

from __future__ import annotations

import sparse_ref as sr  # as readers write it: references are shown as solutions

from .. import passed_review as code
from ..kinds import Review
from ..puzzle import Mistake, Puzzle


def review_1():
    """i - 4 is kept: five keys."""
    return sr.Lookback(5)


WINDOW = Puzzle(
    number="30.1",
    title="Passed review: a window of 4",
    question="Asked for: Lookback(4), the last 4 keys, the query's own included.\n\n"
    "Its test passed: at n = 4 it equals causal attention, as a window of 4 must.",
    kind=Review(code.window_of_four, target=sr.Lookback(4), n=12),
    reference=review_1,
    hints=(
        "Which keys of row 9 does np.triu leave?",
        "np.triu(mask, k=-4) keeps j >= i - 4. How many keys are from i - 4 to i?",
    ),
    mistakes=(
        Mistake(
            "Lookback(4) is what was asked for: np.triu(mask, k=-4) keeps the key i - 4, too",
            lambda: sr.Lookback(4),
        ),
        Mistake("too few keys: np.triu(mask, k=-4) keeps i - 4 and i - 3", lambda: sr.Lookback(3)),
        Mistake("np.tril cuts off all later keys: the window has one side", lambda: sr.Window(4)),
        Mistake("not a finite mask: -inf is beaten by no logit", lambda: "finite mask"),
    ),
)


def review_2():
    """np.tile deals key heads in turn: query head h reads key head h % 2."""
    return "key heads"


GROUPS = Puzzle(
    number="30.2",
    title="Passed review: grouped queries",
    question="Asked for: Causal(), with 4 query heads over 2 key heads. Query heads 0 and 1 share "
    "key head 0, heads 2 and 3 share key head 1.\n\n"
    "Its test passed: with 4 key heads, and with 1.",
    kind=Review(
        code.grouped_queries,
        target=sr.Causal(),
        n=12,
        heads=4,
        kv_heads=2,
    ),
    reference=review_2,
    hints=(
        "Write down the key heads in the order in which np.tile leaves them.",
        "np.tile([a, b], 2) is [a, b, a, b]: query head h reads key head h % 2. np.repeat, along "
        "axis 0, is [a, a, b, b].",
    ),
    mistakes=(
        Mistake(
            "each head's set is right, Causal(): but whose keys does query head 1 read?",
            lambda: sr.Causal(),
        ),
        Mistake(
            "nothing counts twice: np.tile writes each key head twice, for two query heads",
            lambda: "twice",
        ),
        Mistake("the scale is right: d is the width of one head", lambda: "scale"),
    ),
)


def review_3():
    """Query i is taken for position i: the upper left of the mask."""
    return sr.Causal()


NEWEST = Puzzle(
    number="30.3",
    title="Passed review: the newest queries",
    question="Asked for: 4 new queries at the end of a cache of 12 keys. Query 0 is position 8 and "
    "sees keys 0 to 8, query 3 sees all: Shifted(Causal(), 8).\n\n"
    "Its test passed: with 12 queries and 12 keys.",
    kind=Review(
        code.newest_queries,
        target=sr.Shifted(sr.Causal(), 8),
        n=(4, 12),
    ),
    reference=review_3,
    hints=(
        "Which keys does query 0 see? Put i = 0 into j <= i.",
        "The code takes query i for position i: the mask is aligned at the upper left.",
    ),
    mistakes=(
        Mistake(
            "bottom-right alignment is what was asked for: the code does not add n_k - n_q to i",
            lambda: sr.Shifted(sr.Causal(), 8),
        ),
        Mistake("some keys are cut off: j <= i leaves query 0 with key 0 only", lambda: sr.Full()),
        Mistake("query i sees all keys from 0 to i, not only key i", lambda: sr.Lookback(1)),
        Mistake(
            "no head reads wrong keys: the positions of queries are wrong", lambda: "key heads"
        ),
    ),
)


def review_4():
    """A logit of 20,000 outside the window beats -10,000."""
    return "finite mask"


BIAS = Puzzle(
    number="30.4",
    title="Passed review: a window by a bias",
    question="Asked for: Lookback(4), the last 4 keys, the query's own included.\n\n"
    "Its test passed: at n = 64, for normal random q and k, it differs from softmax over the last "
    "4 keys by less than 1e-12.",
    kind=Review(code.biased_window, target=sr.Lookback(4), n=12),
    reference=review_4,
    hints=(
        "The window is right: 0 <= i - j < 4. Which weight does a key outside get?",
        "exp(-10,000) is 0. But what if its logit is 20,000 before the bias is added?",
    ),
    mistakes=(
        Mistake(
            "the window is right at ordinary logits: but what does a logit of 20,000 outside do?",
            lambda: sr.Lookback(4),
        ),
        Mistake(
            "distance < 4 keeps the distances 0 to 3, 4 keys: the edge is right",
            lambda: sr.Lookback(5),
        ),
        Mistake("no exp overflows: the maximum of the row is subtracted", lambda: "overflow"),
        Mistake("no key is made up: all keys exist", lambda: "ghost"),
    ),
)


def review_5():
    """The zeros that fill the last tile have logit 0, and weight."""
    return "ghost"


TILES = Puzzle(
    number="30.5",
    title="Passed review: all keys, in tiles",
    question="Asked for: Full(), every query attends to every key, here n = 12.\n\n"
    "Its test passed: at n = 8, 16 and 64 it equals softmax attention.",
    kind=Review(code.all_keys_in_tiles, target=sr.Full(), n=12),
    reference=review_5,
    hints=(
        "At n = 12, how many keys do the two tiles of 8 have?",
        "The last 4 are zeros. What is their logit, and what is exp of it?",
    ),
    mistakes=(
        Mistake(
            "all keys are in the set, as asked for: but the weights of a row sum to less than 1",
            lambda: sr.Full(),
        ),
        Mistake("the last tile is not dropped: it is filled up with zeros", lambda: sr.Prefix(8)),
        Mistake("it is rescaled: decay multiplies total and out", lambda: "rescale"),
        Mistake("no key is in two tiles: start moves by the size of a tile", lambda: "twice"),
    ),
)

PUZZLES = (WINDOW, GROUPS, NEWEST, BIAS, TILES)
