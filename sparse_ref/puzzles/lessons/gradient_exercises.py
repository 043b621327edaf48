"""Exercises of lesson 10: the slope of the scale, a sign, and who reads a key."""

from __future__ import annotations

import numpy as np

from ..kinds import Choice, Formula, Value
from ..puzzle import Mistake, Puzzle


def scale_gradient(g, q, k, v, mask, scale):
    """x_ij = scale q_i . k_j, so its slope is q_i . k_j, once for each pair."""
    dots = q @ k.T
    x = np.where(mask, scale * dots, -np.inf)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dp = g @ v.T
    mean = (p * dp).sum(axis=1, keepdims=True)
    dx = p * (dp - mean)
    return (dx * dots).sum()


def _weights(q, k, mask, scale):
    x = np.where(mask, scale * (q @ k.T), -np.inf)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _without_mean(g, q, k, v, mask, scale):
    p = _weights(q, k, mask, scale)
    return (p * (g @ v.T) * (q @ k.T)).sum()


def _plus_mean(g, q, k, v, mask, scale):
    p = _weights(q, k, mask, scale)
    dp = g @ v.T
    mean = (p * dp).sum(axis=1, keepdims=True)
    return (p * (dp + mean) * (q @ k.T)).sum()


def _scaled_twice(g, q, k, v, mask, scale):
    return scale * scale_gradient(g, q, k, v, mask, scale)


def _not_scaled_back(g, q, k, v, mask, scale):
    return scale_gradient(g, q, k, v, mask, scale) / scale


def _sum_of_slopes(g, q, k, v, mask, scale):
    p = _weights(q, k, mask, scale)
    dp = g @ v.T
    return (p * (dp - (p * dp).sum(axis=1, keepdims=True))).sum()


def _through_weights(g, q, k, v, mask, scale):
    p = _weights(q, k, mask, scale)
    return (p * (q @ k.T)).sum()


def _all_pairs(g, q, k, v, mask, scale):
    return scale_gradient(g, q, k, v, np.ones_like(mask), scale)


def _small_head(rng, size):
    """One head with a random causal set that keeps the diagonal."""
    n = size + 1
    arrays = rng.normal(size=(4, n, 3))
    some = rng.random((n, n)) < 0.6
    mask = np.tril(some) | np.eye(n, dtype=bool)
    return *arrays, mask, rng.uniform(0.2, 0.9)


SCALE_GRADIENT = Puzzle(
    number="10.1",
    title="The slope of the scale",
    question=(
        "Some models learn the scale of the logits, x_ij = scale q_i . k_j. Derive dL/dscale.\n\n"
        "g, q, k, v are (n, d), mask (n, n) is the set, True for a pair in it, and each row has a "
        "key. Return one number."
    ),
    kind=Value(draw=_small_head, rtol=1e-7, atol=1e-10),
    reference=scale_gradient,
    hints=(
        "In which equation does the scale occur, and how many times?",
        "It occurs in each x_ij, whose slope dx_ij you know. What is the slope of x_ij by scale?",
        "The sum of dx_ij (q_i . k_j) over all pairs of the set.",
    ),
    mistakes=(
        Mistake("softmax: a logit lowers the other weights of its row, - mean", _without_mean),
        Mistake("the mean of dP is subtracted, not added", _plus_mean),
        Mistake("the slope of scale q.k by scale is q.k, without scale", _scaled_twice),
        Mistake("divided by the scale: the slope of scale q.k is q.k as it is", _not_scaled_back),
        Mistake("a row of dx adds up to 0: each slope is multiplied by its q.k", _sum_of_slopes),
        Mistake("the loss is missing: g reaches the logits through dP", _through_weights),
        Mistake("the mask is missing: sums over all pairs", _all_pairs),
    ),
)


def gradients(g, q, k, v, out, lse, mask, scale):
    """(dq, dk, dv) of one head, with a wrong sign in one line."""
    x = np.where(mask, scale * q @ k.T, -np.inf)
    p = np.exp(x - lse[:, None])
    dv = p.T @ g
    dp = g @ v.T
    mean = (g * out).sum(axis=1, keepdims=True)
    dx = p * (dp + mean)
    dq = scale * dx @ k
    dk = scale * dx.T @ q
    return dq, dk, dv


def wrong_line():
    """A row of dx must add up to 0: sum of p dp is the mean, and the sum of p is 1."""
    return "dx"


WRONG_LINE = Puzzle(
    number="10.2",
    title="One sign is wrong",
    question=(
        "One line of this backward pass has a wrong sign. Which?\n\n"
        "Return the name on the left of that line."
    ),
    kind=Choice(
        options={
            "p": "the exponent of the weights",
            "dv": "the gradient of the values",
            "dp": "the gradient of the weights",
            "mean": "g_i . out_i",
            "dx": "the slopes of the logits",
            "dq": "the gradient of the queries",
            "dk": "the gradient of the keys",
        },
        code=gradients,
    ),
    reference=wrong_line,
    hints=(
        "Which sums do you know without computing anything?",
        "A row of P adds up to 1, and a row of dx to 0.",
    ),
    mistakes=(
        Mistake("exp(x - lse) adds up to 1 in each row, as weights must", lambda: "p"),
        Mistake("dv = P^T g: a weight has no sign to lose", lambda: "dv"),
        Mistake("g_i . out_i is right; what is done with it is not", lambda: "mean"),
        Mistake("dp = g v^T: a weight enters the output with the factor v", lambda: "dp"),
        Mistake("dq = scale dx k is right, if dx is", lambda: "dq"),
        Mistake("dk = scale dx^T q is right, if dx is", lambda: "dk"),
    ),
)


def readers(i, j):
    """The pair (query j, key i) must be in the set: i < 2, or j - 3 < i <= j."""
    return (i <= j) & ((i < 2) | (j < i + 3))


def _queries(i, j):
    return (j <= i) & ((j < 2) | (i < j + 3))


def _one_sink(i, j):
    return (i <= j) & ((i == 0) | (j < i + 3))


def _late_reader(i, j):
    return (i <= j) & ((i < 2) | (j <= i + 3))


def _past_readers(i, j):
    return (i < 2) | (i <= j) & (j < i + 3)


READERS = Puzzle(
    number="10.3",
    title="Who reads a key",
    question=(
        "Two sinks and a window of three, Sinks(2) | Lookback(3), both causal: j <= i. The "
        "gradient dv of a key reads all queries that attend to it.\n\n"
        "State these sets: row i is key i, column j is query j, True if query j attends to key i."
    ),
    kind=Formula(),
    reference=readers,
    hints=(
        "Begin with the condition for query i and key j, and exchange the letters.",
        "Readers are never before their key.",
    ),
    mistakes=(
        Mistake("the sets of the queries, not of the keys", _queries),
        Mistake(
            "a sink is read by all queries from itself on, not by three",
            lambda i, j: (i <= j) & (j < i + 3),
        ),
        Mistake("key 1 is a sink, too", _one_sink),
        Mistake("one reader too many", _late_reader),
        Mistake("a query before a sink does not read it", _past_readers),
    ),
)

PUZZLES = (SCALE_GRADIENT, WRONG_LINE, READERS)
