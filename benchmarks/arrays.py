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

        def attend(q, k, v):
            logits = q @ k.T
            logits *= q.shape[1] ** -0.5
            logits[outside] = -np.inf
            logits -= logits.max(axis=1, keepdims=True)
            weights = np.exp(logits, out=logits)
            return (weights @ v) / weights.sum(axis=1, keepdims=True)

        return per_head(attend, q, k, v), np.asarray

    return Peer("NumPy, dense", "Causal()", sr.Causal(), n, ready)


def per_head(attend, q, k, v):
    """The call that attends to one head after the other."""
    return lambda: np.stack(list(map(attend, q, k, v)))


def scipy_csr(scale: int) -> Peer:
    """Logits of the connected pairs, a softmax over each row, a sparse product; no row may be
    empty.
    """
    n, window = part(4096, scale), part(512, scale)

    def ready(q, k, v):
        from scipy.sparse import csr_array

        sets = sr.csr(sr.Lookback(window), n)
        keys, starts = sets.indices, sets.indptr[:-1]
        counts = np.diff(sets.indptr)
        queries = np.repeat(np.arange(n), counts)
        starts_of_pieces = range(0, len(queries), PIECE)
        pieces = [slice(t, t + PIECE) for t in starts_of_pieces]

        def dots(q, k, at):
            return np.einsum("td,td->t", q[queries[at]], k[keys[at]])

        def attend(q, k, v):
            q = q * np.float32(q.shape[1] ** -0.5)
            logits = np.concatenate([dots(q, k, at) for at in pieces])
            logits -= np.repeat(np.maximum.reduceat(logits, starts), counts)
            weights = np.exp(logits, out=logits)
            sums = np.add.reduceat(weights, starts)
            product = csr_array((weights, keys, sets.indptr), shape=(n, n)) @ v
            return product / sums[:, None]

        return per_head(attend, q, k, v), np.asarray

    return Peer("SciPy, CSR", f"Lookback({window})", sr.Lookback(window), n, ready)
