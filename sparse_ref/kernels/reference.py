"""The statement: attention over given sets in float64, one query at a time, and its gradients.

    out_i = sum_j P_ij v_j,    P_ij = exp(x_ij - lse_i) for j in A_i,    x_ij = scale q_i . k_j,
    lse_i = log sum_{j in A_i} exp(x_ij)

A row without keys has out_i = 0 and lse_i = -inf; so has one whose every x_ij is -inf. Nothing but
NumPy is used.
"""

import numpy as np


def attend(q, k, v, mask, scale):
    """(out (n_q, e), lse (n_q,)) of one head, in float64.

    q (n_q, d), k (n_k, d), v (n_k, e), mask bool (n_q, n_k).

    >>> x = np.eye(2)
    >>> attend(x, x, x, mask=np.tri(2, dtype=bool), scale=0.0)[0]
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    q, k, v = map(as_float64, (q, k, v))
    out = np.zeros((len(q), v.shape[1]))
    lse = np.full(len(q), -np.inf)
    for i, members in enumerate(mask):
        j = np.flatnonzero(members)
        with np.errstate(invalid="ignore"):  # a member that is inf or NaN makes its own row so
            x = scale * (k[j] @ q[i])
            top = x.max(initial=-np.inf)
            if top == -np.inf:
                continue
            weights = np.exp(x - top)
            out[i] = (weights / weights.sum()) @ v[j]
            lse[i] = top + np.log(weights.sum())
    return out, lse


def backward(grad_out, q, k, v, out, lse, mask, scale):
    """(dq, dk, dv) of sum(grad_out * out), in one head's shapes, in float64.

    dv_j = sum_i P_ij g_i,   dx_ij = P_ij (g_i . v_j - g_i . out_i),
    dq_i = scale sum_j dx_ij k_j,   dk_j = scale sum_i dx_ij q_i
    """
    grad_out, out, lse = map(as_float64, (grad_out, out, lse))
    q, k, v = map(as_float64, (q, k, v))
    dq, dk, dv = map(np.zeros_like, (q, k, v))
    for i, members in enumerate(mask):
        if lse[i] == -np.inf:
            continue
        j = np.flatnonzero(members)
        g = grad_out[i]
        with np.errstate(invalid="ignore", over="ignore"):
            x = scale * (k[j] @ q[i])
            p = np.exp(x - lse[i])
            dx = p * (v[j] @ g - g @ out[i])
            dq[i] = scale * (dx @ k[j])
            dk[j] += scale * np.outer(dx, q[i])
            dv[j] += np.outer(p, g)
    return dq, dk, dv


def attend_heads(vectors, heads, kv, scale, mask, results):
    """Write results = (out (H, n_q, e), lse (H, n_q)) of the heads; h reads k[kv[h]], v[kv[h]].

    Returns False for each head: none needs a wider dtype.
    """
    q, k, v = vectors
    out, lse = results
    for h in heads:
        g = kv[h]
        head = q[h], k[g], v[g]
        out[h], lse[h] = attend(*head, mask, scale)
    return np.zeros(len(out), bool)


def backward_heads(arrays, heads, kv, scale, mask, gradients):
    """Add to gradients = (dq, dk, dv) what `heads` give; arrays = (grad_out, q, k, v, out, lse)."""
    grad_out, q, k, v, out, lse = arrays
    dq, dk, dv = gradients
    for h in heads:
        g = kv[h]
        vectors = q[h], k[g], v[g]
        results = out[h], lse[h]
        head = backward(grad_out[h], *vectors, *results, mask, scale)
        head_dq, head_dk, head_dv = head
        dq[h] += head_dq
        dk[g] += head_dk
        dv[g] += head_dv


def as_float64(x):
    """A copy in float64."""
    return x.astype(np.float64)
