"""Expressions of sets evaluated row by row, on bits: a window of at most 4096 keys at a time.

Time is that of the words of the windows times the number of sets, whatever the keys are; memory is
one window per set that waits for its sign. Windows lie where the frame has keys, see `RowTree`.

In the loops, sets = (program, indptr, table, rows, n): the rows of the first set, followed by those
of the next. The program is in postfix notation: a set's number, or a sign.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, parallel, serial
from .bits import ALL_ONES, ONE, WINDOW, WORDS, paint, popcount
from .intervals import next_interval, span_count
from .table import STOP, write_run

UNION, INTERSECTION, DIFFERENCE = -1, -2, -3
MAX_GAP = 128  # keys between two intervals that share a window
SPANS, KEYS = 0, 1  # what is counted of a row


@parallel
def count_rows(begin, end, sets, frame, depth, counts):
    """The number of spans and of keys of each row; frame = (indptr, table)."""
    stack = np.empty((depth, WORDS), np.uint64)
    indptr, table = frame
    for i in range(begin, end):
        row = table[indptr[i] : indptr[i + 1]]
        count_row(sets, row, i, stack, counts[i])


@parallel
def list_rows(begin, end, sets, frame, depth, starts, out):
    """Write the spans of each row to out[starts[i]] and after."""
    stack = np.empty((depth, WORDS), np.uint64)
    indptr, table = frame
    for i in range(begin, end):
        row = table[indptr[i] : indptr[i + 1]]
        spans = out[starts[i] : starts[i + 1]]
        list_row(sets, row, i, stack, spans)


@serial
def count_row(sets, frame, i, stack, counts):
    """Add the number of spans and of keys of a row."""
    n, spans = sets[4], span_count(frame)
    end = at = np.int64(0)
    last_bit = np.uint64(0)
    while True:
        lo, hi, at = next_window(frame, spans, at, end, n)
        if lo >= n:
            return
        if lo > end:
            last_bit = np.uint64(0)
        words = paint_expression(sets, i, lo, hi, stack)
        for w in range(words):
            word = stack[0, w]
            begins = word & ~((word << ONE) | last_bit)
            counts[SPANS] += popcount(begins)
            counts[KEYS] += popcount(word)
            last_bit = word >> np.uint64(63)
        if (hi - lo) & 63:
            last_word = stack[0, words - 1]
            last_bit = last_word >> np.uint64((hi - lo - 1) & 63)
        end = hi


@serial
def list_row(sets, frame, i, stack, out):
    """Write the spans of a row."""
    n, spans = sets[4], span_count(frame)
    end = at = count = np.int64(0)
    while True:
        lo, end, at = next_window(frame, spans, at, end, n)
        if lo >= n:
            return
        words = paint_expression(sets, i, lo, end, stack)
        for w in range(words):
            count = write_spans(stack[0, w], lo + 64 * w, out, count)


@serial
def write_spans(word, first, out, count):
    """Write the spans of a word's keys, the first of which may widen the span before it.

    Return their number so far.
    """
    start = first
    while word:
        zeros = popcount(~word & (word - ONE))
        word >>= np.uint64(zeros)
        start += zeros
        ones = 64
        if word != ALL_ONES:
            ones = popcount(word & ~(word + ONE))
        stop = start + ones
        if count and out[count - 1, STOP] == start:
            out[count - 1, STOP] = stop
        else:
            write_run(out[count], start, stop, 1, 1)
            count += 1
        if ones == 64:
            return count
        word >>= np.uint64(ones)
        start = stop
    return count


@serial
def next_window(frame, spans, at, end, n):
    """(lo, hi, at): the next window at or above `end`; lo = n if no key of the frame is left."""
    lo, hi, at = next_interval(frame, spans, at, end - 1, n)
    limit = lo + WINDOW
    while hi < limit:
        next_lo, next_hi, next_at = next_interval(frame, spans, at, hi - 1, n)
        if next_lo >= n or next_lo >= limit or next_lo - hi > MAX_GAP:
            break
        hi, at = next_hi, next_at
    return lo, min(hi, limit), at


@serial
def paint_expression(sets, i, lo, hi, stack):
    """Paint row i of the expression's set into stack[0]; return the number of words."""
    program, indptr, table, rows, _ = sets
    words, top = (hi - lo + 63) // 64, 0
    for code in program:
        if code >= 0:
            row = code * rows + i
            runs = table[indptr[row] : indptr[row + 1]]
            paint(runs, lo, hi, stack[top])
            top += 1
        else:
            top -= 1
            combine(stack[top - 1], stack[top], words, code)
    return words


@inline
def combine(left, right, words, sign):
    """left = left | right, left & right or left - right."""
    for w in range(words):
        if sign == UNION:
            left[w] |= right[w]
        elif sign == INTERSECTION:
            left[w] &= right[w]
        else:
            left[w] &= ~right[w]
