"""Exercises of lesson 3, what is in a window: name the set, bend it, find it in code."""

import numpy as np

import sparse_ref as sr

from ..kinds import Formula, PatternAnswer
from ..puzzle import Mistake, Puzzle


def span_window(keys):
    """Band(before, after): `after` counts from the query, and -1 leaves it out."""
    return sr.Band(keys, -1)


SPAN_WINDOW = Puzzle(
    number="03.1",
    title="Adaptive span's window",
    question=(
        "The picture shows the window of adaptive span (Sukhbaatar et al. 2019) with 4 keys. The "
        "query itself is not one of them.\n\nGive it as a pattern of the library, for any number "
        "of keys."
    ),
    kind=PatternAnswer(parameters={"keys": range(2, 5)}, pattern=lambda keys: sr.Band(keys, -1)),
    reference=span_window,
    hints=(
        "sr.Band(before, after) is { i - before <= j <= i + after }; both may be negative.",
        "The last key is i - 1. Which second number is that?",
    ),
    mistakes=(
        Mistake("the query counts here: this is Mistral's window", lambda keys: sr.Lookback(keys)),
        Mistake(
            "one key more, the query: this is the window of Child et al. (2019)",
            lambda keys: sr.Local(keys),
        ),
        Mistake("both sides: this is Longformer's", lambda keys: sr.Window(keys)),
        Mistake(
            "one key too few: without the query, the window begins at i - keys",
            lambda keys: sr.Band(keys - 1, -1),
        ),
    ),
)


def moved_window(i, j, n):
    """The window is around i, or around the nearest place where it fits."""
    return abs(np.clip(i, 2, n - 3) - j) <= 2


MOVED_WINDOW = Puzzle(
    number="03.2",
    title="A window that moves inward",
    question=(
        "A window of 5 keys, two to each side. At the borders it is not cut but moved inward, as "
        "in NATTEN, so that each query has 5 keys. n is the number of keys, at least 5.\n\n"
        "Write the condition in one line."
    ),
    kind=Formula(lengths=tuple(range(5, 13))),
    reference=moved_window,
    hints=(
        "The window has a centre. Where is it for query 0, and for the last query?",
        "np.clip(i, low, high) moves the centre to the nearest place where the window fits.",
    ),
    mistakes=(
        Mistake("cut at the borders, as in Longformer", lambda i, j, n: abs(i - j) <= 2),
        Mistake("around a circle, as in Reformer", lambda i, j, n: (j - i + 2) % n <= 4),
        Mistake(
            "at the right border, moved by one key too few",
            lambda i, j, n: abs(np.clip(i, 2, n - 2) - j) <= 2,
        ),
        Mistake(
            "moved at the left border, cut at the right one",
            lambda i, j, n: abs(np.maximum(i, 2) - j) <= 2,
        ),
    ),
)


def stream(q, k, v):
    """Meant to keep two sinks and a window of 4."""
    j = np.arange(len(k))
    i = j[:, None]
    mask = (j <= i) & ((j < 2) | (i - j <= 4))
    logits = q @ k.T / np.sqrt(q.shape[1])
    logits = np.where(mask, logits, -np.inf)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


def window_of_stream():
    """i - j <= 4 is five keys: 0, 1, 2, 3 and 4 back."""
    return sr.Sinks(2) | sr.Lookback(5)


LENGTHS = 1, 2, 5, 8, 12

WINDOW_OF_STREAM = Puzzle(
    number="03.3",
    title="Whose window is it?",
    question=(
        "The code passed review. Which pattern does it really have?\n\n"
        "Read it, or find out from outside: sr.verify.probe. Give the answer as a pattern."
    ),
    kind=PatternAnswer(attention=stream, lengths=LENGTHS, drawn_lengths=()),
    reference=window_of_stream,
    hints=(
        "Two patterns joined by |: sinks, and a window.",
        "Count the keys in the last row, without the sinks.",
    ),
    mistakes=(
        Mistake(
            "what it was meant to be: i - j <= 4 is one key more",
            lambda: sr.Sinks(2) | sr.Lookback(4),
        ),
        Mistake("j < 2 are two sinks, 0 and 1", lambda: sr.Sinks(3) | sr.Lookback(5)),
        Mistake("the sinks are missing", lambda: sr.Lookback(5)),
        Mistake(
            "i - j <= 4 are five keys: Local(5) reaches 5 back, and has six",
            lambda: sr.Sinks(2) | sr.Local(5),
        ),
        Mistake(
            "the window looks to one side only: j <= i",
            lambda: sr.Sinks(2) & sr.Causal() | sr.Window(4),
        ),
    ),
)

PUZZLES = (SPAN_WINDOW, MOVED_WINDOW, WINDOW_OF_STREAM)
