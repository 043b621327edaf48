"""One softmax over several parts: queries over different keys, merged forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from ..attention import attend_backward, attend_with_lse, merge
from ..sets.heads import PatternOfHeads

Part = tuple[np.ndarray, np.ndarray, np.ndarray, PatternOfHeads]  # q, k, v and who sees whom


def attend_to_parts(
    parts: Sequence[Part],
    scale: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(out, lse) of one softmax over the keys of all parts, whose queries are as many."""
    attend = partial(attend_with_lse, scale=scale)
    return merge([attend(*part) for part in parts])


def parts_backward(
    grad_out: np.ndarray,
    parts: Sequence[Part],
    scale: float | None = None,
) -> list[tuple[np.ndarray, ...]]:
    """(dq, dk, dv) of each part, the gradients of sum(grad_out * attend_to_parts(parts))."""
    out, lse = attend_to_parts(parts, scale)
    gradients: list[tuple[np.ndarray, ...]] = []
    for q, k, v, p in parts:
        arrays = grad_out, q, k, v, out, lse
        gradients.append(attend_backward(*arrays, p, scale=scale))
    return gradients
