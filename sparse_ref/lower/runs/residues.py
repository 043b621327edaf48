"""The number of keys of strided runs that share one step, counted by residues without listing keys.

Between two neighbours among all starts and stops, the same residues are keys throughout. So each
such piece is counted as whole periods and a rest. Tables are in normal form, see `Runs`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, serial
from .table import START, STEP, STOP, WIDTH, argsort


@serial
def count_outside_spans(table, spans, n):
    """How many keys of the strided runs, all of one step, are in none of the spans."""
    runs = table[spans:]
    step = runs[0, STEP]
    firsts = np.empty(2 * len(runs), np.int64)
    lasts = np.empty(2 * len(runs), np.int64)
    residues = np.empty((2 * len(runs), 2), np.int64)
    cuts = sort_cuts(table, n)
    keys = at = 0
    for c in range(len(cuts) - 1):
        lo, hi = cuts[c], cuts[c + 1]
        while at < spans and table[at, STOP] <= lo:
            at += 1
        in_span = at < spans and table[at, START] <= lo
        if lo < hi and not in_span:
            count = residues_at(runs, lo, firsts, lasts, residues)
            keys += count_residues(residues, count, step, hi)
            keys -= count_residues(residues, count, step, lo)
    return keys


@inline
def sort_cuts(table, n):
    """0, n and the starts and stops of all runs, ascending."""
    cuts = np.empty(2 * len(table) + 2, np.int64)
    cuts[0], cuts[1] = 0, n
    for r in range(len(table)):
        cuts[2 * r + 2] = max(table[r, START], 0)
        cuts[2 * r + 3] = table[r, STOP]
    order = argsort(cuts)
    ascending = np.empty(len(cuts), np.int64)
    for c in range(len(cuts)):
        ascending[c] = cuts[order[c]]
    return ascending


@inline
def residues_at(runs, x, firsts, lasts, out):
    """Write the residues of the runs that reach over x as ascending disjoint [first, last).

    Return their number. `firsts` and `lasts` are a workspace.
    """
    count, step = 0, runs[0, STEP]
    for r in range(len(runs)):
        if runs[r, START] <= x < runs[r, STOP]:
            first = runs[r, START] % step
            last = first + runs[r, WIDTH]
            firsts[count] = first
            lasts[count] = min(last, step)
            count += 1
            if last > step:  # the group goes over the end of a period
                firsts[count] = 0
                lasts[count] = last - step
                count += 1
    disjoint = 0
    for r in argsort(firsts[:count]):
        previous = disjoint - 1
        if disjoint and firsts[r] <= out[previous, 1]:
            out[previous, 1] = max(lasts[r], out[previous, 1])
        else:
            out[disjoint, 0] = firsts[r]
            out[disjoint, 1] = lasts[r]
            disjoint += 1
    return disjoint


@serial
def count_residues(residues, count, step, x):
    """How many of 0, ..., x - 1 have one of the first `count` residues [first, last)."""
    periods, rest = x // step, x % step
    keys = 0
    for r in range(count):
        first, last = residues[r, 0], residues[r, 1]
        keys += periods * (last - first) + max(min(rest, last) - first, 0)
    return keys
