"""Atoms spread over tokens, for each head of a layer that attends to itself."""

from __future__ import annotations

import numpy as np

from ...sets.heads import PatternTuple
from ...sets.pattern import Pattern
from ...sets.token_pools import Pooled

Sets = Pattern | tuple[Pattern, ...]


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


def check_self_attention(q: np.ndarray, k: np.ndarray) -> None:
    """Refuse other than one key a query, in sequences without a batch."""
    if q.ndim not in (2, 3):
        raise ValueError(f"q must have shape (n, d) or (H, n, d), got {q.shape}")
    if q.shape[-2:-1] != k.shape[-2:-1]:
        raise ValueError(
            f"k must have as many keys as q has queries, {q.shape[-2:-1]}, got {k.shape[-2:-1]}"
        )
