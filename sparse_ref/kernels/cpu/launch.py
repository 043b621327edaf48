"""The host's side of the CPU kernels: which loops run over a plan or CSR, and in which dtype.

Over a plan, float32 and float64 are computed with as they are; float16 and bfloat16 are handed to the kernels as their bits
and widened chunk by chunk. Over CSR gradients are float64 within.
"""

from __future__ import annotations

import numpy as np
from numba import get_num_threads

from ...lower import CSR
from .chunk import finite_heads
from .key_slabs import add_slabs, slabs_of
from .rows import attend_rows, backward_keys, backward_queries
from .tiles import attend_tiles
from .tiles_backward import backward_tiles, deltas
from .vectors import BYTES

SLICES = 16  # of the keys of a head, looked through side by side


def attend(q, k, v, heads, kv, scale, sets, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) for each head h in `heads`, whose keys are k[kv[h]], v[kv[h]].

    q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), of one dtype; out and lse float64 where that is, float32 otherwise;
    `sets` is a Plan or a CSR of (n_q, n_k).
    """
    if isinstance(sets, CSR):
        attend_rows(
            *(x.astype(out.dtype, copy=False) for x in (q, k, v)),
            heads,
            kv,
            scale,
            sets.indptr,
            sets.indices,
            out,
            lse,
        )
        return
    q, k, v = (_bits(x) for x in (q, k, v))
    longest = np.argsort(
        -np.diff(sets.ptr), kind="stable"
    )  # a long tile begun last would keep the other threads waiting
    seen = (
        _finite(v, np.unique(kv[heads])) if (sets.start >= 0).any() else np.zeros(len(v), bool)
    )  # what is gathered is seen then
    attend_tiles(get_num_threads(), q, k, v, heads, kv, scale, sets.arrays, longest, seen, out, lse)


def backward(grad, q, k, v, out, lse, heads, kv, scale, sets, dq, dk, dv):
    """Add to dq (H, n_q, d), dk (G, n_k, d) and dv (G, n_k, e) what the heads in `heads` give.

    grad and out (H, n_q, e) are the gradient at the output and that output, lse (H, n_q); the others as for `attend`.
    grad, out, lse, dq, dk and dv are float64 where q is, float32 otherwise.
    """
    order = heads[np.argsort(kv[heads], kind="stable")]
    if isinstance(sets, CSR):
        _backward_rows(grad, q, k, v, out, lse, order, kv, scale, sets, dq, dk, dv)
        return
    present, first = np.unique(kv[order], return_index=True)
    first = np.concatenate([first, [len(order)]])
    delta = np.empty(lse.shape, dq.dtype)
    deltas(order, grad, out, delta)
    bounds, low, offset = slabs_of(sets.ptr, sets.start, sets.keys, sets.shape[1])
    q, k, v = (_bits(x) for x in (q, k, v))
    lanes = BYTES // dq.itemsize
    widths = [-(-x.shape[2] // lanes) * lanes for x in (dk, dv)]
    direct = len(low) == 1 and widths == [dk.shape[2], dv.shape[2]]
    parts = (
        [dk, dv]
        if direct
        else [np.zeros((len(present), offset[-1], width), dq.dtype) for width in widths]
    )
    groups = (present, present if direct else np.arange(len(present)), first, order)
    backward_tiles(
        get_num_threads(),
        (grad, q, k, v, delta, lse),
        groups,
        scale,
        sets.arrays,
        _finite(k, present),
        (bounds, low, offset),
        dq,
        *parts,
    )
    for part, total in zip([] if direct else parts, (dk, dv)):
        add_slabs(part, (low, offset), present, total)


def _backward_rows(grad, q, k, v, out, lse, heads, kv, scale, sets, dq, dk, dv):
    """The same over CSR; sums in float64. Heads are sorted by their key heads."""
    present, own = np.unique(kv[heads], return_inverse=True)
    each = np.arange(len(heads))
    x = [
        a[h].astype(np.float64, copy=False)
        for a, h in (
            (grad, heads),
            (q, heads),
            (k, present),
            (v, present),
            (out, heads),
            (lse, heads),
        )
    ]
    sums = [np.zeros(x[at].shape) for at in (1, 2, 3)]
    turned = sets.transpose()
    backward_queries(*x, each, own, scale, sets.indptr, sets.indices, sums[0])
    first = np.searchsorted(own, np.arange(len(present) + 1))
    backward_keys(*x, each, first, scale, turned.indptr, turned.indices, *sums[1:])
    for total, chosen, part in (
        (dq, heads, sums[0]),
        (dk, present, sums[1]),
        (dv, present, sums[2]),
    ):
        total[chosen] += part.astype(total.dtype, copy=False)


def _bits(x):
    """float16 as uint16, bfloat16 as int16, which is how kernels tell them apart; others as they are."""
    return x.view({"float16": np.uint16, "bfloat16": np.int16}.get(x.dtype.name, x.dtype))


def _finite(x, heads):
    """Whether all numbers of each of these heads are finite, bool (all heads,)."""
    finite = np.ones((len(x), SLICES), bool)
    finite_heads(x, heads, finite)
    return finite.all(axis=1)
