"""Long inputs: time by length, and memory."""

from __future__ import annotations

from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import named, part, qkv
from .children import child
from .rows import Row, Target
from .timing import Size, interleaved

GROUP = "long inputs"
LENGTHS = (8192, 65536, 262144, 1_000_000)


def rows(size: Size) -> list[Row]:
    """`Lookback(512)`, one head: time of `attend` for each connected pair, and peak memory at n =
    1,000,000.

    The value of the first row is how much longer a pair takes at the slowest length than at the
    quickest, by their medians. Memory is that of a process of its own, lowering included: its peak,
    as the kernel counts it, beyond what it held with everything imported, compiled and warmed up,
    and beyond q, k, v and the output; in units of 10**9 bytes.
    """
    window = part(512, size.scale)
    return [*by_length(window, size), memory(window, part(LENGTHS[-1], size.scale))]


def by_length(window: int, size: Size) -> list[Row]:
    """Nanoseconds for each connected pair."""
    calls, pairs = {}, {}
    for n in (part(n, size.scale) for n in LENGTHS):
        lowered = sr.plan(sr.Lookback(window), n)
        calls[f"n = {n:,}"], pairs[f"n = {n:,}"] = (
            partial(sr.attend, *qkv(n, heads=1), lowered),
            lowered.nnz,
        )
    taken = interleaved(calls, size, GROUP)
    medians = {n: float(np.median(1e9 * taken[n] / pairs[n])) for n in calls}
    spread = max(medians.values()) / min(medians.values()) - 1
    return [
        Row(
            GROUP,
            f"Lookback({window}), spread over {len(calls)} lengths",
            "slowest, quickest length",
            max(medians.values()),
            min(medians.values()),
            "ns a pair",
            spread,
            Target("<=", 0.2),
            more={"ns_a_pair": medians},
        )
    ]


def memory(window: int, n: int) -> Row:
    """Peak memory beyond inputs and output."""
    case, target = named(f"Lookback({window}), peak memory", n), Target("<=", 1.0)
    child(
        "peak", min(window, 64), 1024
    )  # whatever is not compiled yet is now, and not in the process that counts
    found = child("peak", window, n)
    if "missing" in found:
        return Row(GROUP, case, "inputs, output", target=target, missing=found["missing"])
    more, given = found["peak"] / 1e9, found["inputs_and_output"] / 1e9
    return Row(GROUP, case, "inputs, output", more, given, "GB", more - given, target, more=found)
