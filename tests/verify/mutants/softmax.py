"""Weights: denominators, scales, curves, biases, and parts merged without their due.

Symbols:  i query;  j key;  N how many of each;  x logits, 0 (-inf) where masked;  p weights.
"""

import numpy as np
from verify.implementations import masked, softmax, spread

import sparse_ref as sr

from .registry import Mutant

N = 24
i, j = np.ogrid[:N, :N]
PAST = j <= i
LOOK = PAST & (j > i - 5)


def top(x, axis=-1):
    """The largest of each row, 0 where nothing is."""
    most = x.max(axis=axis, keepdims=True)
    return np.where(np.isfinite(most), most, np.float32(0))


def ghosts(count, logit=0.0):
    """A softmax with that many keys more, of this logit and of no value."""

    def weigh(x):
        most = np.maximum(top(x), np.float32(logit))
        return np.exp(x - most) / (
            np.exp(x - most).sum(axis=-1, keepdims=True) + count * np.exp(np.float32(logit) - most)
        )

    return weigh


def over(axis):
    """A softmax along another axis."""

    def weigh(x):
        p = np.exp(x - top(x, axis))
        return p / np.maximum(p.sum(axis=axis, keepdims=True), np.float32(1e-9))

    return weigh


def curved(curve, mask=PAST):
    """Causal attention with a curve laid over the logits before they are masked."""
    return masked(
        mask,
        weigh=lambda x: softmax(
            np.where(mask, curve(np.where(mask, x, np.float32(0))), np.float32(-np.inf))
        ),
    )


def turning(q, k, v):
    """Causal attention that rotates features by position, once more than it should."""

    def rotated(x):
        angle = np.arange(x.shape[1])[:, None] / 10000 ** (np.arange(8) / 8)
        a, b = x[..., :8], x[..., 8:]
        return np.concatenate(
            [a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], -1
        ).astype(np.float32)

    return masked(PAST)(rotated(q), rotated(k), v)


def halves(join):
    """Keys before and from N / 2 on, each with a softmax and its log-sum-exp, joined by
    `join(lse)`, the weights of the two.
    """

    def fn(q, k, v):
        x = q @ k.swapaxes(1, 2) / np.float32(4)
        parts = [
            np.where(PAST & half, x, np.float32(-np.inf)) for half in (j < N // 2, j >= N // 2)
        ]
        with np.errstate(divide="ignore"):
            lse = np.stack(
                [
                    np.log(np.exp(part - top(part)).sum(-1, keepdims=True)) + top(part)
                    for part in parts
                ]
            )
        weights = join(lse)
        return (weights[0] * softmax(parts[0]) + weights[1] * softmax(parts[1])) @ v

    return fn


def shared(x, base=np.e):
    """Weights of parts from their log-sum-exp."""
    p = np.power(np.float32(base), x - x.max(axis=0))
    return p / p.sum(axis=0)


def streamed(start=-np.inf, keep_total=True, keep_acc=True):
    """Tiles of 8 keys past a running maximum that starts somewhere; what was summed before may not
    be rescaled.
    """

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        most, total, acc = (
            np.full((*q.shape[:2], 1), start, np.float32),
            np.float32(0),
            np.float32(0),
        )
        for first in range(0, N, 8):
            tile = slice(first, first + 8)
            x = np.where(
                PAST[:, tile], q @ k[:, tile].swapaxes(1, 2) / np.float32(4), np.float32(-np.inf)
            )
            new = np.maximum(most, x.max(axis=-1, keepdims=True))
            p, keep = np.exp(x - new), np.exp(most - new)
            total = total * (keep if keep_total else 1) + p.sum(-1, keepdims=True)
            acc, most = acc * (keep if keep_acc else 1) + p @ v[:, tile], new
        return acc / total

    return fn


def late(q, k, v):
    """Causal attention that is masked once the largest logit of all keys is subtracted."""
    x = q @ k.swapaxes(1, 2) / np.float32(4)
    p = np.where(PAST, np.exp(x - x.max(axis=-1, keepdims=True)), 0)
    return p / p.sum(axis=-1, keepdims=True) @ v


def features(q, k, v):
    """Products of 1 + elu in place of exp, normalised."""
    q, k = (np.where(z > 0, z + 1, np.exp(np.minimum(z, 0))).astype(np.float32) for z in (q, k))
    p = q @ k.swapaxes(1, 2) * PAST
    return p / p.sum(axis=-1, keepdims=True) @ v


def largest(x):
    """A softmax over the 4 largest logits of each row, and those equal to the fourth."""
    return softmax(np.where(x >= np.sort(x)[..., -4:][..., :1], x, np.float32(-np.inf)))


def pruned(x):
    """Weights below a hundredth dropped, the others left as they are."""
    return np.where(softmax(x) < 0.01, np.float32(0), softmax(x))


def relative(slope):
    """A bias that falls with the distance."""
    return curved(lambda x: x - (slope * (i - j)).astype(np.float32))


causal = {"pattern": sr.Causal(), "n": N}
MUTANTS = [
    Mutant(
        "padding of zeros in the denominator",
        masked(PAST, weigh=ghosts(8)),
        **causal,
        finding="ghost",
        at=(0, 0),
        source="torchscale, LongNet where not causal; local-attention, autopad",
    ),
    Mutant(
        "padding of zeros in the denominator, at the borders alone",
        masked(
            abs(i - j) <= 3,
            weigh=ghosts(np.maximum(abs(i - np.float32(11.5)) - np.float32(8.5), 0)),
        ),
        sr.Window(3),
        N,
        finding="ghost",
        at=(0, 0),
        source="Longformer, `sliding_chunks_no_overlap`",
    ),
    Mutant("softmax plus one", masked(PAST, weigh=ghosts(1)), **causal, finding="ghost", at=(0, 0)),
    Mutant(
        "a sink with a logit of its own",
        masked(PAST, weigh=ghosts(1, 0.5)),
        **causal,
        finding="ghost",
        at=(0, 0),
        source="gpt-oss, whose sinks are learned, compared with plain attention",
    ),
    Mutant(
        "no denominator",
        masked(PAST, weigh=lambda x: np.exp(x - top(x))),
        **causal,
        finding="row sum",
        at=(0, 1),
    ),
    Mutant(
        "divided by the keys of a full window",
        masked(
            LOOK,
            weigh=lambda x: softmax(x) * (np.isfinite(x).sum(-1, keepdims=True) / np.float32(5)),
        ),
        sr.Lookback(5),
        N,
        finding="row sum",
        at=(0, 0),
    ),
    Mutant(
        "a denominator with 0.01 added",
        masked(
            PAST,
            weigh=lambda x: (
                np.exp(x - top(x)) / (np.exp(x - top(x)).sum(-1, keepdims=True) + np.float32(0.01))
            ),
        ),
        **causal,
        finding="row sum",
        at=(0, 0),
        dtypes=("float32",),
        source="Routing Transformer's means over clusters",
    ),
    Mutant(
        "softmax over the queries",
        masked(LOOK, weigh=over(1)),
        sr.Lookback(5),
        N,
        finding="row sum",
    ),
    Mutant(
        "softmax over the heads",
        masked(PAST, weigh=over(0)),
        **causal,
        heads=4,
        finding="row sum",
        at=(0, 0),
    ),
    Mutant(
        "sigmoid in place of softmax",
        masked(PAST, weigh=lambda x: 1 / (1 + np.exp(-x))),
        **causal,
        finding="row sum",
        at=(0, 2),
    ),
    Mutant(
        "no maximum subtracted",
        masked(PAST, weigh=lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
        **causal,
        finding="overflow",
    ),
    Mutant("the maximum taken before the mask", late, **causal, finding="overflow"),
    Mutant("no scale", masked(PAST, scale=1), **causal, finding="scale"),
    Mutant(
        "d for the root of d, which is the scale twice",
        masked(PAST, scale=1 / 16),
        **causal,
        finding="scale",
    ),
    Mutant("multiplied by the root of d", masked(PAST, scale=4), **causal, finding="scale"),
    Mutant(
        "the scale of all heads together",
        masked(PAST, scale=64**-0.5),
        **causal,
        heads=4,
        finding="scale",
    ),
    Mutant(
        "powers of 2 for those of e",
        masked(PAST, scale=np.log(2) / 4),
        **causal,
        finding="scale",
        source="kernels that use exp2, without log2(e) in the scale",
    ),
    Mutant("a temperature of 2", masked(PAST, scale=1 / 8), **causal, finding="scale"),
    Mutant(
        "a temperature that grows with the row",
        masked(PAST, weigh=lambda x: softmax(x * np.log(2 + i).astype(np.float32))),
        **causal,
        finding="numerics",
    ),
    Mutant(
        "a cap of 5 on the logits",
        curved(lambda x: 5 * np.tanh(x / np.float32(5))),
        **causal,
        finding="curve",
    ),
    Mutant(
        "a cap of 50 on the logits",
        curved(lambda x: 50 * np.tanh(x / np.float32(50))),
        **causal,
        finding="curve",
        source="Gemma 2's caps, compared with plain attention",
    ),
    Mutant(
        "a cap on the logits, after the mask",
        masked(PAST, weigh=lambda x: softmax(5 * np.tanh(x / np.float32(5)))),
        **causal,
        finding="extra",
        at=(0, 0, 1),
    ),
    Mutant("logits clipped", curved(lambda x: np.clip(x, -5, 5)), **causal, finding="curve"),
    Mutant(
        "a bias that falls with distance, left on",
        relative(0.25),
        **causal,
        finding="bias",
        source="ALiBi",
    ),
    Mutant(
        "a small bias that falls with distance, left on", relative(0.01), **causal, finding="bias"
    ),
    Mutant("rotary positions a second time", turning, **causal, finding="numerics"),
    Mutant(
        "two halves joined by their mean",
        halves(lambda lse: np.full_like(lse, 0.5)),
        **causal,
        finding="row sum",
        at=(0, 0),
        source="idiap's Reformer, the mean of its rounds",
    ),
    Mutant(
        "two halves joined by powers of 2",
        halves(lambda lse: shared(lse, 2)),
        **causal,
        finding="bias",
        source="lse in base 2, as FlashInfer returns it, taken for base e",
    ),
    Mutant(
        "two halves joined where an lse of 0 means none",
        halves(lambda lse: shared(np.where(lse == 0, np.float32(-1e8), lse))),
        **causal,
        finding="missing",
        at=(0, 12, 12),
        source="torchscale, `DilatedAttention`",
    ),
    Mutant(
        "a running maximum whose sums are not rescaled",
        streamed(keep_total=False),
        **causal,
        finding="numerics",
    ),
    Mutant(
        "a running maximum whose output is not rescaled",
        streamed(keep_acc=False),
        **causal,
        finding="numerics",
    ),
    Mutant("a running maximum that starts at 0", streamed(start=0), **causal, finding="overflow"),
    Mutant(
        "a map of features for exp",
        features,
        **causal,
        finding="numerics",
        source="Katharopoulos et al. 2020, compared with a softmax",
    ),
    Mutant(
        "the 4 largest logits of each row alone",
        masked(PAST, weigh=largest),
        **causal,
        finding="numerics",
    ),
    Mutant("small weights dropped", masked(PAST, weigh=pruned), **causal, finding="numerics"),
]
