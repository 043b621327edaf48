"""Gradients of attention and its log-sum-exp, and of a merge: layers that merge unlike queries.

If all parts have the same queries, `softmax_parts` is shorter.
"""

from __future__ import annotations

import numpy as np

from ...attention import attend_backward
from ...sets.pattern import Pattern

Result = tuple[np.ndarray, np.ndarray]  # (out, lse), or their gradients


def attend_lse_backward(
    grad: Result,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
    pattern: Pattern,
    result: Result,
    scale: float | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dq, dk, dv) of `attend_with_lse` of arrays (q, k, v), if the loss depends on out and on lse.

    `grad` is (d out, d lse). Since d lse_i / d x_ij = P_ij, the logits get
    P_ij (g_i . v_j + d lse_i - g_i . out_i): a value of one more feature, 1 for each key, whose
    gradient is d lse_i and whose output counts as 0.
    """
    grad_out, grad_lse = grad
    out, lse = result
    q, k, v = arrays
    wide_v = _with_feature(v, np.ones(v.shape[:-1]))
    wide_grad = _with_feature(grad_out, grad_lse)
    wide_out = _with_feature(out, np.zeros_like(lse))
    wide = wide_grad, q, k, wide_v, wide_out, lse
    dq, dk, dv = attend_backward(*wide, pattern, scale=scale)
    return dq, dk, dv[..., :-1]


def merge_backward(
    grad_out: np.ndarray,
    result: Result,
    part: Result,
) -> Result:
    """(d out_b, d lse_b) of one part of `merge`, whose result is (out, lse).

    w_b = exp(lse_b - lse),  d out_b = w_b g,  d lse_b = w_b g . (out_b - out); 0 for an empty part.
    """
    out, lse = result
    part_out, part_lse = part
    empty = part_lse == -np.inf
    difference = np.where(empty, 0, part_lse) - np.where(empty, 0, lse)
    weight = np.where(empty, 0, np.exp(difference))[..., None]
    grad_part = weight * grad_out
    grad_lse = (grad_part * (part_out - out)).sum(axis=-1)
    return grad_part.astype(out.dtype), grad_lse.astype(lse.dtype)


def _with_feature(x: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """x (..., n, e) with one more feature (..., n), in the dtype of x."""
    column = feature[..., None].astype(x.dtype)
    return np.concatenate([x, column], axis=-1)
