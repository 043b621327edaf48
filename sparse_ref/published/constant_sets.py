"""Attention over sets that were chosen by data, and its gradients, the choice held constant."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend, attend_backward, attend_with_lse
from ..attention.arrays import as_array
from ..sets.heads import PatternOfHeads

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def attend_arrays(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    chosen: PatternOfHeads,
    scale: float | None = None,
) -> np.ndarray:
    """`sr.attend` of what can be made arrays."""
    queries, keys, values = map(as_array, "qkv", (q, k, v))
    return attend(queries, keys, values, chosen, scale=scale)


def gradients(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    chosen: PatternOfHeads,
    scale: float | None = None,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attend(q, k, v, chosen)), the choice constant.

    Parameters and errors are those of `sr.attend` and `sr.attend_backward`.
    """
    queries, keys, values = map(as_array, "qkv", (q, k, v))
    out, lse = attend_with_lse(queries, keys, values, chosen, scale=scale)
    forward = as_array("grad_out", grad_out), queries, keys, values, out, lse
    return attend_backward(*forward, chosen, scale=scale)
