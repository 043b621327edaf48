"""Rows of two outputs that differ by more than rounding explains."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import spacing


def rounding_of(out: Any, dtype: str) -> float:
    """The difference that rounding explains."""
    return 16 * spacing(dtype) * largest(out)


def largest(out: FloatArray) -> float:
    """The largest finite output."""
    is_finite = np.isfinite(out)
    return float(np.abs(out).max(initial=0, where=is_finite))


def differing_rows(actual: Any, expected: Any, allowed: float) -> BoolArray:
    """Rows that differ by more than is allowed, bool (H, n_q)."""
    with np.errstate(invalid="ignore"):
        return (np.abs(actual - expected) > allowed).any(axis=-1)
