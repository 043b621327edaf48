"""The keys that two sets share, run by run, and without listing a key.

Two spans share a span. A span cuts a strided run to a strided run, and leaves a part of its first
group. Two strided runs share at most (width + width - 1) / gcd runs, whose step is the least common
multiple of theirs: Chinese remainders.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, parallel, serial
from .intervals import span_count
from .table import START, STEP, STOP, WIDTH, Runs, indptr_of, normalise, write_run

MAX_PIECES = 32  # runs that a row may gain before its set is kept as an expression of sets
MAX_PAIRS = 4096  # pairs of runs of one row that are looked at
TOO_MANY = 1 << 40


def meet(left: Runs, right: Runs) -> Runs | None:
    """left_i & right_i, all in normal form; None if that takes many more runs than they have."""
    runs = len(left.table) + len(right.table)
    rows = left.shape[0]
    counts = np.zeros(rows, np.int64)
    nothing = np.empty((0, 4), np.int64)
    sides = (left.indptr, left.table), (right.indptr, right.table)
    _meet_rows(rows, *sides, counts, nothing, counts)
    if counts.sum() > runs + MAX_PIECES * rows:
        return None
    indptr = indptr_of(counts)
    table = np.empty((indptr[-1], 4), np.int64)
    _meet_rows(rows, *sides, indptr, table, counts)
    return normalise(Runs(indptr, table, left.shape))


def max_keys(runs: Runs) -> float:
    """At least the number of keys of all rows: what the runs have if they overlap nowhere."""
    start, stop, step, width = runs.table.T
    groups = (stop - np.maximum(start, 0)) // step + (step > 1)
    return float((groups.astype(float) * width).sum())


@parallel
def _meet_rows(begin, end, left, right, starts, out, counts):
    """Write the runs that the rows share, or only count them if `out` has no room."""
    left_indptr, left_table = left
    right_indptr, right_table = right
    for i in range(begin, end):
        a = left_table[left_indptr[i] : left_indptr[i + 1]]
        b = right_table[right_indptr[i] : right_indptr[i + 1]]
        row = out
        if len(out):
            row = out[starts[i] : starts[i + 1]]
        counts[i] = meet_row(a, b, row)


@serial
def meet_row(a, b, out):
    """Write the runs that two rows share if `out` has room; return their number."""
    a_spans, b_spans = span_count(a), span_count(b)
    pairs_of_spans = a_spans * b_spans
    if len(a) * len(b) - pairs_of_spans > MAX_PAIRS:
        return TOO_MANY
    count = meet_spans(a[:a_spans], b[:b_spans], out)
    for r in range(a_spans, len(a)):
        for s in range(b_spans):
            count = cut_run(a[r], b[s], out, count)
    for s in range(b_spans, len(b)):
        for r in range(a_spans):
            count = cut_run(b[s], a[r], out, count)
    for r in range(a_spans, len(a)):
        for s in range(b_spans, len(b)):
            count = meet_groups(a[r], b[s], out, count)
    return count


@inline
def add_piece(out, count, start, stop, step, width):
    """One more run if it has a key; written if `out` has room."""
    if start >= stop:
        return count
    if count < len(out):
        write_run(out[count], start, stop, step, width)
    return count + 1


@serial
def meet_spans(a, b, out):
    """Spans that ascend, with others that do."""
    count = r = s = 0
    while r < len(a) and s < len(b):
        start = max(a[r, START], b[s, START])
        stop = min(a[r, STOP], b[s, STOP])
        count = add_piece(out, count, start, stop, 1, 1)
        if a[r, STOP] <= b[s, STOP]:
            r += 1
        else:
            s += 1
    return count


@serial
def cut_run(run, span, out, count):
    """A strided run within a span: the rest of the group that the span begins in, and the others.

    Return the number of runs written so far.
    """
    step, width = run[STEP], run[WIDTH]
    lo = max(span[START], run[START])
    stop = min(span[STOP], run[STOP])
    group = run[START] + (lo - run[START]) // step * step
    if group < lo:
        group_stop = min(group + width, stop)
        count = add_piece(out, count, lo, group_stop, 1, 1)
        group += step
    return add_piece(out, count, group, stop, step, width)


@serial
def meet_groups(a, b, out, count):
    """Two strided runs; b's group begins `shift` after a's. Return the number of runs so far."""
    a_step, b_step = a[STEP], b[STEP]
    a_width, b_width = a[WIDTH], b[WIDTH]
    divisor, inverse = gcd_and_inverse(a_step, b_step)
    period = a_step // divisor * b_step
    stop = min(a[STOP], b[STOP])
    distance = b[START] - a[START]
    if (a_width + b_width) // divisor > MAX_PAIRS:
        return TOO_MANY
    least_shift = 1 - b_width
    least_shift += (distance - least_shift) % divisor
    for shift in range(least_shift, a_width, divisor):
        groups = (distance - shift) // divisor * inverse % (b_step // divisor)
        group = a[START] + groups * a_step
        missing = b[START] - shift - group  # how far b's group is before its first
        if missing > 0:
            group += -(-missing // period) * period
        start = group + max(shift, 0)
        width = min(a_width, shift + b_width) - max(shift, 0)
        count = add_piece(out, count, start, stop, period, width)
    return count


@serial
def gcd_and_inverse(a, b):
    """(g, x): the greatest common divisor, and x with (a / g) x = 1 modulo b / g."""
    x, next_x = np.int64(1), np.int64(0)
    rest, next_rest = a, b
    while next_rest:
        quotient = rest // next_rest
        rest, next_rest = next_rest, rest - quotient * next_rest
        x, next_x = next_x, x - quotient * next_x
    return rest, x % (b // rest)
