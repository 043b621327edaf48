"""Heads as the published code keeps them: contiguous parts of the last axis, E = heads d."""

import numpy as np

from ..attention import attend


def attend_in_parts(q, k, v, heads, pattern) -> np.ndarray:
    """Attention of each part of q, k, v (..., n, E) on its own, scale 1 / sqrt(E / heads), side by side: (..., n, E)"""
    if (
        isinstance(heads, bool)
        or not isinstance(heads, (int, np.integer))
        or heads < 1
        or q.shape[-1] % heads
    ):
        raise ValueError(
            f"heads must be an integer of at least 1 that divides E = {q.shape[-1]}, got {heads!r}"
        )
    out = attend(_parts(q, heads), _parts(k, heads), _parts(v, heads), pattern)
    return np.moveaxis(out, -3, -2).reshape(q.shape)


def _parts(x, heads):
    """(..., n, E) -> (..., heads, n, E / heads)"""
    return np.moveaxis(x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads), -2, -3)
