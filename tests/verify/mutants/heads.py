"""Heads: keys, values and outputs that belong to another one, or to another row.

Symbols:  h head;  i query;  j key;  N how many of i and of j.
"""

import numpy as np
from verify.implementations import masked, spread

import sparse_ref as sr

from .registry import Mutant

N = 24
h, i, j = np.ogrid[:4, :N, :N]
PAST = j <= i
WINDOWS = [sr.Lookback(keys) for keys in (2, 4, 6, 8)]
OWN = PAST & (j > i - 2 * (h + 1))  # the masks of WINDOWS
EIGHT = np.stack([np.tri(8, dtype=bool) & ~np.tri(8, k=-keys, dtype=bool) for keys in range(1, 9)])
causal = masked(PAST[0])
GROUPED = {"kv_heads": 2}


def turned(axis, q=0, k=0, v=0, out=0):
    """Causal attention with some of its arrays rolled along an axis, after k and v have a head for
    each of q's.
    """

    def fn(*arrays):
        rolled = (np.roll(x, by, axis) for x, by in zip(spread(*arrays), (q, k, v)))
        return np.roll(causal(*rolled), out, axis)

    return fn


def dealt(order):
    """Causal attention in which query head h has the key head order[h], and its values."""
    return lambda q, k, v: causal(q, k[order], v[order])


def interleaved(q, k, v):
    """(1, n, H, d) read as (H, n, d) without a transpose."""
    heads, n = q.shape[2], q.shape[1]
    return causal(*(x.reshape(heads, n, -1) for x in (q, k, v))).reshape(1, n, heads, -1)


def halved(q, k, v):
    """The first half of the features alone, with the scale of all."""
    return masked(PAST[0], scale=q.shape[2] ** -0.5)(q[..., :8], k[..., :8], v)


def cut(q, k, v):
    """The last feature of the output is never written."""
    out = causal(q, k, v)
    out[..., -1] = 0
    return out


def averaged(q, k, v):
    """Each head's output is the mean of all."""
    return np.broadcast_to(causal(q, k, v).mean(axis=0), q.shape)


def evened(q, k, v):
    """Odd heads are never written."""
    return causal(q, k, v) * np.float32([1, 0, 1, 0])[:, None, None]


MUTANTS = [
    Mutant(
        "the mask of head 0 for all",
        masked(OWN[0]),
        WINDOWS,
        N,
        finding="missing",
        at=(1, 2, 0),
        diagnosis={"named": "Lookback(2)", "head modulo": "head 0"},
    ),
    Mutant(
        "masks of two heads dealt in turn",
        masked(OWN[[0, 1, 0, 1]]),
        WINDOWS,
        N,
        finding="missing",
        at=(2, 2, 0),
        diagnosis={"head modulo": "mod 2"},
    ),
    Mutant(
        "heads in reverse",
        masked(OWN[::-1]),
        WINDOWS,
        N,
        finding="extra",
        at=(0, 2, 0),
        diagnosis={"heads permuted": ""},
    ),
    Mutant(
        "heads off by one",
        masked(np.roll(OWN, 1, 0)),
        WINDOWS,
        N,
        finding="extra",
        at=(0, 2, 0),
        diagnosis={"heads permuted": ""},
    ),
    Mutant(
        "sub-blocks dealt from the front",
        masked(PAST & ((i // 8 == j // 8) | (j % 8 // 2 == h))),
        tuple(sr.openai_fixed(8, 2, num_verts=4)),
        N,
        finding="extra",
        at=(0, 8, 0),
        diagnosis={"heads permuted": ""},
    ),
    Mutant(
        "masks of heads taken for masks of rows",
        masked(EIGHT.swapaxes(0, 1)),
        [sr.Lookback(keys) for keys in range(1, 9)],
        8,
        finding="missing",
        at=(0, 1, 1),
        source="onnx/onnx#8108, for a batch with as many entries as heads",
    ),
    Mutant(
        "key heads dealt in turn",
        dealt([0, 1, 0, 1]),
        sr.Causal(),
        N,
        4,
        options=GROUPED,
        finding="kv map",
        source="`repeat` for `repeat_interleave`",
    ),
    Mutant(
        "key heads in reverse",
        dealt([1, 1, 0, 0]),
        sr.Causal(),
        N,
        4,
        options=GROUPED,
        finding="kv map",
    ),
    Mutant(
        "one key head for all",
        dealt([0, 0, 0, 0]),
        sr.Causal(),
        N,
        4,
        options=GROUPED,
        finding="kv map",
    ),
    Mutant(
        "outputs of heads in reverse",
        lambda q, k, v: causal(q, k, v)[::-1],
        sr.Causal(),
        N,
        4,
        finding="kv map",
    ),
    Mutant(
        "keys and values of the head before",
        turned(0, k=1, v=1),
        sr.Causal(),
        N,
        4,
        finding="kv map",
    ),
    Mutant("values of the head before", turned(0, v=1), sr.Causal(), N, 4, finding="kv map"),
    Mutant("keys of the head before", turned(0, k=1), sr.Causal(), N, 4, finding="numerics"),
    Mutant("each head the mean of all", averaged, sr.Causal(), N, 4, finding="kv map"),
    Mutant(
        "odd heads never written",
        evened,
        sr.Causal(),
        N,
        4,
        finding="missing",
        at=(1, 0, 0),
        diagnosis={"nothing": ""},
    ),
    Mutant(
        "heads and positions not transposed",
        interleaved,
        sr.Causal(),
        N,
        4,
        options={"layout": "bnhd"},
        finding="missing",
        at=(0, 6, 0),
    ),
    Mutant(
        "values of the key before",
        turned(1, v=1),
        sr.Lookback(5),
        N,
        finding="extra",
        at=(0, 0, 23),
    ),
    Mutant("keys moved on by one", turned(1, k=1), sr.Causal(), N, finding="numerics"),
    Mutant("queries moved on by one", turned(1, q=1), sr.Causal(), N, finding="numerics"),
    Mutant(
        "outputs moved on by one",
        turned(1, out=1),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"right edge": "23 of 24 rows"},
    ),
    Mutant("half of the features", halved, sr.Causal(), N, finding="numerics"),
    Mutant(
        "the last feature of the output never written",
        cut,
        sr.Causal(),
        N,
        finding="missing",
        at=(0, 15, 15),
        diagnosis={"right edge": "1 of 24 rows"},
    ),
]
