"""FlashAttention's online softmax: keys arrive in blocks, and a row never needs all of its logits.

Milakov and Gimelshein 2018, arXiv 1805.02867, alg. 3; Dao et al. 2022, "FlashAttention", arXiv
2205.14135, alg. 1.

Symbols:  m the greatest logit so far;  l the sum of exp(logit - m);  o the sum of
exp(logit - m) v.  A greater logit later multiplies l and o by exp(m - m').
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ..self_attention import Arrays


class RowState(NamedTuple):
    """m and l (rows,), o (rows, e), of the keys so far."""

    m: np.ndarray
    l: np.ndarray
    o: np.ndarray


def empty_rows(rows: int, width: int) -> RowState:
    """The state before the first key: m = -inf, l = 0, o = 0, float64."""
    nothing = np.full(rows, -np.inf)
    return RowState(nothing, np.zeros(rows), np.zeros((rows, width)))


def absorb(state: RowState, logits: np.ndarray, values: np.ndarray) -> RowState:
    """The state after a block of keys: logits (rows, keys), -inf for no member, values (keys, e)

    Source: Dao et al. 2022, alg. 1, lines 10 to 12.
    """
    top = logits.max(axis=1, initial=-np.inf)
    m = np.maximum(state.m, top)
    finite = np.where(m == -np.inf, 0, m)
    decay = np.exp(state.m - finite)
    weights = np.exp(logits - finite[:, None])
    l = decay * state.l + weights.sum(axis=1)
    o = decay[:, None] * state.o + weights @ values
    return RowState(m, l, o)


def rows_output(state: RowState) -> tuple[np.ndarray, np.ndarray]:
    """(out, lse) = (o / l, m + log l); 0 and -inf for a row without keys."""
    l = np.where(state.l == 0, 1, state.l)
    return state.o / l[:, None], state.m + np.log(l)


def online_softmax(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    pattern: Pattern,
    *,
    block: int = 64,
    scale: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(out, lse) of attention over the sets A_i, a block of keys of one row at a time

    Parameters
    ----------
    q, k, v : (n_q, d), (n_k, d), (n_k, e): one head, computed in float64.
    pattern : the sets.
    block : keys at a time, at least 1; it changes the result only by rounding.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Returns out (n_q, e) and lse (n_q,), natural log, float64; 0 and -inf for a row without keys.
    Only members are read. It is the teaching form of `sr.attend_with_lse`, and slow.

    Source: Dao et al. 2022, alg. 1.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(4)
    >>> out, lse = sr.published.online_softmax(x, x, x, sr.Causal(), block=2)
    >>> np.allclose(out, sr.attend(x, x, x, sr.Causal()))
    True
    """
    q, k, v = _one_head(q, k, v)
    scale = q.shape[1] ** -0.5 if scale is None else scale
    block = integer("block", block, 1)
    out = np.zeros((len(q), v.shape[1]))
    lse = np.zeros(len(q))
    for i in range(len(q)):
        state = empty_rows(1, v.shape[1])
        keys = pattern.row(i, len(k))
        for start in range(0, len(keys), block):
            members = keys[start : start + block]
            logits = scale * (k[members] @ q[i])
            state = absorb(state, logits[None], v[members])
        out[i : i + 1], lse[i : i + 1] = rows_output(state)
    return out, lse


def online_softmax_backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    result: tuple[np.ndarray, np.ndarray],
    pattern: Pattern,
    *,
    scale: float | None = None,
) -> Arrays:
    """(dq, dk, dv) of sum(grad_out * out), float64: weights are computed again from lse

    `result` is (out, lse) of `online_softmax`. With P_ij = exp(scale q_i . k_j - lse_i) and
    D_i = g_i . out_i:  dv_j += P_ij g_i,  and the logit of (i, j) gets P_ij (g_i . v_j - D_i).

    Source: Dao et al. 2022, alg. 4.
    """
    q, k, v = _one_head(q, k, v)
    scale = q.shape[1] ** -0.5 if scale is None else scale
    grad = as_array("grad_out", grad_out).astype(np.float64)
    out, lse = result
    dq, dk, dv = map(np.zeros_like, (q, k, v))
    for i in range(len(q)):
        members = pattern.row(i, len(k))
        logits = scale * (k[members] @ q[i])
        P = np.exp(logits - lse[i])
        D = grad[i] @ out[i]
        dlogits = P * (v[members] @ grad[i] - D)
        dv[members] += np.outer(P, grad[i])
        dk[members] += scale * np.outer(dlogits, q[i])
        dq[i] = scale * (dlogits @ k[members])
    return dq, dk, dv


def _one_head(q: ArrayLike, k: ArrayLike, v: ArrayLike) -> Arrays:
    """q, k, v in float64; ValueError unless they are one head of one width."""
    arrays = as_array("q", q), as_array("k", k), as_array("v", v)
    shapes = [x.shape for x in arrays]
    axes = [x.ndim for x in arrays]
    widths = {shape[-1:] for shape in shapes[:2]}
    if axes != [2, 2, 2] or len(widths) > 1:
        raise ValueError(f"q, k, v must be (n_q, d), (n_k, d), (n_k, e), got {shapes}")
    keys, values = len(arrays[1]), len(arrays[2])
    if keys != values:
        raise ValueError(f"v must have one row for each key, {keys}, got {values}")
    wide_q, wide_k, wide_v = (x.astype(np.float64) for x in arrays)
    return wide_q, wide_k, wide_v
