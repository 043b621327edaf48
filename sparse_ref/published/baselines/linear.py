"""The linear transformer: weights that are products of features, so that sums over keys suffice.

Katharopoulos et al. 2020, "Transformers are RNNs: Fast Autoregressive Transformers with Linear
Attention", arXiv 2006.16236, sec. 3.2 and 3.3; the code published with it, idiap/fast-transformers.

Symbols:  phi(x) = elu(x) + 1, that is x + 1 for x > 0 and exp(x) else;  S = sum_j phi(k_j) v_j^T,
(d, e);  z = sum_j phi(k_j), (d,);  both over all j, or over j <= i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...attention.inputs import sums_dtype
from ...sets.checks import flag
from ...sets.types import FloatArray
from ..self_attention import Arrays


@dataclass(frozen=True)
class LinearAttention:
    """out_i = phi(q_i) . S / (phi(q_i) . z + epsilon): no set, no softmax, no 1 / sqrt(d)

    Every key has a weight above 0: phi(q_i) . phi(k_j) over its sum, which `mixing` reads out by
    values that are unit vectors. Memory is O(n), time O(n d e).

    Parameters
    ----------
    causal : sums over j <= i, which a state of d e numbers carries from token to token.
    epsilon : added to the denominator, so that a row's weights sum to a little less than 1; without
        keys out is 0.

    Differs: the published code wants the mask of all pairs, or the causal one, and refuses others;
    with fewer queries than keys, its causal layer drops the last keys, with more it pads with
    zeros. Here a causal layer needs as many keys as queries.

    Source: Katharopoulos et al. 2020, eq. 5 to 12.

    >>> import numpy as np, sparse_ref as sr
    >>> q = np.zeros((3, 1))
    >>> k = np.array([[1.0], [0.0], [3.0]])         # phi: 2, 1, 4
    >>> sr.published.LinearAttention(causal=True).mixing(q, k).round(3)
    array([[1.   , 0.   , 0.   ],
           [0.667, 0.333, 0.   ],
           [0.286, 0.143, 0.571]])
    """

    causal: bool = False
    epsilon: float = 1e-6

    def __post_init__(self):
        flag("LinearAttention: causal", self.causal)
        if not self.epsilon >= 0:
            raise ValueError(f"LinearAttention: epsilon must be at least 0, got {self.epsilon}")

    def __call__(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """(..., n_q, e), in the dtype of q, from q (..., n_q, d), k (..., n_k, d), v (..., n_k, e).

        Raises ValueError if their axes disagree, or if n_q and n_k differ and the layer is causal.
        """
        q, k, v = self._arrays(q, k, v)
        N, D = self._fraction(elu_features(q), elu_features(k), _with_ones(v))
        return _quotient(N, D).astype(q.dtype)

    def mixing(self, q: ArrayLike, k: ArrayLike) -> FloatArray:
        """(..., n_q, n_k): the mixing matrix, the output for values that are unit vectors."""
        k = as_array("k", k)
        *outer, n, _ = k.shape
        unit = np.eye(n, dtype=k.dtype)
        return self(q, k, np.broadcast_to(unit, (*outer, n, n)))

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * layer(q, k, v)), in the shapes and dtype of q, k and v.

        With out = N / D:  dN = g / D,  dD = -g . out / D. Each of the three factors of
        (N, D) = sum_j f_i . w_j (v_j, 1) gets a sum over the other two; over i >= j if causal,
        which is the same sum from the end.
        """
        q, k, v = self._arrays(q, k, v)
        f, w, values = elu_features(q), elu_features(k), _with_ones(v)
        N, D = self._fraction(f, w, values)
        dN = _quotient(as_array("grad_out", grad_out).astype(N.dtype), D)
        products = dN * _quotient(N, D)
        dD = -products.sum(axis=-1, keepdims=True)
        d_fraction = np.concatenate([dN, dD], axis=-1)
        dq = self._mix(d_fraction, values, w) * _slope(q)
        dk = self._mix_later(values, d_fraction, f) * _slope(k)
        dv = self._mix_later(w, f, dN)
        gradients = zip((dq, dk, dv), (q, k, v))
        dq, dk, dv = (dx.astype(x.dtype) for dx, x in gradients)
        return dq, dk, dv

    def _arrays(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> Arrays:
        """q, k, v as NumPy arrays whose axes agree."""
        q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
        has_keys = k.ndim >= 2 and k.ndim == q.ndim
        same_outer = k.shape[:-2] == q.shape[:-2]
        if not has_keys or not same_outer or k.shape[-1] != q.shape[-1]:
            raise ValueError(f"k must have axes (..., n_k, d) as q {q.shape}, got {k.shape}")
        if v.shape[:-1] != k.shape[:-1]:
            raise ValueError(f"v must have axes (..., n_k, e) as k {k.shape}, got {v.shape}")
        if self.causal and q.shape[-2] != k.shape[-2]:
            raise ValueError(
                "a causal LinearAttention must have a key for each query, as its mask j <= i has, "
                f"got {q.shape[-2]} queries and {k.shape[-2]} keys"
            )
        return q, k, v

    def _fraction(self, f: np.ndarray, w: np.ndarray, values: np.ndarray):
        """N and D, from values whose last feature is 1."""
        mixed = self._mix(f, w, values)
        return mixed[..., :-1], mixed[..., -1:] + self.epsilon

    def _mix(
        self,
        a: np.ndarray,
        b: np.ndarray,
        c: np.ndarray,
    ) -> np.ndarray:
        """sum_j a_i . b_j c_j, over all j, or over j <= i by a state that grows token by token"""
        if not self.causal:
            return a @ (b.swapaxes(-1, -2) @ c)
        *outer, _, width = c.shape
        out = np.zeros_like(c)
        shape = *outer, b.shape[-1], width
        state = np.zeros(shape, c.dtype)
        tokens = zip(*map(_tokens, (a, b, c)))
        for i, (a_i, b_i, c_i) in enumerate(tokens):
            state += b_i[..., :, None] * c_i[..., None, :]
            out[..., i, :] = np.einsum("...d,...de->...e", a_i, state)
        return out

    def _mix_later(
        self,
        a: np.ndarray,
        b: np.ndarray,
        c: np.ndarray,
    ) -> np.ndarray:
        """sum_i a_j . b_i c_i, over all i, or over i >= j: the sequence from its end"""
        if not self.causal:
            return self._mix(a, b, c)
        flip = partial(np.flip, axis=-2)
        return flip(self._mix(flip(a), flip(b), flip(c)))


def elu_features(x: ArrayLike) -> np.ndarray:
    """phi(x) = elu(x) + 1: x + 1 for x > 0, exp(x) else; in float64 for float64, else float32

    Source: Katharopoulos et al. 2020, eq. 7.
    """
    x = as_array("x", x)
    x = x.astype(sums_dtype(x.dtype))
    negative = np.exp(np.minimum(x, 0))
    return np.where(x > 0, x + 1, negative)


def _tokens(x: np.ndarray) -> np.ndarray:
    """(..., n, d) -> (n, ..., d)"""
    return np.moveaxis(x, -2, 0)


def _slope(x: np.ndarray) -> np.ndarray:
    """phi'(x): 1 for x > 0, exp(x) else."""
    return np.minimum(elu_features(x), 1)


def _with_ones(v: np.ndarray) -> np.ndarray:
    """v (..., n, e) with one more feature that is 1, in the dtype of sums."""
    values: np.ndarray = v.astype(sums_dtype(v.dtype))
    ones = np.ones_like(values, shape=(*v.shape[:-1], 1))
    return np.concatenate([values, ones], axis=-1)


def _quotient(x: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    """x / divisor; 0 where the divisor is 0, which is a query without keys."""
    is_empty = divisor == 0
    return np.where(is_empty, 0, x) / np.where(is_empty, 1, divisor)
