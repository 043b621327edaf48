"""Heads as the published code lays them out: contiguous slices of the last axis, E = heads d."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..attention import attend
from ..sets.pattern import Pattern


def attend_per_head(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    heads: int,
    pattern: Pattern | Sequence[Pattern],
) -> np.ndarray:
    """Attention per head, on its slice of q, k, v (..., n, E), scale 1 / sqrt(E / heads)"""
    width = q.shape[-1]
    is_integer = isinstance(heads, (int, np.integer)) and not isinstance(heads, bool)
    if not is_integer or heads < 1 or width % heads:
        raise ValueError(
            f"heads must be an integer of at least 1 that divides E = {width}, got {heads!r}"
        )
    q_heads = split_heads(q, heads)
    k_heads = split_heads(k, heads)
    v_heads = split_heads(v, heads)
    out = attend(q_heads, k_heads, v_heads, pattern)
    return join_heads(out)


def split_heads(x: np.ndarray, heads: int) -> np.ndarray:
    """(..., n, E) -> (..., heads, n, E / heads)"""
    *outer, width = x.shape
    slices = x.reshape(*outer, heads, width // heads)
    return np.moveaxis(slices, -2, -3)


def join_heads(x: np.ndarray) -> np.ndarray:
    """(..., heads, n, d) -> (..., n, heads d)"""
    *outer, heads, n, width = x.shape
    slices = np.moveaxis(x, -3, -2)
    return slices.reshape(*outer, n, heads * width)
