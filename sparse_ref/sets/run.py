"""Runs: the arithmetic sequences that rows of keys are made of.

A run is "below `stop`: from `start`, `width` keys of every `step`". Each field is an int, or an
int64 array with one entry per query, so that one line of arithmetic describes one row or a million.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Run(NamedTuple):
    """{ j : start <= j < stop, (j - start) mod step < width }"""

    start: Any
    stop: Any
    step: Any
    width: Any


def span(start, stop) -> Run:
    """{ j : start <= j < stop }"""
    return Run(start, stop, 1, 1)


def every(step, start, stop, width=1) -> Run:
    """{ j : start <= j < stop, (j - start) mod step < width }"""
    return Run(start, stop, step, width)


def in_run(run: Run, j):
    """Whether key j is in the run; broadcasts, and is exact for Python ints of any size."""
    start, stop, step, width = run
    return (start <= j) & (j < stop) & ((j - start) % step < width)


def as_int64(x):
    """NumPy's integers as int64, where differences of queries, keys and parameters fit; anything
    else as it is.
    """
    if getattr(getattr(x, "dtype", None), "kind", "") not in ("i", "u") or not isinstance(
        x, (np.ndarray, np.generic)
    ):
        return x
    most = int(np.max(x, initial=0)) if x.dtype == np.uint64 else 0
    if most > np.iinfo(np.int64).max:
        raise ValueError(f"queries and keys must be at most {np.iinfo(np.int64).max}, got {most}")
    return x.astype(np.int64)


def keys_of_run(run: Run, n: int) -> np.ndarray:
    """The keys of a run of ints that lie in 0 <= j < n, ascending, int64."""
    start, stop, step, width = (int(x) for x in run)
    first = start + max(-start, 0) // step * step  # the last group that begins at or below 0
    groups = np.arange(first, min(stop, n), step, dtype=np.int64)
    keys = (groups[:, None] + np.arange(min(step, width, max(n - first, 0)))).ravel()
    return keys[(keys >= 0) & (keys < min(stop, n))]
