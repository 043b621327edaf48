"""Numbers: stand-ins for minus infinity that do not reach it, dtypes with too few bits, and the
ends of tiles.

Symbols:  i query;  j key;  N how many of each.
"""

import ml_dtypes
import numpy as np
from verify.implementations import masked, softmax

import sparse_ref as sr

from .registry import Mutant

N = 24
i, j = np.ogrid[:N, :N]
PAST = j <= i
EMPTY = PAST & (j % 6 == 5)  # rows 0 to 4 have no key
LEAST = np.finfo(np.float32).min
WINDOWS = ((i // 6 - 1) // 2 == (j // 6 - 1) // 2) & (
    (i % 6 - 1) // 2 == (j % 6 - 1) // 2
)  # of a grid of 4 by 6
CAUSAL = {"pattern": sr.Causal(), "n": N}
SUMMARY = {"pattern": sr.Summary(6, 1), "n": N}


def plain(x):
    """A softmax that does not look for rows without keys."""
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def multiplied(q, k, v):
    """Causal attention whose mask of 0 and 1 is multiplied by minus infinity."""
    return (
        softmax(q @ k.swapaxes(1, 2) / np.float32(4) + np.where(PAST, 0, 1) * np.float32(-np.inf))
        @ v
    )


def logits_in(dtype):
    """Causal attention with q k rounded to `dtype` before the scale."""

    def fn(q, k, v):
        x = (q @ k.swapaxes(1, 2)).astype(dtype).astype(np.float32) / np.float32(4)
        return plain(np.where(PAST, x, np.float32(-np.inf))) @ v

    return fn


def summed_in(dtype):
    """Full attention whose denominator, key after key, is kept in `dtype`."""

    def fn(q, k, v):
        x = q @ k.swapaxes(1, 2) / np.float32(8)
        p = np.exp(x - x.max(axis=-1, keepdims=True))
        total = np.zeros(p.shape[:2], dtype)
        for key in range(p.shape[2]):
            total = (total + p[..., key].astype(dtype)).astype(dtype)
        return p @ v / total.astype(np.float32)[..., None]

    return fn


def accumulated(q, k, v):
    """Causal attention whose output is summed key after key in bfloat16."""
    p, acc = (
        masked(PAST)(q, k, np.broadcast_to(np.eye(N, dtype=np.float32), (len(v), N, N))),
        np.float32(0),
    )
    for key in range(N):
        acc = (
            (acc + p[..., key, None] * v[:, None, key])
            .astype(ml_dtypes.bfloat16)
            .astype(np.float32)
        )
    return acc


def quantised(q, k, v):
    """Causal attention with q and k in eight bits, a step for each row."""

    def rounded(x):
        step = np.maximum(np.abs(x).max(axis=-1, keepdims=True), np.float32(1e-9)) / 127
        return (np.rint(x / step) * step).astype(np.float32)

    return masked(PAST)(rounded(q), rounded(k), v)


def exponent(x):
    """A softmax with (1 + x / 256) ** 256 for exp."""
    p = (
        np.maximum(1 + np.maximum(x - x.max(axis=-1, keepdims=True), -256) / np.float32(256), 0)
        ** 256
    )
    return p / p.sum(axis=-1, keepdims=True)


def differences(q, k, v):
    """A window of 5 as a difference of two running sums, under one maximum for all."""
    x = q @ k.swapaxes(1, 2) / np.float32(4)
    p = np.exp(x - x.max(axis=-1, keepdims=True))

    def window(z):
        sums = np.concatenate([np.zeros_like(z[..., :1, :]), np.cumsum(z, axis=-2)], axis=-2)
        return (
            sums[:, np.arange(N), np.arange(1, N + 1)]
            - sums[:, np.arange(N), np.maximum(np.arange(N) - 4, 0)]
        )

    return window(p[..., None] * v[:, None]) / window(p[..., None])


def tiled(fill, keep=22):
    """Full attention over 22 keys in tiles of 8, the last one filled up by `fill(x)` or dropped,
    outputs cut to `keep` rows.
    """

    def fn(q, k, v):
        out = masked(np.True_)(q, fill(k), fill(v))
        out[:, keep:] = 0
        return out

    return fn


def filled(**how):
    """22 positions made 24."""
    return lambda x: np.pad(x, ((0, 0), (0, 2), (0, 0)), **how)


MUTANTS = [
    Mutant(
        "-1e4 in place of masked logits",
        masked(PAST, fill=-1e4),
        **CAUSAL,
        finding="leak",
        at=(0, 0, 1),
        source="karpathy/minGPT#75",
    ),
    Mutant(
        "-1e4 added to masked logits",
        masked(PAST, fill=-1e4, additive=True),
        **CAUSAL,
        finding="leak",
        at=(0, 0, 1),
        source="BigBird, in both codes; Longformer's",
    ),
    Mutant(
        "-5e4 added to masked logits",
        masked(PAST, fill=-5e4, additive=True),
        **CAUSAL,
        finding="leak",
        at=(0, 0, 1),
    ),
    Mutant(
        "-100 added to masked logits",
        masked(WINDOWS, fill=-100, additive=True),
        sr.swin((4, 6), 2, 1),
        N,
        finding="leak",
        at=(0, 0, 1),
        dtypes=("float32",),
        source="Swin Transformer, where exp(-100) is a number still",
    ),
    Mutant(
        "-100 added to masked logits, in 16 bits",
        masked(WINDOWS, fill=-100, additive=True),
        sr.swin((4, 6), 2, 1),
        N,
        finding="leak",
        at=(0, 0, 1),
        dtypes=("bfloat16", "float16"),
        source="Swin Transformer",
    ),
    Mutant(
        "-10 added to masked logits",
        masked(PAST, fill=-10, additive=True),
        **CAUSAL,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"named": "Full()"},
    ),
    Mutant(
        "the least float where a row has no key",
        masked(EMPTY, fill=LEAST),
        **SUMMARY,
        finding="empty row",
        at=(0, 0),
        diagnosis={"empty rows": ""},
        source="torch SDPA with an additive mask; transformers, `finfo.min`",
    ),
    Mutant(
        "the least float added where a row has no key",
        masked(EMPTY, fill=LEAST, additive=True),
        **SUMMARY,
        finding="empty row",
        at=(0, 0),
        diagnosis={"empty rows": ""},
    ),
    Mutant(
        "-1e9 where a row has no key",
        masked(EMPTY, fill=-1e9),
        **SUMMARY,
        finding="empty row",
        at=(0, 0),
        diagnosis={"empty rows": ""},
        source="openai/sparse_attention, `attention_impl`",
    ),
    Mutant(
        "NaN where a row has no key",
        masked(EMPTY, weigh=plain),
        **SUMMARY,
        finding="nan",
        at=(0, 0),
        source="pytorch/pytorch#41508; ml-explore/mlx#2406; tracel-ai/cubecl#1070",
    ),
    Mutant(
        "a row that has no key attends to itself",
        masked(EMPTY | (i == j) & (i < 5)),
        **SUMMARY,
        finding="empty row",
        at=(0, 0),
        diagnosis={"empty rows": ""},
    ),
    Mutant(
        "a mask of 0 and 1 times minus infinity", multiplied, **CAUSAL, finding="nan", at=(0, 0)
    ),
    Mutant(
        "logits in float16 before their scale", logits_in(np.float16), **CAUSAL, finding="overflow"
    ),
    Mutant(
        "logits in bfloat16 where the output is not",
        logits_in(ml_dtypes.bfloat16),
        **CAUSAL,
        finding="numerics",
        dtypes=("float32", "float16"),
        source="openai/blocksparse, for float32 input",
    ),
    Mutant(
        "weights in float16 where the output is not",
        masked(PAST, weigh=lambda x: softmax(x).astype(np.float16).astype(np.float32)),
        **CAUSAL,
        finding="precision",
        dtypes=("float32",),
    ),
    Mutant(
        "a denominator in bfloat16, which counts to 256",
        summed_in(ml_dtypes.bfloat16),
        sr.Full(),
        (4, 600),
        options={"d": 64, "e": 64},
        finding="row sum",
        at=(0, 0),
    ),
    Mutant(
        "a denominator in float16, which counts to 2048",
        summed_in(np.float16),
        sr.Full(),
        (2, 2500),
        options={"d": 64, "e": 400},
        finding="row sum",
        at=(0, 0),
    ),
    Mutant(
        "outputs summed in bfloat16",
        accumulated,
        **CAUSAL,
        finding="precision",
        dtypes=("float32",),
    ),
    Mutant(
        "queries and keys in eight bits",
        quantised,
        **CAUSAL,
        finding="numerics",
        dtypes=("float32", "float16"),
    ),
    Mutant(
        "an approximate exp",
        masked(PAST, weigh=exponent),
        **CAUSAL,
        finding="numerics",
        dtypes=("float32", "float16"),
    ),
    Mutant(
        "a window as a difference of running sums",
        differences,
        sr.Lookback(5),
        N,
        finding="overflow",
    ),
    Mutant(
        "keys of a ragged last tile dropped",
        tiled(lambda x: x[:, :16]),
        sr.Full(),
        22,
        finding="missing",
        at=(0, 0, 16),
        diagnosis={"named": "Prefix(16)", "right edge": "6 keys missing"},
    ),
    Mutant(
        "queries of a ragged last tile dropped",
        tiled(lambda x: x, keep=16),
        sr.Full(),
        22,
        finding="missing",
        at=(0, 16, 0),
    ),
    Mutant(
        "zeros at the end of a last tile attended to",
        tiled(filled()),
        sr.Full(),
        22,
        finding="ghost",
        at=(0, 0),
        dtypes=("float32", "float16"),
    ),
    Mutant(
        "the last key again at the end of a last tile",
        tiled(filled(mode="edge")),
        sr.Full(),
        22,
        finding="multiplicity",
        at=(0, 0, 21),
        diagnosis={"twice": ""},
    ),
    Mutant(
        "the first keys again at the end of a last tile",
        tiled(filled(mode="wrap")),
        sr.Full(),
        22,
        finding="multiplicity",
        at=(0, 0, 0),
        diagnosis={"twice": ""},
    ),
    Mutant(
        "infinity at the end of a last tile",
        tiled(filled(constant_values=np.inf)),
        sr.Full(),
        22,
        finding="nan",
        at=(0, 0),
    ),
]
