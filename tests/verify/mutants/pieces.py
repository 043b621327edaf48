"""Right implementations that go piece by piece, each in another order: none may be flagged, at any
dtype.

Symbols:  i query;  j key;  N how many of each;  x logits, minus infinity where masked;  p weights
before they are divided.
"""

import math

import numpy as np
from verify.implementations import masked, online, rowwise, softmax, tri

import sparse_ref as sr

from .registry import Case

N = 24
i, j = np.ogrid[:N, :N]
PAST = j <= i
LOOK = PAST & (j > i - 5)
SUMMARY = PAST & (j % 6 == 5)  # rows 0 to 4 have no key
LENGTHS = (8, 6, 10)
ROOT, NONE = np.float32(0.25), np.float32(-np.inf)  # ROOT is 1 / sqrt(d), d = 16


def logits(q, k, mask):
    """q k / 4, minus infinity outside the mask."""
    return np.where(mask, q @ k.swapaxes(1, 2) * ROOT, NONE)


def part(q, k, v, mask):
    """(output, log-sum-exp) over one part of the keys; 0 and minus infinity where it has none of a
    row.
    """
    x = logits(q, k, mask)
    top = x.max(axis=-1, keepdims=True)
    base = np.where(top == NONE, np.float32(0), top)
    p = np.exp(x - base)
    total = p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return p @ v / np.where(total == 0, np.float32(1), total), np.log(total) + base


def joined(parts):
    """Parts of the keys as one softmax, by their log-sum-exp."""
    out, lse = (np.stack(each) for each in zip(*parts))
    top = lse.max(axis=0)
    weight = np.exp(lse - np.where(top == NONE, np.float32(0), top))
    return (weight * out).sum(axis=0) / np.maximum(weight.sum(axis=0), np.float32(1e-30))


def in_tiles(size):
    """Every tile of keys by itself, then joined."""
    return lambda q, k, v: joined(
        [
            part(q, k[:, t : t + size], v[:, t : t + size], PAST[:, t : t + size])
            for t in range(0, N, size)
        ]
    )


def by_queries(q, k, v):
    """Five queries at a time, over the keys up to the last of them."""
    outs = []
    for start in range(0, N, 5):
        tile, past = slice(start, start + 5), slice(start + 5)
        out, _ = part(q[:, tile], k[:, past], v[:, past], PAST[tile, past])
        outs.append(out)
    return np.concatenate(outs, axis=1)


def halved(q, k, v):
    """Causal attention by halves: each half over itself, the second one also over all of the
    first.
    """
    n = q.shape[1]
    if n == 1:
        return v, q @ k.swapaxes(1, 2) * ROOT
    (q_0, q_1), (k_0, k_1), (v_0, v_1) = (np.split(z, [n // 2], axis=1) for z in (q, k, v))
    upper, lower = halved(q_0, k_0, v_0), halved(q_1, k_1, v_1)
    across = part(q_1, k_0, v_0, np.True_)
    out = joined([lower, across])
    lse = np.logaddexp(lower[1], across[1])
    return np.concatenate([upper[0], out], axis=1), np.concatenate([upper[1], lse], axis=1)


def two_passes(q, k, v):
    """Once over the keys for the maximum and the total, once more for the output."""
    heads, n, _ = q.shape
    top = np.full((heads, n, 1), NONE)
    total = np.zeros((heads, n, 1), np.float32)
    columns = [logits(q, k[:, key, None], PAST[:, key, None]) for key in range(N)]
    for x in columns:
        new = np.maximum(top, x)
        base = np.where(new == NONE, np.float32(0), new)
        total, top = total * np.exp(top - base) + np.exp(x - base), new
    out = np.zeros((heads, n, v.shape[2]), np.float32)
    for key, x in enumerate(columns):
        out += np.exp(x - top) / total * v[:, key, None]
    return out


def padded(q, k, v):
    """22 positions padded to 32 with ones, which are masked, and cut."""
    below = (0, 0), (0, 10), (0, 0)
    q, k, v = (np.pad(z, below, constant_values=1) for z in (q, k, v))
    is_real = np.arange(32) < 22
    return masked(tri(32) & is_real)(q, k, v)[:, :22]


def by_residues(q, k, v):
    """A stride of 4 as four sequences side by side, each causal, put back in their places."""

    def sequences(z):
        residues = z.reshape(len(z), 6, 4, -1).swapaxes(1, 2)
        return residues.reshape(4 * len(z), 6, -1)

    out = masked(tri(6))(sequences(q), sequences(k), sequences(v))
    places = out.reshape(len(q), 4, 6, -1).swapaxes(1, 2)
    return places.reshape(len(q), N, -1)


def by_diagonals(q, k, v):
    """A window to both sides, one diagonal after the other, borders filled with zeros that are
    masked.
    """
    pad = ((0, 0), (3, 3), (0, 0))
    k, v = np.pad(k, pad), np.pad(v, pad)
    key = np.arange(N)[:, None] + np.arange(-3, 4)
    diagonals = [slice(t, t + N) for t in range(7)]
    x = np.stack([(q * k[:, places]).sum(-1) for places in diagonals], -1) * ROOT
    is_inside = (key >= 0) & (key < N)
    p = softmax(np.where(is_inside, x, NONE))
    return sum(p[..., t, None] * v[:, places] for t, places in enumerate(diagonals))


def document_by_document(q, k, v):
    """Each document by itself."""
    documents = zip(*(np.split(z, np.cumsum(LENGTHS)[:-1], axis=1) for z in (q, k, v)))
    return np.concatenate([masked(tri(each[0].shape[1]))(*each) for each in documents], axis=1)


def by_segments(q, k, v):
    """One list of pairs, summed row by row with reduceat."""
    row, key = np.nonzero(LOOK)
    start = np.flatnonzero(np.diff(row, prepend=-1))
    x = (q[:, row] * k[:, key]).sum(-1) * ROOT
    p = np.exp(x - np.maximum.reduceat(x, start, axis=1)[:, row])
    total = np.add.reduceat(p, start, axis=1)
    return np.add.reduceat(p[..., None] * v[:, key], start, axis=1) / total[..., None]


def shuffled(head, i):
    """The last five keys in no order."""
    return np.random.default_rng(i).permutation(np.arange(max(0, i - 4), i + 1))


def pair_by_pair(q, k, v):
    """Python's own numbers."""
    out = np.zeros((len(q), len(q[0]), v.shape[2]), np.float32)
    for h, i in np.ndindex(out.shape[:2]):
        x = [float(q[h, i].astype(float) @ k[h, j]) / 4 for j in range(i + 1)]
        p = [math.exp(each - max(x)) for each in x]
        out[h, i] = [
            math.fsum(w * float(v[h, j, c]) for j, w in enumerate(p)) / math.fsum(p)
            for c in range(v.shape[2])
        ]
    return out


CAUSAL, LOOKBACK = (
    {"pattern": sr.Causal(), "n": N, "heads": 2},
    {"pattern": sr.Lookback(5), "n": N, "heads": 2},
)
RIGHT = [
    Case("row by row", rowwise(lambda head, i: range(max(0, i - 4), i + 1)), **LOOKBACK),
    Case("row by row, keys in no order", rowwise(shuffled), **LOOKBACK),
    Case(
        "row by row, only those with keys",
        rowwise(lambda head, i: range(5, i + 1, 6)),
        sr.Summary(6, 1),
        N,
        2,
    ),
    Case("pair by pair", pair_by_pair, sr.Causal(), 9),
    Case("a list of pairs", by_segments, **LOOKBACK),
    Case("diagonal by diagonal", by_diagonals, sr.Window(3), N, 2),
    Case("streaming", online(LOOK, tile=5), **LOOKBACK),
    Case("streaming, rows without keys", online(SUMMARY, tile=8), sr.Summary(6, 1), N, 2),
    Case("two passes", two_passes, **CAUSAL),
    Case("five queries at a time", by_queries, **CAUSAL),
    Case("two halves joined by lse", in_tiles(12), **CAUSAL),
    Case("tiles joined by lse", in_tiles(7), **CAUSAL),
    Case("halves of halves", lambda q, k, v: halved(q, k, v)[0], **CAUSAL),
    Case("padded to blocks and cut", padded, sr.Causal(), 22, 2),
    Case("sorted by residues", by_residues, sr.Strided(4), N, 2),
    Case("document by document", document_by_document, sr.Documents(LENGTHS, sr.Causal()), N, 2),
]
