"""Puzzle 30, the last five of ten: tiles, windows of heads, lists of keys, and a cache."""

from __future__ import annotations

import sparse_ref as sr  # as readers write it: references are shown as solutions

from .. import passed_review as code
from ..kinds import Review
from ..puzzle import Mistake, Puzzle


def review_6():
    """22 // 4 tiles end at key 20."""
    return sr.Causal() & sr.Prefix(20)


TAIL = Puzzle(
    number="30.6",
    title="Passed review: causal attention, in tiles",
    question="Asked for: Causal(), here at n = 22.\n\nIts test passed: at n = 1, 2, 3, 16 and 64.",
    kind=Review(code.causal_in_tiles, target=sr.Causal(), n=22),
    reference=review_6,
    hints=(
        "How many tiles does the loop visit at n = 22? Which keys have they?",
        "22 // 4 is 5 tiles, keys 0 to 19. What do queries 20 and 21 see?",
    ),
    mistakes=(
        Mistake(
            "Causal() is what was asked for: at n = 22 the loop visits 22 // 4 = 5 tiles",
            lambda: sr.Causal(),
        ),
        Mistake(
            "5 tiles have 20 keys: only the last, partial tile is dropped",
            lambda: sr.Causal() & sr.Prefix(16),
        ),
        Mistake(
            "a query sees the tiles before its own, too: all fill one row of logits",
            lambda: sr.Block(4),
        ),
        Mistake("nothing is filled up: the last keys are left out, none is added", lambda: "ghost"),
        Mistake("there is no running maximum: the softmax is over whole rows", lambda: "rescale"),
    ),
)


def review_7():
    """total is rescaled, out is not."""
    return "rescale"


ONE_PASS = Puzzle(
    number="30.7",
    title="Passed review: causal attention, in one pass",
    question="Asked for: Causal(), here at n = 24.\n\n"
    "Its test passed: at n = 1 to 8 it equals softmax attention.",
    kind=Review(code.causal_in_one_pass, target=sr.Causal(), n=24),
    reference=review_7,
    hints=(
        "Up to n = 8 there is one tile. What is different with the second?",
        "The maximum m may grow. Which of the sums gets the factor exp(top - m)?",
    ),
    mistakes=(
        Mistake(
            "the set is right, each row has its keys: but are their weights still right after the "
            "second tile?",
            lambda: sr.Causal(),
        ),
        Mistake("no exp overflows: m is at least each logit of the tile", lambda: "overflow"),
        Mistake("the last tile is not dropped: it ends at n", lambda: sr.Causal() & sr.Prefix(16)),
        Mistake("the mask is -inf in each tile, and no number", lambda: "finite mask"),
    ),
)


def review_8():
    """windows[g] is the window of a key head, and not of head h."""
    lower, upper = sr.Lookback(2), sr.Lookback(4)
    return lower, lower, upper, upper


TWO, FOUR = sr.Lookback(2), sr.Lookback(4)
WINDOWS = (TWO, FOUR, sr.Lookback(6), sr.Lookback(8))
HEADS = Puzzle(
    number="30.8",
    title="Passed review: a window for each head",
    question="Asked for: query heads 0 to 3 with the windows Lookback(2), Lookback(4), Lookback(6) "
    "and Lookback(8). Heads 0 and 1 share key head 0, heads 2 and 3 share key head 1.\n\n"
    "Its test passed: head 0 equals softmax over the last 2 keys; with one window for all heads, "
    "all four are right.",
    kind=Review(
        code.window_per_head,
        target=WINDOWS,
        n=12,
        heads=4,
        kv_heads=2,
    ),
    reference=review_8,
    hints=(
        "Which numbers does g have for h = 0, 1, 2, 3?",
        "g is the key head, 0, 0, 1, 1. What is windows[g]?",
    ),
    mistakes=(
        Mistake(
            "that is what was asked for: the code asks for windows[g], and g is the key head",
            lambda: WINDOWS,
        ),
        Mistake(
            "heads 1 and 2 are exchanged: g is h // 2, not h % 2",
            lambda: (TWO, FOUR, TWO, FOUR),
        ),
        Mistake("only heads 0 and 1 have the window of head 0", lambda: sr.Lookback(2)),
        Mistake("the key heads are right, 0, 0, 1, 1: look at the windows", lambda: "key heads"),
    ),
)


def review_9():
    """Rows 0 to 4 have sinks among their last 4 keys: the list has these twice."""
    return "twice"


LISTS = Puzzle(
    number="30.9",
    title="Passed review: gathered keys",
    question="Asked for: Sinks(2) | Lookback(4), the first 2 keys and the last 4, here at "
    "n = 16.\n\n"
    "Its test passed: rows 6 to 15 equal softmax over these keys.",
    kind=Review(
        code.gathered_keys,
        target=sr.Sinks(2) | sr.Lookback(4),
        n=16,
    ),
    reference=review_9,
    hints=(
        "Write down the list j of query 3.",
        "It is 0, 1, 0, 1, 2, 3. What are the weights if all logits are equal?",
    ),
    mistakes=(
        Mistake(
            "the set is right, as asked for: but a list may have a key more than once",
            lambda: sr.Sinks(2) | sr.Lookback(4),
        ),
        Mistake("all keys of the list exist: none is a ghost", lambda: "ghost"),
        Mistake("the first 2 keys stay: they are in each list", lambda: sr.Lookback(4)),
        Mistake("there is no running maximum: each list is summed at once", lambda: "rescale"),
    ),
)


def review_10():
    """Token 8 overwrites token 0: the last 8 keys are left."""
    return sr.Lookback(8)


CACHE = Puzzle(
    number="30.10",
    title="Passed review: a cache with sinks",
    question="Asked for: Sinks(2) | Lookback(6), the first 2 keys and the last 6, here at "
    "n = 20.\n\n"
    "Its test passed: at n = 8 it equals the asked pattern.",
    kind=Review(
        code.ring_buffer,
        target=sr.Sinks(2) | sr.Lookback(6),
        n=20,
    ),
    reference=review_10,
    hints=(
        "Which slot does token 8 write to, and what was there?",
        "The slot is i % 8: token 8 writes over token 0. Which 8 tokens are there at i = 15?",
    ),
    mistakes=(
        Mistake(
            "that is what was asked for: token 8 is written to slot 0, over the first key",
            lambda: sr.Sinks(2) | sr.Lookback(6),
        ),
        Mistake("the cache has 8 slots, and all of them are used", lambda: sr.Lookback(6)),
        Mistake(
            "one slot is overwritten at a time: the cache is never emptied", lambda: sr.Block(8)
        ),
        Mistake("slots that are empty are not read: length counts the full ones", lambda: "ghost"),
    ),
)

PUZZLES = (TAIL, ONE_PASS, HEADS, LISTS, CACHE)
