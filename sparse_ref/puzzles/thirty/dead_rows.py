"""Puzzles 23 and 24: a row without keys, and the gradient of the values."""

from __future__ import annotations

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def masked_attention(x, v):
    """Rows of softmax(x) v; a row whose logits are all -inf is 0."""
    top = x.max(axis=1, keepdims=True)
    p = np.exp(x - np.where(top == -np.inf, 0, top))
    total = p.sum(axis=1, keepdims=True)
    return p @ v / np.where(total == 0, 1, total)


def _plain_softmax(x, v):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p @ v / p.sum(axis=1, keepdims=True)


def _large_number(x, v):
    return _plain_softmax(np.where(x == -np.inf, -1e9, x), v)


def _every_nan_as_zero(x, v):
    return np.nan_to_num(_plain_softmax(x, v))


def _no_maximum(x, v):
    p = np.exp(x)
    total = p.sum(axis=1, keepdims=True)
    return p @ v / np.where(total == 0, 1, total)


def _small_number_in_the_sum(x, v):
    top = x.max(axis=1, keepdims=True)
    p = np.exp(x - np.where(top == -np.inf, 0, top))
    return p @ v / (p.sum(axis=1, keepdims=True) + 1e-6)


def _maximum_from_zero(x, v):
    top = np.maximum(x.max(axis=1, keepdims=True), 0)
    p = np.exp(x - top)
    total = p.sum(axis=1, keepdims=True)
    return p @ v / np.where(total == 0, 1, total)


def _maximum_of_all_rows(x, v):
    p = np.exp(x - x.max())
    total = p.sum(axis=1, keepdims=True)
    return p @ v / np.where(total == 0, 1, total)


def _logits_with_dead_rows(rng, size):
    """A row with some keys, one without, one with NaN, and rows near 800 and near -900."""
    keys = size + 1
    x = rng.normal(0, 2, size=(5, keys))
    is_outside = rng.random((5, keys)) < 0.3
    is_outside[:, 0] = False
    x[is_outside] = -np.inf
    x[1] = -np.inf
    x[2, 0] = np.nan
    x[3, 0] = 800
    x[4] = rng.normal(-900, 1, keys)
    return x, rng.normal(size=(keys, 2))


DEAD_ROW = Puzzle(
    number="23",
    title="A row without keys",
    question="""\
x (queries, keys) are the logits of one head, -inf where query i may not attend to key j. v (keys,
width) are finite values.

Return out = softmax(x) v, (queries, width). A row without keys, whose logits are all -inf, is 0.

No other row may notice: a logit may be 800 or -900, and a row with a NaN among its logits must be
NaN, so that somebody sees it.""",
    kind=Value(draw=_logits_with_dead_rows, sizes=range(1, 6), rtol=1e-9),
    reference=masked_attention,
    hints=(
        "Try x = [[-inf, -inf]]. What is x - x.max(), and what is exp of it?",
        "-inf - (-inf) is NaN. In a row without keys, subtract 0 in place of the maximum.",
        "Then all weights of the row are exp(-inf) = 0, and so is their sum: divide by 1 there.",
    ),
    mistakes=(
        Mistake("a row without keys gives NaN: -inf - (-inf) is no number", _plain_softmax),
        Mistake(
            "a row without keys gets the mean of all values: a finite mask is a logit like others",
            _large_number,
        ),
        Mistake("nan_to_num hides the NaN of a row that has keys", _every_nan_as_zero),
        Mistake("the maximum is not subtracted: exp(800) overflows, exp(-900) is 0", _no_maximum),
        Mistake(
            "a small number is added to the sum of every row: all weights shrink",
            _small_number_in_the_sum,
        ),
        Mistake(
            "the maximum of all rows is subtracted: a NaN in one row reaches all of them",
            _maximum_of_all_rows,
        ),
        Mistake(
            "a row whose logits are all near -900 is taken for a row without keys: its maximum is "
            "not 0",
            _maximum_from_zero,
        ),
    ),
)


def value_gradient(p, g):
    """dv (keys, width) of sum(g * out), for out = p v."""
    return p.T @ g


def _rows_for_columns(p, g):
    return p @ g


def _mean_of_queries(p, g):
    return p.T @ g / p.sum(axis=0)[:, None]


def _set_for_weights(p, g):
    return (p > 0).T @ g


def _softmax_derivative(p, g):
    return (p * (1 - p)).T @ g


def _diagonal(p, g):
    return np.tril(p.T) @ g


def _share_of_queries(p, g):
    return p.T @ g / len(p)


def _weights_and_gradient(rng, size):
    """P of causal attention over a few positions, and the gradient of its output."""
    n = size + 1
    weights = np.tril(rng.uniform(0.1, 1, size=(n, n)))
    p = weights / weights.sum(axis=1, keepdims=True)
    return p, rng.normal(size=(n, n + 1))


VALUE_GRADIENT = Puzzle(
    number="24",
    title="The gradient of the values, from P",
    question="""\
out = P v, where p[i, j] is the weight of key j in row i of a causal softmax: p (n, n) is 0 where
query i does not attend to key j.

g (n, width) is the gradient of a loss by out. Return its gradient by v, (n, width).

Which queries does row j of it read?""",
    kind=Value(draw=_weights_and_gradient, sizes=range(1, 6)),
    reference=value_gradient,
    hints=(
        "v_j enters out_i with the factor p[i, j], for each query i that attends to j.",
        "dv_j is the sum of p[i, j] g_i over these queries: column j of p.",
    ),
    mistakes=(
        Mistake(
            "P is not transposed: dv_j sums over the queries i that attend to j", _rows_for_columns
        ),
        Mistake(
            "the columns are normalised: dv_j is a sum over queries and no mean", _mean_of_queries
        ),
        Mistake("every member counts 1: each g_i must be weighed by p[i, j]", _set_for_weights),
        Mistake(
            "p (1 - p) is the derivative of the softmax: v stands behind it, and needs P itself",
            _softmax_derivative,
        ),
        Mistake("the causal mask is laid over P transposed: only i = j is left", _diagonal),
        Mistake("it is divided by the number of queries: dv_j is a sum", _share_of_queries),
    ),
)

PUZZLES = (DEAD_ROW, VALUE_GRADIENT)
