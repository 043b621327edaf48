"""What every kernel over gather-tiles does with a tile and a chunk: panels of queries, keys as they lie or gathered, masks.

A tile's 64 rows stand in lanes: a panel is 64 bytes of them, 16 float32 or 8 float64, and everything that a row owns (its
query, logits, largest logit, output) is one lane of a vector. So no row is summed across lanes, and no bit of one row
depends on another.

float16 comes as its bits in uint16, bfloat16 in int16; both are widened to float32 chunk by chunk.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange, types
from numba.extending import overload

from ..._jit import parallel, serial
from ...lower import TILE, key_of, single_bit
from .transpose import transpose
from .vectors import lanes


def number(bits):
    """The number that a kernel computes with, for one number of the input."""
    return bits


@overload(number)
def _number(bits):
    """Itself, or the float32 of 16 bits."""
    if bits == types.int16:
        return lambda bits: np.uint32(np.uint32(np.uint16(bits)) << np.uint32(16)).view(np.float32)
    if bits == types.uint16:
        return lambda bits: half(bits)
    return lambda bits: bits


@serial
def half(bits):
    """float16 as float32: its exponent moved, by a product where it is that of a number, by setting it where of inf or NaN."""
    rest = np.uint32(np.uint32(bits & np.uint16(0x7FFF)) << np.uint32(13))
    scaled = np.float32(rest.view(np.float32) * np.float32(2.0**112)).view(np.uint32)
    size = scaled if rest < np.uint32(0x0F800000) else np.uint32(rest | np.uint32(0x7F800000))
    return np.uint32(size | np.uint32(np.uint32(bits & np.uint16(0x8000)) << np.uint32(16))).view(
        np.float32
    )


def copied(array, copy):
    """Whether the array is always read by copy, which is of another dtype."""
    return array.dtype != copy.dtype


@overload(copied)
def _copied(array, copy):
    """A constant."""
    if array.dtype == copy.dtype:
        return lambda array, copy: False
    return lambda array, copy: True


def chosen(array, copy, direct):
    """The array where `direct`, its copy elsewhere, and wherever it is always read by copy."""
    return array if direct and not copied(array, copy) else copy


@overload(chosen)
def _chosen(array, copy, direct):
    """One of them alone where their dtypes differ."""
    if array.dtype == copy.dtype:
        return lambda array, copy, direct: array if direct else copy
    return lambda array, copy, direct: copy


@serial
def panels(d, like):
    """Room for a tile's rows of d numbers, all 0: those of lane u of panel p stand in column u from row p d on."""
    width = lanes(like)
    return np.zeros((TILE // width * d, width), like.dtype)


@serial
def lay_out(x, rows, factor, copy, out):
    """Write factor x[rows[r]] into row r of `copy` and into lane r of `out`; 0 where r is no row. Rows that lie far apart are
    fetched faster one after the other than number by number, hence the copy."""
    width, d = lanes(out), x.shape[1]
    for r in range(TILE):
        i = rows[r]
        if i >= 0:
            for c in range(d):
                copy[r, c] = number(x[i, c]) * factor
        else:
            copy[r] = 0
    for p in range(TILE // width):
        transpose(copy, p * width, width, d, out, p * d)


@serial
def stand_up(panels, copy):
    """Write lane r of the panels into row r of `copy`."""
    width, d = lanes(panels), copy.shape[1]
    for p in range(TILE // width):
        transpose(panels, p * d, d, width, copy, p * width)


@serial
def gather(x, start, keys, out):
    """Copy the rows start, start + 1, ... of x, or where start < 0 those of `keys`."""
    for c in range(TILE):
        row = key_of(start, keys, c)
        for t in range(x.shape[1]):
            out[c, t] = number(x[row, t])


@serial
def read(x, start, keys, copy, as_it_lies):
    """(array, row) where the chunk's rows of x stand one below the other: in x itself, or in `copy`, where they are put."""
    direct = as_it_lies and start >= 0 and not copied(x, copy)
    if not direct:
        gather(x, start, keys, copy)
    return chosen(x, copy, direct), start if direct else 0


@serial
def all_finite(values):
    """Whether no number of a row is inf or NaN."""
    odd = False
    for x in range(len(values)):
        odd |= not abs(number(values[x])) < np.inf
    return not odd


@parallel
def finite_heads(x, heads, finite):
    """Clear finite[g, s] for each g in `heads` where slice s of the rows of x[g] holds inf or NaN."""
    slices = finite.shape[1]
    for y in prange(len(heads) * slices):
        g, s = heads[y // slices], y % slices
        for j in range(x.shape[1] * s // slices, x.shape[1] * (s + 1) // slices):
            finite[g, s] &= all_finite(x[g, j])


@serial
def cleaned(values):
    """Whether all values are finite; those that are not become 0."""
    finite = True
    for c in range(TILE):
        if not all_finite(values[c]):
            finite = False
            for x in range(values.shape[1]):
                values[c, x] = values[c, x] if math.isfinite(values[c, x]) else 0
    return finite


@serial
def extent(words, shift, width):
    """lo <= c < hi holds all keys of a chunk that any of the rows shift, ..., shift + width - 1 attends to; lo = hi for none."""
    lanes_of = (single_bit(width) - np.uint64(1)) << np.uint64(shift)
    lo, hi = 0, TILE
    while hi > 0 and words[hi - 1] & lanes_of == np.uint64(0):
        hi -= 1
    while lo < hi and words[lo] & lanes_of == np.uint64(0):
        lo += 1
    return lo, hi
