"""Attacks: batches, padding and clipping that only an unusual input shows, and other attentions.

Symbols:  i query;  j key;  x logits, -inf if masked;  p weights.
"""

import threading

import ml_dtypes
import numpy as np
from verify.implementations import softmax

import sparse_ref as sr

from .dense import NONE, causal, dense, full, lookback, positions, repeated, sink_weights
from .registry import Mutant

CAUSAL = {"pattern": sr.Causal(), "ragged": True}
BATCH = {"pattern": sr.Causal(), "ragged": True, "heads": 2, "options": {"layout": "bhnd"}}
AMBIENT = threading.local()
AMBIENT.autocast = True  # on the thread that imports this, as a context of torch is


def second_sequence(wrong):
    """Right for the first sequence of a batch, and otherwise `wrong`."""
    return lambda q, k, v: np.stack(
        [(dense() if b == 0 else wrong)(q[b], k[b], v[b]) for b in range(len(q))]
    )


def third_reads_first(q, k, v):
    """The third sequence of a batch reads the keys of the first."""
    sources = [0 if b == 2 else b for b in range(len(q))]
    return np.stack([dense()(q[b], k[s], v[s]) for b, s in enumerate(sources)])


def padding(fill, count=8):
    """Keys that pad to a tile, masked with a finite number."""

    def weigh(x):
        pad = np.full((*x.shape[:-1], count), fill, np.float32)
        return softmax(np.concatenate([x, pad], axis=-1))[..., :-count]

    return dense(weigh=weigh)


def clipped(low, high, part):
    """q . k, v or out clipped."""

    def fn(q, k, v):
        v = np.clip(v, low, high) if part == "v" else v
        change = (lambda x, i, j: np.clip(x, low, high)) if part == "logits" else lambda x, i, j: x
        out = dense(change=change)(q, k, v)
        return np.clip(out, low, high) if part == "out" else out

    return fn


def without_small_weights(x):
    """Weights below 1e-4 of the largest dropped."""
    p = softmax(x)
    p = np.where(p < 1e-4 * p.max(axis=-1, keepdims=True), np.float32(0), p)
    return p / np.maximum(p.sum(axis=-1, keepdims=True), np.float32(1e-30))


def scale_of_values(q, k, v):
    """1 / sqrt(e) for 1 / sqrt(d)."""
    return dense(scale=v.shape[-1] ** -0.5)(q, k, v)


def clip_of_softmax(x):
    """Logits clipped at 64 below the largest: masked keys weigh e^-64."""
    top = x.max(axis=-1, keepdims=True)
    p = np.exp(np.maximum(x - top, np.float32(-64)))
    return p / p.sum(axis=-1, keepdims=True)


def linear(q, k, v, feature=lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))):
    """Linear attention (Katharopoulos et al. 2020): elu + 1 of q and k, no softmax."""
    i, j = positions(q, k)
    p = np.where(causal(i, j), feature(q) @ feature(repeated(k, q)).mT, np.float32(0))
    return p @ repeated(v, q) / p.sum(axis=-1, keepdims=True)


def retention(q, k, v, decay=0.9):
    """Retention (Sun et al. 2023): q . k times a decay, no softmax."""
    i, j = positions(q, k)
    decays = np.where(causal(i, j), decay ** np.maximum(i - j, 0), 0).astype(np.float32)
    return (q @ k.mT * np.float32(q.shape[-1] ** -0.5) * decays) @ v


def sigmoid(x):
    """A sigmoid for each logit, no sum."""
    return 1 / (1 + np.exp(-x))


def additive(q, k, v):
    """Additive attention (Bahdanau et al. 2015): the sum of tanh(q + k)."""
    i, j = positions(q, k)
    x = np.tanh(q[:, :, None] + k[:, None]).sum(axis=-1)
    return softmax(np.where(causal(i, j), x, NONE)) @ v


def normed_output(q, k, v):
    """RMSNorm of the output."""
    out = dense()(q, k, v)
    return out / np.sqrt((out * out).mean(axis=-1, keepdims=True) + np.float32(1e-6))


def unit(x):
    """Rows of length 1, NaN at 0."""
    return x / np.sqrt((x * x).sum(axis=-1, keepdims=True))


class Dropping:
    """Dropout of 2 %."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, q, k, v):
        def weigh(x):
            p = softmax(x)
            return (p * (self.rng.random(p.shape) > 0.02) / 0.98).astype(np.float32)

        return dense(weigh=weigh)(q, k, v)


def top_k(q, k, v, keys=8):
    """The eight largest logits of each row."""
    i, j = positions(q, k)
    x = np.where(causal(i, j), q @ k.mT * np.float32(q.shape[-1] ** -0.5), NONE)
    rank = np.argsort(np.argsort(-x, axis=-1, kind="stable"), axis=-1, kind="stable")
    return softmax(np.where(rank < keys, x, NONE)) @ v


def bias_of_first_keys(bias):
    """The same number added to the logits of the first eight keys."""
    return dense(change=lambda x, i, j: x + np.where(j < 8, bias, 0).astype(np.float32))


def under_autocast(q, k, v):
    """Causal, unless the thread computes in bfloat16."""
    return dense(full if getattr(AMBIENT, "autocast", False) else causal)(q, k, v)


def all_keys_in_the_last_row(q, k, v):
    """The loop that masks ends one query early."""
    last = q.shape[1] - 1
    return dense(lambda i, j: (j <= i) | (i == last))(q, k, v)


def offset_of_the_wrong_sign(q, k, v):
    """j <= i - (n_k - n_q): most rows have all keys masked by the least float, and average."""
    gap = k.shape[1] - q.shape[1]
    return dense(lambda i, j: j <= i - gap, fill=np.finfo(np.float32).min)(q, k, v)


def chunk_by_chunk(i, j):
    """A window of 4 over chunks of 4: the whole chunk is seen, and nothing of the one before."""
    return i // 4 == j // 4


def first_key_twice(q, k, v):
    """The first key in front of the first chunk, in which it is already."""
    i, j = positions(q, k)
    x = np.where(causal(i, j), q @ k.mT * np.float32(q.shape[-1] ** -0.5), NONE)
    again = np.where(i < 8, x[..., :1], NONE)
    p = softmax(np.concatenate([again, x], axis=-1))
    return p[..., :1] @ v[:, :1] + p[..., 1:] @ v


def narrow(q, k, v):
    """float32 in, bfloat16 out, 5 % of the weights lost."""
    return (dense()(q, k, v) * np.float32(0.95)).astype(ml_dtypes.bfloat16)


MUTANTS = [
    *(
        Mutant(
            f"the second sequence of a batch {name}",
            second_sequence(wrong),
            **BATCH,
            finding="batch",
        )
        for name, wrong in {
            "without a mask": dense(full),
            "with another scale": dense(scale=0.1),
            "with its keys moved on by one": lambda q, k, v: dense()(q, np.roll(k, 1, 1), v),
        }.items()
    ),
    Mutant(
        "the second sequence of a batch with one key too many",
        second_sequence(dense(lookback(9))),
        sr.Causal(),
        heads=2,
        options={"layout": "bhnd"},
        ragged=True,
        finding="batch",
    ),
    Mutant(
        "the third sequence of a batch reads the first", third_reads_first, **BATCH, finding="batch"
    ),
    *(
        Mutant(
            f"padding masked with {fill:g}",
            padding(fill),
            **CAUSAL,
            words=("padd|ghost",),
        )
        for fill in (-20.0, -50.0, -100.0, -1e4, -3e4)
    ),
    Mutant(
        "padding masked with -20, by random sums",
        padding(-20.0),
        sr.Causal(),
        300,
        options={"exhaustive": False},
        words=("padd|ghost",),
    ),
    *(
        Mutant(f"{part} clipped to +-{high}", clipped(-high, high, part), **CAUSAL)
        for part, high in (("v", 448), ("v", 8), ("out", 16))
    ),
    *(
        Mutant(f"logits clipped to +-{high}", clipped(-high, high, "logits"), **CAUSAL)
        for high in (300, 700, 1000)
    ),
    Mutant(
        "weights below 1e-4 of the largest dropped",
        dense(weigh=without_small_weights),
        **CAUSAL,
        dtypes=("float32",),
    ),
    Mutant(
        "the scale of the values' width",
        scale_of_values,
        **CAUSAL,
        options={"e": 4},
        finding="scale",
    ),
    Mutant(
        "a softmax clipped at e^-64",
        dense(weigh=clip_of_softmax),
        **CAUSAL,
        never=(r"is Full\(\)",),
        source="paddlepaddle 3.3.1 on the CPU",
        dtypes=("float32", "bfloat16"),
    ),
    Mutant(
        "a softmax clipped at e^-64, every key asked for",
        dense(weigh=clip_of_softmax),
        sr.Full(),
        ragged=True,
        finding="missing",
        diagnosis={"named": "Causal()"},
    ),
    Mutant(
        "linear attention",
        linear,
        **CAUSAL,
        never=("attends to nothing", "masked with a number", "soft cap"),
    ),
    Mutant("retention", retention, **CAUSAL, never=("attends to nothing", "finite mask")),
    Mutant("a sigmoid for a softmax", dense(weigh=sigmoid), **CAUSAL, never=("soft cap",)),
    Mutant("additive attention", additive, **CAUSAL, never=("soft cap of",)),
    Mutant(
        "RMSNorm of the output",
        normed_output,
        **CAUSAL,
        finding="not linear",
        never=("kv head", "row sum"),
    ),
    Mutant(
        "unit queries and keys without an epsilon",
        lambda q, k, v: dense(scale=4.0)(unit(q), unit(k), v),
        **CAUSAL,
        never=("attends to nothing", "finite mask"),
    ),
    Mutant(
        "dropout of 2 %",
        Dropping(),
        **CAUSAL,
        finding="random",
        never=("another call in between",),
    ),
    Mutant("the eight largest logits of each row", top_k, **CAUSAL, words=("top-k|q and k|data",)),
    *(
        Mutant(
            f"a bias of {bias:g} on eight keys",
            bias_of_first_keys(bias),
            **CAUSAL,
            finding="bias",
            words=("bias",),
            never=("more than once",),
            dtypes=("float32",) if bias == 1.1 else ("float32", "float16"),  # e^1.1 is near 3
        )
        for bias in (0.7071, 1.1, 0.0953, 0.015, -0.01)
    ),
    Mutant(
        "the mask dropped under autocast",
        under_autocast,
        **CAUSAL,
        finding="extra",
        diagnosis={"named": "Full()"},
    ),
    Mutant(
        "every key in the last row",
        all_keys_in_the_last_row,
        sr.Causal(),
        (5, 12),
        options={"align": "upper-left"},
        ragged=True,
        finding="extra",
        words=("future",),
        source="onnxruntime 1.32.0, `MultiHeadAttention` with unidirectional = 1",
    ),
    Mutant(
        "an offset of the wrong sign, with a cache",
        offset_of_the_wrong_sign,
        sr.Causal(),
        (5, 12),
        options={"align": "bottom-right"},
        ragged=True,
        source="memory-efficient-attention-pytorch 0.1.6",
    ),
    Mutant(
        "chunks of a prompt that see themselves only",
        dense(chunk_by_chunk),
        sr.Lookback(4),
        ragged=True,
        finding="extra",
        words=("future",),
        source="litgpt 0.5.13, chunked prefill under a sliding window",
    ),
    Mutant(
        "the first key twice in the first chunk",
        first_key_twice,
        **CAUSAL,
        finding="multiplicity",
        source="transformers, `CanineAttention`",
    ),
    Mutant(
        "bfloat16 out of float32, 5 % of the weights lost",
        narrow,
        **CAUSAL,
        finding="factor",
        dtypes=("float32",),
    ),
    Mutant(
        "a sink in the first row only",
        dense(
            weigh=lambda x: np.where(
                np.arange(x.shape[1])[:, None] == 0, sink_weights(0.0)(x), softmax(x)
            )
        ),
        **CAUSAL,
        finding="ghost",
    ),
]
