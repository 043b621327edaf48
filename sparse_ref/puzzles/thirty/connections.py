"""Puzzles 27 to 29: whether every pair is joined by a path, and with how few pairs."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from ...patterns import Block, Causal, Dilated, Global, Lookback, Strided, Summary
from ..kinds import Claim, Steps, Value
from ..puzzle import Mistake, Puzzle


def middle_position(j, i):
    """A position a with j in Lookback(4)_a and a in Strided(4)_i: back from i by fours."""
    return i - (i - j) // 4 * 4


def position_mistake(value: object, j: int, i: int) -> str:
    """What is wrong with a position between key j and query i; "" if nothing is."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        return f"the answer must be a position or -1, got {value!r:.60}"
    a = int(value)
    if a == -1:
        return f"a position between j = {j} and i = {i} exists"
    if not Lookback(4).contains(a, j):
        return f"a = {a} does not read j = {j}: its last 4 keys are {a - 3} to {a}"
    if not Strided(4).contains(i, a):
        reason = "a is later" if a > i else f"i - a = {i - a} is no multiple of 4"
        return f"i = {i} does not read a = {a}: {reason}"
    return ""


def _no_position(j, i):
    return -1


def _rounded_up(j, i):
    return i - (i - j + 3) // 4 * 4


def _exchange_of_layers(j, i):
    return j + (i - j) // 4 * 4


def _end_of_block(j, i):
    return j // 4 * 4 + 3


def _direct_only(j, i):
    a = i - (i - j) // 4 * 4
    return a if a in (i, j) else -1


def _far_pair(rng, size):
    """A key and a query up to 10**(2 size) positions later."""
    j = int(rng.integers(10 ** (2 * size)))
    return j, j + int(rng.integers(10 ** (2 * size)))


NEAR_PAIRS = tuple(combinations_with_replacement(range(9), 2))
MIDDLE = Puzzle(
    number="27",
    title="Prove or refute: Lookback(4), then Strided(4), connect all",
    question="""\
Two layers. In the lower one each position reads its last 4 keys, Lookback(4): itself and the 3
before. In the upper one it reads every fourth key back, Strided(4). Does every key j reach every
query i >= j?

j reaches i if the lower layer brings it to a position a, and the upper one from a to i: j is a key
of a in Lookback(4), and a is a key of i in Strided(4).

Prove it or refute it: return such an a, or -1 for a pair (j, i) that has none. j and i may be as
large as 10**18, so search no list.""",
    kind=Value(
        examples=NEAR_PAIRS,
        draw=_far_pair,
        sizes=range(1, 9),
        accept=position_mistake,
    ),
    reference=middle_position,
    hints=(
        "From i go back by fours as long as you do not pass j. How far is j then?",
        "The last of these positions is less than 4 after j, so j is among its last 4 keys.",
        "(i - j) // 4 steps of 4 can be taken.",
    ),
    mistakes=(
        Mistake(
            "the claim is true, but these pairs are given up: every pair has a position",
            _no_position,
        ),
        Mistake(
            "rounded up: a lies before j, and causal layers never read later keys", _rounded_up
        ),
        Mistake(
            "the layers are exchanged: the lower one is the window, so a is near j, and a multiple "
            "of 4 before i",
            _exchange_of_layers,
        ),
        Mistake(
            "a is the end of j's block, as in fixed attention: it must be i minus fours",
            _end_of_block,
        ),
        Mistake("only pairs that one layer joins by itself have a position here", _direct_only),
    ),
)


def dilated_connects_all():
    """n, i and j such that key j never reaches query i: a step of 2 keeps even and odd apart."""
    return 2, 1, 0


def dilated_refutation(n, i, j):
    """Why n, i, j do not show that layers of Dilated(2, 2) join not every pair; "" if they do."""
    if not (0 <= i < n <= 64 and 0 <= j < n):
        return "i and j must be from 0 to n - 1, and n at most 64"
    mask = Dilated(2, 2).mask(n)
    reaches, layers = np.eye(n, dtype=bool), 0
    while not reaches[i, j]:
        more = mask @ reaches
        layers += 1
        if (more == reaches).all():
            return ""
        reaches = more
    return f"key {j} reaches query {i} in {layers} {'layer' if layers == 1 else 'layers'}"


DILATED = Puzzle(
    number="28",
    title="Prove or refute: Dilated(2, 2) connects all",
    question="""\
Each position reads itself and every second position around it, two to each side: Dilated(2, 2) is
{ i - 4, i - 2, i, i + 2, i + 4 } as far as they exist. It is not causal.

Claim: with enough such layers every key j reaches every query i, for every n.

If the claim is true, return True. If it is false, return (n, i, j) such that key j never reaches
query i at length n, with the smallest n that there is.""",
    kind=Claim(
        holds=False,
        names=("n", "i", "j"),
        refutes=dilated_refutation,
        size=lambda n, i, j: n,
    ),
    reference=dilated_connects_all,
    hints=(
        "Start at position 0. Where can you be after one layer? After two? After ten?",
        "What have all these positions in common?",
        "Every step is even. At which n do both an even and an odd position exist?",
    ),
    mistakes=(
        Mistake(
            "the claim is false: every step is even, so even and odd positions never meet",
            lambda: True,
        ),
        Mistake("key 0 reaches query 2 in one layer: the step of 2 joins them", lambda: (3, 2, 0)),
        Mistake("key 0 reaches query 8 in two layers of two steps each", lambda: (9, 8, 0)),
        Mistake("this pair is never joined, but a smaller n has one too", lambda: (4, 3, 0)),
    ),
)

FRAMES, PIXELS = 4, 6
LENGTH = FRAMES * PIXELS
# At distance 1, 3, 7 or 15, one half of a path is longer than the other: its length is from
# (distance + 1) / 2 to the distance, which differs for the four. So no pair (i, j) of a step is the
# longer half of two of these paths, and 23 + 21 + 17 + 9 pairs are needed.
FEWEST = 70


def two_steps():
    """A tree of hubs: a hub reads all before it, all after it read the hub; then each half."""
    lower, upper = np.zeros((2, 24, 24), bool)

    def join(start, stop):
        if stop - start < 2:
            return
        hub = (start + stop) // 2
        lower[hub, start:hub] = True
        upper[hub + 1 : stop, hub] = True
        join(start, hub)
        join(hub + 1, stop)

    join(0, 24)
    return lower, upper


def _axial():
    frame, pixel = np.divmod(np.arange(LENGTH), PIXELS)
    past = np.tri(LENGTH, dtype=bool)
    same_frame, same_pixel = frame[:, None] == frame, pixel[:, None] == pixel
    return past & same_frame, past & same_pixel


def _strided_attention():
    return Lookback(PIXELS), Strided(PIXELS)


def _fixed_attention():
    return Block(PIXELS), Summary(PIXELS, 1)


def _upper_step_first():
    return Summary(PIXELS, 1), Block(PIXELS)


def _one_dense_step():
    return Causal(), np.eye(LENGTH, dtype=bool)


def _star():
    return Global(1), Global(1)


def _hubs_in_the_other_order():
    lower, upper = two_steps()
    return upper, lower


TWO_STEPS = Puzzle(
    number="29",
    title="Two steps over a video, with the fewest pairs",
    question=f"""\
A video has {FRAMES} frames of {PIXELS} pixels. They are read frame by frame: pixel x of frame t is
position 6 t + x, so there are {LENGTH}.

State two steps, one for a lower layer and one for an upper layer, so that every position reaches
every later one: j reaches i if j is a key of some a in the lower step, and a is a key of i in the
upper one. a may be j or i itself, for a layer keeps what is at each position (the residual edge).
No position may read a later one.

Return (lower, upper): two patterns, or two bool arrays ({LENGTH}, {LENGTH}), [i, j] = i reads j.
The pairs (i, j) of both steps with i != j are counted. Use as few as you can.""",
    kind=Steps(n=LENGTH, fewest=FEWEST),
    reference=two_steps,
    hints=(
        "Frames then pixels is not enough: no key may be later, so how does the last pixel of a "
        "frame reach the first pixel of the next one?",
        "Choose one position in the middle as a hub. In the lower step it reads all before it; in "
        "the upper one all after it read it. Which pairs are joined now?",
        "Every pair with the hub between is joined now. What is left are the pairs inside each "
        "half: do the same there.",
        "The fewest is 70. Pairs at distance 1, 3, 7 and 15 all need a pair of their own: the "
        "longer part of the path of such a pair is at least half as long, and can serve no other.",
    ),
    mistakes=(
        Mistake(
            "frames, then columns: in causal sets a pixel never moves left, so it cannot reach "
            "an earlier column of a later frame",
            _axial,
        ),
        Mistake(
            "this is strided attention, which connects all: hubs need half of its pairs",
            _strided_attention,
        ),
        Mistake(
            "this is fixed attention, with the last pixel of each frame as its hub: a tree of hubs "
            "needs fewer",
            _fixed_attention,
        ),
        Mistake(
            "the summaries are read before they are written: exchange the steps",
            _upper_step_first,
        ),
        Mistake("one dense step connects all, with every pair: use both steps", _one_dense_step),
        Mistake("a hub at position 0 reads the future", _star),
        Mistake("the hubs are read before they read: exchange the steps", _hubs_in_the_other_order),
    ),
)

PUZZLES = (MIDDLE, DILATED, TWO_STEPS)
