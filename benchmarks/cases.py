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


class Case(NamedTuple):
    """A set at a length; `dtype` is that of the inputs, and the share is of the machine's sgemm."""

    name: str
    pattern: sr.Pattern
    n: int
    share: float | None = None
    dtype: str = "float32"


def part(x: int, scale: int) -> int:
    """x / scale, at least 1."""
    return max(1, x // scale)


def named(name: str, n: int) -> str:
    """A set at a length, as the table has it."""
    return f"{name}, n = {n:,}"


def targets(scale: int) -> list[Case]:
    """The sets whose share of sgemm has a target."""
    n, l, size = part(16384, scale), part(128, scale), part(64, scale)
    c = part(l, 16)
    window = part(512, scale)
    return [
        Case("Causal()", sr.Causal(), part(8192, scale), 0.6),
        Case(f"Lookback({window})", sr.Lookback(window), n, 0.5),
        Case(f"Strided({l})", sr.Strided(l), n, 0.35),
        Case(f"Summary({l}, {c})", sr.Summary(l, c), n, 0.35),
        Case(f"Dilated({l}, 4)", sr.Dilated(l, 4), n, 0.35),
        Case(f"bigbird, blocks of {size}, 3 random", sr.bigbird(n, size, 3, seed=0), n, 0.35),
        Case(f"Listed, buckets of {size}", buckets(n, size), n, 0.35),
    ]


def others(scale: int) -> list[Case]:
    """Sets and dtypes whose share is measured without a target."""
    n, l, window = part(16384, scale), part(128, scale), part(512, scale)
    side = isqrt(n)
    return [
        Case(f"Merged(strided({l}))", sr.Merged(sr.strided(l)).at(0, 0), part(8192, scale)),
        Case(f"Local({l}) | Global(64)", sr.Local(l) | sr.Global(64), n),
        Case(f"natten_nd(({side}, {side}), 13)", sr.natten_nd((side, side), 13), side * side),
        *(
            Case(f"Lookback({window}), {dtype}", sr.Lookback(window), n, dtype=dtype)
            for dtype in ("float64", "float16", "bfloat16")
        ),
    ]


def buckets(n: int, size: int) -> sr.Listed:
    """Positions dealt at random into buckets of `size`, as hashing deals them; each sees its own
    bucket.
    """
    members = np.sort(np.random.default_rng(0).permutation(n).reshape(-1, size), axis=1)
    keys = np.empty((n, size), np.int64)
    keys[members] = members[:, None]
    return sr.Listed(np.arange(0, n * size + 1, size), keys.ravel())


@lru_cache(maxsize=8)
def qkv(
    n: int, heads: int = HEADS, d: int = D, dtype: str = "float32", seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal q, k and v, (heads, n, d) each, kept for all who ask. Raises ImportError for
    bfloat16 without ml_dtypes.
    """
    if dtype == "bfloat16":
        import ml_dtypes

        kind = np.dtype(ml_dtypes.bfloat16)
    else:
        kind = np.dtype(dtype)
    q, k, v = (
        np.random.default_rng(seed).standard_normal((3, heads, n, d), dtype=np.float32).astype(kind)
    )
    return q, k, v
