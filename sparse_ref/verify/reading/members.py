"""Which keys have weight in a row, and how often each counts, by the sizes of their weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from .base import member_keys

UNEVEN = 1e-4  # of log weights, which no rounding of float32 explains


class MemberCounts(NamedTuple):
    """The keys of rows, (H, rows, n_k).

    mask : those with weight.  counts : how often each counts.
    uneven : bool (H, rows), rows whose weights are not in proportion to how often keys count.
    faint : keys whose weight is too small to be read.
    """

    mask: BoolArray
    counts: IntArray
    uneven: BoolArray
    faint: BoolArray


def count_members(
    sizes: FloatArray,
    x: FloatArray | None,
    expected: BoolArray,
    faint: BoolArray,
    dtype: str,
    attended: BoolArray | None = None,
) -> MemberCounts:
    """The keys of rows with these sizes, weights less what the meant logits x explain.

    `attended` are the faint keys that were read by other calls; None if none were, and faint keys
    stay faint. In uneven rows each key counts once, and expected keys that do not show are faint.
    """
    mask = member_keys(np.where(faint, 0, sizes))
    if attended is None:
        attended = np.zeros_like(mask)
    else:
        faint = np.zeros_like(faint)
    counts = key_counts(sizes, mask & ~attended)
    uneven = uneven_rows(sizes, counts, x, dtype)
    mask = mask | attended
    counts = np.where(uneven[..., None] | attended, mask, counts)
    faint = faint | (uneven[..., None] & expected & ~mask)
    return MemberCounts(mask, counts, uneven, faint)


def key_counts(weights: FloatArray, mask: BoolArray) -> IntArray:
    """How many times each key of a mask counts, if the least weight of its row counts once."""
    size = np.where(mask, np.abs(weights), 0)
    positive = np.where(size > 0, size, np.inf)
    unit = positive.min(axis=-1, keepdims=True)
    return np.rint(size / unit).astype(np.int64)


def uneven_rows(sizes: FloatArray, counts: IntArray, x: FloatArray | None, dtype: str) -> BoolArray:
    """Rows whose weights are not in proportion to how often keys count.

    `sizes` are the weights less what the meant logits x explain. What the rounding of logits and
    weights explains is allowed.
    """
    size = np.abs(sizes) / np.maximum(counts, 1)
    member = counts > 0
    log_size = np.log(np.where(member, size, 1))
    least = log_size.min(axis=-1, initial=np.inf, where=member)
    most = log_size.max(axis=-1, initial=-np.inf, where=member)
    logits = np.zeros_like(size) if x is None else np.abs(x)
    largest = logits.max(axis=-1, initial=0, where=member)
    allowed = UNEVEN + 4 * spacing(dtype) * (1 + largest)
    return most - least > allowed
