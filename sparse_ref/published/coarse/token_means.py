"""Means of whole pools of tokens, forward and backward, and the cells that pools stand for.

Symbols:  n tokens;  atom e the pool of tokens  e s <= j < e s + l,  l `length`, s `stride`;
m = floor((n - l) / s) + 1 whole pools, 0 if n < l.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...attention.inputs import sums_dtype
from ...lower import dense
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.types import FloatArray


def whole_pools(n: int, length: int, stride: int) -> int:
    """m, the pools that lie whole in n tokens."""
    return max(0, (n - length) // stride + 1)


def mean_pools(x: np.ndarray, length: int, stride: int) -> np.ndarray:
    """(..., m, d) from x (..., n, d): the mean of each whole pool, in the dtype of x"""
    *outer, n, width = x.shape
    m = whole_pools(n, length, stride)
    total = np.zeros((*outer, m, width), sums_dtype(x.dtype))
    for t in range(length if m else 0):
        total += x[..., _each_pool(t, m, stride), :]
    return (total / length).astype(x.dtype)


def mean_pools_backward(
    grad: np.ndarray,
    n: int,
    length: int,
    stride: int,
) -> np.ndarray:
    """(..., n, d) from grad (..., m, d): each token gets 1 / l of each of its pools' gradients"""
    *outer, m, width = grad.shape
    dx = np.zeros((*outer, n, width), sums_dtype(grad.dtype))
    share = grad.astype(dx.dtype) / length
    for t in range(length if m else 0):
        pools = _each_pool(t, m, stride)
        dx[..., pools, :] += share
    return dx.astype(grad.dtype)


def _each_pool(t: int, m: int, stride: int) -> slice:
    """Token t of each of m pools."""
    last = t + (m - 1) * stride
    return slice(t, last + 1, stride)


def mean_pool_weights(n: int, length: int, stride: int | None = None) -> FloatArray:
    """How much of token j is in the mean of pool e: 1 / l for  e s <= j < e s + l,  else 0

    Parameters
    ----------
    n : tokens, at least 0.
    length, stride : l and s, at least 1. The stride is the length unless given: no pools overlap.

    Returns float64 (m, n). Tokens after the last whole pool are in none.

    >>> import sparse_ref as sr
    >>> sr.published.mean_pool_weights(5, 2)
    array([[0.5, 0.5, 0. , 0. , 0. ],
           [0. , 0. , 0.5, 0.5, 0. ]])
    """
    n = integer("n", n, 0)
    length = integer("length", length, 1)
    stride = length if stride is None else integer("stride", stride, 1)
    return mean_pools(np.eye(n), length, stride)


def pooled_cells(pattern: Pattern, weights: ArrayLike) -> FloatArray:
    """The cells that the atoms of each query stand for, shaded: sum of w_e(j) over e in A_i

    Parameters
    ----------
    pattern : the atoms that each query attends to.
    weights : (m, n), how much of token j is in atom e, as `mean_pool_weights` gives it.

    Returns float64 (n, n), rows are queries, columns tokens; 0 where no atom of i contains j. It is
    dense, and raises as `sr.dense` does for big n; ValueError if weights has not two axes.

    >>> import sparse_ref as sr
    >>> coarse = sr.published.mean_pool_weights(4, 2)
    >>> sr.published.pooled_cells(sr.Full(), coarse)[0]
    array([0.5, 0.5, 0.5, 0.5])
    """
    shares = as_array("weights", weights)
    if shares.ndim != 2:
        raise ValueError(f"weights must have axes (atoms, tokens), got {shares.shape}")
    m, n = shares.shape
    return dense(pattern, (n, m)).astype(np.float64) @ shares
