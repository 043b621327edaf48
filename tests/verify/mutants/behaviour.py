"""Behaviour: what raises, hangs, returns something else, forgets nothing, mixes a batch, or never
says the same twice.

Symbols:  N how many queries and keys.
"""

import sys
import time

import numpy as np
from verify.implementations import masked, tri

import sparse_ref as sr

from .registry import Mutant

N = 24
causal, full = masked(tri(N)), masked(np.ones((N, N), bool))
CAUSAL = {"pattern": sr.Causal(), "n": N}
FULL = {"pattern": sr.Full(), "n": N}


def raising(q, k, v):
    """No length but multiples of 16."""
    if q.shape[1] % 16:
        raise NotImplementedError(f"n must be a multiple of 16, got {q.shape[1]}")
    return causal(q, k, v)


def raising_later(q, k, v):
    """No negative numbers."""
    if (v < 0).any():
        raise FloatingPointError("log of a negative number")
    return causal(q, k, v)


def hanging(q, k, v):
    """A loop that waits for what never comes."""
    while True:
        time.sleep(1)


def hanging_later(q, k, v):
    """The same, for values of both signs alone."""
    while (v < 0).any():
        time.sleep(1)
    return masked(tri(N, keys=5))(q, k, v)


def spoiled(q, k, v):
    """NaN in one row, for values of both signs alone."""
    out = causal(q, k, v)
    if (v < 0).any():
        out[:, 7] = np.nan
    return out


class Dropping:
    """Dropout of a half, left on."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, q, k, v):
        kept = self.rng.random((N, N)) > 0.5
        return masked(
            np.ones((N, N), bool),
            weigh=lambda x: (
                np.exp(x - x.max(-1, keepdims=True))
                * kept
                * 2
                / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True)
            ),
        )(q, k, v).astype(np.float32)


class Noisy:
    """Noise of a third."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, q, k, v):
        return causal(q, k, v) * (1 + 0.3 * self.rng.standard_normal((1, N, 1))).astype(np.float32)


class Averaging:
    """Values averaged with those of the call before."""

    before = 0

    def __call__(self, q, k, v):
        out, self.before = causal(q, k, (v + self.before) / 2), v
        return out


class Caching:
    """The output of the first call for every later one, as a cache whose key is the shape."""

    def __init__(self):
        self.kept = {}

    def __call__(self, q, k, v):
        return self.kept.setdefault(q.shape, causal(q, k, v)).copy()


class Growing:
    """Keys and values of all calls, as a cache that nobody empties; the last 4 N of them."""

    keys = values = None

    def __call__(self, q, k, v):
        self.keys, self.values = (
            new if old is None else np.concatenate([old, new], axis=1)[:, -4 * N :]
            for old, new in ((self.keys, k), (self.values, v))
        )
        n_k = self.keys.shape[1]
        return masked(tri(N, n_k, offset=n_k - N))(q, self.keys, self.values)


def batched(mixed):
    """Causal attention over (B, H, n, d) of which `mixed` changes k and v, (B, H, n, d)."""
    return lambda q, k, v: np.stack([causal(*each) for each in zip(q, mixed(k), mixed(v))])


MUTANTS = [
    Mutant("raises", raising, **CAUSAL, finding="error"),
    Mutant("raises for some values", raising_later, **CAUSAL, finding="error"),
    Mutant("leaves the process", lambda q, k, v: sys.exit("no device"), **CAUSAL, finding="error"),
    Mutant("returns nothing", lambda q, k, v: None, **CAUSAL, finding="error", dtypes=("float32",)),
    Mutant(
        "runs forever",
        hanging,
        **CAUSAL,
        options={"seconds": 1},
        finding="timeout",
        dtypes=("float32",),
    ),
    Mutant(
        "runs forever for some values",
        hanging_later,
        **CAUSAL,
        options={"seconds": 1},
        finding="timeout",
        diagnosis={"named": "Lookback(5)"},
        dtypes=("float32",),
    ),
    Mutant("one row short", lambda q, k, v: causal(q, k, v)[:, :-1], **CAUSAL, finding="shape"),
    Mutant(
        "every second row, not scattered back",
        lambda q, k, v: causal(q, k, v)[:, ::2],
        **CAUSAL,
        finding="shape",
        source="longnet 0.5.7",
    ),
    Mutant(
        "heads side by side",
        lambda q, k, v: np.concatenate(list(causal(q, k, v)), axis=-1),
        **CAUSAL,
        heads=4,
        finding="shape",
    ),
    Mutant(
        "the weights, not the output",
        lambda q, k, v: causal(q, k, np.eye(N, dtype=np.float32)[None]),
        **CAUSAL,
        finding="shape",
    ),
    Mutant(
        "integers",
        lambda q, k, v: causal(q, k, v).astype(np.int64),
        **CAUSAL,
        finding="dtype",
        dtypes=("float32",),
    ),
    Mutant(
        "complex numbers",
        lambda q, k, v: causal(q, k, v).astype(np.complex64),
        **CAUSAL,
        finding="dtype",
        dtypes=("float32",),
    ),
    Mutant(
        "NaN everywhere",
        lambda q, k, v: np.full_like(q, np.nan),
        **CAUSAL,
        finding="nan",
        at=(0, 0),
    ),
    Mutant("NaN in a row for some values", spoiled, **CAUSAL, finding="nan", at=(0, 7)),
    Mutant(
        "zeros",
        lambda q, k, v: np.zeros_like(q),
        **CAUSAL,
        finding="missing",
        at=(0, 0, 0),
        diagnosis={"nothing": ""},
        source="ScalingIntelligence/KernelBench#165, where zeros pass",
    ),
    Mutant(
        "values as they came",
        lambda q, k, v: v,
        **CAUSAL,
        finding="missing",
        at=(0, 1, 0),
        diagnosis={"named": "Window(0)"},
    ),
    Mutant("dropout left on", Dropping(), **FULL, finding="random"),
    Mutant("noise in each call", Noisy(), **CAUSAL, finding="random"),
    Mutant("values averaged with those of the call before", Averaging(), **CAUSAL, finding="state"),
    Mutant(
        "the first output for every input of its shape", Caching(), **CAUSAL, finding="not linear"
    ),
    Mutant("a cache of keys and values that nobody empties", Growing(), **CAUSAL, finding="state"),
    Mutant(
        "the query added to the output",
        lambda q, k, v: q + causal(q, k, v),
        **CAUSAL,
        finding="not linear",
        at=(0, 0),
    ),
    Mutant(
        "a bias added to the output",
        lambda q, k, v: causal(q, k, v) + np.float32(1),
        **CAUSAL,
        finding="not linear",
        at=(0, 0),
    ),
    Mutant(
        "outputs clipped to one",
        lambda q, k, v: np.clip(causal(q, k, v), -1, 1),
        **CAUSAL,
        finding="numerics",
    ),
    Mutant(
        "keys and values of the next in the batch",
        batched(lambda x: np.roll(x, 1, axis=0)),
        **CAUSAL,
        heads=2,
        options={"layout": "bhnd"},
        finding="batch",
    ),
    Mutant(
        "keys and values averaged over the batch",
        batched(lambda x: np.broadcast_to(x.mean(axis=0), x.shape)),
        **CAUSAL,
        heads=2,
        options={"layout": "bhnd"},
        finding="batch",
    ),
    Mutant(
        "the first of the batch for all",
        batched(lambda x: np.broadcast_to(x[0], x.shape)),
        **CAUSAL,
        heads=2,
        options={"layout": "bhnd"},
        finding="batch",
    ),
]
