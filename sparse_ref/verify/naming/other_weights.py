"""Weights that are no softmax of scaled products: sigmoid, linear, additive, retention, top-k.

Symbols:  x logits, p weights, (H, rows, n_k);  i query, j key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import key_products, softmax
from .number_case import NumberCase, Outputs

MAX_ADDITIVE = 1 << 26  # numbers, of all pairs and features
Feature = Callable[[FloatArray], FloatArray]
Weights = Callable[[NumberCase], FloatArray]


def other_weights(
    case: NumberCase, decays: FloatArray | None = None
) -> Iterator[tuple[str, Outputs]]:
    """(words, the outputs) of each kind of weights to try.

    `decays` are factors per position, (H,), that equal logits showed, for retention.
    """
    for words, p in _all_weights(case, decays):
        yield words, partial(_sum_of_values, p=p)
    for scale in (1.0, case.statement.scale):
        words = f"additive attention: logits are {scale:.4g} times the sum of tanh(q + k)"
        yield words, partial(_additive, scale=scale)


def _sum_of_values(case: NumberCase, p: Weights) -> FloatArray:
    """The outputs of weights, which are 0 outside the sets."""
    return case.sum_of_values(np.where(case.members, p(case), 0))


def _all_weights(case: NumberCase, decays: FloatArray | None) -> Iterator[tuple[str, Weights]]:
    """(words, the weights) of each kind but additive attention."""
    log_n = float(np.log(case.statement.n[1]))
    yield "sigmoid attention, no softmax", _sigmoid
    yield "sigmoid attention with a bias of -log n", partial(_sigmoid, bias=-log_n)
    yield "ReLU attention, no softmax: relu(x) / n", _relu_over_n
    yield "a softmax over all keys, masked afterwards", _masked_softmax
    yield "the softmax is not divided by its sum", _weights_before_sum
    for name, feature in FEATURES.items():
        words = f"linear attention, no softmax: weights in proportion to {name}"
        yield words, partial(_linear, feature=feature)
        yield f"{words}, not divided by their sum", partial(_products, feature=feature)
    for d in _decay_choices(case, decays):
        numbers = ", ".join(f"{x:.4g}" for x in d)
        words = f"retention, no softmax: q . k times a decay per position of {numbers}"
        for scale in (1.0, case.statement.scale):
            yield words, partial(_retention, decays=d, scale=scale)


def _sigmoid(case: NumberCase, bias: float = 0.0) -> FloatArray:
    """1 / (1 + e^-(x + bias))"""
    x = np.clip(case.x + bias, -700, 700)
    return 1 / (1 + np.exp(-x))


def _relu_over_n(case: NumberCase) -> FloatArray:
    """max(x, 0) / n"""
    return _relu(case.x) / case.statement.n[1]


def _masked_softmax(case: NumberCase) -> FloatArray:
    """The softmax over every key, whether or not it is in the set."""
    x = case.statement.logits(case.inputs.q, case.inputs.k, case.queries)
    p, _ = softmax(x, np.ones_like(x))
    return p


def _weights_before_sum(case: NumberCase) -> FloatArray:
    """e^(x - max x)"""
    top = case.x.max(axis=-1, keepdims=True)
    base = np.where(np.isneginf(top), 0, top)
    return np.exp(case.x - base)


def _relu(x: FloatArray) -> FloatArray:
    """max(x, 0)"""
    return np.maximum(x, 0)


def _elu_plus_1(x: FloatArray) -> FloatArray:
    """elu(x) + 1"""
    negative = np.minimum(x, 0)
    return np.maximum(x, 0) + np.exp(negative)


FEATURES: dict[str, Feature] = {
    "(elu(q) + 1) . (elu(k) + 1)": _elu_plus_1,
    "relu(q) . relu(k)": _relu,
    "q . k": np.asarray,
    "e^q . e^k": np.exp,
}


def _products(case: NumberCase, feature: Feature) -> FloatArray:
    """f(q) . f(k) of every pair."""
    q, k = case.statement.transform(case.inputs.q, case.inputs.k)
    return key_products(feature(q[:, case.queries]), feature(k))


def _linear(case: NumberCase, feature: Feature) -> FloatArray:
    """f(q) . f(k), divided by its sum over the set."""
    p = np.where(case.members, _products(case, feature), 0)
    total = (p * case.sets).sum(axis=-1, keepdims=True)
    return p / np.where(total == 0, 1, total)


def _decay_choices(case: NumberCase, decays: FloatArray | None) -> Iterator[FloatArray]:
    """Decays per position of each head: those given, and those of Sun et al. 2023, eq. 8."""
    if decays is not None:
        yield decays
    yield 1 - 2.0 ** (-5 - np.arange(case.statement.heads))


def _retention(case: NumberCase, decays: FloatArray, scale: float) -> FloatArray:
    """scale q . k decay^|i - j|"""
    i = case.queries[:, None] + case.statement.offset
    distance = np.abs(i - np.arange(case.statement.n[1]))
    powers = decays[:, None, None] ** distance
    return scale * powers * _products(case, np.asarray)


def _additive(case: NumberCase, scale: float) -> FloatArray:
    """The softmax of scale sum_f tanh(q_f + k_f)."""
    q, k = case.statement.transform(case.inputs.q, case.inputs.k)
    if case.members.size * q.shape[-1] > MAX_ADDITIVE:
        return np.full(case.out.shape, np.nan)
    keys = np.repeat(k, len(q) // len(k), axis=0)
    rows = q[:, case.queries]
    sums = rows[:, :, None] + keys[:, None]
    x = scale * np.tanh(sums).sum(axis=-1)
    return case.softmax(np.where(case.members, x, -np.inf))


def top_k_in_words(case: NumberCase) -> str:
    """The k of a softmax over the k largest logits of each row; "" if none gives the output."""
    count = _fitted_top_k(case)
    if count is None or not case.is_output_of(partial(_largest_logits, count=count)):
        return ""
    return f"top-k: only the {count} largest logits of each row are attended to"


def _largest_logits(case: NumberCase, count: int) -> FloatArray:
    """The softmax over the `count` largest logits of each row."""
    last = case.x.shape[-1] - count
    sorted_x = np.partition(case.x, last, axis=-1)
    least = sorted_x[..., last : last + 1]
    x = np.where(case.x >= least, case.x, -np.inf)
    return case.softmax(x)


def _fitted_top_k(case: NumberCase) -> int | None:
    """The k whose largest logits give the row with the most keys; None if none does."""
    sizes = np.where(case.judged, case.members.sum(axis=-1), 0)
    head, row = np.unravel_index(int(sizes.argmax()), sizes.shape)
    x = case.x[head, row]
    order = np.argsort(-x)[: sizes[head, row]]
    p = np.exp(x[order] - x.max())[:, None]
    sums = np.cumsum(p * case.values[head, order], axis=0)
    outs = sums / np.cumsum(p, axis=0)
    error = np.abs(outs - case.out[head, row])
    near = error.max(axis=-1) <= case.allowed
    return int(near.argmax()) + 1 if near.any() else None
