"""e^x, and UNIT e^x, for x <= 0 in every lane of a vector, in LLVM's instructions.

e^x = 2^k e^r with k = round(x / ln 2) and r = x - k ln 2, |r| <= ln 2 / 2, where e^r is 1 + r +
r^2 times a polynomial, fitted at Chebyshev points: of degree 4 for float32, 9 for float64.
Relative error at most 1.5 ulp; 0 below `least`, next to where the normal numbers of the dtype end,
and so at -inf; NaN stays NaN. The factor UNIT, a power of 2, is added to k.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from llvmlite import ir
from numba.core.cgutils import get_or_insert_function

from .llvm_types import constant

LOG2_E = 1.4426950408889634


@dataclass(frozen=True)
class Reduction:
    """How one dtype does it: high + low = ln 2, k high exact; `bias` and `mantissa` are its own.

    With the factor 2^unit the normal numbers end at `unit_least`.
    """

    bits: int
    least: float
    unit: int
    unit_least: float
    high: float
    low: float
    bias: int
    mantissa: int
    polynomial: tuple[float, ...]


SINGLE = Reduction(
    32,
    -87.0,
    80,
    -142.0,
    0.693359375,
    -2.12194440e-4,
    127,
    23,
    (0.5, 0.16666576266288757, 0.041666463017463684, 0.008363205008208752, 0.001393368816934526),
)
DOUBLE = Reduction(
    64,
    -708.0,
    0,
    -708.0,
    6.93147180369123816490e-01,
    1.90821492927058770002e-10,
    1023,
    52,
    (
        0.5000000000000001,
        0.16666666666666669,
        0.04166666666662399,
        0.008333333333330055,
        0.0013888888917281835,
        0.00019841269863083534,
        2.4801521190298173e-05,
        2.7557268415311104e-06,
        2.762013864198784e-07,
        2.510040682604696e-08,
    ),
)


def build(builder, x):
    """The instructions of `exp`."""
    reduction = reduction_of(x)
    return build_times(builder, x, reduction, reduction.least, 0)


def build_unit(builder, x):
    """The instructions of `unit_exp`."""
    reduction = reduction_of(x)
    return build_times(builder, x, reduction, reduction.unit_least, reduction.unit)


def reduction_of(x):
    """That of a vector's dtype."""
    return SINGLE if x.type.element == ir.FloatType() else DOUBLE


def build_times(builder, x, reduction, end, exponent):
    """The instructions of 2^exponent e^x, 0 where x < end."""
    vector = x.type
    number = partial(constant, vector)
    call = partial(intrinsic, builder, vector, reduction.bits)
    least = number(end)
    at_least = builder.select(builder.fcmp_ordered(">", x, least), x, least)  # NaN becomes a number
    k = call("floor", call("fma", at_least, number(LOG2_E), number(0.5)))
    rounded = call("fma", k, number(-reduction.high), x)
    r = call("fma", k, number(-reduction.low), rounded)
    y = number(reduction.polynomial[-1])
    for coefficient in reduction.polynomial[-2::-1]:
        y = call("fma", y, r, number(coefficient))
    beyond_one = call("fma", builder.fmul(y, r), r, r)
    y = builder.fadd(beyond_one, number(1.0))
    scaled = builder.fmul(y, power_of_2(builder, k, reduction, exponent))
    return builder.select(builder.fcmp_ordered("<", x, least), number(0.0), scaled)


def power_of_2(builder, k, reduction, more):
    """2^(k + more), by its exponent's bits."""
    lanes = k.type.count
    words = ir.VectorType(ir.IntType(reduction.bits), lanes)
    exponent = builder.fptosi(k, ir.VectorType(ir.IntType(32), lanes))
    if reduction.bits == 64:
        exponent = builder.sext(exponent, words)
    biased = builder.add(exponent, constant(words, reduction.bias + more))
    shifted = builder.shl(biased, constant(words, reduction.mantissa))
    return builder.bitcast(shifted, k.type)


def intrinsic(builder, vector, bits, name, *operands):
    """Call one of LLVM's own functions of vectors."""
    kind = ir.FunctionType(vector, [vector] * len(operands))
    full_name = f"llvm.{name}.v{vector.count}f{bits}"
    return builder.call(get_or_insert_function(builder.module, kind, full_name), operands)
