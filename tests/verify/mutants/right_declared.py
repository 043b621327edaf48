"""Right implementations of declared forms: soft caps, sinks, ALiBi, biases, fills, RoPE, precision.

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
    full,
    gradients,
    lookback,
    positions,
    repeated,
    rotated,
    sink_weights,
    transformed,
    usual_slopes,
    with_lse,
)
from .registry import Case

LOOK = lookback(24)
CAUSAL = {"pattern": sr.Causal(), "ragged": True}
WINDOW = {"pattern": sr.Lookback(24), "ragged": True}
GROUPED = {"kv_heads": 2}
SINKS = [-1.0, 0.5, 1.0, 2.0]
SLOPES_OF_12 = usual_slopes(12).tolist()
BIAS = np.random.default_rng(5).standard_normal((4, 64, 64)).astype(np.float32)
BUCKETS = np.array([0.5, -0.25, 1.0, 0.7071, 0.0, -1.5, 0.015, 1.1])


def form(**options):
    """Causal attention of a declared form."""
    return {**CAUSAL, "options": options}


def sliding(**options):
    """A window of a declared form."""
    return {**WINDOW, "options": options}


def early_cap(q, k, v):
    """Gemma 2: the query is scaled first, then q . k is capped, then masked."""
    q = q * np.float32(q.shape[-1] ** -0.5)
    x = np.tanh(q @ repeated(k, q).mT / 50) * 50
    i, j = positions(q, k)
    return softmax(np.where(LOOK(i, j), x, NONE)) @ repeated(v, q)


def sinks_in_the_total(q, k, v):
    """gpt-oss: the sink is in the denominator, and has no column."""
    i, j = positions(q, k)
    x = np.where(LOOK(i, j), q @ repeated(k, q).mT * np.float32(q.shape[-1] ** -0.5), NONE)
    sinks = np.array(SINKS, np.float32)[:, None, None]
    top = np.maximum(x.max(axis=-1, keepdims=True), sinks)
    p = np.exp(x - top)
    return p @ repeated(v, q) / (p.sum(axis=-1, keepdims=True) + np.exp(sinks - top))


def streamed_sinks(q, k, v):
    """The running maximum begins at the sink, the total at 1."""
    i, j = positions(q, k)
    sinks = np.array(SINKS, np.float32)[:, None, None]
    top = np.broadcast_to(sinks, (*q.shape[:2], 1))
    total, acc = np.ones_like(top), np.float32(0)
    for first in range(0, k.shape[1], 16):
        tile = slice(first, first + 16)
        x = q @ repeated(k, q)[:, tile].mT * np.float32(q.shape[-1] ** -0.5)
        x = np.where(causal(i, j[:, tile]), x, NONE)
        new = np.maximum(top, x.max(axis=-1, keepdims=True))
        p, keep = np.exp(x - new), np.exp(top - new)
        total = total * keep + p.sum(axis=-1, keepdims=True)
        acc, top = acc * keep + p @ repeated(v, q)[:, tile], new
    return acc / total


def bloom(x, i, j):
    """slope j, which differs from -slope (i - j) by a number for each row."""
    return x + usual_slopes(len(x)).astype(np.float32)[:, None, None] * j


def mpt(x, i, j):
    """slope (j - (n - 1)), from the end of the keys."""
    return x + usual_slopes(len(x)).astype(np.float32)[:, None, None] * (j - j.max())


def bucketed(h, i, j):
    """T5's kind of bias: a number for each distance, the last for all that are farther."""
    return BUCKETS[np.minimum(np.abs(i - j), 7)] * (h + 1)


def bucket_bias(x, i, j):
    """The same, added to logits."""
    return x + bucketed(np.arange(len(x))[:, None, None], i, j).astype(np.float32)


def rope(q, k):
    """RoPE in halves."""
    return rotated(q), rotated(k)


def paired_rope(q, k):
    """RoPE in neighbouring pairs."""
    return rotated(q, halves=False), rotated(k, halves=False)


def rope_by_complex_numbers(q, k):
    """The same by multiplication of complex numbers."""
    pairs = q.shape[-1] // 2
    angle = np.arange(q.shape[1])[:, None] / 10000.0 ** (np.arange(pairs) / pairs)
    turned = [(x[..., ::2] + 1j * x[..., 1::2]) * np.exp(1j * angle) for x in (q, k)]
    return tuple(
        np.stack([z.real, z.imag], axis=-1).reshape(x.shape).astype(np.float32)
        for z, x in zip(turned, (q, k))
    )


def rms(x, eps=1e-6):
    """RMSNorm with weights of 1."""
    return (x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)).astype(x.dtype)


def qk_norm(q, k):
    """Gemma 3, Qwen 3: RMSNorm of q and k, with weights."""
    weights = np.linspace(0.5, 1.5, q.shape[-1])
    return (rms(q) * weights).astype(q.dtype), (rms(k) * weights).astype(k.dtype)


def normed_rope(q, k):
    """RMSNorm, then RoPE."""
    return rope(*qk_norm(q, k))


def inside(dtype):
    """Logits and weights of a dtype, sums and output in float32."""

    def fn(q, k, v):
        i, j = positions(q, k)
        x = (q @ k.mT * np.float32(q.shape[-1] ** -0.5)).astype(dtype).astype(np.float32)
        p = softmax(np.where(causal(i, j), x, NONE))
        return p.astype(dtype).astype(np.float32) @ v

    return fn


RIGHT = [
    Case("Gemma 2's soft cap", dense(change=capped(50)), **form(softcap=50.0)),
    Case(
        "Gemma 2's soft cap in its window, grouped heads",
        early_cap,
        sr.Lookback(24),
        heads=4,
        options={"softcap": 50.0, **GROUPED},
        ragged=True,
    ),
    Case("a soft cap of 1", dense(change=capped(1)), **form(softcap=1.0)),
    Case(
        "a soft cap and a scale",
        dense(change=capped(20), scale=0.1),
        **form(softcap=20.0, scale=0.1),
    ),
    Case("softmax + 1", dense(weigh=sink_weights(0.0)), **form(sinks=0.0)),
    Case("one sink for all heads", dense(weigh=sink_weights(0.7)), **form(sinks=0.7), heads=2),
    Case("a sink of a large logit", dense(weigh=sink_weights(5.0)), **form(sinks=5.0)),
    Case("gpt-oss, a sink for each head", sinks_in_the_total, **sliding(sinks=SINKS), heads=4),
    Case(
        "gpt-oss, grouped heads",
        sinks_in_the_total,
        sr.Lookback(24),
        heads=4,
        options={"sinks": np.array(SINKS), **GROUPED},
        ragged=True,
    ),
    Case("MiMo, sinks where the stream begins", streamed_sinks, **form(sinks=SINKS), heads=4),
    Case(
        "sinks with lse that has them",
        with_lse(sinks=SINKS),
        **form(sinks=SINKS),
        heads=4,
    ),
    Case(
        "sinks and a soft cap",
        dense(change=capped(30), weigh=sink_weights(SINKS)),
        **form(sinks=SINKS, softcap=30.0),
        heads=4,
    ),
    Case("ALiBi of 8 heads", dense(change=alibi(usual_slopes(8))), **form(alibi=True), heads=8),
    Case("BLOOM's ALiBi", dense(change=bloom), **form(alibi=True), heads=4),
    Case("MPT's ALiBi", dense(change=mpt), **form(alibi=True), heads=4),
    Case(
        "ALiBi of 12 heads",
        dense(change=alibi(SLOPES_OF_12)),
        **form(alibi=SLOPES_OF_12),
        heads=12,
    ),
    Case(
        "ALiBi in a window",
        dense(LOOK, change=alibi([0.5, 0.0039])),
        **sliding(alibi=np.array([0.5, 0.0039])),
        heads=2,
    ),
    Case(
        "ALiBi after a cache",
        dense(change=alibi(usual_slopes(2)), from_end=True),
        sr.Causal(),
        (5, 64),
        2,
        {"alibi": True, "align": "bottom-right"},
    ),
    Case(
        "a bias for each head",
        dense(change=lambda x, i, j: x + BIAS),
        sr.Causal(),
        64,
        4,
        {"bias": BIAS},
    ),
    Case(
        "one bias for all heads",
        dense(full, change=lambda x, i, j: x + BIAS[0]),
        sr.Full(),
        64,
        2,
        {"bias": BIAS[0]},
    ),
    Case("a bias by distance", dense(change=bucket_bias), **form(bias=bucketed), heads=2),
    Case(
        "a bias under 2 %",
        dense(change=lambda x, i, j: x + np.float32(0.01) * (j < 8)),
        **form(bias=lambda h, i, j: 0.01 * (j < 8)),
    ),
    Case(
        "biases of 0.7071 and 1.1",
        dense(change=lambda x, i, j: x + np.where(j % 2, 0.7071, 1.1).astype(np.float32)),
        **form(bias=lambda h, i, j: np.where(j % 2, 0.7071, 1.1)),
    ),
    Case("-1e4 in place of logits", dense(fill=-1e4), **form(fill=-1e4)),
    Case("-1e4 added", dense(fill=-1e4, additive=True), **form(fill=-1e4)),
    Case("-1e4 in a window", dense(LOOK, fill=-1e4), **sliding(fill=-1e4), heads=2),
    Case("RoPE in halves", transformed(rope), **form(transform=rope), heads=2),
    Case("RoPE in pairs", transformed(paired_rope), **form(transform=paired_rope)),
    Case(
        "RoPE by complex numbers",
        transformed(rope_by_complex_numbers),
        **form(transform=paired_rope),
    ),
    Case("RMSNorm of q and k", transformed(qk_norm), **form(transform=qk_norm)),
    Case(
        "RMSNorm of q and k in a window",
        transformed(qk_norm, dense(LOOK)),
        **sliding(transform=qk_norm),
        heads=2,
    ),
    Case("RMSNorm, then RoPE", transformed(normed_rope), **form(transform=normed_rope)),
    Case("lse in base 2", with_lse(base=2), **form(lse="base2"), heads=2),
    Case("natural lse", with_lse(LOOK), **WINDOW, heads=2),
    Case("lse with positions before heads", with_lse(axes=(1, 0)), **CAUSAL, heads=4),
    Case(
        "lse with positions before heads in base 2",
        with_lse(axes=(1, 0), base=2),
        **form(lse="base2"),
        heads=4,
    ),
    Case("lse under a soft cap", with_lse(change=capped(20)), **form(softcap=20.0)),
    Case("bfloat16 inside", inside(ml_dtypes.bfloat16), **form(precision="bfloat16")),
    Case(
        "float16 inside",
        inside(np.float16),
        **form(precision="float16"),
        dtypes=("float32", "float16"),
    ),
    Case("a scale of 1", dense(scale=1.0), **form(scale=1.0)),
    Case("gradients", dense(), **form(gradients=gradients()), heads=4),
    Case(
        "gradients of grouped heads",
        dense(LOOK),
        sr.Lookback(24),
        heads=4,
        options={"gradients": gradients(LOOK), **GROUPED},
        ragged=True,
    ),
    Case(
        "gradients under a soft cap",
        dense(change=capped(5.0)),
        **form(softcap=5.0, gradients=gradients(cap=5.0)),
    ),
]
