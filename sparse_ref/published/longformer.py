"""Longformer's attention layer: window and global keys in one softmax; global rows have their own.

Beltagy, Peters and Cohan 2020, arXiv 2004.05150, sec. 3.1; the code published with it, and Hugging
Face transformers after it.

Symbols:  x_i row i of X (B, n, E);  s, g the projections of the sliding window and of global rows;
G the global positions, P the padding;  A_i = longformer(radius, G, dilation);  W (E, E), b (E,),
multiplied from the right, x W + b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..attention.arrays import as_array
from ..patterns import Full, GlobalAt
from ..patterns.longformer import longformer
from ..sets.pattern import Pattern
from ..sets.positions import first_index
from ..sets.types import BoolArray
from .heads import attend_per_head


@dataclass(frozen=True, eq=False)
class Projections:
    """Q(x) = x W_q + b_q,  K(x) = x W_k + b_k,  V(x) = x W_v + b_v"""

    W_q: np.ndarray
    W_k: np.ndarray
    W_v: np.ndarray
    b_q: np.ndarray
    b_k: np.ndarray
    b_v: np.ndarray

    @classmethod
    def random(
        cls, width: int, seed: int | Sequence[int], dtype: DTypeLike = np.float32
    ) -> Projections:
        """Normal with standard deviation 1 / sqrt(width), biases 0."""
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal((3, width, width)) / np.sqrt(width)
        biases = np.zeros((3, width), dtype)
        return cls(*normal.astype(dtype), *biases)

    def q(self, x: np.ndarray) -> np.ndarray:
        """Q of each row of x (..., E)."""
        return x @ self.W_q + self.b_q

    def kv(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """K and V of each row of x (..., E)."""
        return x @ self.W_k + self.b_k, x @ self.W_v + self.b_v


@dataclass(frozen=True, eq=False)
class LongformerAttention:
    """out_i = softmax_j(Q_s(x_i) . K_s(x_j) / sqrt(d)) V_s(x_j) over j in A_i - P

    A row i in G uses Q_g, K_g, V_g over all j in ~P instead. A padded position is no query's key,
    and its own out_i is 0. The attention is symmetric as a set only: the edge onto a global
    position uses K_s, V_s, the edge back K_g, V_g, and each row uses either the one or the other.

    Parameters
    ----------
    s, g : two `Projections` of width E. The paper starts g as a copy of s.
    heads : how many, dividing E; d = E / heads.
    radius, dilation : of `sr.longformer`; a dilation for each head as a tuple.

    Differs: no dropout, and any length, while the published code wants multiples of 2 radius.
    Non-members are left out, while the published code adds -10000 to their logits and transformers
    the least float. The output projection is a layer of its own there, and left to the caller.

    >>> import numpy as np, sparse_ref as sr
    >>> w = sr.published.Projections.random(width=4, seed=0)
    >>> layer = sr.published.LongformerAttention(w, w, heads=2, radius=1)
    >>> X = np.random.default_rng(0).standard_normal((6, 4), dtype=np.float32)
    >>> Y = X.copy(); Y[4] += np.arange(4)
    >>> at = [np.arange(6) == position for position in (0, 5)]      # G and P
    >>> changed = (layer(X, *at) != layer(Y, *at)).any(axis=1)
    >>> np.flatnonzero(changed)     # the rows that position 4 influences
    array([0, 3, 4])
    """

    s: Projections
    g: Projections
    heads: int
    radius: int
    dilation: int | tuple[int, ...] = 1

    def __post_init__(self):
        self.pattern((), ())  # raises for a bad radius or dilation

    def pattern(
        self, globals: Sequence[int], padding: Sequence[int]
    ) -> Pattern | tuple[Pattern, ...]:
        """A_i - P, empty for i in P: one pattern, or one per head. G and P are positions."""
        sets = longformer(self.radius, globals, self.dilation)
        if not len(padding):
            return sets
        padded = GlobalAt(tuple(padding))
        if isinstance(sets, tuple):
            return tuple(p - padded for p in sets)
        return sets - padded

    def __call__(
        self, X: ArrayLike, globals: ArrayLike | None = None, padding: ArrayLike | None = None
    ) -> np.ndarray:
        """(B, n, E) from X (B, n, E), or (n, E) from (n, E).

        `globals` and `padding` are bool (B, n), or (n,) for every sequence alike: True in G, and in
        P; none by default. Raises ValueError for other shapes, or a position in both, TypeError for
        a mask that is not bool; else as `sr.attend` does.
        """
        X = as_array("X", X)
        width = len(self.s.W_q)
        if X.ndim not in (2, 3) or X.shape[-1] != width:
            raise ValueError(f"X must have shape (B, n, {width}) or (n, {width}), got {X.shape}")
        G = _check_flags("globals", globals, X)
        P = _check_flags("padding", padding, X)
        if (G & P).any():
            raise ValueError(f"globals must not be padding, got both at {first_index(G & P)}")
        if X.ndim == 2:
            return self._sequence(X, G, P)
        if not len(X):
            return X.copy()
        sequences = zip(X, G, P)
        return np.stack([self._sequence(*sequence) for sequence in sequences])

    def _sequence(self, x: np.ndarray, G: BoolArray, P: BoolArray) -> np.ndarray:
        """The layer on one sequence (n, E)."""
        globals, padding = np.flatnonzero(G), np.flatnonzero(P)
        sets = self.pattern(globals.tolist(), padding.tolist())
        k, v = self.s.kv(x)
        out = attend_per_head(self.s.q(x), k, v, self.heads, sets)
        if G.any():
            q = self.g.q(x[G])
            k, v = self.g.kv(x[~P])
            out[G] = attend_per_head(q, k, v, self.heads, Full())
        return out


def _check_flags(name: str, mask: ArrayLike | None, X: np.ndarray) -> BoolArray:
    """A bool for each position of each sequence."""
    positions = X.shape[:-1]
    flags = np.zeros(positions, bool) if mask is None else as_array(name, mask)
    if flags.dtype != bool:
        raise TypeError(f"{name} must be bool, true for the positions meant, got {flags.dtype}")
    if flags.shape not in (positions, positions[-1:]):
        raise ValueError(
            f"{name} must have shape {positions} or {positions[-1:]}, got {flags.shape}"
        )
    return np.broadcast_to(flags, positions)
