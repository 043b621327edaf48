"""Small matrix products whose sums stay in registers: 6 rows of a panel at a time.

    product:  out = a b              add_transpose_product:  out = out keep + a^T b

b and out are panels; a is read in place, number by number, so that neither product wants anything
transposed or packed. 6 rows make 12 sums of AVX2's registers, which leave 4 of the 16 for a row of
b and a number of a. Each sum runs in order from 0, fused, whatever is in other rows and lanes, so
that no bit of it depends on how rows are taken together.
"""

from __future__ import annotations

from ..._jit import serial
from ..._jit.vectors import broadcast, fma, load, store, zero

ROWS = 6


@serial
def product(a, row, lo, hi, b, first, out):
    """out[c] = sum_x a[row + c, x] b[first + x] for lo <= c < hi;  a (m, d) contiguous."""
    d, c = a.shape[1], lo
    end = first + d
    while c + ROWS <= hi:
        sums = six_sums(a, (row + c) * d, d, 1, b, first, end)
        store_sums(out, c, sums)
        c += ROWS
    if c + 4 <= hi:
        four = four_sums(a, (row + c) * d, d, 1, b, first, end)
        store_sums(out, c, four)
        c += 4
    while c < hi:
        last = one_sum(a, (row + c) * d, 1, b, first, end)
        store(out, c, last)
        c += 1


@serial
def add_transpose_product(a, row, lo, hi, b, out, first, keep):
    """out[first + x] = out[first + x] keep + sum_c a[row + c, x] b[c] over lo <= c < hi.

    a (m, e) contiguous, keep a vector.
    """
    e, x = a.shape[1], 0
    place = (row + lo) * e
    while x + ROWS <= e:
        sums = six_sums(a, place + x, 1, e, b, lo, hi)
        add_sums(out, first + x, keep, sums)
        x += ROWS
    if x + 4 <= e:
        four = four_sums(a, place + x, 1, e, b, lo, hi)
        add_sums(out, first + x, keep, four)
        x += 4
    while x < e:
        last = one_sum(a, place + x, e, b, lo, hi)
        store(out, first + x, fma(load(out, first + x), keep, last))
        x += 1


@serial
def six_sums(a, place, down, along, b, first, end):
    """sum_x a.flat[place + t down + (x - first) along] b[x], first <= x < end, t = 0, ..., 5."""
    s0 = s1 = s2 = s3 = s4 = s5 = zero(b)
    for x in range(first, end):
        row = load(b, x)
        s0 = fma(broadcast(a, place), row, s0)
        s1 = fma(broadcast(a, place + down), row, s1)
        s2 = fma(broadcast(a, place + 2 * down), row, s2)
        s3 = fma(broadcast(a, place + 3 * down), row, s3)
        s4 = fma(broadcast(a, place + 4 * down), row, s4)
        s5 = fma(broadcast(a, place + 5 * down), row, s5)
        place += along
    return s0, s1, s2, s3, s4, s5


@serial
def four_sums(a, place, down, along, b, first, end):
    """The same for t = 0, ..., 3."""
    s0 = s1 = s2 = s3 = zero(b)
    for x in range(first, end):
        row = load(b, x)
        s0 = fma(broadcast(a, place), row, s0)
        s1 = fma(broadcast(a, place + down), row, s1)
        s2 = fma(broadcast(a, place + 2 * down), row, s2)
        s3 = fma(broadcast(a, place + 3 * down), row, s3)
        place += along
    return s0, s1, s2, s3


@serial
def one_sum(a, place, along, b, first, end):
    """sum_x a.flat[place + (x - first) along] b[x] over first <= x < end."""
    s = zero(b)
    for x in range(first, end):
        s = fma(broadcast(a, place), load(b, x), s)
        place += along
    return s


@serial
def store_sums(out, r, sums):
    """The rows of out from r on become the sums."""
    for s in sums:
        store(out, r, s)
        r += 1


@serial
def add_sums(out, r, keep, sums):
    """The rows of out from r on become themselves times keep, plus the sums."""
    for s in sums:
        store(out, r, fma(load(out, r), keep, s))
        r += 1
