"""Peers made of arrays: NumPy over all pairs, SciPy over the connected ones."""

from __future__ import annotations

import numpy as np

import sparse_ref as sr

from . import peers
from .cases import part
from .peers import Peer
from .rows import Row
from .timing import Size

GROUP = "NumPy and SciPy"
# pairs whose queries and keys are gathered at a time: 8 MB at d = 64, which the caches hold
PIECE = 16384


def rows(size: Size) -> list[Row]:
    """Time of `attend` over that of attention written with NumPy and SciPy, 8 heads, the set made
    beforehand for both.

    NumPy multiplies all pairs, masks, and multiplies again, one head at a time. SciPy has no
    product that is sampled at given places: rows are gathered for the logits, in pieces that stay
    in the caches, then come a softmax over each row of a CSR array and its product with v.
    """
    return peers.rows(GROUP, [numpy_dense, scipy_csr], size)


def numpy_dense(scale: int) -> Peer:
    """A causal softmax over the full matrix of logits."""
    n = part(2048, scale)

    def ready(q, k, v):
        outside = ~np.tri(n, dtype=bool)

        def head(q, k, v):
            x = q @ k.T
            x *= q.shape[1] ** -0.5
            x[outside] = -np.inf
            x -= x.max(axis=1, keepdims=True)
            np.exp(x, out=x)
            return (x @ v) / x.sum(axis=1, keepdims=True)

        return lambda: np.stack([head(*one) for one in zip(q, k, v)]), np.asarray

    return Peer("NumPy, dense", "Causal()", sr.Causal(), n, ready)


def scipy_csr(scale: int) -> Peer:
    """Logits of the connected pairs, a softmax over each row, a sparse product; no row may be
    empty.
    """
    n, window = part(4096, scale), part(512, scale)

    def ready(q, k, v):
        from scipy.sparse import csr_array

        sets = sr.csr(sr.Lookback(window), n)
        counts, starts = np.diff(sets.indptr), sets.indptr[:-1]
        queries = np.repeat(np.arange(n), counts)
        pieces = [slice(t, t + PIECE) for t in range(0, len(queries), PIECE)]

        def head(q, k, v):
            q = q * np.float32(q.shape[1] ** -0.5)
            x = np.concatenate(
                [np.einsum("td,td->t", q[queries[at]], k[sets.indices[at]]) for at in pieces]
            )
            x -= np.repeat(np.maximum.reduceat(x, starts), counts)
            np.exp(x, out=x)
            return (csr_array((x, sets.indices, sets.indptr), shape=(n, n)) @ v) / np.add.reduceat(
                x, starts
            )[:, None]

        return lambda: np.stack([head(*one) for one in zip(q, k, v)]), np.asarray

    return Peer("SciPy, CSR", f"Lookback({window})", sr.Lookback(window), n, ready)
