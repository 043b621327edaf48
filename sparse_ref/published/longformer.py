"""Longformer's attention layer: window and global keys in one softmax, and global rows by projections of their own.

Beltagy, Peters and Cohan 2020, arXiv 2004.05150, sec. 3.1; the code published with it, and Hugging Face transformers after it.

Symbols:  x_i a position's row of X (B, n, E);  s, g the projections of the sliding window and of global rows;  G the global
positions, P the padding;  A_i = longformer(radius, G, dilation);  W (E, E), b (E,), multiplied from the right, x W + b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..attention.arrays import as_array
from ..patterns import Full, GlobalAt
from ..patterns.longformer import longformer
from .heads import attend_in_parts


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
    def random(cls, width: int, seed, dtype=np.float32) -> Projections:
        """Normal with standard deviation 1 / sqrt(width), biases 0."""
        rng = np.random.default_rng(seed)
        drawn = (rng.standard_normal((3, width, width)) / np.sqrt(width)).astype(dtype)
        return cls(*drawn, *np.zeros((3, width), dtype))

    def q(self, x) -> np.ndarray:
        """Q of each row."""
        return x @ self.W_q + self.b_q

    def kv(self, x) -> tuple[np.ndarray, np.ndarray]:
        """K and V of each row."""
        return x @ self.W_k + self.b_k, x @ self.W_v + self.b_v


@dataclass(frozen=True, eq=False)
class LongformerAttention:
    """out_i = softmax_j(Q_s(x_i) . K_s(x_j) / sqrt(d)) V_s(x_j) over A_i - P;  for i in G, with Q_g, K_g, V_g over all of ~P

    A padded position is nobody's key, and its own out_i is 0. So "symmetric" is said of the sets: an edge onto a global
    position is K_s, V_s, the edge back K_g, V_g, and a row is either the one or the other.

    Parameters
    ----------
    s, g : two `Projections` of width E. The paper starts g as a copy of s.
    heads : how many, dividing E; d = E / heads.
    radius, dilation : of `sr.longformer`; a dilation for each head as a tuple.

    Differs: no dropout, and any length, where the published code wants multiples of 2 radius. Keys that are not members are
    left out, where the published code adds -10000 to their logits and transformers the least float. The output projection is
    a layer of its own there, and left to the caller.

    >>> import numpy as np, sparse_ref as sr
    >>> w = sr.published.Projections.random(width=4, seed=0)
    >>> layer = sr.published.LongformerAttention(w, w, heads=2, radius=1)
    >>> X = np.random.default_rng(0).standard_normal((6, 4), dtype=np.float32)
    >>> Y = X.copy(); Y[4] += np.arange(4)
    >>> at = [np.arange(6) == position for position in (0, 5)]      # G and P
    >>> np.flatnonzero((layer(X, *at) != layer(Y, *at)).any(axis=1))     # what changes where position 4 does
    array([0, 3, 4])
    """

    s: Projections
    g: Projections
    heads: int
    radius: int
    dilation: int | tuple[int, ...] = 1

    def __post_init__(self):
        self.pattern((), ())  # refuses what is no radius or dilation

    def pattern(self, globals, padding):
        """A_i - P, empty for i in P: one pattern, or one for each head. G and P are positions."""
        sets = longformer(self.radius, globals, self.dilation)
        if not len(padding):
            return sets
        return (
            tuple(p - GlobalAt(padding) for p in sets)
            if isinstance(sets, tuple)
            else sets - GlobalAt(padding)
        )

    def __call__(self, X, globals=None, padding=None) -> np.ndarray:
        """(B, n, E) from X (B, n, E), or (n, E) from (n, E).

        `globals` and `padding` are bool (B, n), or (n,) for every sequence alike: true in G, and in P; none unless given.
        Raises ValueError for other shapes, or a position in both, TypeError for a mask that is not bool; else as `sr.attend` does.
        """
        X = as_array("X", X)
        if X.ndim not in (2, 3) or X.shape[-1] != len(self.s.W_q):
            raise ValueError(
                f"X must have shape (B, n, {len(self.s.W_q)}) or (n, {len(self.s.W_q)}), got {X.shape}"
            )
        G, P = _flags("globals", globals, X), _flags("padding", padding, X)
        if (G & P).any():
            raise ValueError(
                f"globals must not be padding, got both at {tuple(map(int, np.argwhere(G & P)[0]))}"
            )
        if X.ndim == 2:
            return self._sequence(X, G, P)
        return np.stack([self._sequence(*each) for each in zip(X, G, P)]) if len(X) else X.copy()

    def _sequence(self, x, G, P):
        """The layer on one sequence (n, E)."""
        sets = self.pattern(*(np.flatnonzero(flags).tolist() for flags in (G, P)))
        out = attend_in_parts(self.s.q(x), *self.s.kv(x), self.heads, sets)
        if G.any():
            out[G] = attend_in_parts(self.g.q(x[G]), *self.g.kv(x[~P]), self.heads, Full())
        return out


def _flags(name, given, X):
    """A bool for each position of each sequence."""
    flags = np.zeros(X.shape[:-1], bool) if given is None else as_array(name, given)
    if flags.dtype != bool:
        raise TypeError(f"{name} must be bool, true for the positions meant, got {flags.dtype}")
    if flags.shape not in (X.shape[:-1], X.shape[-2:-1]):
        raise ValueError(
            f"{name} must have shape {X.shape[:-1]} or {X.shape[-2:-1]}, got {flags.shape}"
        )
    return np.broadcast_to(flags, X.shape[:-1])
