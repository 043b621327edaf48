"""Runs: the arithmetic sequences that rows of keys are made of.

A run is "below `stop`: from `start`, `width` keys of every `step`". Each field is an int, or an
int64 array with one entry per query, so that one line of arithmetic describes one row or a million.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .checks import integer
from .types import IntArray

MAX_INT64 = int(np.iinfo(np.int64).max)
MAX_STEP = 2**62  # a key below 2**31 plus a step stays in int64


class Run(NamedTuple):
    """{ j : start <= j < stop, (j - start) mod step < width }"""

    start: Any
    stop: Any
    step: Any
    width: Any


def span(start: Any, stop: Any) -> Run:
    """{ j : start <= j < stop }"""
    return Run(start, stop, 1, 1)


def every(step: Any, start: Any, stop: Any, width: Any = 1) -> Run:
    """{ j : start <= j < stop, (j - start) mod step < width }"""
    return Run(start, stop, step, width)


def check_runs(name: str, solution: Any, i: Any) -> tuple[Run, ...]:
    """The runs that a solution gives for i, as a tuple, once loops over their keys are safe.

    Raises TypeError for what is no Run, or has other fields than integers and, if i is an array,
    int64 arrays of its shape; ValueError for a step or width below 1, or one that wraps in int64.
    """
    runs = (solution,) if isinstance(solution, Run) else solution
    is_sequence = isinstance(runs, (tuple, list))
    if not is_sequence or not all(isinstance(run, Run) for run in runs):
        raise TypeError(f"{name}: solution must be a Run or a tuple of them, got {solution!r:.80}")
    for run in runs:
        for field, value in zip(run._fields, run):
            bounds = (1, MAX_STEP) if field in ("step", "width") else (-MAX_INT64, MAX_INT64)
            if isinstance(i, np.ndarray):
                _check_numbers(f"{name}: {field} of a run", value, i.shape, bounds)
            elif bounds[0] == 1:  # Python's integers have any size
                integer(f"{name}: {field} of a run", value, 1, None)
    return tuple(runs)


def _check_numbers(
    name: str,
    value: Any,
    shape: tuple[int, ...],
    bounds: tuple[int, int],
) -> None:
    """Refuse a field of a run that is neither an integer nor an int64 array of this shape."""
    least, most = bounds
    if not isinstance(value, np.ndarray):
        integer(name, value, least, most)
        return
    if value.dtype != np.int64 or value.shape != shape:
        raise TypeError(
            f"{name} must be an integer or an int64 array of shape {shape}, "
            f"got {value.dtype}, shape {value.shape}"
        )
    low, high = value.min(initial=least), value.max(initial=least)
    if low < least or high > most:
        raise ValueError(f"{name} must be from {least} to {most}, got {low} to {high}")


def in_run(run: Run, j: Any) -> Any:
    """Whether key j is in the run; broadcasts, and is exact for Python ints of any size."""
    start, stop, step, width = run
    in_group = (j - start) % step < width
    return (start <= j) & (j < stop) & in_group


def as_int64(x: Any) -> Any:
    """NumPy's integers as int64, so that differences of positions do not wrap; else x itself."""
    is_numpy = isinstance(x, (np.ndarray, np.generic))  # torch.compile reads no union of types
    if not is_numpy or x.dtype.kind not in "iu":
        return x
    return as_int64_exactly("queries and keys", x)


def as_int64_exactly(name: str, x: Any) -> IntArray:
    """NumPy's integers as int64, possibly x itself; ValueError for 2**63 and more, which wrap."""
    if x.dtype == np.uint64 and x.max(initial=0) > MAX_INT64:
        raise ValueError(f"{name} must be at most {MAX_INT64}, got {x.max()}")
    return x.astype(np.int64, copy=False)


def keys_of_run(run: Run, n: int) -> IntArray:
    """The keys of a run of ints that lie in 0 <= j < n, ascending, int64."""
    start, stop, step, width = (int(x) for x in run)
    stop = min(stop, n)
    first = start + max(-start, 0) // step * step  # the last group that begins at or below 0
    groups = np.arange(first, stop, step, dtype=np.int64)
    members = np.arange(min(step, width, max(n - first, 0)))
    keys = (groups[:, None] + members).ravel()
    return keys[(keys >= 0) & (keys < stop)]
