"""Exercises of lesson 15: the simplex, a gate whose gradient dies, the age of a token."""

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def project(z):
    """The largest prefix of the falling logits whose last is above the level of the prefix."""
    falling = np.sort(z)[::-1]
    for k in range(1, len(z) + 1):
        level = (falling[:k].sum() - 1) / k
        if falling[k - 1] > level:
            tau = level
    return np.maximum(z - tau, 0)


def _softmax(z):
    """exp(z) over its sum."""
    p = np.exp(z - z.max())
    return p / p.sum()


def _positive_share(z):
    """What is positive, over its sum."""
    positive = np.maximum(z, 0)
    return positive / max(positive.sum(), 1e-9)


def _clip(z):
    """Each logit by itself."""
    return np.clip(z, 0, 1)


def _all_members(z):
    """The level as if every logit were above it."""
    tau = (z.sum() - 1) / len(z)
    return np.maximum(z - tau, 0)


def _logits(rng, size):
    """Logits of size + 1 keys."""
    return (1.5 * rng.standard_normal(size + 1),)


def moves_z(z, span, ramp):
    """On the ramp m moves with z; where it is 0 or 1 it is flat."""
    x = np.arange(1, span + 1)
    m = (ramp + z * span - x) / ramp
    return (m > 0) & (m < 1)


def _ramp(z, span, ramp):
    """m of each distance before it is clamped."""
    x = np.arange(1, span + 1)
    return (ramp + z * span - x) / ramp


def _spans(rng, size):
    """z in sixteenths, a span of 16 or 32, and a ramp that is a power of 2: all are exact."""
    span = int(rng.choice([16, 32]))
    ramp = float(rng.choice([2, 4, 8]))
    sixteenths = int(rng.integers(0, 13))
    return sixteenths / 16, span, ramp


def _with_corners(z, span, ramp):
    """The ramp and its two ends."""
    m = _ramp(z, span, ramp)
    return (m >= 0) & (m <= 1)


def _from_distance_0(z, span, ramp):
    """Entry x for distance x."""
    x = np.arange(span)
    m = (ramp + z * span - x) / ramp
    return (m > 0) & (m < 1)


def importance(weights):
    """Token j is seen by the n - j queries i >= j: the mean is over these."""
    n = len(weights)
    return weights.sum(axis=0) / (n - np.arange(n))


def _mean_over_keys(weights):
    """The sum of a column over the number of keys that its own query sees."""
    counts = np.arange(len(weights)) + 1
    return weights.sum(axis=0) / counts


def _without_own_query(weights):
    """The sum of a column over the number of queries after j."""
    later = np.arange(len(weights))[::-1]
    return weights.sum(axis=0) / np.maximum(later, 1)


def _causal_weights(rng, size):
    """The weights of causal attention, rows that sum to 1."""
    n = size + 2
    weights = rng.random((n, n)) * np.tri(n)
    return (weights / weights.sum(axis=1, keepdims=True),)


SHORT_RAMP = 0.25, 16, 4.0
THREE_LOGITS = (np.array([1.0, 0.8, 0.1]),)


PUZZLES = (
    Puzzle(
        number="15.1",
        title="Project on the simplex",
        question=(
            "Return sparsemax(z) of a vector z: max(z_j - tau, 0), tau such that it sums to 1. "
            "It is the point of the simplex nearest to z."
        ),
        kind=Value(draw=_logits, examples=(THREE_LOGITS,)),
        reference=project,
        hints=(
            "If you knew which k logits are above tau, what would tau be?",
            "Sort z, falling. The k largest are members if the k-th is above (their sum - 1) / k.",
        ),
        mistakes=(
            Mistake("this is softmax: no weight is ever 0", _softmax),
            Mistake(
                "negative logits are cut and the rest is divided: not the nearest point",
                _positive_share,
            ),
            Mistake(
                "no tau is subtracted: the weights do not sum to 1",
                _clip,
            ),
            Mistake(
                "tau is computed over all logits, also over those that are cut: the sum is above 1",
                _all_members,
            ),
        ),
    ),
    Puzzle(
        number="15.2",
        title="A gate whose gradient dies",
        question=(
            "Adaptive span multiplies the weight of the key at distance x = 1, 2, ..., span by "
            "m(x) = clamp((ramp + z * span - x) / ramp, 0, 1). Which distances give z a gradient? "
            "Return a bool array (span,), entry x - 1 for distance x. At its corners, where m is "
            "exactly 0 or 1, the clamp counts as flat."
        ),
        kind=Value(draw=_spans, examples=(SHORT_RAMP,)),
        reference=moves_z,
        hints=(
            "Where does m change if z changes a little?",
            "Before it is clamped, m must be strictly between 0 and 1.",
        ),
        mistakes=(
            Mistake(
                "all members: but where m is 1 it is flat, and z gets nothing",
                lambda z, span, ramp: _ramp(z, span, ramp) > 0,
            ),
            Mistake(
                "at its corners, where m is exactly 0 or 1, the clamp counts as flat",
                _with_corners,
            ),
            Mistake(
                "off by one: entry 0 is for distance 1",
                _from_distance_0,
            ),
            Mistake(
                "keys beyond the ramp, too: there m is 0 and flat",
                lambda z, span, ramp: _ramp(z, span, ramp) < 1,
            ),
            Mistake(
                "the keys before the ramp, z * span of them, where m is 1",
                lambda z, span, ramp: np.arange(1, span + 1) <= z * span,
            ),
            Mistake(
                "every key: as if the window had no end",
                lambda z, span, ramp: np.ones(span, bool),
            ),
        ),
    ),
    Puzzle(
        number="15.3",
        title="Importance without age",
        question=(
            "Pruning tokens by the sum of their column of weights prefers early tokens, which "
            "more queries see. `weights` (n, n) are the weights of causal attention. Return (n,): "
            "the mean weight of token j over the queries that see it."
        ),
        kind=Value(draw=_causal_weights),
        reference=importance,
        hints=(
            "How many queries i see token 0? And the last token?",
            "n - j queries see token j.",
        ),
        mistakes=(
            Mistake(
                "the sum: it grows with the number of queries that see a token",
                lambda weights: weights.sum(axis=0),
            ),
            Mistake(
                "the mean over all queries, also over those before the token: the same order",
                lambda weights: weights.mean(axis=0),
            ),
            Mistake(
                "off by one: query j sees key j, too, so n - j queries do",
                _without_own_query,
            ),
            Mistake(
                "divided by j + 1, the keys that query j sees, not the queries that see key j",
                _mean_over_keys,
            ),
            Mistake(
                "the sum of a row, which is 1: rows are queries",
                lambda weights: weights.sum(axis=1),
            ),
        ),
    ),
)
