"""What is inf or NaN stays out of the backward pass's products, and is added here, pair by pair.

In a product 0 x NaN would spread to pairs that are not connected.
"""

from __future__ import annotations

import math

from ..._jit import serial
from ..._jit.vectors import lanes, widen
from ...lower import TILE, key_of, test_bit
from .chunk import all_finite


@serial
def add_nonfinite_keys(slopes, bits, k, start, keys, sums):
    """What keys that are not finite add to dq of the rows that attend to them."""
    width, d = lanes(sums), k.shape[1]
    for c in range(TILE):
        row = key_of(start, keys, c)
        if all_finite(k[row]):
            continue
        for r in range(TILE):
            if not test_bit(bits[c], r):
                continue
            for z in range(d):
                value = widen(k[row, z])
                if not math.isfinite(value):
                    sums[r // width * d + z, r % width] += slopes[c, r] * value


@serial
def add_nonfinite_queries(weights, bits, x, rows, factor, listed, low, out):
    """What rows of x that are not finite add to the keys they attend to."""
    start, keys = listed
    for r in range(TILE):
        if rows[r] < 0 or all_finite(x[rows[r]]):
            continue
        for c in range(TILE):
            if not test_bit(bits[c], r):
                continue
            j = key_of(start, keys, c)
            for z in range(x.shape[1]):
                value = widen(x[rows[r], z]) * factor
                if not math.isfinite(value):
                    out[j - low, z] += weights[c, r] * value
