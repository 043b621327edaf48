"""Loops over runs, shared by every lowering: what follows a key, how runs unite.

A table of runs has one row (start, stop, step, width) each. "Tidy" is said in `runs.Runs`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from .argsort import ranked


@serial
def spans_in(table):
    """How many of a tidy table's runs are spans; they come first."""
    spans = 0
    while spans < len(table) and table[spans, 2] == 1:
        spans += 1
    return spans


@serial
def after(run, j):
    """The least key beyond j, from 0 on, in the run's residues; at or beyond its stop where there is none."""
    key = max(j + 1, run[0])
    gap = (key - run[0]) % run[2]
    return key if gap < run[3] else key + run[2] - gap


@serial
def stretch(table, spans, at, j, n):
    """The next consecutive keys lo <= key < hi of the union beyond j; lo = n where none is left.

    Also the first span that is not passed yet: hand it back in as `at`. O(1 + strided runs).
    """
    while at < spans and table[at, 1] <= j + 1:
        at += 1
    lo, hi = n, n
    if at < spans:
        lo, hi = max(j + 1, table[at, 0]), table[at, 1]
    for r in range(spans, len(table)):
        key = after(table[r], j)
        if key < table[r, 1] and key < lo:
            lo = key
            hi = min(key + table[r, 3] - (key - table[r, 0]) % table[r, 2], table[r, 1])
    return lo, hi, at


@serial
def below(run, x):
    """How many numbers under x are in the run's residues, counted from its start."""
    groups, rest = divmod(max(x - run[0], 0), run[2])
    return groups * run[3] + min(rest, run[3])


@serial
def listed(table, n, out):
    """Write the keys of the union into `out`, ascending."""
    spans, t = spans_in(table), 0
    lo, hi, at = stretch(table, spans, 0, -1, n)
    while lo < n:
        for key in range(lo, hi):
            out[t] = key
            t += 1
        lo, hi, at = stretch(table, spans, at, hi - 1, n)


@serial
def clipped(run, n):
    """The run cut to 0 <= j < n, as a span (step 1) where it is one; start >= stop where nothing is left."""
    start, stop, step, width = run[0], min(run[1], n), run[2], run[3]
    if width >= step:
        return max(start, 0), stop, 1, 1
    if start < 0:
        start += -start // step * step  # to the last group that begins at or below 0
        if start + width <= 0:
            start += step
    if stop - start <= step:  # one group
        return max(start, 0), min(start + width, stop), 1, 1
    return start, stop, step, width


@serial
def united(table, n, out):
    """Write the tidy form of any runs into `out`, which holds as many; the number written."""
    if len(table) == 1:
        out[0, 0], out[0, 1], out[0, 2], out[0, 3] = clipped(table[0], n)
        return 1 if out[0, 0] < out[0, 1] else 0
    spans = ascending(table, n, out)
    return spans if spans >= 0 else merged(table, n, out)


@serial
def ascending(table, n, out):
    """Write the spans of a table that has nothing but spans, ascending and apart from one another; -1 where it is none."""
    spans = 0
    for r in range(len(table)):
        start, stop, step, _ = clipped(table[r], n)
        if start < stop:
            if step > 1 or (spans and start <= out[spans - 1, 1]):
                return -1
            out[spans, 0], out[spans, 1], out[spans, 2], out[spans, 3] = start, stop, 1, 1
            spans += 1
    return spans


@serial
def merged(table, n, out):
    """Write the tidy form of runs in any order; how many there are then."""
    starts, stops = np.empty(len(table), np.int64), np.empty(len(table), np.int64)
    strided = np.empty((len(table), 4), np.int64)
    spans = classes = 0
    for r in range(len(table)):
        start, stop, step, width = clipped(table[r], n)
        if start >= stop:
            continue
        if step > 1:
            classes = admit(strided, classes, start, stop, step, width)
        elif spans and starts[spans - 1] <= stop and start <= stops[spans - 1]:
            starts[spans - 1] = min(start, starts[spans - 1])
            stops[spans - 1] = max(stop, stops[spans - 1])
        else:
            starts[spans], stops[spans] = start, stop
            spans += 1
    apart = 0
    for s in ranked(starts[:spans]):
        if apart and starts[s] <= out[apart - 1, 1]:
            out[apart - 1, 1] = max(stops[s], out[apart - 1, 1])
        else:
            out[apart, 0], out[apart, 1], out[apart, 2], out[apart, 3] = starts[s], stops[s], 1, 1
            apart += 1
    out[apart : apart + classes] = strided[:classes]
    return apart + classes


@serial
def admit(strided, classes, start, stop, step, width):
    """Add a strided run to `classes` others, widening one of the same residues that it touches; how many now."""
    for c in range(classes):
        have = strided[c]
        gap = max(start - have[1], have[0] - stop)
        touches = gap <= 0 or (width == 1 and gap < step)
        if have[2] == step and have[3] == width and (start - have[0]) % step == 0 and touches:
            have[0], have[1] = min(start, have[0]), max(stop, have[1])
            return classes
    new = strided[classes]
    new[0], new[1], new[2], new[3] = start, stop, step, width
    return classes + 1
