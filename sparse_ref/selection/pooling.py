"""Pools of tokens as one vector each: mean, maximum, minimum, gated mean.

Pool e of x (..., n, d) holds the tokens e stride <= j < e stride + length; there are
ceil(n / stride) of them, and the last ones are pooled over the tokens that they have. `Complete` or
`Started` states which of them a query may see. `stride` is `length` unless given.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import integer
from ..sets.token_pools import pool_count
from ..sets.types import FloatArray, IntArray
from .largest import softmax

Reduction = Callable[..., FloatArray]


def mean_pool(x: ArrayLike, length: int, stride: int | None = None) -> FloatArray:
    """The mean over each pool, (..., m, d) from x (..., n, d), in the dtype of x.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.selection.mean_pool(np.arange(5.0)[:, None], 2).ravel()
    array([0.5, 2.5, 4. ])
    """
    return _pool(x, length, stride, np.mean)


def max_pool(x: ArrayLike, length: int, stride: int | None = None) -> FloatArray:
    """The maximum of each channel over each pool, (..., m, d) from x (..., n, d)."""
    return _pool(x, length, stride, np.max)


def min_pool(x: ArrayLike, length: int, stride: int | None = None) -> FloatArray:
    """The minimum of each channel over each pool, (..., m, d) from x (..., n, d)."""
    return _pool(x, length, stride, np.min)


def gated_pool(
    x: ArrayLike,
    gates: ArrayLike,
    length: int,
    stride: int | None = None,
    *,
    shift: int = 0,
) -> FloatArray:
    """sum_j a_j x_j over each pool, a = softmax of the gates over its tokens, channel by channel.

    Parameters
    ----------
    x, gates : float arrays (..., n, d) of one shape, or gates (..., n, 1): one for all channels.
    length, stride : of the pools.
    shift : tokens by which each pool begins earlier, so that pool e is e stride - shift <= j <
        e stride - shift + length; tokens before the first are left out.

    Returns
    -------
    (..., m, d), m = ceil(n / stride); 0 for a pool whose gates are all -inf. Raises ValueError if
    shapes disagree.
    """
    values, logits = np.asarray(x), np.asarray(gates)
    one_channel = (*values.shape[:-1], 1)
    if logits.shape not in (values.shape, one_channel):
        raise ValueError(f"gates must have the shape of x, {values.shape}, got {logits.shape}")
    pools = []
    for tokens in _token_slices(values, length, stride, shift):
        shares = softmax(logits[..., tokens, :], axis=-2)
        terms = shares * values[..., tokens, :]
        pools.append(terms.sum(axis=-2))
    return _stack(pools, values)


def pool_starts(n: int, length: int, stride: int | None = None) -> IntArray:
    """The first token of each of the ceil(n / stride) pools of n tokens, int64 (m,)."""
    length = integer("length", length, 1)
    stride = length if stride is None else integer("stride", stride, 1)
    pools = np.arange(pool_count(n, stride), dtype=np.int64)
    return pools * stride


def _pool(x: ArrayLike, length: int, stride: int | None, reduction: Reduction) -> FloatArray:
    """The reduction of the tokens of each pool."""
    values = np.asarray(x)
    slices = _token_slices(values, length, stride)
    pools = [reduction(values[..., tokens, :], axis=-2) for tokens in slices]
    return _stack(pools, values)


def _token_slices(
    x: FloatArray,
    length: int,
    stride: int | None,
    shift: int = 0,
) -> list[slice]:
    """The tokens of each pool of x (..., n, d)."""
    if x.ndim < 2:
        raise ValueError(f"x must have shape (..., n, d), got {x.shape}")
    firsts = pool_starts(x.shape[-2], length, stride) - shift
    starts = np.maximum(firsts, 0).tolist()
    stops = np.maximum(firsts + length, 0).tolist()
    return list(map(slice, starts, stops))


def _stack(pools: list[FloatArray], x: FloatArray) -> FloatArray:
    """The pools (..., m, d) of x, possibly none."""
    if pools:
        return np.stack(pools, axis=-2)
    shape = *x.shape[:-2], 0, x.shape[-1]
    return np.zeros(shape, x.dtype)
