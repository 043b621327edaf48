"""exp for x <= 0 in loops that the compiler turns into vector code.

float32: exp(x) = 2^k e^r with k = round(x / ln 2) and r = x - k ln 2, |r| <= ln 2 / 2, where e^r is 1 + r + r^2 times a
polynomial of degree 4, fitted at Chebyshev points. Relative error at most 1.5 ulp; 0 below -87, where float32 ends, and
so at -inf; NaN stays NaN. float64 is the library's exp.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from ..jit import contracted

LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)  # their sum is ln 2; k LN2_HIGH is exact
P0, P1, P2 = np.float32(0.5), np.float32(0.16666576266288757), np.float32(0.041666463017463684)
P3, P4 = np.float32(0.008363205008208752), np.float32(0.001393368816934526)
LEAST = np.float32(-87)


def exp(x):
    """e^x for x <= 0, -inf and NaN included, in the dtype of x."""
    return np.exp(x)


@overload(exp, inline="always")
def _exp(x):
    """The compiled form: a polynomial for float32."""
    if x == types.float32:
        return lambda x: exp32(x)
    return lambda x: math.exp(x)


@contracted
def exp32(x):
    """The float32 form."""
    t = x if x >= LEAST else LEAST  # NaN, too, so that the conversion to an integer is defined
    k = np.floor(t * LOG2_E + np.float32(0.5))
    r = t - k * LN2_HIGH - k * LN2_LOW
    y = (((P4 * r + P3) * r + P2) * r + P1) * r + P0
    y = y * r * r + r + np.float32(1)
    power = np.int32((np.int32(k) + 127) << 23).view(np.float32)  # 2^k
    return y * power if x >= LEAST else (np.float32(0) if x < LEAST else x)
