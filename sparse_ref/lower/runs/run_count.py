"""How many keys a row has, without listing them where its strided runs have one step: their residues are counted.

Between two neighbouring starts and stops of the runs the same residues are held throughout, so that each such piece is
counted by whole periods and a rest. Tables are tidy, as in `stretches`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from .argsort import ranked
from .run_loops import below, spans_in, stretch


@serial
def size(table, n):
    """How many keys the union of a tidy table's runs has."""
    spans, keys, steps, walk = spans_in(table), 0, 0, 0
    for r in range(spans):
        keys += table[r, 1] - table[r, 0]
    for r in range(spans, len(table)):
        steps += table[r, 2] != table[spans, 2]
        walk += below(table[r], table[r, 1]) - below(table[r], 0)
    strided = len(table) - spans
    if strided == 0 or len(table) == 1:
        return keys + walk
    if steps == 0 and walk > 8 * strided * (strided + spans):
        return keys + between_spans(table, spans, n)
    keys = 0
    lo, hi, at = stretch(table, spans, 0, -1, n)
    while lo < n:
        keys += hi - lo
        lo, hi, at = stretch(table, spans, at, hi - 1, n)
    return keys


@serial
def between_spans(table, spans, n):
    """How many keys of the strided runs, all of one step, lie in no span."""
    runs = table[spans:]
    cuts = np.empty(2 * len(runs) + 2 * spans + 2, np.int64)
    cuts[0], cuts[1] = 0, n
    for r in range(len(runs)):
        cuts[2 * r + 2], cuts[2 * r + 3] = max(runs[r, 0], 0), runs[r, 1]
    for r in range(spans):
        cuts[2 * len(runs) + 2 * r + 2], cuts[2 * len(runs) + 2 * r + 3] = table[r, 0], table[r, 1]
    cuts = cuts[ranked(cuts)]
    residues, keys, at = np.empty((2 * len(runs), 2), np.int64), 0, 0
    for c in range(len(cuts) - 1):
        lo, hi = cuts[c], cuts[c + 1]
        while at < spans and table[at, 1] <= lo:
            at += 1
        if lo < hi and not (at < spans and table[at, 0] <= lo):
            held = residues_held(runs, lo, residues)
            step = runs[0, 2]
            keys += counted(residues[:held], step, hi) - counted(residues[:held], step, lo)
    return keys


@serial
def residues_held(runs, lo, out):
    """Write the residues that the runs reaching over lo hold, as ascending [first, last) apart from one another; how many."""
    many, step = 0, runs[0, 2]
    for r in range(len(runs)):
        if runs[r, 0] <= lo < runs[r, 1]:
            first = runs[r, 0] % step
            last = first + runs[r, 3]
            out[many, 0], out[many, 1] = first, min(last, step)
            many += 1
            if last > step:
                out[many, 0], out[many, 1] = 0, last - step
                many += 1
    ascending, apart = out[:many][ranked(out[:many, 0])], 0
    for r in range(many):
        first, last = ascending[r]
        if apart and first <= out[apart - 1, 1]:
            out[apart - 1, 1] = max(last, out[apart - 1, 1])
        else:
            out[apart, 0], out[apart, 1] = first, last
            apart += 1
    return apart


@serial
def counted(residues, step, x):
    """How many of 0, ..., x - 1 have one of these residues."""
    periods, rest = divmod(x, step)
    keys = 0
    for r in range(len(residues)):
        first, last = residues[r, 0], residues[r, 1]
        keys += periods * (last - first) + max(min(rest, last) - first, 0)
    return keys
