"""Right implementations that compute all pairs at once, each in another style: none may be flagged,
at any dtype.

Symbols:  i query;  j key;  N how many of each;  x logits, minus infinity where masked;  p weights
before they are divided.
"""

import math

import numpy as np
from verify.implementations import masked, softmax, tri

import sparse_ref as sr

from .registry import Case

N = 24
i, j = np.ogrid[:N, :N]
PAST = j <= i
LOOK = PAST & (j > i - 5)
SUMMARY = PAST & (j % 6 == 5)  # rows 0 to 4 have no key
NONE = np.float32(-np.inf)


def logits(q, k):
    """q k / 4 of keys up to the query."""
    return np.where(PAST, q @ k.swapaxes(1, 2) / np.float32(4), NONE)


def in_logarithms(q, k, v):
    """exp of the logit less the log of the sum of exp."""
    x = logits(q, k)
    return np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True)) @ v


def by_einsum(q, k, v):
    """Indices instead of axes."""
    p = softmax(np.where(PAST, np.einsum("hid,hjd->hij", q, k) / np.float32(4), NONE))
    return np.einsum("hij,hje->hie", p, v)


def in_double(q, k, v):
    """Everything in float64."""
    x = np.where(PAST, q.astype(np.float64) @ k.swapaxes(1, 2) / 4, -np.inf)
    return (softmax(x) @ v.astype(np.float64)).astype(np.float32)


def rounding(q, k, v, dtype):
    """Normalised weights in the dtype of the input, products summed in float32."""
    return softmax(logits(q, k)).astype(dtype).astype(np.float32) @ v


def rounding_early(q, k, v, dtype):
    """The same before weights are normalised, their total taken in float32."""
    x = logits(q, k)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p.astype(dtype).astype(np.float32) @ v / p.sum(axis=-1, keepdims=True)


def in_twos(q, k, v):
    """Powers of 2, the scale times log2(e)."""
    x = np.where(PAST, q @ k.swapaxes(1, 2) * np.float32(math.log2(math.e) / 4), NONE)
    p = np.exp2(x - x.max(axis=-1, keepdims=True))
    return p @ v / p.sum(axis=-1, keepdims=True)


def in_groups(q, k, v):
    """Query heads in groups of two over key heads that are never repeated, (G, 2, n, d)."""
    x = np.einsum("grid,gjd->grij", q.reshape(len(k), -1, *q.shape[1:]), k) / np.float32(4)
    return np.einsum("grij,gje->grie", softmax(np.where(PAST, x, NONE)), v).reshape(q.shape)


def head_by_head(q, k, v):
    """Each head with a window of its own."""
    return np.stack(
        [
            masked(tri(N, keys=2 * h + 2))(q[h, None], k[h, None], v[h, None])[0]
            for h in range(len(q))
        ]
    )


def in_batches(fn, axes=(0, 1, 2)):
    """fn for each sequence of a batch, whose axes stand in another order."""

    def call(q, k, v):
        return np.stack(
            [fn(*(z.transpose(axes) for z in each)).transpose(axes) for each in zip(q, k, v)]
        )

    return call


CAUSAL, LOOKBACK = (
    {"pattern": sr.Causal(), "n": N, "heads": 2},
    {"pattern": sr.Lookback(5), "n": N, "heads": 2},
)
GROUPED = {"pattern": sr.Causal(), "n": N, "heads": 4, "options": {"kv_heads": 2}}
RIGHT = [
    Case("dense", masked(PAST), **CAUSAL),
    Case("dense, minus infinity added", masked(PAST, additive=True), **CAUSAL),
    Case("dense, -1e30 added", masked(PAST, fill=-1e30, additive=True), **CAUSAL),
    Case(
        "dense, the least float in place of logits",
        masked(PAST, fill=np.finfo(np.float32).min),
        **CAUSAL,
    ),
    Case(
        "dense, -1e30, then rows without keys set to 0",
        lambda q, k, v: (
            masked(SUMMARY, fill=-1e30)(q, k, v) * SUMMARY.any(1)[:, None].astype(np.float32)
        ),
        sr.Summary(6, 1),
        N,
    ),
    Case("dense, every key", masked(np.True_), sr.Full(), (7, N), 3),
    Case(
        "dense, few queries after a cache",
        masked(tri(5, N, offset=N - 5)),
        sr.Shifted(sr.Causal(), N - 5),
        (5, N),
        2,
    ),
    Case(
        "dense, fewer keys than queries",
        masked(tri(N, 7)),
        sr.Causal(),
        (N, 7),
        2,
        {"align": "upper-left"},
    ),
    Case("indices instead of axes", by_einsum, **CAUSAL),
    Case("logarithms", in_logarithms, **CAUSAL),
    Case("powers of 2", in_twos, **CAUSAL),
    Case("float64 inside", in_double, **CAUSAL),
    Case("weights rounded inside", rounding, **CAUSAL, inside=True),
    Case("weights rounded inside before they are divided", rounding_early, **CAUSAL, inside=True),
    Case("head by head", head_by_head, [sr.Lookback(2), sr.Lookback(4), sr.Lookback(6)], N),
    Case("grouped heads, keys repeated", masked(PAST), **GROUPED),
    Case("grouped heads, nothing repeated", in_groups, **GROUPED),
    Case(
        "one key head",
        lambda q, k, v: softmax(logits(q, k)) @ v,
        sr.Causal(),
        N,
        3,
        {"kv_heads": 1},
    ),
    Case(
        "a batch, heads before positions",
        in_batches(masked(PAST)),
        **CAUSAL,
        options={"layout": "bhnd"},
    ),
    Case(
        "a batch, positions before heads",
        in_batches(masked(LOOK), (1, 0, 2)),
        **LOOKBACK,
        options={"layout": "bnhd", "kv_heads": 1},
    ),
    Case("values wider than keys", masked(LOOK), **LOOKBACK, options={"d": 8, "e": 20}),
    Case("a scale of its own", masked(LOOK, scale=0.1), **LOOKBACK, options={"scale": 0.1}),
]
