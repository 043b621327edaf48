"""Exercises of lesson 17, judge a kernel: read weights, and read code."""

import numpy as np

import sparse_ref as sr

from ..kinds import PatternAnswer, Value
from ..puzzle import Mistake, Puzzle


def counts_of_weights(row):
    """A weight is a count over the sum of all counts, and the least count is 1."""
    once = row[row > 0].min()
    return np.rint(row / once).astype(int)


def _at_least_once(row):
    """Keys outside the set count, too."""
    return np.maximum(counts_of_weights(row), 1)


def _shares_of_keys(row):
    """As if each key counted once, and there were no ghosts."""
    counts = row * np.count_nonzero(row)
    return np.rint(counts).astype(int)


def _cut_off(row):
    """The ratios without what comes after the point: 0.3 / 0.1 is a little less than 3."""
    once = row[row > 0].min()
    return (row / once).astype(int)


TWICE = np.array([0.4, 0.2, 0.2, 0.2, 0.0])
THRICE = np.array([0.1, 0.3, 0.6])
GHOST = np.array([0.2, 0.2, 0.0])


def draw_weights(numbers, size):
    """The weights of a row at equal logits: keys count 0 to 3 times, one of them once."""
    counts = numbers.integers(0, 4, size + 2)
    counts[numbers.integers(size + 2)] = 1
    ghosts = numbers.integers(0, 2)
    return (counts / (counts.sum() + ghosts),)


COUNTS_OF_WEIGHTS = Puzzle(
    number="17.1",
    title="From weights to counts",
    question=(
        "`row` is an array of weights: those of one query at equal logits, as a probe finds them. "
        "How often does the query count each key? At least one key counts once. Keys outside the "
        "set count 0 times, and some rows have a ghost as well, so that they sum to less than 1."
        "\n\nReturn an array of integers."
    ),
    kind=Value(
        draw=draw_weights,
        examples=((TWICE,), (GHOST,), (THRICE,)),
    ),
    reference=counts_of_weights,
    hints=(
        "In the row 0.4, 0.2, 0.2, 0.2, 0 key 0 counts twice.",
        "Which weight has a key that counts once? np.rint rounds to integers.",
    ),
    mistakes=(
        Mistake(
            "a key that counts twice weighs twice as much: that is the set, not the counts",
            lambda row: (row > 0).astype(int),
        ),
        Mistake(
            "weights are shares of all counts, not of the number of keys",
            _shares_of_keys,
        ),
        Mistake(
            "weights are shares of all counts, not of the length of the row",
            lambda row: np.rint(row * len(row)).astype(int),
        ),
        Mistake(
            "the largest weight is not that of a key that counts once",
            lambda row: np.rint(row / row.max()).astype(int),
        ),
        Mistake(
            "cut off, not rounded: 0.3 / 0.1 is a little less than 3",
            _cut_off,
        ),
        Mistake(
            "a key outside the set counts 0 times",
            _at_least_once,
        ),
    ),
)


def one_hot_columns(n, width, call):
    """Column c of call number `call` asks for key call * width + c."""
    j = np.arange(n)[:, None]
    key = call * width + np.arange(width)
    return (j == key).astype(float)


def _first_key_again(n, width, call):
    """The columns beyond the last key ask for keys from 0."""
    key = call * width + np.arange(width)
    return np.eye(n)[:, key % n]


def draw_call(numbers, size):
    """A length, a width, and a call that asks for keys that exist, the last in part."""
    width = int(numbers.integers(1, size + 2))
    n = int(numbers.integers(1, 4 * width + 2))
    calls = -(-n // width)
    return n, width, int(numbers.integers(0, calls))


ONE_HOT_COLUMNS = Puzzle(
    number="17.2",
    title="Read n keys through few columns",
    question=(
        "A kernel takes values with `width` columns, and there are n keys. Call it "
        "ceil(n / width) times, and ask for the next `width` keys in each call, so that the "
        "outputs side by side are the matrix of weights.\n\nReturn v for call number `call`, "
        "from 0: a float array (n, width) of zeros and ones. Columns beyond the last key are zero."
    ),
    kind=Value(
        draw=draw_call,
        examples=(
            (12, 4, 0),
            (12, 4, 2),
            (5, 4, 1),
            (3, 3, 0),
        ),
    ),
    reference=one_hot_columns,
    hints=(
        "If n = width, there is one call, and v is np.eye(n).",
        "v[j, c] is 1 for j = call * width + c.",
    ),
    mistakes=(
        Mistake(
            "the same keys in each call: call 1 begins with key `width`",
            lambda n, width, call: np.eye(n, width),
        ),
        Mistake(
            "each call moves by one key, not by `width`",
            lambda n, width, call: np.eye(n, width, -call),
        ),
        Mistake(
            "np.eye(n, m, k) shifts to the right: column c is for key c + call * width, so k < 0",
            lambda n, width, call: np.eye(n, width, call * width),
        ),
        Mistake(
            "keys are rows of v, and there are n of them",
            lambda n, width, call: np.eye(width, n, call * width),
        ),
        Mistake(
            "columns beyond the last key are zero, and do not begin again with key 0",
            _first_key_again,
        ),
    ),
)


def window_behind_padding(q, k, v):
    """A causal window of 4 keys, and no padding: rows 0 to 2 are padding."""
    i, j = np.indices((len(q), len(k)))
    mask = (j <= i) & (j >= 3)  # causal, and no padding
    window = 4
    if window:
        mask = (j <= i) & (i - j < window)
    logits = np.where(mask, q @ k.T, -np.inf)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


def window_only():
    """The second mask takes the place of the first."""
    return sr.Lookback(4)


WINDOW_ONLY = Puzzle(
    number="17.3",
    title="A window and padding, as it was shipped",
    question=(
        "megatron-core 0.16.1 combined a window with the mask that it was given in the way of this "
        "code. Which pattern does it have?"
    ),
    kind=PatternAnswer(attention=window_behind_padding, lengths=(8,), drawn_lengths=()),
    reference=window_only,
    hints=(
        "Follow the name `mask` from line to line.",
        "What is left of the first mask when the second one is made?",
    ),
    mistakes=(
        Mistake(
            "that is what the docstring says: the second mask replaces the first",
            lambda: sr.Lookback(4) - sr.Global(3),
        ),
        Mistake("the window is not in it", lambda: sr.Causal() - sr.Global(3)),
        Mistake(
            "one key too many at the left edge: i - j < 4 is 0, 1, 2, 3",
            lambda: sr.Lookback(5),
        ),
        Mistake("later keys are masked", lambda: sr.Window(3)),
    ),
)

PUZZLES = (COUNTS_OF_WEIGHTS, ONE_HOT_COLUMNS, WINDOW_ONLY)
