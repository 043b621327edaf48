"""The host's side of the CPU kernels: which loops run over a plan or CSR, and in which dtype.

Over a plan, float32 and float64 are computed with as they are; float16 and bfloat16 go to the
kernels as their bits and are widened chunk by chunk. Over CSR gradients are float64 inside.
"""

from __future__ import annotations

import numpy as np

from ..._jit.vectors import BYTES
from ...lower import CSR, transpose_rows
from ..arguments import Forward, ForwardPass, Heads, KeyHeads, Tiles, Vectors
from . import small
from .chunk import finite_heads
from .deltas import deltas
from .key_slabs import add_slabs, slabs_of
from .rows import attend_rows, backward_keys, backward_queries, pieces_of
from .tiles import attend_tiles
from .tiles_backward import backward_tiles

SLICES = 16  # of the keys of a head, checked for inf and NaN side by side


def attend(vectors, heads, kv, scale, sets, results):
    """Write results = (out (H, n_q, e), lse (H, n_q)) of each h in `heads`.

    vectors = (q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)), of one dtype; head h reads k[kv[h]] and
    v[kv[h]]. out is float64 if the vectors are, float32 otherwise; lse is float64. `sets` is a Plan
    or a CSR of (n_q, n_k), or a mask of a few queries and keys. Returns whether each head got inf
    or NaN, bool (H,), which may have overflowed.
    """
    out, lse = results
    is_lost = np.zeros(len(out), bool)
    if isinstance(sets, np.ndarray):
        small.attend(vectors, heads, kv, scale, sets, results)
        return is_lost
    if isinstance(sets, CSR):
        x = Vectors(*(array.astype(out.dtype, copy=False) for array in vectors))
        pairs = Heads(heads, kv[heads], np.ones(len(heads), bool))
        pieces = pieces_of(len(heads), out.shape[1])
        rows = sets.indptr, sets.indices
        attend_rows(pieces, x, pairs, scale, rows, out, lse)
        is_lost[heads] = np.isnan(lse[heads]).any(axis=1)
        return is_lost | ~are_finite(out, heads)
    x = Vectors(*map(_bits, vectors))
    tiles = Tiles(*sets.arrays)
    # a long tile begun last would keep the other threads waiting
    visit = np.argsort(-np.diff(tiles.ptr), kind="stable")
    finite = np.zeros(len(x.v), bool)
    if (tiles.start >= 0).any():  # gathered values are checked while copying
        finite = are_finite(x.v, np.unique(kv[heads]))
    pairs = Heads(heads, kv[heads], finite[kv[heads]])
    pieces = len(heads) * len(visit)
    attend_tiles(pieces, x, pairs, scale, tiles, visit, (out, lse, is_lost))
    return is_lost


def backward(arrays, heads, kv, scale, sets, gradients):
    """Add to gradients = (dq (H, n_q, d), dk (G, n_k, d), dv (G, n_k, e)) what `heads` give.

    arrays = (grad, q, k, v, out, lse): grad and out (H, n_q, e) are the gradient at the output and
    that output, lse (H, n_q) in float64; the others as for `attend`. grad, out and the gradients
    are float64 where q is, float32 otherwise.
    """
    queries = heads[np.argsort(kv[heads], kind="stable")]
    if isinstance(sets, np.ndarray):
        small.backward(arrays, queries, kv, scale, sets, gradients)
        return
    if isinstance(sets, CSR):
        _backward_rows(arrays, queries, kv, scale, sets, gradients)
        return
    grad, q, k, v, out, lse = arrays
    vectors = Vectors(_bits(q), _bits(k), _bits(v))
    x = ForwardPass(grad, *vectors, out, lse)
    _backward_tiles(x, queries, kv, scale, sets, gradients)


def _backward_tiles(x, queries, kv, scale, sets, gradients):
    """The same over a Plan. Queries are sorted by their key heads."""
    dq, dk, dv = gradients
    tiles = Tiles(*sets.arrays)
    slabs = slabs_of(tiles, sets.shape[1])
    present, first = np.unique(kv[queries], return_index=True)
    first = np.concatenate([first, [len(queries)]])
    lanes = BYTES // dq.itemsize
    widths = whole_rows(dk, lanes), whole_rows(dv, lanes)
    needs_padding = widths != (dk.shape[2], dv.shape[2])
    in_place = len(slabs.low) == 1 and not needs_padding
    parts, place = [dk, dv], present
    if not in_place:
        shape = len(present), slabs.offset[-1]
        parts = [np.zeros((*shape, width), dq.dtype) for width in widths]
        place = np.arange(len(present))
    key_heads = KeyHeads(present, place, first, queries, are_finite(x.k, present)[present])
    pieces = len(slabs.low) * len(present)
    backward_tiles(pieces, x, key_heads, scale, tiles, slabs, (dq, *parts))
    if not in_place:
        for part, total in zip(parts, (dk, dv)):
            add_slabs(part, slabs, present, total)


def _backward_rows(arrays, queries, kv, scale, sets, gradients):
    """The same over CSR; sums in float64. Queries are sorted by their key heads."""
    grad, q, k, v, out, lse = arrays
    present, key_head = np.unique(kv[queries], return_inverse=True)
    grad, q = as_float64(grad[queries]), as_float64(q[queries])
    out, lse = as_float64(out[queries]), as_float64(lse[queries])
    k, v = as_float64(k[present]), as_float64(v[present])
    delta = np.empty(q.shape[:2])
    deltas(np.arange(len(queries)), grad, out, delta)
    x = Forward(grad, q, k, v, delta, lse)
    dq = np.zeros(q.shape)
    dk, dv = np.zeros(k.shape), np.zeros(v.shape)
    rows, columns = sets, transpose_rows(sets)
    pieces = pieces_of(len(queries), q.shape[1])
    backward_queries(pieces, x, key_head, scale, (rows.indptr, rows.indices), dq)
    first = np.searchsorted(key_head, np.arange(len(present) + 1))
    pieces = pieces_of(len(present), k.shape[1])
    queries_of_keys = columns.indptr, columns.indices
    backward_keys(pieces, x, first, scale, queries_of_keys, dk, dv)
    places = queries, present, present
    for total, head, part in zip(gradients, places, (dq, dk, dv)):
        total[head] += part.astype(total.dtype, copy=False)


def _bits(x):
    """float16 as uint16 and bfloat16 as int16, as kernels know them; others unchanged."""
    kernel_dtypes = {"float16": np.uint16, "bfloat16": np.int16}
    return x.view(kernel_dtypes.get(x.dtype.name, x.dtype))


def whole_rows(x, lanes: int) -> int:
    """The width of an array (heads, rows, width), rounded up to whole rows of a panel."""
    return -(-x.shape[2] // lanes) * lanes


def as_float64(x):
    """The array itself if it is float64, else a copy that is."""
    return x.astype(np.float64, copy=False)


def are_finite(x, heads):
    """Whether all numbers of each of these heads are finite, bool (all heads,); True for others."""
    finite = np.ones((len(x), SLICES), bool)
    finite_heads(len(heads) * SLICES, x, heads, finite)
    return finite.all(axis=1)
