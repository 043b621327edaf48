"""Transformer-LS, causal: a window of tokens, and earlier chunks projected to r keys each.

Zhu et al. 2021, "Long-Short Transformer: Efficient Transformers for Language and Vision", arXiv
2107.02192, sec. 3.2 and 3.3; the code published with it, `ChunkedLSAttention` of
NVIDIA/transformer-ls.

Symbols:  w window, keys with the own one;  chunk C of l tokens;  P_C = softmax over the tokens of C
of K_C W_p, (l, r);  K_C, V_C the keys and values of C,  P_C^T K_C and P_C^T V_C their r atoms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Causal, Lookback
from ...sets.checks import integer
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...sets.types import FloatArray
from ..self_attention import self_attention_arrays
from ..softmax_parts import Part, attend_to_parts, parts_backward
from .token_means import pooled_cells


@dataclass(frozen=True)
class TransformerLS:
    """out_i = one softmax over { i - w < j <= i } and the atoms of chunks before floor(i / l)

    The weights of a chunk's tokens in its r atoms come from its own keys: P_C above, a softmax over
    tokens for each atom. A token of an earlier chunk may be there twice, in the window and in its
    chunk's atoms. Only whole chunks have atoms; none is visible to its own tokens.

    Parameters
    ----------
    keys : w, at least 1: the query and the w - 1 tokens before it.
    chunk, rank : l and r, at least 1.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Differs: keys and values of the paper pass a layer norm, another one for atoms than for tokens
    (DualLN, sec. 3.4), and the code projects inputs instead of keys: both are left to the caller.

    Source: Zhu et al. 2021, sec. 3.2 and 3.3.

    >>> import sparse_ref as sr
    >>> window, atoms = sr.published.TransformerLS(keys=2, chunk=3, rank=2).sets
    >>> print(sr.picture(atoms, (9, 6)))
    ······
    ······
    ······
    ██····
    ██····
    ██····
    ████··
    ████··
    ████··
    """

    keys: int
    chunk: int
    rank: int
    scale: float | None = None

    def __post_init__(self):
        integer("TransformerLS: keys", self.keys, 1)
        integer("TransformerLS: chunk", self.chunk, 1)
        integer("TransformerLS: rank", self.rank, 1)

    @property
    def sets(self) -> tuple[Pattern, Pattern]:
        """The tokens, and the atoms, that each query attends to; r atoms for each chunk in turn."""
        before = Shifted(Causal(), -1)
        return Lookback(self.keys), Blockwise(before, (self.chunk, self.rank))

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        W_p: ArrayLike,
    ) -> np.ndarray:
        """(..., H, n, e), in the dtype of q, from q, k, v as `sr.attend` takes them, n keys for n
        queries, and W_p (d, r), one for all heads. Raises ValueError for another shape of W_p, else
        as `sr.attend` does.
        """
        q, k, v = self_attention_arrays(q, k, v)
        parts = self._parts(q, k, v, self._weights(k, W_p))
        return attend_to_parts(parts, self.scale)[0]

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        W_p: ArrayLike,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(dq, dk, dv, dW_p) of sum(grad_out * layer(q, k, v, W_p)), in their shapes and dtypes."""
        q, k, v = self_attention_arrays(q, k, v)
        grad, projection = as_array("grad_out", grad_out), as_array("W_p", W_p)
        P = self._weights(k, projection)
        parts = self._parts(q, k, v, P)
        near, (dq_far, *of_atoms) = parts_backward(grad, parts, self.scale)
        dq, dk, dv = near
        dk_atoms, dv_atoms = (_by_chunk(dx, self.rank) for dx in of_atoms)
        chunks_k, chunks_v = (_by_chunk(x, self.chunk) for x in (k, v))
        dP = _times_transpose(chunks_k, dk_atoms) + _times_transpose(chunks_v, dv_atoms)
        means = (P * dP).sum(axis=-2, keepdims=True)
        dlogits = P * (dP - means)
        whole = P.shape[-3] * self.chunk
        dk[..., :whole, :] += _join_chunks(P @ dk_atoms + dlogits @ projection.T)
        dv[..., :whole, :] += _join_chunks(P @ dv_atoms)
        rows = chunks_k.reshape(-1, k.shape[-1])
        dW_p = rows.T @ dlogits.reshape(-1, self.rank)
        return dq + dq_far, dk, dv, dW_p.astype(projection.dtype)

    def pool_weights(self, k: ArrayLike, W_p: ArrayLike) -> FloatArray:
        """(..., m, n): how much of token j is in atom e, for keys (..., n, d); m = r chunks."""
        k = as_array("k", k)
        P = self._weights(k, W_p)
        atoms = _join_chunks(P.swapaxes(-1, -2))
        shape = *atoms.shape[:-1], k.shape[-2]
        weights = np.zeros(shape, P.dtype)
        for atom in range(atoms.shape[-2]):
            start = atom // self.rank * self.chunk
            weights[..., atom, start : start + self.chunk] = atoms[..., atom, :]
        return weights

    def cells(self, k: ArrayLike, W_p: ArrayLike) -> FloatArray:
        """Float64 (n, n): the tokens that the atoms of each query stand for, for keys (n, d)."""
        return pooled_cells(self.sets[1], self.pool_weights(k, W_p))

    def _weights(self, k: np.ndarray, W_p: ArrayLike) -> np.ndarray:
        """P, (..., chunks, l, r)"""
        projection = as_array("W_p", W_p)
        expected = k.shape[-1], self.rank
        if projection.shape != expected:
            raise ValueError(f"W_p must have shape (d, rank) = {expected}, got {projection.shape}")
        logits = _by_chunk(k, self.chunk) @ projection
        weights = np.exp(logits - logits.max(axis=-2, keepdims=True))
        return weights / weights.sum(axis=-2, keepdims=True)

    def _parts(
        self,
        q: np.ndarray,
        k: np.ndarray,
        v: np.ndarray,
        P: np.ndarray,
    ) -> list[Part]:
        """The tokens, and the atoms."""
        window, atoms = self.sets
        transposed = P.swapaxes(-1, -2)
        atoms_k = _join_chunks(transposed @ _by_chunk(k, self.chunk))
        atoms_v = _join_chunks(transposed @ _by_chunk(v, self.chunk))
        return [(q, k, v, window), (q, atoms_k, atoms_v, atoms)]


def _by_chunk(x: np.ndarray, length: int) -> np.ndarray:
    """(..., n, d) -> (..., floor(n / length), length, d), whole chunks only"""
    *outer, n, width = x.shape
    chunks = n // length
    whole = x[..., : chunks * length, :]
    return whole.reshape(*outer, chunks, length, width)


def _join_chunks(x: np.ndarray) -> np.ndarray:
    """(..., chunks, r, d) -> (..., chunks r, d)"""
    *outer, chunks, rank, width = x.shape
    return x.reshape(*outer, chunks * rank, width)


def _times_transpose(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x y^T of the last two axes."""
    return x @ y.swapaxes(-1, -2)
