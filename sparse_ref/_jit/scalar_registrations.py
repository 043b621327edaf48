"""Registrations with Numba, as in `registrations`, of functions of single numbers' bits."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import overload

from . import vectors
from .registrations import codegen


@codegen(vectors.magnitude_bits)
def _(x):
    def build(context, builder, signature, values):
        word = ir.IntType(x.bitwidth)
        bits = builder.bitcast(values[0], word)
        all_but_sign = ir.Constant(word, (1 << x.bitwidth - 1) - 1)
        return builder.and_(bits, all_but_sign)

    word = types.int32 if x == types.float32 else types.int64
    return word(x), build


@overload(vectors.nonzero_bits)
def _(bits):
    """By type: the largest integer of it."""
    kind = np.int32 if bits == types.int32 else np.int64
    most = np.iinfo(kind).max
    return lambda bits: bits if bits != 0 else kind(most)


@overload(vectors.exponent_of)
def _(bits):
    """By type: where the exponent's bits begin, and their bias."""
    mantissa, bias = (23, 127) if bits == types.int32 else (52, 1023)
    return lambda bits: np.int64(bits >> mantissa) - bias


@overload(vectors.power_of_2)
def _(exponent):
    """By the exponent's bits."""
    return vectors.power_of_2


@overload(vectors.unit)
def _(array):
    """A constant."""
    one = vectors.unit(np.zeros(0, str(array.dtype)))
    return lambda array: one
