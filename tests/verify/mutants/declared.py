"""Declared forms: a soft cap, sinks, ALiBi, biases, fills, RoPE, lse and precision, done wrongly.

Symbols:  i query;  j key;  x logits, -inf if masked;  p weights;  h head.
"""

import ml_dtypes
import numpy as np
from verify.implementations import softmax

import sparse_ref as sr

from .dense import (
    NONE,
    alibi,
    capped,
    causal,
    dense,
    gradients,
    lookback,
    positions,
    repeated,
    rotated,
    sink_column,
    sink_weights,
    transformed,
    usual_slopes,
    with_lse,
)
from .registry import Mutant

CAUSAL = {"pattern": sr.Causal(), "ragged": True}
SINKS = (-1.0, 0.5, 1.0, 2.0)
BIAS = np.random.default_rng(5).standard_normal((4, 64, 64)).astype(np.float32)
BROKEN_SLOPES = 2.0 ** -np.concatenate([np.arange(1, 9), np.arange(1, 5)])


def cap_before_scale(q, k, v):
    """The cap on q . k, which is scaled after it."""
    i, j = positions(q, k)
    x = 50 * np.tanh(q @ k.mT / 50) * np.float32(q.shape[-1] ** -0.5)
    return softmax(np.where(causal(i, j), x, NONE)) @ v


def cap_after_mask(q, k, v):
    """The cap turns masked logits into -50."""
    i, j = positions(q, k)
    x = np.where(causal(i, j), q @ k.mT * np.float32(q.shape[-1] ** -0.5), np.float32(-1e9))
    return softmax(50 * np.tanh(x / 50)) @ v


def bool_added(q, k, v):
    """A bool mask added to the capped logits: allowed keys get 1, and none is masked."""
    i, j = positions(q, k)
    x = 50 * np.tanh(q @ k.mT * np.float32(q.shape[-1] ** -0.5) / 50)
    return softmax(x + causal(i, j).astype(np.float32)) @ v


def scaled_sinks(x):
    """The scale applied to the sinks, too."""
    return sink_weights(np.array(SINKS) * 0.25)(x)


def sinks_with_values(q, k, v):
    """The sink reads the first value instead of none."""
    i, j = positions(q, k)
    x = np.where(causal(i, j), q @ repeated(k, q).mT * np.float32(q.shape[-1] ** -0.5), NONE)
    p = softmax(np.concatenate([x, sink_column(SINKS, x)], axis=-1))
    values = repeated(v, q)
    return p[..., :-1] @ values + p[..., -1:] * values[:, :1]


def bias_before_scale(q, k, v):
    """The bias added to q . k, and scaled with it."""
    i, j = positions(q, k)
    x = (q @ k.mT + BIAS) * np.float32(q.shape[-1] ** -0.5)
    return softmax(np.where(causal(i, j), x, NONE)) @ v


def in_bfloat16(q, k, v):
    """Logits and weights in bfloat16, the output in float32."""
    i, j = positions(q, k)
    x = (q @ k.mT * np.float32(q.shape[-1] ** -0.5)).astype(ml_dtypes.bfloat16)
    x = np.where(causal(i, j), x.astype(np.float32), NONE)
    return softmax(x).astype(ml_dtypes.bfloat16).astype(np.float32) @ v


def rope(q, k):
    """RoPE in halves."""
    return rotated(q), rotated(k)


def unit(x, eps=0.0):
    """Rows of length 1; NaN-free only because 0 stays 0."""
    length = np.sqrt((x * x).sum(axis=-1, keepdims=True) + eps)
    return x / np.where(length == 0, 1, length).astype(x.dtype)


def qk_norm(q, k):
    """Queries and keys of length 4, the square root of their width."""
    return 4 * unit(q, 1e-6), 4 * unit(k, 1e-6)


def form(**options):
    """Causal attention of a declared form."""
    return {**CAUSAL, "options": options}


MUTANTS = [
    Mutant("no soft cap", dense(), **form(softcap=50.0), words=("soft ?cap",)),
    Mutant(
        "a soft cap of 30 for 50",
        dense(change=capped(30)),
        **form(softcap=50.0),
        finding="curve",
        words=("30",),
    ),
    Mutant("a soft cap before the scale", cap_before_scale, **form(softcap=50.0)),
    Mutant(
        "a soft cap after the mask",
        cap_after_mask,
        **form(softcap=50.0),
        words=("finite mask|-50",),
    ),
    Mutant(
        "a bool mask added to capped logits",
        bool_added,
        **form(softcap=50.0),
        finding="extra",
        words=("Full",),
        source="litgpt 0.5.13, soft cap with a KV cache",
    ),
    Mutant(
        "a window of one key too many under a soft cap",
        dense(lookback(25), change=capped(50)),
        sr.Lookback(24),
        options={"softcap": 50.0},
        ragged=True,
        finding="extra",
        words=("one key too many at the left edge",),
    ),
    Mutant(
        "a soft cap that is not declared",
        dense(change=capped(50)),
        **CAUSAL,
        finding="curve",
        words=("softcap=50",),
    ),
    Mutant("no sinks", dense(), **form(sinks=list(SINKS)), heads=4, words=("sink",)),
    Mutant(
        "the sink of head 0 for every head",
        dense(weigh=sink_weights(SINKS[0])),
        **form(sinks=list(SINKS)),
        heads=4,
        words=("sink",),
    ),
    Mutant(
        "sinks of the heads in reverse",
        dense(weigh=sink_weights(SINKS[::-1])),
        **form(sinks=list(SINKS)),
        heads=4,
        words=("sink",),
    ),
    Mutant(
        "sinks scaled like logits",
        dense(weigh=scaled_sinks),
        **form(sinks=list(SINKS)),
        heads=4,
        words=("sink",),
    ),
    Mutant("sinks with values", sinks_with_values, **form(sinks=list(SINKS)), heads=4),
    Mutant(
        "a sink in lse that is not in the output",
        lambda q, k, v: (dense()(q, k, v), with_lse(sinks=0.5)(q, k, v)[1]),
        **form(sinks=0.5),
        words=("sink",),
    ),
    Mutant(
        "a sink in the output that is not in lse",
        lambda q, k, v: (dense(weigh=sink_weights(0.5))(q, k, v), with_lse()(q, k, v)[1]),
        **form(sinks=0.5),
        finding="lse",
    ),
    Mutant(
        "softmax + 1 that is not declared",
        dense(weigh=sink_weights(0.0)),
        **CAUSAL,
        finding="ghost",
        words=(r"sinks=-?0",),
    ),
    Mutant(
        "sinks of each head that are not declared",
        dense(weigh=sink_weights(SINKS)),
        **CAUSAL,
        heads=4,
        finding="ghost",
        words=("sinks=", "0.5"),
        source="gpt-oss, asked without its sinks",
    ),
    Mutant(
        "ALiBi with slopes from h = 0",
        dense(change=alibi(2.0 ** (-8 * np.arange(4) / 4))),
        **form(alibi=True),
        heads=4,
        words=("slope|ALiBi",),
    ),
    Mutant(
        "ALiBi of the wrong sign",
        dense(change=alibi(-usual_slopes(4))),
        **form(alibi=True),
        heads=4,
        words=("slope|ALiBi",),
    ),
    Mutant(
        "ALiBi of 12 heads by the powers of 8",
        dense(change=alibi(BROKEN_SLOPES)),
        **form(alibi=True),
        heads=12,
        words=("slope|ALiBi",),
        dtypes=("float32",),
    ),
    Mutant("no ALiBi", dense(), **form(alibi=True), heads=4, words=("slope|ALiBi|bias",)),
    Mutant(
        "ALiBi that is not declared",
        dense(change=alibi(usual_slopes(4))),
        **CAUSAL,
        heads=4,
        finding="bias",
        words=("ALiBi", "alibi=True"),
    ),
    Mutant(
        "ALiBi of 12 heads that is not declared",
        dense(change=alibi(usual_slopes(12))),
        **CAUSAL,
        heads=12,
        finding="bias",
        words=("ALiBi",),
        never=("more than once",),
        dtypes=("float32",),
        source="mlx 0.32.4, `nn.ALiBi`",
    ),
    Mutant(
        "ALiBi of 12 heads that is not declared, by random sums",
        dense(change=alibi(usual_slopes(12))),
        **{**CAUSAL, "options": {"exhaustive": False}},
        n=300,
        heads=12,
        finding="bias",
        words=("ALiBi",),
        dtypes=("float32",),
    ),
    Mutant(
        "biases of two heads exchanged",
        dense(change=lambda x, i, j: x + BIAS[[1, 0, 2, 3]]),
        sr.Causal(),
        64,
        4,
        {"bias": BIAS},
    ),
    Mutant(
        "biases transposed",
        dense(change=lambda x, i, j: x + BIAS.mT),
        sr.Causal(),
        64,
        4,
        {"bias": BIAS},
    ),
    Mutant("no bias", dense(), sr.Causal(), 64, 4, {"bias": BIAS}),
    Mutant("a bias before the scale", bias_before_scale, sr.Causal(), 64, 4, {"bias": BIAS}),
    Mutant(
        "-1e3 for a fill of -1e4",
        dense(fill=-1e3),
        **form(fill=-1e4),
        finding="leak",
        words=(r"-1e\+?0?3|-1,?000",),
    ),
    Mutant(
        "-1e4 that is not declared",
        dense(fill=-1e4),
        **CAUSAL,
        finding="leak",
        words=(r"fill=-1e\+?0?4|fill=-10000",),
    ),
    Mutant(
        "natural lse for base 2",
        with_lse(),
        **form(lse="base2"),
        finding="lse",
        words=("natural",),
    ),
    Mutant(
        "the usual scale for another one",
        dense(),
        **form(scale=0.1),
        finding="scale",
        words=(r"0\.25 q \. k, expected 0\.1 q \. k",),
    ),
    Mutant(
        "a scale of 1 that is not declared",
        dense(scale=1.0),
        **CAUSAL,
        finding="scale",
        words=("scale=1",),
    ),
    Mutant(
        "logits and weights in bfloat16, float32 asked for",
        in_bfloat16,
        **form(precision="float32"),
        finding="numerics",
        never=("sink", "softmax \\+ 1"),
    ),
    Mutant(
        "logits and weights in bfloat16, the output in float32",
        in_bfloat16,
        **CAUSAL,
        finding="precision",
        words=("bfloat16",),
        never=("sink", "softmax \\+ 1"),
        dtypes=("float32",),
    ),
    Mutant(
        "weights in 4 bits under a precision of bfloat16",
        dense(weigh=lambda x: np.round(softmax(x) * 16) / np.float32(16)),
        **form(precision="bfloat16"),
    ),
    Mutant("no RoPE", dense(), **form(transform=rope), finding="numerics"),
    Mutant(
        "RoPE in neighbouring pairs for halves",
        transformed(lambda q, k: (rotated(q, halves=False), rotated(k, halves=False))),
        **form(transform=rope),
        finding="numerics",
    ),
    Mutant(
        "RoPE with keys one position on",
        transformed(lambda q, k: (rotated(q), rotated(k, first=1))),
        **form(transform=rope),
        finding="numerics",
    ),
    Mutant(
        "RoPE on queries only",
        transformed(lambda q, k: (rotated(q), k)),
        **form(transform=rope),
        finding="numerics",
    ),
    Mutant(
        "RoPE that is not declared",
        transformed(rope),
        **CAUSAL,
        finding="numerics",
        words=("RoPE|rotat", "transform="),
    ),
    Mutant("no norm of q and k", dense(), **form(transform=qk_norm), finding="numerics"),
    Mutant(
        "a norm of k only",
        transformed(lambda q, k: (q, qk_norm(q, k)[1])),
        **form(transform=qk_norm),
        finding="numerics",
    ),
    Mutant(
        "a norm of q and k that is not declared",
        transformed(qk_norm),
        **CAUSAL,
        words=("norm", "transform="),
        never=("attends to nothing", "finite mask"),
    ),
    Mutant(
        "dq without the scale",
        dense(),
        **form(gradients=gradients(dq=4.0)),
        finding="gradient",
        words=(r"dq .*\b4\b",),
    ),
    Mutant(
        "dk one percent too small",
        dense(),
        **form(gradients=gradients(dk=0.99)),
        finding="gradient",
        words=(r"dk .*0\.99",),
    ),
    Mutant(
        "gradients without the slope of the soft cap",
        dense(change=capped(2.0)),
        **form(softcap=2.0, gradients=gradients()),
        finding="gradient",
    ),
]
