"""Arrays of a layer in which every position is a query and a key."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention.arrays import as_array

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]  # q, k, v, or their gradients


def self_attention_arrays(q: ArrayLike, k: ArrayLike, v: ArrayLike) -> Arrays:
    """q, k, v as NumPy arrays; ValueError unless there is a key and a value for each query."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    queries = q.shape[-2:-1]
    for name, array in ("k", k), ("v", v):
        if array.shape[-2:-1] != queries:
            raise ValueError(
                f"{name} must have one row for each query, {queries}, got {array.shape[-2:-1]}"
            )
    return q, k, v
