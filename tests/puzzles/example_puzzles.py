"""Two examples of each kind of puzzle, to copy from; they are not in the book."""

from itertools import pairwise

import numpy as np

import sparse_ref as sr
from sparse_ref.define import every, span
from sparse_ref.puzzles import Mistake, Puzzle
from sparse_ref.puzzles.kinds import Choice, Claim, Formula, PatternAnswer, Runs, Value

# A set by its formula


KEYS = {"keys": range(1, 5)}


def last_keys(i, j, keys):
    return (i - keys < j) & (j <= i)


LAST_KEYS = Puzzle(
    number="90.1",
    title="The last keys",
    question="Each query attends to the last `keys` keys, itself included.",
    kind=Formula(parameters=KEYS, shown={"keys": 3}, pattern=sr.Lookback),
    reference=last_keys,
    hints=("The first key is i - keys + 1.",),
    mistakes=(
        Mistake("one key too many", lambda i, j, keys: (i - keys <= j) & (j <= i)),
        Mistake("the query itself is missing", lambda i, j, keys: (i - keys <= j) & (j < i)),
        Mistake("no right edge", lambda i, j, keys: i - keys < j),
    ),
)


FOUR_QUERIES = ((4, 4), (4, 7), (4, 12))


def last_queries(i, j, n):
    return j <= i + n - 4


LAST_QUERIES = Puzzle(  # lengths (n_q, n_k): n is the number of keys
    number="90.2",
    title="Causal for the last four queries",
    question="Four queries, n keys: the last query attends to every key.",
    kind=Formula(lengths=FOUR_QUERIES, drawn_lengths=(), shown={"n": FOUR_QUERIES[-1]}),
    reference=last_queries,
    hints=("Query 3 attends to key n - 1.",),
    mistakes=(
        Mistake("upper-left alignment", lambda i, j, n: j <= i),
        Mistake("one key too few", lambda i, j, n: j < i + n - 4),
        Mistake("one key too many", lambda i, j, n: j <= i + n - 3),
    ),
)

# A set solved for j


def every_third_key(i, n):
    return every(3, i % 3, i + 1)


EVERY_THIRD_KEY = Puzzle(
    number="90.3",
    title="Every third key back, as runs",
    question="Solve { j <= i : (i - j) mod 3 = 0 } for j.",
    kind=Runs(pattern=lambda: sr.Strided(3)),
    reference=every_third_key,
    hints=("The first key is i mod 3.",),
    mistakes=(
        Mistake("starts at 0, whatever i is", lambda i, n: every(3, 0 * i, i + 1)),
        Mistake("ends before i", lambda i, n: every(3, i % 3, i)),
        Mistake("every key, not every third", lambda i, n: span(i % 3, i + 1)),
    ),
)


def two_sides(i, n, gap):
    return span(0 * i, i - gap + 1), span(i + gap, n)


TWO_SIDES = Puzzle(  # several runs, and a parameter
    number="90.4",
    title="All but the neighbours",
    question="Every key at a distance of at least `gap`.",
    kind=Runs(parameters={"gap": range(1, 4)}),
    reference=two_sides,
    hints=("Two spans: one on each side.",),
    mistakes=(
        Mistake("only the left side", lambda i, n, gap: span(0 * i, i - gap + 1)),
        Mistake("only the right side", lambda i, n, gap: span(i + gap, n)),
        Mistake("one key too few", lambda i, n, gap: (span(0 * i, i - gap), span(i + gap + 1, n))),
    ),
)

# A pattern


def window_and_sinks():
    return sr.Sinks(2) | sr.Lookback(3)


WINDOW_AND_SINKS = Puzzle(
    number="90.5",
    title="Sinks and a window",
    question="Two sinks and the last three keys, as a pattern.",
    kind=PatternAnswer(pattern=window_and_sinks),
    reference=window_and_sinks,
    hints=("sr.Sinks and sr.Lookback, joined by |.",),
    mistakes=(
        Mistake("the sinks are missing", lambda: sr.Lookback(3)),
        Mistake("one sink too few", lambda: sr.Sinks(1) | sr.Lookback(3)),
        Mistake("& in place of |", lambda: sr.Sinks(2) & sr.Lookback(3)),
    ),
)


def two_residues(step):
    return sr.Strided(step) | sr.Shifted(sr.Strided(step), -1)


TWO_RESIDUES = Puzzle(  # a function of parameters
    number="90.6",
    title="Two residues",
    question="Every step-th key back from i, and from i - 1.",
    kind=PatternAnswer(parameters={"step": range(2, 5)}),
    reference=two_residues,
    hints=("sr.Shifted(p, -1) gives query i the keys of query i - 1.",),
    mistakes=(
        Mistake("one residue", lambda step: sr.Strided(step)),
        Mistake(
            "shifted into the future",
            lambda step: sr.Strided(step) | sr.Shifted(sr.Strided(step), 1),
        ),
        Mistake("every key", lambda step: sr.Causal()),
    ),
)

# A function of drawn arguments


def _large_logits(numbers, size):
    return (300 * numbers.standard_normal(size + 1),)


def softmax_row(x):
    w = np.exp(x - np.max(x))
    return w / np.sum(w)


SOFTMAX_ROW = Puzzle(  # arrays, by a generator and a size
    number="90.7",
    title="Softmax",
    question="The softmax of a vector x, also of large numbers.",
    kind=Value(draw=_large_logits, rtol=1e-12),
    reference=softmax_row,
    hints=("Subtract the maximum first.",),
    mistakes=(
        Mistake("not normalised", lambda x: np.exp(x - np.max(x))),
        Mistake("the maximum is not subtracted", lambda x: _overflow(x)),
        Mistake("the minimum is subtracted", lambda x: _overflow(x - np.min(x))),
    ),
)


def _overflow(x):
    with np.errstate(all="ignore"):
        return np.exp(x) / np.sum(np.exp(x))


LENGTHS_AND_KEYS = ((1, 1), (4, 2), (3, 5))


def pairs_of_window(n, keys):
    return sum(min(i + 1, keys) for i in range(n))


def _lengths_and_keys():
    from hypothesis import strategies as st

    return st.tuples(st.integers(1, 60), st.integers(1, 60))


PAIRS_OF_WINDOW = Puzzle(  # numbers, by a strategy and examples
    number="90.8",
    title="Pairs of a window",
    question="How many pairs has a causal window of `keys` keys at length n?",
    kind=Value(examples=LENGTHS_AND_KEYS, arguments=_lengths_and_keys),
    reference=pairs_of_window,
    hints=("Row i has min(i + 1, keys) keys.",),
    mistakes=(
        Mistake("the first rows have fewer keys", lambda n, keys: n * keys),
        Mistake(
            "the window is longer than the sequence",
            lambda n, keys: n * keys - keys * (keys - 1) // 2,
        ),
        Mistake("as if it were causal without a window", lambda n, keys: n * (n + 1) // 2),
    ),
)


def even_order(n):
    return list(range(0, n, 2)) + list(range(1, n, 2))


LENGTHS = tuple((n,) for n in range(1, 9))


def _judge_order(order, n):
    if sorted(order) != list(range(n)):
        return "not an order of 0, ..., n - 1"
    halves = [position % 2 for position in order]
    changes = sum(a != b for a, b in pairwise(halves))
    return "" if changes <= 1 else "even and odd are mixed"


EVEN_ORDER = Puzzle(  # several right answers: `accept` judges
    number="90.9",
    title="An order",
    question="An order of 0, ..., n - 1 in which even and odd numbers are not mixed.",
    kind=Value(examples=LENGTHS, accept=_judge_order),
    reference=even_order,
    hints=("The odd ones may come first.",),
    mistakes=(
        Mistake("as they are", lambda n: list(range(n))),
        Mistake("the odd numbers are left out", lambda n: list(range(0, n, 2))),
        Mistake("backwards", lambda n: list(range(n))[::-1]),
    ),
)

# Prove or refute


def dilated_connects():
    return 2, 1, 0


def _is_disconnected(n, i, j):
    if not 0 <= j <= i < n:
        return "0 <= j <= i < n must hold"
    return "" if (i - j) % 2 else f"{i} reaches {j} by steps of 2"


DILATED_CONNECTS = Puzzle(  # false: the counterexample is checked
    number="91.1",
    title="Steps of two",
    question="Steps back by 0, 2 or 4 connect every i to every j <= i. True, or (n, i, j)?",
    kind=Claim(holds=False, refutes=_is_disconnected, size=lambda n, i, j: n),
    reference=dilated_connects,
    hints=("What does a step of 2 keep?",),
    mistakes=(
        Mistake("parity: 1 never reaches 0", lambda: True),
        Mistake("these have the same parity", lambda: (3, 2, 0)),
        Mistake("a smaller one exists", lambda: (4, 3, 0)),
    ),
)


def steps_of_one():
    return True


DISTANCES_HOLD = Puzzle(  # true: no counterexample can be given
    number="91.2",
    title="Steps of one",
    question="Steps back by 0 or 1 connect every i to every j <= i. True, or (n, i, j)?",
    kind=Claim(holds=True, refutes=lambda n, i, j: f"{i} reaches {j} in {i - j} steps of one"),
    reference=steps_of_one,
    hints=("i - j steps of one.",),
    mistakes=(
        Mistake("far is not unreachable", lambda: (100, 99, 0)),
        Mistake("neighbours reach each other", lambda: (2, 1, 0)),
        Mistake("itself, by the step of 0", lambda: (1, 0, 0)),
    ),
)

# What a piece of code really has


def short_window(q, k, v):
    logits = q @ k.T
    i, j = np.indices(logits.shape)
    logits[(j > i) | (j < i - 2)] = -np.inf
    w = np.exp(logits - logits.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v


def window_of_two():
    return sr.Lookback(3)


REAL_WINDOW = Puzzle(
    number="91.3",
    title="What is it really?",
    question='The docstring said "a window of 2". Which pattern does this attention have?',
    kind=PatternAnswer(attention=short_window, lengths=(8, 12), drawn_lengths=()),
    reference=window_of_two,
    hints=("Which keys of row 5 are not set to -inf?",),
    mistakes=(
        Mistake("the two before, and the query itself: three", lambda: sr.Lookback(2)),
        Mistake("later keys are masked, too", lambda: sr.Window(2)),
        Mistake("old keys are masked, too", lambda: sr.Causal()),
    ),
)


def fault_of_short_window():
    return "edge"


REAL_FAULT = Puzzle(
    number="91.4",
    title="What is wrong?",
    question="This attention should be Lookback(2). What is wrong with it?",
    kind=Choice(
        options={"edge": "an edge is off by one", "scale": "no scale", "future": "it leaks",
                 "norm": "weights do not sum to 1"},
        code=short_window,
    ),
    reference=fault_of_short_window,
    hints=("Count the keys of row 5.",),
    mistakes=(
        Mistake("q k^T without 1 / sqrt(d) is what was asked for", lambda: "scale"),
        Mistake("j > i is masked", lambda: "future"),
        Mistake("the last line divides by the sum", lambda: "norm"),
    ),
)  # fmt: skip

EXAMPLES = tuple(value for value in vars().values() if isinstance(value, Puzzle))
