"""Scores of atoms, some queries at a time: an array of all of them is never needed.

Symbols:  s_i(e) the score of atom e for query i;  n queries, m atoms, H heads, d the head width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import integer
from ..sets.hints import got
from ..sets.types import FloatArray

MAX_NUMBERS = 1 << 22  # scores that are in memory at a time


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores (n, m), or (H, n, m), that are computed when they are read.

    `rows(lo, hi)` gives those of the queries lo <= i < hi, (hi - lo, m) or (H, hi - lo, m).
    `numpy.asarray(scores)` gives all of them.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.arange(3.0)[:, None]
    >>> np.asarray(sr.selection.dot(x, x))
    array([[0., 0., 0.],
           [0., 1., 2.],
           [0., 2., 4.]])
    """

    shape: tuple[int, ...]
    rows: Callable[[int, int], FloatArray]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        everything = self.rows(0, self.shape[-2])
        return np.asarray(everything, dtype)

    def map(self, change: Callable[[FloatArray], FloatArray]) -> Scores:
        """The scores with a function of arrays (..., m) applied to rows of them."""
        return Scores(self.shape, lambda lo, hi: change(self.rows(lo, hi)))


def as_scores(scores: Scores | ArrayLike) -> Scores:
    """Scores, or an array (n, m) or (H, n, m) of real numbers, as Scores.

    Raises TypeError for what are no real numbers, ValueError for another number of axes.
    """
    if isinstance(scores, Scores):
        return scores
    array = np.asarray(scores)
    if not is_real(array):
        raise TypeError(f"scores must be real numbers, {got(scores)}")
    if array.ndim not in (2, 3):
        raise ValueError(f"scores must have shape (n_q, m) or (H, n_q, m), got {array.shape}")
    return Scores(array.shape, lambda lo, hi: array[..., lo:hi, :])


def is_real(x: np.ndarray) -> bool:
    """Whether the dtype is one of integers or floats."""
    return x.dtype.kind in "fiu" or x.dtype.name == "bfloat16"


def dot(q: ArrayLike, k: ArrayLike, *, scale: float = 1.0) -> Scores:
    """s_i(e) = scale q_i . k_e

    Parameters
    ----------
    q, k : float arrays (n, d) and (m, d), or (H, n, d) and (G, m, d), G dividing H: query head h
        reads key head h // (H / G).
    scale : the factor, 1 unless given.

    Returns
    -------
    Scores (n, m), or (H, n, m), in the dtype of q and k; float32 for half precision.

    Raises ValueError if shapes disagree.
    """
    queries, keys = _vectors("q", q), _vectors("k", k)
    _check_same_axes(queries, keys)
    if queries.ndim == 3:
        keys = _keys_of_heads(queries, keys)
    transposed = np.swapaxes(keys, -1, -2)
    shape = *queries.shape[:-1], keys.shape[-2]
    factor = queries.dtype.type(scale)

    def rows(lo: int, hi: int) -> FloatArray:
        products: FloatArray = queries[..., lo:hi, :] @ transposed
        return factor * products

    return Scores(shape, rows)


def weighted_relu(
    q: ArrayLike,
    k: ArrayLike,
    w: ArrayLike,
    *,
    scale: float = 1.0,
) -> Scores:
    """s_i(e) = sum_h w_ih max(scale q_ih . k_e, 0)

    One score for all heads of a layer: DeepSeek's lightning indexer. Negative weights make negative
    scores; a dot product below 0 scores 0, so that equal scores are common.

    Parameters
    ----------
    q : float array (H, n, d), the indexer's queries.
    k : float array (m, d), its keys, shared by its heads.
    w : float array (n, H), the weights; or (H,), the same for each query.
    scale : the factor inside the ReLU, 1 unless given.

    Returns
    -------
    Scores (n, m), in the dtype of q, k and w.

    Raises ValueError if shapes disagree. Source: DeepSeek-V3.2, sec. 2.1, eq. 1.
    """
    queries, keys, weights = _vectors("q", q), _vectors("k", k), np.asarray(w)
    heads, n = _check_indexer(queries, keys)
    if weights.shape not in ((n, heads), (heads,)):
        raise ValueError(f"w must have shape {(n, heads)} or {(heads,)}, got {weights.shape}")
    weights = np.broadcast_to(weights, (n, heads))
    factor = queries.dtype.type(scale)
    dtype = np.result_type(queries, keys, weights)

    def rows(lo: int, hi: int) -> FloatArray:
        total = np.zeros((hi - lo, len(keys)), dtype)
        terms = np.empty_like(total)
        for h in range(heads):
            products = queries[h, lo:hi] @ keys.T
            products *= factor  # in place, for these arrays are large
            np.maximum(products, 0, out=products)
            total += np.multiply(weights[lo:hi, h, None], products, out=terms)
        return total

    return Scores((n, len(keys)), rows)


def maximum_dot(q: ArrayLike, low: ArrayLike, high: ArrayLike) -> Scores:
    """s_i(e) = sum_x max(q_ix low_ex, q_ix high_ex), the most that q_i . k can be

    for any key k with low_e <= k <= high_e in each channel x, such as those of a page.

    Parameters
    ----------
    q : float array (n, d) or (H, n, d).
    low, high : float arrays (m, d) or (G, m, d): the least and the greatest of each channel, as
        `min_pool` and `max_pool` give them.

    Returns
    -------
    Scores (n, m) or (H, n, m). Raises ValueError if shapes disagree.
    Source: Quest, arXiv 2406.10774, sec. 3.3.
    """
    queries = _vectors("q", q)
    least, greatest = _vectors("low", low), _vectors("high", high)
    if least.shape != greatest.shape:
        raise ValueError(f"high must have the shape of low, {least.shape}, got {greatest.shape}")
    upper = dot(np.maximum(queries, 0), greatest)
    lower = dot(np.minimum(queries, 0), least)

    def rows(lo: int, hi: int) -> FloatArray:
        return upper.rows(lo, hi) + lower.rows(lo, hi)

    return Scores(upper.shape, rows)


def antidiagonal(
    q: ArrayLike,
    k: ArrayLike,
    stride: int,
    *,
    scale: float = 1.0,
) -> Scores:
    """s_a(b) = scale sum_{t < S} q_{(a + 1) S - 1 - t} . k_{b S + t},  S the stride

    One score for each square of S queries by S keys: its antidiagonal, which meets every query and
    every key of the square once. The last squares are filled up with zeros.

    Parameters
    ----------
    q, k : float arrays (n, d) and (m, d), or (H, n, d) and (G, m, d), G dividing H.
    stride : the side S of a square.
    scale : the factor, 1 unless given.

    Returns
    -------
    Scores (ceil(n / S), ceil(m / S)), or with H in front. Raises ValueError if shapes disagree.
    Source: Xu et al. 2025, XAttention, arXiv 2503.16428, sec. 2.1.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = np.array([[1.0], [10], [100]]), np.array([[1.0], [2], [3]])
    >>> np.asarray(sr.selection.antidiagonal(q, k, 2))      # 10 * 1 + 1 * 2, ...
    array([[ 12.,  30.],
           [200.,   0.]])
    """
    side = integer("stride", stride, 1)
    queries = _squares(_vectors("q", q), side)
    keys = _squares(_vectors("k", k), side)
    backward = queries[..., ::-1, :]
    return dot(_flat(backward), _flat(keys), scale=scale)


def _flat(squares: FloatArray) -> FloatArray:
    """The vectors of each square one after the other, (..., groups, side d)."""
    *outer, side, d = squares.shape
    return squares.reshape(*outer, side * d)


def _squares(x: FloatArray, side: int) -> FloatArray:
    """Groups of `side` vectors, (..., ceil(n / side), side, d), zeros after the last vector."""
    *heads, n, d = x.shape
    groups = -(-n // side)
    no_padding = (0, 0)
    after = (0, groups * side - n)
    before = [no_padding] * len(heads)
    padded = np.pad(x, [*before, after, no_padding])
    return padded.reshape(*heads, groups, side, d)


def _vectors(name: str, x: ArrayLike) -> FloatArray:
    """An array of floats (n, d) or (H, n, d); half precision in float32, as `attend` sums it."""
    array = np.asarray(x)
    if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name} must be floats, got {array.dtype}")
    if array.ndim not in (2, 3):
        raise ValueError(f"{name} must have shape (n, d) or (H, n, d), got {array.shape}")
    return array.astype(np.float32) if array.itemsize == 2 else array


def _check_same_axes(q: FloatArray, k: FloatArray) -> None:
    """Refuse keys of another width, or with heads if the queries have none."""
    same_width = q.shape[-1] == k.shape[-1]
    if q.ndim != k.ndim or not same_width:
        raise ValueError(f"k must have the axes and the width of q, {q.shape}, got {k.shape}")


def _keys_of_heads(q: FloatArray, k: FloatArray) -> FloatArray:
    """The keys (H, m, d) that each query head reads."""
    heads, groups = len(q), len(k)
    if groups < 1 or heads % groups:
        raise ValueError(f"the heads of k, G = {groups}, must divide those of q, H = {heads}")
    return k if heads == groups else np.repeat(k, heads // groups, axis=0)


def _check_indexer(q: FloatArray, k: FloatArray) -> tuple[int, int]:
    """(H, n) of the indexer's queries, once its keys fit them."""
    if q.ndim != 3:
        raise ValueError(f"q must have shape (H, n, d), got {q.shape}")
    if k.shape[1:] != q.shape[2:]:
        raise ValueError(f"k must have shape (m, {q.shape[2]}), shared by the heads, got {k.shape}")
    return q.shape[0], q.shape[1]
