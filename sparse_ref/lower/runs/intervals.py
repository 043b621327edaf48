"""The keys of a row as intervals of consecutive keys, one after the other.

    lo, hi, at = first_interval(table, spans, n)
    while lo < n:
        ...
        lo, hi, at = next_interval(table, spans, at, hi - 1, n)

Tables are in normal form, see `Runs`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from .table import START, STEP, STOP, WIDTH


@serial
def span_count(table):
    """The number of spans of a row; they come first."""
    spans = 0
    while spans < len(table) and table[spans, STEP] == 1:
        spans += 1
    return spans


@serial
def next_key(run, j):
    """The least key above j with the run's residues; at or above its stop if none is left."""
    key = max(j + 1, run[START])
    gap = (key - run[START]) % run[STEP]
    return key if gap < run[WIDTH] else key + run[STEP] - gap


@serial
def first_interval(table, spans, n):
    """The first consecutive keys lo <= key < hi of a row; lo = n if it has none."""
    # Not literals: Numba would compile `next_interval` for 0 and -1 separately.
    at, j = np.int64(0), np.int64(-1)
    return next_interval(table, spans, at, j, n)


@serial
def next_interval(table, spans, at, j, n):
    """The next consecutive keys lo <= key < hi of a row above j; lo = n if none is left.

    `at` is the first span that may reach above j; the third result is its value for the next call.
    The next interval may follow at hi.
    O(1 + strided runs).
    """
    while at < spans and table[at, STOP] <= j + 1:
        at += 1
    lo, hi = n, n
    if at < spans:
        lo = max(j + 1, table[at, START])
        hi = table[at, STOP]
    for r in range(spans, len(table)):
        key = next_key(table[r], j)
        if key < table[r, STOP] and key < lo:
            place_in_group = (key - table[r, START]) % table[r, STEP]
            lo = key
            hi = min(key + table[r, WIDTH] - place_in_group, table[r, STOP])
    return lo, hi, at
