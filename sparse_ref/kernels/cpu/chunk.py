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
from ..._jit.vectors import array_or_copy, lanes, needs_copy, next_item, widen
from ...lower import TILE, key_of, single_bit
from .transpose import transpose


@inline
def zero_panels(d, like):
    """A tile's rows of d numbers, all 0: lane u of panel p is column u from row p d on."""
    width = lanes(like)
    return np.zeros((TILE // width * d, width), like.dtype)


@inline
def load_queries(x, rows, factor, copy, out):
    """Write factor x[rows[r]] into row r of `copy` and into lane r of `out`; 0 if r is no row.

    The copy is there since rows far apart are fetched faster whole than number by number.
    """
    width, d = out.shape[1], x.shape[1]
    for r in range(TILE):
        i = rows[r]
        if i >= 0:
            for c in range(d):
                copy[r, c] = widen(x[i, c]) * factor
        else:
            for c in range(d):
                copy[r, c] = 0
    for p in range(len(rows) // width):
        transpose(copy, p * width, width, d, out, p * d)


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
