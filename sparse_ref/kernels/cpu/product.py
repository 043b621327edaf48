"""Small matrix products whose sums stay in registers: 6 rows of a panel at a time.

    product:  out = a b              add_transpose_product:  out = out keep + a^T b

b and out are panels; a is read in place, number by number, so that neither product wants anything
transposed or packed. 6 rows make 12 sums of AVX2's registers, which leave 4 of the 16 for a row of
b and a number of a. Each sum runs in order from 0, fused, whatever is in other rows and lanes, so
that no bit of it depends on how rows are taken together. A sum of more than LONG products is that
of sums of BLOCK products, added up along with what each addition rounds off.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, serial
from ..._jit.vectors import broadcast, fma, greater, load, lower, store, zero

ROWS = 6
LONG = 256
BLOCK = 32


@serial
def product(a, row, lo, hi, b, first, out):
    """out[c] = sum_x a[row + c, x] b[first + x] for lo <= c < hi;  a (m, d) contiguous."""
    d = a.shape[1]
    if d <= LONG:
        product_of_part(a, row, (lo, hi), b, first, (0, d), out)
    else:
        long_product(a, row, lo, hi, b, first, out)


@inline
def product_of_part(a, row, rows, b, first, columns, out):
    """The same sums for the rows lo <= c < hi over the columns begin <= x < end alone."""
    c, hi = rows
    d, (begin, end) = a.shape[1], columns
    start, stop = first + begin, first + end
    while c + ROWS <= hi:
        place = (row + c) * d + begin
        sums = six_sums(a, place, d, 1, b, start, stop)
        store_sums(out, c, sums)
        c += ROWS
    if c + 4 <= hi:
        place = (row + c) * d + begin
        four = four_sums(a, place, d, 1, b, start, stop)
        store_sums(out, c, four)
        c += 4
    while c < hi:
        place = (row + c) * d + begin
        last = one_sum(a, place, 1, b, start, stop)
        store(out, c, last)
        c += 1


@serial
def long_product(a, row, lo, hi, b, first, out):
    """`product`, block after block; `rest` is what the additions of blocks round off."""
    d = a.shape[1]
    part, rest = np.empty_like(out), np.zeros_like(out)
    product_of_part(a, row, (lo, hi), b, first, (0, BLOCK), out)
    for begin in range(BLOCK, d, BLOCK):
        columns = begin, min(begin + BLOCK, d)
        product_of_part(a, row, (lo, hi), b, first, columns, part)
        for c in range(lo, hi):
            total, lost = exact_sum(load(out, c), load(part, c))
            store(out, c, total)
            store(rest, c, load(rest, c) + lost)
    for c in range(lo, hi):
        whole = with_rest(load(out, c), load(rest, c))
        store(out, c, whole)


@serial
def lane_product(a, b, first, d):
    """sum_x a[first + x] b[first + x] lane by lane, added up as `product` adds its sums."""
    end = first + d
    total = lane_sum(a, b, first, end if d <= LONG else first + BLOCK)
    if d <= LONG:
        return total
    rest = zero(a)
    for begin in range(first + BLOCK, end, BLOCK):
        term = lane_sum(a, b, begin, min(begin + BLOCK, end))
        total, lost = exact_sum(total, term)
        rest = rest + lost
    return with_rest(total, rest)


@inline
def exact_sum(a, b):
    """(a + b as rounded, what the rounding lost): Knuth 1997, sec. 4.2.2, theorem B."""
    total = a + b
    added = total - a
    lost = (a - (total - added)) + (b - added)
    return total, lost


@inline
def with_rest(total, rest):
    """total + rest; the total alone where the rest is NaN, since a sum overflowed."""
    whole = total + rest
    return lower(greater(whole, total), whole)


@serial
def lane_sum(a, b, first, end):
    """The sum over first <= x < end."""
    s = zero(a)
    for x in range(first, end):
        s = fma(load(a, x), load(b, x), s)
    return s


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
