"""Attention over gather-tiles: 64 queries at a time against 64 gathered keys.

Two small matrix products and an online softmax for each chunk. One kernel for every pattern; no n x n anywhere.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and values that
are not finite are held out of the product, where 0 x NaN would spread, and added to their own rows alone.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import prange

from ..jit import compiled, parallel
from .exponential import exp
from .product import add_product, lanes

B = 64  # rows of a tile and keys of a chunk, as in lower.chunks
LANES = 16


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
    width = (v.shape[1] + lanes(v) - 1) // lanes(v) * lanes(v)  # of whole tiles; what is beyond e stays 0
    queries, keys_t = np.zeros((B, q.shape[1]), q.dtype), np.empty((q.shape[1], B), q.dtype)
    values, logits = np.zeros((B, width), q.dtype), np.empty((B, B), q.dtype)
    acc = np.zeros((B, width), q.dtype)
    top, total, part = np.full(B, -np.inf, q.dtype), np.zeros(B, q.dtype), np.empty(LANES, q.dtype)
    for r in range(B):
        if rows[r] >= 0:
            for c in range(q.shape[1]):
                queries[r, c] = q[rows[r], c] * scale
    for chunk in range(first, last):
        finite = _gather(k, v, keys[chunk], keys_t, values)
        logits[:] = 0
        add_product(queries, keys_t, logits)
        if word[chunk] >= 0:
            _mask(logits, words[word[chunk]])
        _softmax_step(logits, top, total, acc, part)
        add_product(logits, values, acc)
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


@compiled
def _mask(logits, words):
    """-inf where the bit is 0."""
    for r in range(B):
        w = words[r]
        for c in range(B):
            if (w >> np.uint64(c)) & np.uint64(1) == np.uint64(0):
                logits[r, c] = -np.inf


@compiled
def _softmax_step(logits, top, total, acc, part):
    """Turn logits into exp(x - top), with top raised to this chunk's largest and total and acc brought along.

    `part` holds a maximum, then a sum, for each of LANES columns at a time, so that the loops become vector code.
    """
    for r in range(B):
        for u in range(LANES):
            part[u] = top[r]
        for c in range(0, B, LANES):
            for u in range(LANES):
                part[u] = logits[r, c + u] if logits[r, c + u] > part[u] else part[u]
        high = top[r]
        for u in range(LANES):
            high = part[u] if part[u] > high else high
        base = high if high > -np.inf else logits.dtype.type(0)
        shrink = exp(top[r] - base)
        top[r] = high
        for c in range(B):
            logits[r, c] = exp(logits[r, c] - base)
        for u in range(LANES):
            part[u] = 0
        for c in range(0, B, LANES):
            for u in range(LANES):
                part[u] += logits[r, c + u]
        total[r] *= shrink
        for u in range(LANES):
            total[r] += part[u]
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
