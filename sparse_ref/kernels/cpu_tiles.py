"""Attention over gather-tiles: 64 queries at a time against 64 gathered keys, two small matrix products and an
online softmax for each chunk. One kernel for every pattern; no n x n anywhere.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and values that
are not finite are held out of the product, where 0 x NaN would spread, and added to their own rows alone.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import prange

from ..jit import compiled, contracted, parallel
from .exponential import exp

B = 64  # rows of a tile and keys of a chunk, as in lower.chunks


def balanced(ptr) -> np.ndarray:
    """An order of the tiles in which each thread's equal share of them has about as many chunks."""
    heaviest = np.argsort(-np.diff(ptr), kind="stable")
    threads = numba.get_num_threads()
    return np.concatenate([heaviest[t::threads] for t in range(threads)])


@parallel
def attend_tiles(q, k, v, heads, kv, scale, rows, ptr, keys, word, words, visit, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) for each head h in `heads`, whose keys are k[kv[h]], v[kv[h]].

    rows, ptr, keys, word, words are a Plan's arrays; `visit` is the order of the tiles, for balance alone.
    """
    tiles = len(rows)
    for x in prange(len(heads) * tiles):
        h, t = heads[x // tiles], visit[x % tiles]
        _tile(q[h], k[kv[h]], v[kv[h]], scale, rows[t], ptr[t], ptr[t + 1], keys, word, words, out[h], lse[h])


@compiled
def _tile(q, k, v, scale, rows, first, last, keys, word, words, out, lse):
    """One tile's rows of out and lse. top is each row's largest logit so far, total its sum of exp(x - top)."""
    depth = (q.shape[1] + 3) // 4 * 4
    queries, keys_t = np.zeros((B, depth), q.dtype), np.zeros((depth, B), q.dtype)
    values, logits = np.empty((B, v.shape[1]), q.dtype), np.empty((B, B), q.dtype)
    acc = np.zeros((B, v.shape[1]), q.dtype)
    top, total = np.full(B, -np.inf, q.dtype), np.zeros(B, q.dtype)
    for r in range(B):
        if rows[r] >= 0:
            for c in range(q.shape[1]):
                queries[r, c] = q[rows[r], c] * scale
    for chunk in range(first, last):
        finite = _gather(k, v, keys[chunk], keys_t, values)
        logits[:] = 0
        _add_product(queries, keys_t, logits)
        if word[chunk] >= 0:
            _mask(logits, words[word[chunk]])
        _softmax_step(logits, top, total, acc)
        _add_product(logits, values, acc)
        if not finite:
            _add_infinite(logits, v, keys[chunk], word[chunk], words, acc)
    for r in range(B):
        if rows[r] >= 0:
            _finish(acc[r], top[r], total[r], out[rows[r]], lse, rows[r])


@compiled
def _gather(k, v, keys, keys_t, values):
    """Copy the chunk's keys, transposed, and its values, 0 where not finite; whether all values are finite."""
    finite = True
    for c in range(B):
        for x in range(k.shape[1]):
            keys_t[x, c] = k[keys[c], x]
    for c in range(B):
        sure = v.dtype.type(0)
        for x in range(v.shape[1]):
            values[c, x] = v[keys[c], x]
            sure += values[c, x] * v.dtype.type(0)
        if sure != 0:  # NaN, too
            finite = False
            for x in range(v.shape[1]):
                if not math.isfinite(values[c, x]):
                    values[c, x] = 0
    return finite


@contracted
def _add_product(a, b, out):
    """out += a b;  a (64, m), b (m, w), m a multiple of 4. Unrolled 4 x 4; the inner loop runs along the columns."""
    for r in range(0, B, 4):
        for x in range(0, a.shape[1], 4):
            a00, a01, a02, a03 = a[r, x], a[r, x + 1], a[r, x + 2], a[r, x + 3]
            a10, a11, a12, a13 = a[r + 1, x], a[r + 1, x + 1], a[r + 1, x + 2], a[r + 1, x + 3]
            a20, a21, a22, a23 = a[r + 2, x], a[r + 2, x + 1], a[r + 2, x + 2], a[r + 2, x + 3]
            a30, a31, a32, a33 = a[r + 3, x], a[r + 3, x + 1], a[r + 3, x + 2], a[r + 3, x + 3]
            for c in range(b.shape[1]):
                b0, b1, b2, b3 = b[x, c], b[x + 1, c], b[x + 2, c], b[x + 3, c]
                out[r, c] += a00 * b0 + a01 * b1 + a02 * b2 + a03 * b3
                out[r + 1, c] += a10 * b0 + a11 * b1 + a12 * b2 + a13 * b3
                out[r + 2, c] += a20 * b0 + a21 * b1 + a22 * b2 + a23 * b3
                out[r + 3, c] += a30 * b0 + a31 * b1 + a32 * b2 + a33 * b3


@compiled
def _mask(logits, words):
    """-inf where the bit is 0."""
    for r in range(B):
        w = words[r]
        for c in range(B):
            if (w >> np.uint64(c)) & np.uint64(1) == np.uint64(0):
                logits[r, c] = -np.inf


@compiled
def _softmax_step(logits, top, total, acc):
    """Turn logits into exp(x - top), with top raised to this chunk's largest and total and acc brought along."""
    for r in range(B):
        high = top[r]
        for c in range(B):
            high = logits[r, c] if logits[r, c] > high else high
        base = high if high > -np.inf else logits.dtype.type(0)
        shrink = exp(top[r] - base)
        top[r] = high
        for c in range(B):
            logits[r, c] = exp(logits[r, c] - base)
        sum_ = logits.dtype.type(0)
        for c in range(B):
            sum_ += logits[r, c]
        total[r] = total[r] * shrink + sum_
        if shrink != 1:
            for c in range(acc.shape[1]):
                acc[r, c] *= shrink


@compiled
def _add_infinite(weights, v, keys, word, words, acc):
    """Add the values that are not finite to the rows that attend to their keys.

    A weight below e^-87 of the row's largest is 0 in float32, and 0 x inf is NaN where float64 has inf.
    """
    for c in range(B):
        for x in range(v.shape[1]):
            value = v[keys[c], x]
            if not math.isfinite(value):
                for r in range(B):
                    if word < 0 or (words[word, r] >> np.uint64(c)) & np.uint64(1) != np.uint64(0):
                        acc[r, x] += weights[r, c] * value


@compiled
def _finish(acc, top, total, out, lse, i):
    """out_i = acc / total, lse_i = top + log total; 0 and -inf where nothing was attended to."""
    if total == 0:
        out[:] = 0
        lse[i] = -np.inf
        return
    for c in range(len(out)):
        out[c] = acc[c] / total
    lse[i] = (top if top > -np.inf else acc.dtype.type(0)) + math.log(total)
