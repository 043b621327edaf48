"""A softmax that is wrong: denominators, ghosts, maxima, precision, sinks.

Symbols:  x logits, (B, H, n_q, n_k);  p weights;  lse (B, H, n_q).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import FloatArray
from ...calling.rounded_attention import round_to
from .attention import Attention, Change
from .mutation import DTYPES, family

SUMS = "set all values to 1: each output must be 1"
LARGE_LOGITS = "make all logits very large, or very low: no NaN, and weights as before"


def finite_top(x: FloatArray) -> FloatArray:
    """The largest logit of each row; 0 if there is none."""
    top = x.max(axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(top), 0, top)


def divide(p: FloatArray, total: FloatArray) -> FloatArray:
    """p / total; 0 if the total is."""
    return p / np.where(total == 0, 1, total)


def ghosts(logit: float, count: Any) -> Change:
    """count(a) keys more in the denominator."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        p, lse = softmax(x)
        rest = count(a) * np.exp(logit - lse)
        has_keys = np.isfinite(lse)
        return p / (1 + np.where(has_keys, rest, 0))[..., None], lse

    return change


def weigh(function: Any) -> Change:
    """The right weights changed by function(p)."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        p, lse = softmax(x)
        return function(p), lse

    return change


def normalise(function: Any) -> Change:
    """function(x), divided by its sums."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        p = np.where(np.isneginf(x), 0, function(x))
        return divide(p, p.sum(axis=-1, keepdims=True)), lse

    return change


def in_float32(offset: Any) -> Change:
    """exp(x - offset) in float32, which overflows and vanishes."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        p = np.exp((x - offset(a, x)).astype(np.float32))
        return divide(p, p.sum(axis=-1, keepdims=True)), lse

    return change


def over_total(total_of: Any) -> Change:
    """exp(x - max) / total_of(x, total)."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        p = np.exp(x - finite_top(x))
        total = p.sum(axis=-1, keepdims=True)
        return divide(p, np.asarray(total_of(x, total))), lse

    return change


def softmax_over(axis: int) -> Change:
    """A softmax over another axis."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        p = np.exp(x - finite_top(x))
        return divide(p, p.sum(axis=axis, keepdims=True)), lse

    return change


def largest(count: int) -> Change:
    """The largest weights of each row only."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        _, lse = softmax(x)
        rank = np.argsort(np.argsort(-x, axis=-1), axis=-1)
        p = np.exp(x - finite_top(x)) * (rank < count)
        return divide(p, p.sum(axis=-1, keepdims=True)), lse

    return change


def rows_without_keys(value: Any) -> Change:
    """value(n_k) for the weights of rows without keys."""

    def change(a: Attention, softmax: Any, x: FloatArray) -> Any:
        p, lse = softmax(x)
        has_keys = ~np.isneginf(x).all(axis=-1, keepdims=True)
        return np.where(has_keys, p, value(a.n_k)), lse

    return change


def sinks_times(factor: float, logit: float = 0.0) -> Change:
    """The declared sinks times a factor, plus a number."""

    def change(a: Attention, sinks: Any) -> Any:
        declared = sinks()
        return None if declared is None else factor * declared + logit

    return change


def without_small(p: FloatArray) -> FloatArray:
    """The weights from 0.1 % of the largest on."""
    least = 1e-3 * p.max(axis=-1, keepdims=True)
    return np.where(p < least, 0, p)


def key_count(x: FloatArray) -> FloatArray:
    """The members of each row."""
    return (~np.isneginf(x)).sum(axis=-1)


MUTATIONS = (
    *family(
        "softmax",
        SUMS,
        {
            "softmax plus one": ghosts(0, lambda a: 1),
            "a sink with a logit of -2": ghosts(-2, lambda a: 1),
            "8 padded keys in the denominator": ghosts(0, lambda a: 8),
            "keys padded to 64 in the denominator": ghosts(0, lambda a: -a.n_k % 64),
            "no denominator": over_total(lambda x, total: 1),
            "weights divided by the number of keys": over_total(
                lambda x, total: key_count(x)[..., None]
            ),
            "0.01 added to the denominator": over_total(lambda x, total: total + 0.01),
            "softmax over the queries": softmax_over(-2),
            "softmax over the heads": softmax_over(1),
            "sigmoid in place of softmax": lambda a, softmax, x: (
                1 / (1 + np.exp(-x)),
                softmax(x)[1],
            ),
            "dropout of weights without rescaling": weigh(
                lambda p: p * (np.random.default_rng(0).random(p.shape) > 0.1)
            ),
            "weights 1 % too large": weigh(lambda p: 1.01 * p),
        },
    ),
    *family(
        "softmax",
        "compare random logits of spread 1 and of spread 50",
        {
            "powers of 2 for exp": normalise(lambda x: np.exp2(x - finite_top(x))),
            "1 + x + x^2 / 2 for exp": normalise(lambda x: 1 + x + np.square(x) / 2),
            "weights squared": normalise(lambda x: np.exp(2 * (x - finite_top(x)))),
            "the largest weight only": largest(1),
            "the 2 largest weights only": largest(2),
            "equal weights": normalise(np.ones_like),
        },
    ),
    *family(
        "softmax",
        "compare random logits of spread 4 to 8, where small weights add up",
        {
            "weights below 1 % dropped": weigh(lambda p: np.where(p < 1e-2, 0, p)),
            "weights below 0.1 % of the largest dropped": weigh(without_small),
        },
    ),
    *family(
        "softmax",
        LARGE_LOGITS,
        {
            "no maximum subtracted": in_float32(lambda a, x: 0),
            "the maximum of the whole array subtracted": in_float32(lambda a, x: x.max()),
            "a running maximum that starts at 0": in_float32(
                lambda a, x: np.maximum(finite_top(x), 0)
            ),
        },
    ),
    *family(
        "softmax",
        "compare with float64 attention, to the rounding of the dtype",
        {
            "weights in 4 bits of significand": weigh(lambda p: round_to(p, 4)),
            "weights in steps of 1 / 127": weigh(lambda p: np.rint(p * 127) / 127),
        },
    ),
    *family(
        "softmax",
        "compare with float64 attention, to the rounding of the dtype",
        {"weights in bfloat16": weigh(lambda p: round_to(p, 8))},
        dtypes=DTYPES[:1],
    ),
    *family(
        "softmax",
        "compare rows without keys: their output is 0",
        {
            "rows without keys average all values": rows_without_keys(lambda n: 1 / n),
            "NaN in rows without keys": rows_without_keys(lambda n: np.nan),
        },
    ),
    *family(
        "sinks",
        "declare sinks of another logit for each head, and compare every head",
        {
            "no sinks": lambda a, sinks: None,
            "sinks of logit 0": sinks_times(0),
            "half of the sinks' logits": sinks_times(0.5),
            "sinks 1 too large": sinks_times(1, 1),
            "the sinks of the heads in the reverse order": lambda a, sinks: (
                None if sinks() is None else sinks()[::-1]
            ),
        },
    ),
)
