"""Small matrix products whose sums stay in registers: 6 rows of a panel at a time, along the whole sum.

    product:       out = a b              turned_product:       out = out keep + a^T b

b and out are panels; a is read as it lies, number by number, so that neither product wants anything transposed or packed.
6 rows make 12 sums of AVX2's registers, which leave 4 of the 16 for a row of b and a number of a. Each sum runs in order
from 0, fused, whatever stands in other rows and lanes, so that no bit of it depends on how rows are taken together.
"""

from __future__ import annotations

from ..._jit import serial
from .vectors import fma, load, spread, store, zero

ROWS = 6


@serial
def product(a, row, lo, hi, b, first, out):
    """out[c] = sum_x a[row + c, x] b[first + x] for lo <= c < hi;  a (m, d) contiguous."""
    d, c = a.shape[1], lo
    while c + ROWS <= hi:
        stored(out, c, six_sums(a, (row + c) * d, d, 1, b, first, first + d))
        c += ROWS
    if c + 4 <= hi:
        stored(out, c, four_sums(a, (row + c) * d, d, 1, b, first, first + d))
        c += 4
    while c < hi:
        store(out, c, one_sum(a, (row + c) * d, 1, b, first, first + d))
        c += 1


@serial
def turned_product(a, row, lo, hi, b, out, first, keep):
    """out[first + x] = out[first + x] keep + sum_c a[row + c, x] b[c] over lo <= c < hi;  a (m, e) contiguous, keep a vector."""
    e, x = a.shape[1], 0
    at = (row + lo) * e
    while x + ROWS <= e:
        added(out, first + x, keep, six_sums(a, at + x, 1, e, b, lo, hi))
        x += ROWS
    if x + 4 <= e:
        added(out, first + x, keep, four_sums(a, at + x, 1, e, b, lo, hi))
        x += 4
    while x < e:
        store(out, first + x, fma(load(out, first + x), keep, one_sum(a, at + x, e, b, lo, hi)))
        x += 1


@serial
def six_sums(a, at, down, along, b, first, last):
    """sum_x a.flat[at + t down + (x - first) along] b[x] over first <= x < last, for t = 0, ..., 5."""
    s0 = s1 = s2 = s3 = s4 = s5 = zero(b)
    for x in range(first, last):
        row = load(b, x)
        s0 = fma(spread(a, at), row, s0)
        s1 = fma(spread(a, at + down), row, s1)
        s2 = fma(spread(a, at + 2 * down), row, s2)
        s3 = fma(spread(a, at + 3 * down), row, s3)
        s4 = fma(spread(a, at + 4 * down), row, s4)
        s5 = fma(spread(a, at + 5 * down), row, s5)
        at += along
    return s0, s1, s2, s3, s4, s5


@serial
def four_sums(a, at, down, along, b, first, last):
    """The same for t = 0, ..., 3."""
    s0 = s1 = s2 = s3 = zero(b)
    for x in range(first, last):
        row = load(b, x)
        s0 = fma(spread(a, at), row, s0)
        s1 = fma(spread(a, at + down), row, s1)
        s2 = fma(spread(a, at + 2 * down), row, s2)
        s3 = fma(spread(a, at + 3 * down), row, s3)
        at += along
    return s0, s1, s2, s3


@serial
def one_sum(a, at, along, b, first, last):
    """sum_x a.flat[at + (x - first) along] b[x] over first <= x < last."""
    s = zero(b)
    for x in range(first, last):
        s = fma(spread(a, at), load(b, x), s)
        at += along
    return s


@serial
def stored(out, r, sums):
    """The rows of out from r on become the sums."""
    for s in sums:
        store(out, r, s)
        r += 1


@serial
def added(out, r, keep, sums):
    """The rows of out from r on, times keep, plus the sums."""
    for s in sums:
        store(out, r, fma(load(out, r), keep, s))
        r += 1
