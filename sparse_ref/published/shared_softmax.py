"""One softmax over several lists of keys, forward and backward: tokens, and pools of tokens.

Symbols:  part b has keys k^b_j, values v^b_j, sets A^b_i, and a count c_b: each of its keys stands
for so many, as if it were there c_b times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..attention import attend_backward, attend_with_lse, merge
from ..sets.pattern import Pattern

Result = tuple[np.ndarray, np.ndarray]  # (out, lse), or their gradients


class Part(NamedTuple):
    """Keys (..., n_b, d), values (..., n_b, e), the keys of each query; c_b, their size."""

    k: np.ndarray
    v: np.ndarray
    pattern: Pattern
    size: int = 1


def attend_to_parts(
    q: np.ndarray,
    parts: Sequence[Part],
    scale: float | None,
) -> Result:
    """(out, lse):  out_i = sum_b c_b sum_{j in A^b_i} exp(scale q_i . k^b_j) v^b_j / exp(lse_i)"""
    results = []
    for part in parts:
        out, lse = attend_with_lse(q, part.k, part.v, part.pattern, scale=scale)
        shift = lse.dtype.type(math.log(part.size))
        results.append((out, lse + shift))
    return merge(results)


def attend_to_parts_backward(
    grad_out: np.ndarray,
    q: np.ndarray,
    parts: Sequence[Part],
    result: Result,
    scale: float | None,
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """dq, and (dk, dv) of each part; `result` is (out, lse) of `attend_to_parts`.

    A weight is c_b exp(scale q_i . k_j - lse_i), the weight of attention whose lse is
    lse_i - log c_b: each part is `attend_backward` with the shared out and that lse.
    """
    out, lse = result
    dq, gradients = np.zeros_like(q), []
    for part in parts:
        part_lse = lse - lse.dtype.type(math.log(part.size))
        arrays = q, part.k, part.v, out, part_lse
        dq_of_part, dk, dv = attend_backward(grad_out, *arrays, part.pattern, scale=scale)
        dq += dq_of_part
        gradients.append((dk, dv))
    return dq, gradients


def attend_lse_backward(
    grad: Result,
    q: np.ndarray,
    part: Part,
    result: Result,
    scale: float | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dq, dk, dv) of `attend_with_lse`, if the loss depends on out and on lse.

    `grad` is (d out, d lse). Since d lse_i / d x_ij = P_ij, the logits get
    P_ij (g_i . v_j + d lse_i - g_i . out_i): a value of one more feature, 1 for each key, whose
    gradient is d lse_i and whose output counts as 0.
    """
    grad_out, grad_lse = grad
    out, lse = result
    ones = np.ones(part.v.shape[:-1], part.v.dtype)
    wide_v = _with_feature(part.v, ones)
    wide_grad = _with_feature(grad_out, grad_lse)
    wide_out = _with_feature(out, np.zeros_like(lse))
    arrays = q, part.k, wide_v, wide_out, lse
    dq, dk, dv = attend_backward(wide_grad, *arrays, part.pattern, scale=scale)
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
