"""The host's side of the CPU kernels: which loops run over a plan or CSR, and in which dtype.

Over a plan, float32 and float64 are computed with as they are; float16 and bfloat16 go to the
kernels as their bits and are widened chunk by chunk. Over CSR gradients are float64 inside.
"""

from __future__ import annotations

import numpy as np

from ..._jit.vectors import BYTES
from ...lower import CSR
from ..arguments import Forward, Heads, KeyHeads, Tiles, Vectors
from . import small
from .chunk import finite_heads
from .key_slabs import add_slabs, slabs_of
from .rows import attend_rows, backward_keys, backward_queries, pieces_of
from .tiles import attend_tiles
from .tiles_backward import ROWS, backward_tiles, deltas

SLICES = 16  # of the keys of a head, checked for inf and NaN side by side


def attend(q, k, v, heads, kv, scale, sets, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) of each h in `heads`, which reads k[kv[h]], v[kv[h]].

    q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), of one dtype; out and lse float64 where that is,
    float32 otherwise; `sets` is a Plan or a CSR of (n_q, n_k), or a mask of a few queries and keys.
    """
    if isinstance(sets, np.ndarray):
        small.attend(q, k, v, heads, kv, scale, sets, out, lse)
        return
    if isinstance(sets, CSR):
        x = Vectors(*(array.astype(out.dtype, copy=False) for array in (q, k, v)))
        pairs = Heads(heads, kv[heads], np.ones(len(heads), bool))
        pieces = pieces_of(len(heads), q.shape[1])
        attend_rows(pieces, x, pairs, scale, (sets.indptr, sets.indices), out, lse)
        return
    x = Vectors(_bits(q), _bits(k), _bits(v))
    tiles = Tiles(*sets.arrays)
    # a long tile begun last would keep the other threads waiting
    visit = np.argsort(-np.diff(tiles.ptr), kind="stable")
    finite = np.zeros(len(v), bool)
    if (tiles.start >= 0).any():  # gathered values are checked while copying
        finite = _finite(x.v, np.unique(kv[heads]))
    pairs = Heads(heads, kv[heads], finite[kv[heads]])
    attend_tiles(len(heads) * len(visit), x, pairs, scale, tiles, visit, (out, lse))


def backward(grad, q, k, v, out, lse, heads, kv, scale, sets, dq, dk, dv):
    """Add to dq (H, n_q, d), dk (G, n_k, d) and dv (G, n_k, e) what the heads in `heads` give.

    grad and out (H, n_q, e) are the gradient at the output and that output, lse (H, n_q); the
    others as for `attend`. grad, out, lse, dq, dk and dv are float64 where q is, float32
    otherwise.
    """
    queries = heads[np.argsort(kv[heads], kind="stable")]
    gradients = dq, dk, dv
    if isinstance(sets, np.ndarray):
        small.backward((grad, q, k, v, out, lse), queries, kv, scale, sets, gradients)
        return
    if isinstance(sets, CSR):
        _backward_rows((grad, q, k, v, out, lse), queries, kv, scale, sets, gradients)
        return
    delta = np.empty(lse.shape, dq.dtype)
    deltas(len(queries) * -(-lse.shape[1] // ROWS), queries, grad, out, delta)
    x = Forward(grad, _bits(q), _bits(k), _bits(v), delta, lse)
    _backward_tiles(x, queries, kv, scale, sets, gradients)


def _backward_tiles(x, queries, kv, scale, sets, gradients):
    """The same over a Plan. Queries are sorted by their key heads."""
    dq, dk, dv = gradients
    tiles = Tiles(*sets.arrays)
    slabs = slabs_of(tiles, sets.shape[1])
    present, first = np.unique(kv[queries], return_index=True)
    first = np.concatenate([first, [len(queries)]])
    lanes = BYTES // dq.itemsize
    widths = [-(-total.shape[2] // lanes) * lanes for total in (dk, dv)]
    in_place = len(slabs.low) == 1 and widths == [dk.shape[2], dv.shape[2]]
    parts, place = [dk, dv], present
    if not in_place:
        rows = slabs.offset[-1]
        parts = [np.zeros((len(present), rows, width), dq.dtype) for width in widths]
        place = np.arange(len(present))
    key_heads = KeyHeads(present, place, first, queries, _finite(x.k, present)[present])
    pieces = len(slabs.low) * len(present)
    backward_tiles(pieces, x, key_heads, scale, tiles, slabs, (dq, *parts))
    if not in_place:
        for part, total in zip(parts, (dk, dv)):
            add_slabs(part, slabs, present, total)


def _backward_rows(arrays, queries, kv, scale, sets, gradients):
    """The same over CSR; sums in float64. Queries are sorted by their key heads."""
    grad, q, k, v, out, lse = arrays
    present, key_head = np.unique(kv[queries], return_inverse=True)
    chosen = [(grad, queries), (q, queries), (k, present), (v, present), (out, queries)]
    grad, q, k, v, out = (x[h].astype(np.float64, copy=False) for x, h in chosen)
    delta = np.empty(q.shape[:2])
    every_head = np.arange(len(queries))
    deltas(len(queries) * -(-q.shape[1] // ROWS), every_head, grad, out, delta)
    x = Forward(grad, q, k, v, delta, lse[queries].astype(np.float64, copy=False))
    sums = [np.zeros(array.shape) for array in (q, k, v)]
    rows, columns = sets, sets.transpose()
    pieces = pieces_of(len(queries), q.shape[1])
    backward_queries(pieces, x, key_head, scale, (rows.indptr, rows.indices), sums[0])
    first = np.searchsorted(key_head, np.arange(len(present) + 1))
    pieces = pieces_of(len(present), k.shape[1])
    backward_keys(pieces, x, first, scale, (columns.indptr, columns.indices), sums[1], sums[2])
    for total, head, part in zip(gradients, (queries, present, present), sums):
        total[head] += part.astype(total.dtype, copy=False)


def _bits(x):
    """float16 as uint16 and bfloat16 as int16, as kernels know them; others unchanged."""
    return x.view({"float16": np.uint16, "bfloat16": np.int16}.get(x.dtype.name, x.dtype))


def _finite(x, heads):
    """Whether all numbers of each of these heads are finite, bool (all heads,)."""
    finite = np.ones((len(x), SLICES), bool)
    finite_heads(len(heads) * SLICES, x, heads, finite)
    return finite.all(axis=1)
