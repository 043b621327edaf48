"""One query at a time over CSR: forward by an online softmax, backward by recomputation. The plainest fast form."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..._jit import parallel, serial


@parallel
def attend_rows(q, k, v, heads, kv, scale, indptr, indices, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) for each head h in `heads`, whose keys are k[kv[h]], v[kv[h]]."""
    n = q.shape[1]
    for x in prange(len(heads) * n):
        h, i = heads[x // n], x % n
        lse[h, i] = _row(
            q[h, i], k[kv[h]], v[kv[h]], indices[indptr[i] : indptr[i + 1]], scale, out[h, i]
        )


@serial
def _row(q, k, v, keys, scale, out):
    """out_i, written, and lse_i, returned: top is the largest logit so far, total the sum of exp(x - top)."""
    top, total = -np.inf, 0.0
    out[:] = 0
    for j in keys:
        x = _dot(q, k[j]) * scale
        if x > top:
            shrink = math.exp(top - x)
            total *= shrink
            for c in range(len(out)):
                out[c] *= shrink
            top = x
        weight = math.exp(x - top) if top > -np.inf else math.exp(x)
        total += weight
        for c in range(len(out)):
            out[c] += weight * v[j, c]
    if total == 0.0:
        out[:] = 0
        return -np.inf
    for c in range(len(out)):
        out[c] /= total
    return (top if top > -np.inf else 0.0) + math.log(total)


@serial
def _dot(a, b):
    total = 0.0
    for c in range(len(a)):
        total += a[c] * b[c]
    return total


@parallel
def backward_queries(grad, q, k, v, out, lse, heads, kv, scale, indptr, indices, dq):
    """dq_i = scale sum_{j in A_i} dx_ij k_j, with dx_ij = P_ij (g_i . v_j - g_i . out_i)."""
    n = q.shape[1]
    for x in prange(len(heads) * n):
        h, i = heads[x // n], x % n
        if lse[h, i] == -np.inf:  # no key weighs anything
            continue
        g = kv[h]
        own = _dot(grad[h, i], out[h, i])
        for t in range(indptr[i], indptr[i + 1]):
            j = indices[t]
            p = math.exp(_dot(q[h, i], k[g, j]) * scale - lse[h, i])
            dx = p * (_dot(grad[h, i], v[g, j]) - own) * scale
            for c in range(q.shape[2]):
                dq[h, i, c] += dx * k[g, j, c]


@parallel
def backward_keys(grad, q, k, v, out, lse, heads, first, scale, indptr, indices, dk, dv):
    """dk_j += scale sum_{i : j in A_i} dx_ij q_i and dv_j += sum_i P_ij g_i, over the transposed sets.

    The query heads heads[first[g]:first[g + 1]] read key head g. Each key of each key head is one thread's, who adds
    them up in turn.
    """
    n = k.shape[1]
    for x in prange(len(k) * n):
        g, j = x // n, x % n
        for h in heads[first[g] : first[g + 1]]:
            for t in range(indptr[j], indptr[j + 1]):
                i = indices[t]
                if lse[h, i] == -np.inf:
                    continue
                p = math.exp(_dot(q[h, i], k[g, j]) * scale - lse[h, i])
                dx = p * (_dot(grad[h, i], v[g, j]) - _dot(grad[h, i], out[h, i])) * scale
                for c in range(q.shape[2]):
                    dk[g, j, c] += dx * q[h, i, c]
                for c in range(v.shape[2]):
                    dv[g, j, c] += p * grad[h, i, c]
