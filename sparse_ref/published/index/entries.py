"""Tokens of a window and compressed entries in one softmax, with a sink: CSA and HCA.

DeepSeek V4; Hugging Face transformers, `deepseek_v4`. An entry pools a full block of r
tokens, channel by channel, by a softmax over gates. Keys and values are one vector x_j for a token,
one c_e for an entry, shared by all heads.

Symbols:  i query, j token, e entry, r = block;  H heads, d their width;  s_h the sink of head h.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend_backward, attend_with_lse, merge, sink_gradient
from ...attention.arrays import as_array
from ...selection.largest import softmax
from ...sets.pattern import Pattern
from ...sets.types import FloatArray

Part = tuple[np.ndarray, np.ndarray]  # (out, lse)


class WindowAndEntries(NamedTuple):
    """What a query attends to: a pattern over (query, token), and one over (query, entry)."""

    window: Pattern
    entries: Pattern


def attend_entries(
    q: ArrayLike,
    kv: ArrayLike,
    entries: ArrayLike,
    sink: ArrayLike,
    chosen: WindowAndEntries,
) -> Part:
    """(out, lse) of  out_i = sum_a p_ia y_a,  p_ia = exp(q_i . y_a / sqrt(d) - lse_i),

    over the tokens y_j = x_j of the window and the entries y_e = c_e, with
    lse_i = log(exp(s_h) + sum_a exp(q_i . y_a / sqrt(d))): the sink has a logit and no value.

    Parameters
    ----------
    q : float array (H, n, d).
    kv, entries : float arrays (n, d) and (m, d), keys and values at once, with norm and rotation.
    sink : float array (H,), the logit of each head.
    chosen : the two patterns.

    Raises ValueError if shapes disagree, else as `sr.attend` does.
    """
    q, sink = _check_heads(q, sink)
    tokens, pools = _one_head("kv", kv), _one_head("entries", entries)
    near = attend_with_lse(q, tokens, tokens, chosen.window, sink=sink)
    far = attend_with_lse(q, pools, pools, chosen.entries)
    return merge([near, far])


def attend_entries_backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    kv: ArrayLike,
    entries: ArrayLike,
    sink: ArrayLike,
    chosen: WindowAndEntries,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(dq, dkv, dentries, dsink) of sum(grad_out * out), the sets constant

    With g = grad_out:  dx_ia = p_ia (g_i . y_a - g_i . out_i),  dy_a = sum_i p_ia g_i + dx_ia q_i /
    sqrt(d), and ds_h = - sum_i exp(s_h - lse_i) g_i . out_i.
    """
    q, sink = _check_heads(q, sink)
    tokens, pools = _one_head("kv", kv), _one_head("entries", entries)
    grad = as_array("grad_out", grad_out)
    out, lse = attend_entries(q, kv, entries, sink, chosen)
    near, far = chosen
    dq_near, dk_near, dv_near = attend_backward(grad, q, tokens, tokens, out, lse, near)
    dq_far, dk_far, dv_far = attend_backward(grad, q, pools, pools, out, lse, far)
    dsink = sink_gradient(grad, out, lse, sink)
    dkv, dentries = dk_near + dv_near, dk_far + dv_far
    return dq_near + dq_far, dkv[0], dentries[0], dsink


def _check_heads(q: ArrayLike, sink: ArrayLike) -> Part:
    """q (H, n, d) and sink (H,)."""
    queries, logits = as_array("q", q), as_array("sink", sink)
    if queries.ndim != 3:
        raise ValueError(f"q must have shape (H, n, d), got {queries.shape}")
    if logits.shape != queries.shape[:1]:
        raise ValueError(f"sink must have shape ({len(queries)},), got {logits.shape}")
    return queries, logits


def _one_head(name: str, x: ArrayLike) -> np.ndarray:
    """An array (1, m, d) of the one head that all query heads read."""
    array = as_array(name, x)
    if array.ndim != 2:
        raise ValueError(f"{name} must have shape (m, d), one head for all, got {array.shape}")
    return array[None]


def pool_blocks(values: FloatArray, gates: FloatArray) -> FloatArray:
    """c = sum_t a_t x_t, a = softmax_t(gates), (m, d) from values and gates (m, tokens, d)"""
    shares = softmax(gates, axis=1)
    pools: FloatArray = (shares * values).sum(axis=1)
    return pools


def pool_blocks_backward(
    grad: FloatArray, values: FloatArray, gates: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(dvalues, dgates) of sum(grad * pool_blocks(values, gates)), grad (m, d)

    dx_t = a_t g,  dgate_t = a_t (x_t - c) g,  c the pool.
    """
    shares = softmax(gates, axis=1)
    pools = (shares * values).sum(axis=1, keepdims=True)
    dvalues = shares * grad[:, None]
    return dvalues, dvalues * (values - pools)


def block_arrays(kv: ArrayLike, gates: ArrayLike, block: int) -> tuple[FloatArray, FloatArray]:
    """The tokens of the floor(n / r) full blocks, (m, r, d) each, from kv and gates (n, d)"""
    values, logits = as_array("kv", kv), as_array("gates", gates)
    if values.ndim != 2 or logits.shape != values.shape:
        raise ValueError(
            f"kv and gates must have one shape (n, d), got {values.shape} and {logits.shape}"
        )
    n, width = values.shape
    used = n - n % block
    shape = used // block, block, width
    return values[:used].reshape(shape), logits[:used].reshape(shape)


def check_entries(q: ArrayLike, entries: ArrayLike, block: int) -> None:
    """Refuse another number of entries than that of the blocks that n tokens fill."""
    n = np.shape(q)[-2]
    m = np.shape(entries)[0]
    if m != n // block:
        raise ValueError(
            f"entries must be the floor(n / block) = {n // block} full blocks of n = {n} "
            f"tokens, block = {block}, got {m}"
        )
