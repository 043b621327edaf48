"""Lesson 5: name the stop, find the smallest counterexample, count layers."""

from __future__ import annotations

import numpy as np

from ...patterns import Lookback, Strided
from ...sets.mask import brute_mask
from ..kinds import Claim, Value
from ..puzzle import Mistake, Puzzle


def swapped_stop(i, j, l):
    """From j by whole strides, until less than one stride is left for the window."""
    return i - (i - j) % l


def _stop_case(rng, size):
    """A pair of positions, at most four strides apart."""
    j = int(rng.integers(0, 20))
    return j + int(rng.integers(0, 4 * size + 1)), j, size


def _stop_fault(a, i, j, l):
    """Why a is no stop between j and i; "" if it is one."""
    if (a - j) % l or a < j:
        return f"layer 1 does not lead from {j} to {a}: {a} - {j} must be 0 or a multiple of {l}"
    if not i - l < a <= i:
        return f"layer 2 does not lead from {a} to {i}: {a} is not one of the last {l} keys"
    return ""


def narrow_window():
    """A window of three keys adds 0, 1 or 2 to multiples of four: distance 3 is lost."""
    return 4, 0, 3


def _reaches_by_window_and_stride(n, j, i):
    """Why a pair does not refute the claim of a window of 3, then a stride of 4; "" if it does."""
    if not 0 <= j <= i < n:
        return "it must have 0 <= j <= i < n"
    own = np.eye(n, dtype=bool)
    lower = brute_mask(Lookback(3), n) | own
    upper = brute_mask(Strided(4), n) | own
    stops = np.flatnonzero(upper[i] & lower[:, j])
    return f"the path {j}, {stops[0]}, {i} joins the pair" if len(stops) else ""


def _window_case(rng, size):
    """A length and the keys of a window."""
    return int(rng.integers(1, 60)), size + 1


def window_layers(n, keys):
    """A layer moves information by keys - 1, and the farthest pair is n - 1 apart."""
    return -(-(n - 1) // (keys - 1))


STOPS = (3, 0, 4), (7, 1, 4)
WINDOWS = (1, 2), (7, 4), (8, 4)

PUZZLES = (
    Puzzle(
        number="05.1",
        title="Name the stop",
        question=(
            "Swap the layers of strided attention. Layer 1: each query attends to itself and to "
            "every l-th key before it. Layer 2: each query attends to the last l keys, itself "
            "included. Every j <= i is still connected. At which position a does the path from j "
            "to i stop? i, j and l are integers, 0 <= j <= i and l >= 1."
        ),
        kind=Value(draw=_stop_case, accept=_stop_fault, examples=STOPS),
        reference=swapped_stop,
        hints=(
            "From j to a the distance is a multiple of l; from a to i it is at most l - 1.",
            "Divide i - j by l. Which part of it must be left for the window?",
        ),
        mistakes=(
            Mistake(
                "the stop of the other order: here the stride comes first, then the window",
                lambda i, j, l: j + (i - j) % l,
            ),
            Mistake(
                "the start of the block of i: it need not be a multiple of l after j",
                lambda i, j, l: i - i % l,
            ),
            Mistake(
                "the oldest key of the window: it need not be a multiple of l after j",
                lambda i, j, l: i - l + 1,
            ),
            Mistake(
                "the quotient in place of the remainder: that counts strides",
                lambda i, j, l: i - (i - j) // l,
            ),
        ),
    ),
    Puzzle(
        number="05.2",
        title="The smallest counterexample",
        question=(
            "Claim: layer 1 is Lookback(3), the last three keys; layer 2 is Strided(4), every "
            "fourth key back; with residual edges, every j reaches every i >= j, at every length "
            "n. Return True if it is true, or the smallest counterexample (n, j, i). Find it by "
            "hand."
        ),
        kind=Claim(
            holds=False,
            names=("n", "j", "i"),
            refutes=_reaches_by_window_and_stride,
            size=lambda n, j, i: n,
        ),
        reference=narrow_window,
        hints=(
            "Layer 2 covers distances 0, 4, 8, ... Which distances can layer 1 add?",
            "0, 1 and 2. So which distance is the smallest that no sum gives?",
        ),
        mistakes=(
            Mistake(
                "the claim is false: a window of 3 keys moves nothing by 3",
                lambda: True,
            ),
            Mistake("j and i are exchanged: the earlier position is j", lambda: (4, 3, 0)),
            Mistake(
                "a distance of 4 is one step of the stride, and connected",
                lambda: (5, 0, 4),
            ),
            Mistake(
                "right, but not the smallest: n need only be one more than i",
                lambda: (5, 0, 3),
            ),
        ),
    ),
    Puzzle(
        number="05.3",
        title="Layers of windows",
        question=(
            "Each layer is a causal window of `keys` keys, the query included: Lookback(keys). "
            "How many layers does it take at least until, among n tokens, every j reaches every "
            "i >= j? n >= 1 and keys >= 2; the answer is an integer, 0 for a single token."
        ),
        kind=Value(
            draw=_window_case,
            examples=WINDOWS,
        ),
        reference=window_layers,
        hints=(
            "The farthest pair is n - 1 apart. How far does one layer move information?",
            "By keys - 1: one of the keys is the query itself. Round up: -(-a // b).",
        ),
        mistakes=(
            Mistake(
                "one layer moves information by keys - 1, not by keys: the query is one of them",
                lambda n, keys: -(-(n - 1) // keys),
            ),
            Mistake(
                "the first and the last of n tokens are n - 1 apart, not n",
                lambda n, keys: -(-n // (keys - 1)),
            ),
            Mistake(
                "the farthest pair is n - 1 apart, and one layer moves information by keys - 1",
                lambda n, keys: -(-n // keys),
            ),
            Mistake(
                "rounded down: the last layer is needed for the rest of the way",
                lambda n, keys: (n - 1) // (keys - 1),
            ),
            Mistake(
                "not rounded: there is no half of a layer",
                lambda n, keys: (n - 1) / (keys - 1),
            ),
        ),
    ),
)
