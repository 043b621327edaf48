"""The sets and inputs that are measured: lengths n and everything that goes with them are divided
by `scale`.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import NamedTuple

import numpy as np

import sparse_ref as sr

HEADS, D = 8, 64
SHARE = 0.35  # of sgemm, where keys are not one stretch


class Case(NamedTuple):
    """A set at a length; `dtype` is that of the inputs, and the share is of the machine's sgemm."""

    name: str
    pattern: sr.Pattern
    n: int
    share: float | None = None
    dtype: str = "float32"


def case(pattern: sr.Pattern, n: int, share: float | None = None) -> Case:
    """A set that is called as its repr."""
    return Case(repr(pattern), pattern, n, share)


def part(x: int, scale: int) -> int:
    """x / scale, at least 1."""
    return max(1, x // scale)


def label(name: str, n: int) -> str:
    """The table's name of a set at a length."""
    return f"{name}, n = {n:,}"


def targets(scale: int) -> list[Case]:
    """The sets whose share of sgemm has a target."""
    n, window = part(16384, scale), part(512, scale)
    l, size = part(128, scale), part(64, scale)
    c = part(l, 16)
    return [
        case(sr.Causal(), part(8192, scale), 0.6),
        case(sr.Lookback(window), n, 0.5),
        case(sr.Strided(l), n, SHARE),
        case(sr.Summary(l, c), n, SHARE),
        case(sr.Dilated(l, 4), n, SHARE),
        Case(f"bigbird, blocks of {size}, 3 random", sr.bigbird(n, size, 3, seed=0), n, SHARE),
        Case(f"Listed, buckets of {size}", buckets(n, size), n, SHARE),
    ]


def more_cases(scale: int) -> list[Case]:
    """Sets and dtypes whose share is measured without a target."""
    n, window = part(16384, scale), part(512, scale)
    l = part(128, scale)
    side = isqrt(n)
    merged = sr.Merged(sr.strided(l)).at(0, 0)
    dtypes = "float64", "float16", "bfloat16"
    lookback = sr.Lookback(window)
    return [
        Case(f"Merged(strided({l}))", merged, part(8192, scale)),
        case(sr.Local(l) | sr.Global(64), n),
        Case(f"natten_nd(({side}, {side}), 13)", sr.natten_nd((side, side), 13), side * side),
        *(Case(f"{lookback!r}, {dtype}", lookback, n, dtype=dtype) for dtype in dtypes),
    ]


def buckets(n: int, size: int) -> sr.Listed:
    """Positions dealt at random into buckets of `size`, as hashing deals them; each sees its own
    bucket.
    """
    order = np.random.default_rng(0).permutation(n)
    members = np.sort(order.reshape(-1, size), axis=1)
    keys = np.empty((n, size), np.int64)
    keys[members] = members[:, None]
    indptr = size * np.arange(n + 1)
    return sr.Listed(indptr, keys.ravel())


def normal(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Standard normal float32."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


Inputs = tuple[np.ndarray, np.ndarray, np.ndarray]


@lru_cache(maxsize=8)
def qkv(n: int, heads=HEADS, dtype="float32", seed=0) -> Inputs:
    """Standard normal q, k and v, (heads, n, D) each; one call serves all that repeat it.

    Raises ImportError for bfloat16 without ml_dtypes.
    """
    if dtype == "bfloat16":
        import ml_dtypes

        kind = np.dtype(ml_dtypes.bfloat16)
    else:
        kind = np.dtype(dtype)
    arrays = normal((3, heads, n, D), seed)
    q, k, v = arrays.astype(kind)
    return q, k, v
