"""The q and k that a check is given, for sets that depend on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sets.checks import integer, lengths
from ..sets.types import FloatArray, Length

InputArrays = tuple[FloatArray, FloatArray]  # q and k


def input_arrays(q: Any, k: Any) -> InputArrays | None:
    """q and k as float64 arrays, (H, n, d) each."""
    if (q is None) != (k is None):
        raise ValueError("q and k must be given together")
    if q is None:
        return None
    arrays = np.asarray(q, np.float64), np.asarray(k, np.float64)
    for name, x in zip("qk", arrays):
        if x.ndim != 3:
            raise ValueError(f"{name} must have shape (heads, n, d), got {x.shape}")
        if not np.isfinite(x).all():
            raise ValueError(f"{name} must be finite, got NaN or inf")
    return arrays


def heads_of_inputs(
    inputs: InputArrays, heads: int | None, kv_heads: int | None
) -> tuple[int, int]:
    """(H, G) of q and k, which must be those asked for."""
    numbers = heads, kv_heads
    for name, x, asked in zip("qk", inputs, numbers):
        if asked is not None and len(x) != asked:
            raise ValueError(f"{name} must have {asked} heads, got shape {x.shape}")
    q, k = inputs
    return len(q), len(k)


def shared_inputs(n: Length, heads: int, d: int | None, seed: int) -> InputArrays:
    """Random queries that are the keys, too."""
    width = 16 if d is None else integer("d", d, 2)
    shape = heads, lengths(n)[0], width
    normal = np.random.default_rng(seed).standard_normal(shape, np.float32)
    q = normal.astype(np.float64)
    return q, q
