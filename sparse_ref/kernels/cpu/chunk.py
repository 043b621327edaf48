"""What every kernel over gather-tiles does with a tile and a chunk: load, store, look for NaN.

A tile's 64 rows are in lanes: a panel is 64 bytes of them, 16 float32 or 8 float64, and everything
that belongs to a row (its query, logits, largest logit, output) is one lane of a vector. So no row
is summed across lanes, and no bit of one row depends on another.

float16 comes as its bits in uint16, bfloat16 in int16; both are widened to float32 chunk by chunk.
"""

from __future__ import annotations

import math

import numpy as np

from ..._jit import inline, multithread, serial
from ..._jit.vectors import (
    array_or_copy,
    exponent_of,
    lanes,
    magnitude_bits,
    needs_copy,
    next_item,
    nonzero_bits,
    power_of_2,
    widen,
)
from ...lower import TILE, key_of, single_bit
from ..arguments import HARMLESS_POWER, MAX_POWER
from .transpose import transpose


@inline
def zero_panels(d, like):
    """A tile's rows of d numbers, all 0: lane u of panel p is column u from row p d on."""
    width = lanes(like)
    return np.zeros((TILE // width * d, width), like.dtype)


@inline
def load_lanes(x, rows, copy, out):
    """Write x[rows[r]] into row r of `copy` and into lane r of `out`; 0 if r is no row.

    The copy is there since rows far apart are fetched faster whole than number by number.
    """
    for r in range(TILE):
        load_row(x, rows[r], copy[r])
    fill_lanes(copy, out)


@inline
def load_queries(x, rows, scale, space):
    """`load_lanes` of scale x / 2^a into the keys and queries of a workspace, 2^a into its powers.

    2^a is such that no sum of products with finite keys overflows. It is NaN for a row that float32
    does not hold in this way: one whose logits may be beyond it, or that has both large and tiny
    numbers.
    """
    copy, powers = space.keys, space.powers
    width = lanes(powers)
    of_scale, more = bound_exponents(scale, x.shape[1])
    for r in range(TILE):
        i, a, fits = rows[r], 0, True
        if i >= 0:
            a, fits = row_exponent(x[i], of_scale, more, width == 16)
        load_row(x, i, copy[r])
        multiply_row(copy[r], scale * power_of_2(-a))
        powers[r // width, r % width] = power_of_2(a) if fits else np.nan
    fill_lanes(copy, space.queries)


@serial
def load_row(x, i, out):
    """Copy row i of x; 0 if i < 0."""
    if i < 0:
        out[:] = 0
        return
    for c in range(x.shape[1]):
        out[c] = widen(x[i, c])


@serial
def multiply_row(values, factor):
    """The values become themselves times a factor in float64, rounded once."""
    for c in range(len(values)):
        values[c] *= factor


@inline
def fill_lanes(copy, out):
    """Write row r of `copy` into lane r of the panels."""
    width, d = out.shape[1], copy.shape[1]
    for p in range(TILE // width):
        transpose(copy, p * width, width, d, out, p * d)


@inline
def bound_exponents(scale, d):
    """(s, m): |scale| < 2^s; sum_c |scale x_c| < 2^(e + m - 1) for d numbers |x_c| < 2^(e + 1)."""
    _, of_scale = math.frexp(scale)
    _, of_width = math.frexp(float(d))
    return of_scale, of_scale + of_width + 2


@serial
def row_exponent(values, of_scale, more, single):
    """(a, whether the row fits): a is the exponent of the largest |x| plus `more`; 0 for inf, NaN.

    It does not fit into float32 (`single`) if 2^a is large, or if the least |scale x| / 2^a that is
    not 0 is no normal number.
    """
    largest = magnitude_bits(widen(values[0]))
    least = nonzero_bits(largest)
    for c in range(1, len(values)):
        bits = magnitude_bits(widen(values[c]))
        largest = max(largest, bits)
        least = min(least, nonzero_bits(bits))
    top, bottom = exponent_of(largest), exponent_of(least)
    if top == (128 if single else 1024):
        return 0, True
    if not single:
        return min(max(top + more, -1000), 1000), True
    a = max(top + more, -126)
    if bottom == -127:  # of subnormal numbers, the least of which is 2^-149
        bottom = -149
    is_normal = bottom + of_scale - 1 - a >= -126
    return a, a <= MAX_POWER and (is_normal or a <= HARMLESS_POWER)


@inline
def store_rows(panels, copy):
    """Write lane r of the panels into row r of `copy`."""
    width, d = panels.shape[1], copy.shape[1]
    for p in range(len(copy) // width):
        transpose(panels, p * d, d, width, copy, p * width)


@serial
def gather(x, start, keys, out):
    """Copy the rows start, start + 1, ... of x, or if start < 0 those of `keys`."""
    for c in range(TILE):
        row = key_of(start, keys, c)
        for t in range(x.shape[1]):
            out[c, t] = widen(x[row, t])


@inline
def load_rows(x, start, keys, copy, in_place):
    """(array, row) where a chunk's rows of x are consecutive: x itself, or `copy`, filled."""
    direct = in_place and start >= 0 and not needs_copy(x, copy)
    if not direct:
        gather(x, start, keys, copy)
    return array_or_copy(x, copy, direct), start if direct else 0


@serial
def all_finite(values):
    """Whether no number of a row is inf or NaN."""
    nonfinite = False
    for x in range(len(values)):
        nonfinite |= not abs(widen(values[x])) < np.inf
    return not nonfinite


@multithread
def finite_heads(queue, pieces, x, heads, finite):
    """Clear finite[g, s] for g in `heads` if slice s of the rows of x[g] has inf or NaN."""
    slices, rows = finite.shape[1], x.shape[1]
    piece = next_item(queue)
    while piece < pieces:
        g, s = heads[piece // slices], piece % slices
        for j in range(rows * s // slices, rows * (s + 1) // slices):
            finite[g, s] &= all_finite(x[g, j])
        piece = next_item(queue)


@serial
def zero_nonfinite(values):
    """Set what is inf or NaN to 0; whether there was nothing."""
    finite = True
    for c in range(TILE):
        if not all_finite(values[c]):
            finite = False
            for x in range(values.shape[1]):
                if not math.isfinite(values[c, x]):
                    values[c, x] = 0
    return finite


@serial
def active_columns(words, shift, width):
    """lo <= c < hi are the keys of a chunk from the first to the last that some row attends to.

    The rows are shift, ..., shift + width - 1; lo = hi if there are no such keys.
    """
    panel_bits = (single_bit(width) - np.uint64(1)) << np.uint64(shift)
    lo, hi = 0, TILE
    while hi > 0 and words[hi - 1] & panel_bits == np.uint64(0):
        hi -= 1
    while lo < hi and words[lo] & panel_bits == np.uint64(0):
        lo += 1
    return lo, hi
