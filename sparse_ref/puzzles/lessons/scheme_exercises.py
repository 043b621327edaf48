"""Exercises of lesson 4, three ways to build: a layer by hand, a scheme, and few pairs."""

import numpy as np

import sparse_ref as sr

from ...sets.factorized import Factorized
from ...sets.mask import brute_mask
from ...sets.pattern import Pattern
from ..kinds import PatternAnswer, Value
from ..puzzle import Mistake, Puzzle

N = 64
FEW_PAIRS = 450  # of three layers at length 64, without the queries' own keys
OWN_KEYS = "the residual edge keeps what is at i: leave the queries' own keys out"


def attend_heads(q, k, v, mask):
    """Softmax over the keys that the mask allows, head by head; 0 without any."""
    d = q.shape[-1]
    logits = q @ k.mT / np.sqrt(d)
    logits = np.where(mask, logits, -np.inf)
    top = logits.max(axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isfinite(top), top, 0))
    total = weights.sum(axis=-1, keepdims=True)
    return weights @ v / np.where(total == 0, 1, total)


def draw_heads(numbers, size):
    """Two heads with different sets; the last query of head 0 has no key."""
    q, k, v = numbers.standard_normal((3, 2, size + 1, 3))
    mask = numbers.random((2, size + 1, size + 1)) < 0.7
    mask[0, -1] = False
    return 3 * q, k, v, mask


def _with_logits(q, k, v, mask, divisor, fill):
    """The same with another scale, and another number for hidden keys."""
    logits = np.where(mask, q @ k.mT / divisor, fill)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ v


def _nan_row(q, k, v, mask):
    """-inf - (-inf), in a row without keys."""
    with np.errstate(invalid="ignore"):
        return _with_logits(q, k, v, mask, np.sqrt(q.shape[-1]), -np.inf)


def _zero_weights(q, k, v, mask):
    """A softmax over all keys, some of which are taken away afterwards."""
    everything = np.ones_like(mask)
    weights = attend_heads(q, k, np.eye(k.shape[-2]), everything)
    return np.where(mask, weights, 0) @ v


def _one_set(q, k, v, mask):
    """The set of head 0 for every head."""
    return attend_heads(q, k, v, np.broadcast_to(mask[:1], mask.shape))


def _no_scale(q, k, v, mask):
    """Logits that are not divided by sqrt(d)."""
    return attend_heads(q * np.sqrt(q.shape[-1]), k, v, mask)


ATTEND_HEADS = Puzzle(
    number="04.1",
    title="A layer by hand",
    question=(
        "Attend over a set for each head, without a loop. q, k and v have shape (H, n, d), mask "
        "is bool (H, n, n): True if query i of head h attends to key j. Return (H, n, d).\n\n"
        "Logits are divided by sqrt(d). A query without keys gets 0."
    ),
    kind=Value(draw=draw_heads, sizes=range(1, 6)),
    reference=attend_heads,
    hints=(
        "q @ k.mT multiplies head by head. Hide keys by np.where(mask, logits, -np.inf).",
        "In a row of -inf the maximum is -inf, and -inf - (-inf) is NaN: subtract 0 there.",
        "And the sum of such a row is 0: divide by 1 in its place.",
    ),
    mistakes=(
        Mistake("the logits are not divided by sqrt(d)", _no_scale),
        Mistake(
            "a row without keys averages all values: -1e9 is not -inf",
            lambda q, k, v, mask: _with_logits(q, k, v, mask, np.sqrt(q.shape[-1]), -1e9),
        ),
        Mistake(
            "hidden keys have the logit 0, not -inf",
            lambda q, k, v, mask: _with_logits(q, k, v, mask, np.sqrt(q.shape[-1]), 0),
        ),
        Mistake("a row without keys is NaN: its maximum is -inf and its sum 0", _nan_row),
        Mistake("a softmax over all keys: the weights on the set do not sum to 1", _zero_weights),
        Mistake("every head has the set of head 0", _one_set),
    ),
)


def checkerboard(layer, head):
    """The layer and the head move through the steps together."""
    return (sr.Local(4), sr.Strided(4))[(layer + head) % 2]


CHECKERBOARD = Puzzle(
    number="04.2",
    title="A scheme of both kinds",
    question=(
        "Interleaved and multi-head at once, like a checkerboard: in layer 0 the heads take the "
        "steps Local(4), Strided(4), Local(4), ... in turn, in layer 1 Strided(4), Local(4), "
        "..., and so on.\n\n"
        "Give the pattern of a layer and a head, both from 0. The picture is of layer 1, head 0."
    ),
    kind=PatternAnswer(
        parameters={"layer": range(3), "head": range(3)},
        lengths=(1, 6, 12),
        drawn_lengths=(),
        shown={"layer": 1, "head": 0},
    ),
    reference=checkerboard,
    hints=("A field of a checkerboard is black or white by (row + column) % 2.",),
    mistakes=(
        Mistake(
            "interleaved: all heads of a layer are alike",
            lambda layer, head: (sr.Local(4), sr.Strided(4))[layer % 2],
        ),
        Mistake(
            "multi-head: all layers are alike",
            lambda layer, head: (sr.Local(4), sr.Strided(4))[head % 2],
        ),
        Mistake("merged: heads have both steps", lambda layer, head: sr.Local(4) | sr.Strided(4)),
        Mistake(
            "the other way round: layer 0 and head 0 have the window",
            lambda layer, head: (sr.Strided(4), sr.Local(4))[(layer + head) % 2],
        ),
    ),
)


def three_layers():
    """Each layer moves by a digit of i - j in base 4; the residual edge keeps what is at i."""
    fours = sr.Strided(4) & sr.Lookback(13)
    digits = sr.Lookback(4), fours, sr.Strided(16)
    return tuple(p - sr.Window(0) for p in digits)


def _endless_fours():
    """Strides of 4 back to the beginning."""
    layers = sr.Lookback(4), sr.Strided(4), sr.Strided(16)
    return tuple(p - sr.Window(0) for p in layers)


def judge_layers(answer):
    """Why three layers do not connect 64 positions with few pairs; "" if they do."""
    layers = tuple(answer) if isinstance(answer, (Factorized, tuple, list)) else ()
    if len(layers) != 3 or not all(isinstance(p, Pattern) for p in layers):
        return f"three patterns are asked for, the lowest layer first, got {answer!r:.60}"
    masks = [brute_mask(p, N) for p in layers]
    reached = np.eye(N, dtype=bool)
    for number, mask in enumerate(masks, 1):
        if np.triu(mask, 1).any():
            i, j = np.argwhere(np.triu(mask, 1))[0]
            return f"layer {number} looks ahead: query {i} attends to key {j}"
        reached = (mask.astype(int) @ reached > 0) | reached
    if not reached[np.tril_indices(N)].all():
        i, j = np.argwhere(np.tril(~reached))[0]
        return f"key {j} does not reach query {i}"
    pairs = sum(int(mask.sum()) for mask in masks)
    if pairs <= FEW_PAIRS:
        return ""
    own_keys = sum(int(mask.trace()) for mask in masks)
    if pairs - own_keys <= FEW_PAIRS:
        return OWN_KEYS
    by_layer = " + ".join(str(int(mask.sum())) for mask in masks)
    return f"all connected, by {by_layer} = {pairs} pairs: {FEW_PAIRS} are enough"


THREE_LAYERS = Puzzle(
    number="04.3",
    title="Three layers, few pairs",
    question=(
        "Three causal layers over 64 positions, each with a pattern of its own; each also keeps "
        "what is at i (the residual edge). Every j must reach every i >= j, with at most 450 "
        "pairs in all three layers together.\n\n"
        "Return the three patterns, the lowest layer first. strided(8) has 828 pairs in two."
    ),
    kind=Value(examples=((),), accept=judge_layers),
    reference=three_layers,
    hints=(
        "64 = 4 x 4 x 4: write i - j with three digits in base 4, and let each layer move one.",
        "Strides of 1, 4 and 16, with up to four keys each: sr.Strided(4) & sr.Lookback(13).",
        "The residual edge keeps what is at i. So no query needs its own key: p - sr.Window(0).",
    ),
    mistakes=(
        Mistake(
            OWN_KEYS,
            lambda: (sr.Lookback(4), sr.Strided(4) & sr.Lookback(13), sr.Strided(16)),
        ),
        Mistake(
            "a digit runs from 0 to 3, so that the window needs four keys",
            lambda: (sr.Lookback(3), sr.Strided(4) & sr.Lookback(13), sr.Strided(16)),
        ),
        Mistake(
            "two steps of 8 and a layer to spare: three digits are cheaper",
            lambda: (sr.Local(8), sr.Strided(8), sr.Window(0)),
        ),
        Mistake(
            "layer 2 repeats what layer 3 does: a digit in base 4 needs at most three strides of 4",
            _endless_fours,
        ),
        Mistake(
            "dense attention connects everything, by far too many pairs",
            lambda: (sr.Causal(), sr.Window(0), sr.Window(0)),
        ),
    ),
)

PUZZLES = (ATTEND_HEADS, CHECKERBOARD, THREE_LAYERS)
