"""What layers with an index share: atoms spread over tokens, and gradients for constant sets."""

from __future__ import annotations

import numpy as np

from ..attention import attend_backward, attend_with_lse
from ..sets.heads import PatternTuple
from ..sets.pattern import Pattern
from ..sets.token_pools import Pooled

Sets = Pattern | tuple[Pattern, ...]
Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def tokens(atoms: Sets, length: int, among: Pattern) -> Sets:
    """The tokens of the pools that each query has, as far as they are in `among`, per head."""
    if isinstance(atoms, Pattern):
        return Pooled(atoms, length) & among
    return PatternTuple(Pooled(p, length) & among for p in atoms)


def per_query_head(sets: Sets, heads: int) -> Sets:
    """A pattern for each of the H query heads, from one for each key head, G dividing H."""
    if isinstance(sets, Pattern):
        return sets
    return PatternTuple(p for p in sets for _ in range(heads // len(sets)))


def gradients(
    grad_out: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, pattern: Sets
) -> Gradients:
    """(dq, dk, dv) of attention over sets that do not change."""
    out, lse = attend_with_lse(q, k, v, pattern)
    return attend_backward(grad_out, q, k, v, out, lse, pattern)


def check_self_attention(q: np.ndarray, k: np.ndarray) -> None:
    """Refuse other than one key a query, in sequences without a batch."""
    if q.ndim not in (2, 3):
        raise ValueError(f"q must have shape (n, d) or (H, n, d), got {q.shape}")
    if q.shape[-2:-1] != k.shape[-2:-1]:
        raise ValueError(
            f"k must have as many keys as q has queries, {q.shape[-2:-1]}, got {k.shape[-2:-1]}"
        )
