"""Compile every loop of lowering and attention before its first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np

from ..lower import bsr, csr, plan, row_counts
from ..patterns import Causal, Lookback, Strided
from ..sets.listed import Listed
from .attend import attend_backward, attend_with_lse

N = 130  # more than two tiles


def compile_all(
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> None:
    """Compile all that attention on the CPU runs, for each dtype, and keep it on disk.

    `progress` goes around the list of jobs, as `tqdm.tqdm` does. What is kept already is not
    compiled again.
    """
    common = [Causal(), Strided(7) | Lookback(9)]
    patterns = [*common, ~Strided(3), sparse_rows()]
    jobs: list[tuple[Any, Any]] = [(pattern, None) for pattern in patterns]
    jobs += product(common, dtypes())
    for pattern, dtype in progress(jobs):
        if dtype is None:
            lower(pattern)
        else:
            attend_both_ways(pattern, dtype)


def dtypes() -> list[np.dtype]:
    """The dtypes that attention takes, as far as they are installed."""
    known = [np.dtype(name) for name in ("float32", "float64", "float16")]
    if find_spec("ml_dtypes"):
        import ml_dtypes

        known.append(np.dtype(ml_dtypes.bfloat16))
    return known


def sparse_rows() -> Listed:
    """Rows without keys, and rows with a few that are no run."""
    rows = [[(7 * i) % N, 3] for i in range(N)]
    rows[::3] = [[]] * len(rows[::3])
    return Listed.of_rows(rows)


def lower(pattern) -> None:
    """Lower a pattern to every form."""
    row_counts(pattern, N)
    bsr(pattern, N, 16)
    csr(pattern, N).transpose()
    plan(pattern, N)


def attend_both_ways(pattern, dtype: np.dtype) -> None:
    """Attend over tiles and over CSR, and back."""
    x = np.ones((1, N, 4), dtype)
    for sets in (plan(pattern, N), csr(pattern, N)):
        out, lse = attend_with_lse(x, x, x, sets)
        attend_backward(out, x, x, x, out, lse, sets)
