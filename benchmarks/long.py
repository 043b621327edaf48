"""Long inputs: time by length, and memory."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import label, part, qkv
from .children import child
from .rows import Row, Target
from .timing import Size, time_rounds

GROUP = "long inputs"
LENGTHS = (8192, 65536, 262144, 1_000_000)


def rows(size: Size) -> list[Row]:
    """`Lookback(512)`, one head: time of `attend` for each connected pair, and peak memory at n =
    1,000,000.

    The value of the first row is how much longer a pair takes at the slowest length than at the
    quickest, by their medians. Memory is that of a process of its own, lowering included: its peak,
    as the kernel counts it, beyond what it took with everything imported, compiled and warmed up,
    and beyond q, k, v and the output; in units of 10**9 bytes.
    """
    window = part(512, size.scale)
    longest = part(LENGTHS[-1], size.scale)
    return [spread(window, size), memory(window, longest)]


def spread(window: int, size: Size) -> Row:
    """Nanoseconds for each connected pair, at the slowest length and at the quickest."""
    calls, pairs = {}, {}
    for full_length in LENGTHS:
        n = part(full_length, size.scale)
        name, plan = f"n = {n:,}", sr.plan(sr.Lookback(window), n)
        calls[name] = partial(sr.attend, *qkv(n, heads=1), plan)
        pairs[name] = plan.nnz
    seconds = time_rounds(calls, size, GROUP)
    medians = {name: nanoseconds(seconds[name], pairs[name]) for name in calls}
    slowest, quickest = max(medians.values()), min(medians.values())
    return Row(
        GROUP,
        f"Lookback({window}), spread over {len(calls)} lengths",
        "slowest, quickest length",
        slowest,
        quickest,
        "ns a pair",
        slowest / quickest - 1,
        Target("<=", 0.2),
        more={"ns_a_pair": medians},
    )


def nanoseconds(seconds: np.ndarray, pairs: int) -> float:
    """Of a pair, by the median over the rounds."""
    return float(np.median(1e9 * seconds / pairs))


def memory(window: int, n: int) -> Row:
    """Peak memory beyond inputs and output."""
    row = Row(GROUP, label(f"Lookback({window}), peak memory", n), "inputs, output")
    row = replace(row, unit="GB", target=Target("<=", 1.0))
    child("peak", min(window, 64), 1024)  # compiles, so that the process that counts does not
    measures = child("peak", window, n)
    if "missing" in measures:
        return replace(row, missing=measures["missing"])
    peak, arrays = measures["peak"] / 1e9, measures["inputs_and_output"] / 1e9
    return replace(row, measured=peak, reference=arrays, value=peak - arrays, more=measures)
