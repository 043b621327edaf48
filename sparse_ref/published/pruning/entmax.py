"""Sparsemax and entmax: probabilities of which some are exactly 0, so that data choose the keys.

Martins and Astudillo 2016, arXiv 1602.02068 (sparsemax); Peters, Niculae and Martins 2019, arXiv
1905.05702 (entmax); Correia, Niculae and Martins 2019, arXiv 1909.00015 (attention, and the
gradient of alpha).

Symbols:  z logits of one row;  p = [(alpha - 1) z - tau]_+^(1 / (alpha - 1)), tau so that p sums
to 1;  the support { j : p_j > 0 }. Logits of -inf are no members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention import PatternLike
from ...attention.arrays import as_array
from ...sets.listed import Listed
from ...sets.types import FloatArray
from .row_weights import (
    Row,
    attend_by_rows,
    attend_by_rows_backward,
    head_arrays,
    row_output,
    shape_like,
    support_of_rows,
    weights_of_rows,
)

STEPS = 60  # of bisection: float64 has 53 bits, and tau lies in an interval of at most 1


def sparsemax(z: ArrayLike) -> FloatArray:
    """p = [z - tau]_+: the point of the simplex nearest to z, along the last axis, float64

    With z falling, the support is the longest prefix of k entries with 1 + k z_k > sum of the k.
    Ties are in together or out together. A row of only -inf gives 0.

    Source: Martins and Astudillo 2016, alg. 1.

    >>> import sparse_ref as sr
    >>> sr.published.sparsemax([1.0, 0.8, 0.1])
    array([0.6, 0.4, 0. ])
    """
    shifted = _shift(z)
    falling = -np.sort(-shifted, axis=-1)
    k = np.arange(1, shifted.shape[-1] + 1)
    finite = np.where(falling == -np.inf, 0, falling)
    sums = finite.cumsum(axis=-1)
    inside = (falling > -np.inf) & (1 + k * finite > sums)
    count = np.maximum(_total(inside), 1)
    tau = (_total(finite * inside) - 1) / count
    return np.maximum(shifted - tau, 0)


def entmax15(z: ArrayLike) -> FloatArray:
    """p = [z / 2 - tau]_+^2, along the last axis, float64: entmax with alpha = 1.5, exactly

    With z / 2 falling, M the mean and S the sum of squared deviations of the first k entries,
    tau = M - sqrt((1 - S) / k); the support is the prefix whose entries are at least their tau. A
    row of only -inf gives 0.

    Source: Peters et al. 2019, alg. 2.

    >>> import sparse_ref as sr
    >>> sr.published.entmax15([2.0, 1.0, -1.0]).round(3)
    array([0.831, 0.169, 0.   ])
    """
    half = _shift(z) / 2
    falling = -np.sort(-half, axis=-1)
    k = np.arange(1, half.shape[-1] + 1)
    is_member = falling > -np.inf
    finite = np.where(is_member, falling, 0)
    mean = finite.cumsum(axis=-1) / k
    squares = (finite**2).cumsum(axis=-1) / k
    deviation = k * (squares - mean**2)
    taus = mean - np.sqrt(np.maximum(1 - deviation, 0) / k)
    inside = is_member & (taus <= falling)
    if not half.shape[-1]:
        return half
    last = np.maximum(_total(inside) - 1, 0)
    tau = np.take_along_axis(taus, last, axis=-1)
    return np.maximum(half - tau, 0) ** 2


def entmax(z: ArrayLike, alpha: float = 1.5) -> FloatArray:
    """p = [(alpha - 1) z - tau]_+^(1 / (alpha - 1)), along the last axis, float64, by bisection

    tau is between the greatest (alpha - 1) z less 1, and less d^(1 - alpha) for d entries. alpha
    above 1; 1.5 is `entmax15`, 2 is `sparsemax`, and near 1 it is the softmax. A row of only -inf
    gives 0. Raises ValueError for alpha up to 1.

    Source: Peters et al. 2019, alg. 1.

    >>> import numpy as np, sparse_ref as sr
    >>> z = np.array([2.0, 1.0, -1.0])
    >>> np.allclose(sr.published.entmax(z, 1.5), sr.published.entmax15(z))
    True
    """
    if not alpha > 1:
        raise ValueError(f"entmax: alpha must be above 1, the softmax, got {alpha}")
    scaled = (alpha - 1) * _shift(z)
    power = 1 / (alpha - 1)
    members = np.maximum(_total(scaled > -np.inf), 1)
    low, high = -np.ones(members.shape), -(members ** (1.0 - alpha))
    for _ in range(STEPS):
        middle = (low + high) / 2
        total = _total(np.maximum(scaled - middle, 0) ** power)
        low = np.where(total >= 1, middle, low)
        high = np.where(total >= 1, high, middle)
    p = np.maximum(scaled - low, 0) ** power
    return _share(p)


def entmax_backward(grad: ArrayLike, p: ArrayLike, alpha: float = 1.5) -> FloatArray:
    """dz of sum(grad * entmax(z, alpha)):  s (g - sum(s g) / sum(s)),  s = p^(2 - alpha) if p > 0

    Along the last axis; 0 outside the support, which is taken as constant.

    Source: Peters et al. 2019, prop. 2.
    """
    p = as_array("p", p).astype(np.float64)
    g = as_array("grad", grad).astype(np.float64)
    s = _slopes(p, alpha)
    mean = _total(_share(s) * g)
    return s * (g - mean)


def entmax_alpha_backward(grad: ArrayLike, p: ArrayLike, alpha: float) -> FloatArray:
    """d alpha of sum(grad * entmax(z, alpha)), one for each row: (...,)

    With a = alpha - 1,  r = s / sum(s)  and  H = p log p:
    dp / d alpha = (p - r) / a^2 - (H - r sum(H)) / a

    Source: Correia et al. 2019, prop. 1.
    """
    p = as_array("p", p).astype(np.float64)
    g = as_array("grad", grad).astype(np.float64)
    a = alpha - 1
    r = _share(_slopes(p, alpha))
    H = p * np.log(np.where(p > 0, p, 1))
    slope = (p - r) / a**2 - (H - r * _total(H)) / a
    return (g * slope).sum(axis=-1)


def _slopes(p: FloatArray, alpha: float) -> FloatArray:
    """s = p^(2 - alpha) on the support, 0 elsewhere."""
    is_member = p > 0
    return np.where(is_member, p, 1) ** (2 - alpha) * is_member


def _total(x: np.ndarray) -> np.ndarray:
    """The sum over the last axis, which is kept."""
    return x.sum(axis=-1, keepdims=True)


def _share(x: FloatArray) -> FloatArray:
    """x over its sum along the last axis; 0 if that is 0."""
    total = _total(x)
    return x / np.where(total == 0, 1, total)


def _shift(z: ArrayLike) -> FloatArray:
    """z less its greatest entry along the last axis; rows of only -inf as they are."""
    logits = as_array("z", z).astype(np.float64)
    top = logits.max(axis=-1, keepdims=True, initial=-np.inf)
    return logits - np.where(top == -np.inf, 0, top)


@dataclass(frozen=True)
class EntmaxAttention:
    """out_i = sum_j p_ij v_j,  p_i the entmax of scale q_i . k_j over j in A_i

    Parameters
    ----------
    alpha : above 1, one for all heads or one for each. 2 is sparsemax. In Correia et al. it is
        learned for each head, as 1 + sigmoid(a).
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    The support is a set chosen by data: `sets` gives it, a pattern to draw or to attend to. A row
    without keys in A_i gives 0. Everything is computed in float64, row by row: slow, and for
    reading. alpha = 2 and 1.5 are exact, other alphas by bisection.

    Source: Correia et al. 2019, sec. 3.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.arange(5)[:, None] / 2
    >>> layer = sr.published.EntmaxAttention(alpha=2.0)
    >>> print(sr.picture(layer.sets(x, x, sr.Causal())[0], 5))
    █····
    ██···
    ·██··
    ··██·
    ····█
    """

    alpha: float | Sequence[float] = 1.5
    scale: float | None = None

    def __post_init__(self):
        if not all(alpha > 1 for alpha in np.ravel(self.alpha)):
            raise ValueError(f"EntmaxAttention: alpha must be above 1, got {self.alpha}")

    def __call__(
        self, q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: PatternLike
    ) -> np.ndarray:
        """out (H, n_q, e) or (n_q, e), in the dtype of q, from q (H, n_q, d), k (G, n_k, d) and v
        (G, n_k, e), G dividing H, or two axes for one head. `pattern` is one for all heads, or one
        for each.
        """
        q = as_array("q", q)
        heads = head_arrays(q, k, v, pattern, self.scale)
        return row_output(q, attend_by_rows(heads, self))

    def sets(
        self,
        q: ArrayLike,
        k: ArrayLike,
        pattern: PatternLike,
    ) -> tuple[Listed, ...]:
        """The support: { j in A_i : p_ij > 0 }, a pattern for each head."""
        return support_of_rows(head_arrays(q, k, k, pattern, self.scale), self)

    def mixing(self, q: ArrayLike, k: ArrayLike, pattern: PatternLike) -> FloatArray:
        """p, float64 (H, n_q, n_k)."""
        return weights_of_rows(head_arrays(q, k, k, pattern, self.scale), self)

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        pattern: PatternLike,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, FloatArray]:
        """(dq, dk, dv, dalpha (H,)) of sum(grad_out * layer(q, k, v, pattern))."""
        arrays = as_array("q", q), as_array("k", k), as_array("v", v)
        heads = head_arrays(*arrays, pattern, self.scale)
        grad = as_array("grad_out", grad_out)
        *gradients, dalpha = attend_by_rows_backward(grad, heads, self)
        dq, dk, dv = map(shape_like, gradients, arrays)
        return dq, dk, dv, dalpha

    def row_weights(self, row: Row) -> FloatArray:
        """p of one row."""
        alpha = self._alpha(row)
        if alpha == 2:
            return sparsemax(row.logits)
        return entmax15(row.logits) if alpha == 1.5 else entmax(row.logits, alpha)

    def row_gradients(
        self, row: Row, weights: FloatArray, grad: FloatArray
    ) -> tuple[FloatArray, float]:
        """The gradients at the logits of one row, and at its alpha."""
        alpha = self._alpha(row)
        dalpha = float(entmax_alpha_backward(grad, weights, alpha))
        return entmax_backward(grad, weights, alpha), dalpha

    def _alpha(self, row: Row) -> float:
        """The alpha of the row's head."""
        alphas = np.ravel(self.alpha)
        return float(alphas[row.head] if len(alphas) > 1 else alphas[0])
