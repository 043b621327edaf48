"""float16 and bfloat16, which come as their bits, widened to float32 by integer arithmetic."""

from __future__ import annotations

import numpy as np


def widen_bfloat16(bits):
    """bfloat16 as float32, of which it is the upper half."""
    word = np.uint32(np.uint16(bits))
    return np.uint32(word << np.uint32(16)).view(np.float32)


def widen_float16(bits):
    """float16 as float32.

    The exponent of a number is moved by a product; that of inf or NaN is set.
    """
    magnitude = np.uint32(bits & np.uint16(0x7FFF))
    rest = np.uint32(magnitude << np.uint32(13))
    product = np.float32(rest.view(np.float32) * np.float32(2.0**112))
    is_finite = rest < np.uint32(0x0F800000)
    nonfinite = np.uint32(rest | np.uint32(0x7F800000))
    size = product.view(np.uint32) if is_finite else nonfinite
    sign_bit = np.uint32(bits & np.uint16(0x8000))
    sign = np.uint32(sign_bit << np.uint32(16))
    return np.uint32(size | sign).view(np.float32)
