"""e^x for x <= 0 in every lane of a vector.

e^x = 2^k e^r with k = round(x / ln 2) and r = x - k ln 2, |r| <= ln 2 / 2, where e^r is 1 + r + r^2 times a polynomial,
fitted at Chebyshev points: of degree 4 for float32, 9 for float64. Relative error at most 1.5 ulp; 0 below `least`, next to
where the normal numbers of the dtype end, and so at -inf; NaN stays NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from .vectors import every

LOG2_E = 1.4426950408889634


@dataclass(frozen=True)
class Reduction:
    """How one dtype does it: high + low = ln 2, k high exact; `bias` and `mantissa` are the dtype's own."""

    least: float
    high: float
    low: float
    bias: int
    mantissa: int
    polynomial: tuple[float, ...]


SINGLE = Reduction(
    -87.0,
    0.693359375,
    -2.12194440e-4,
    127,
    23,
    (0.5, 0.16666576266288757, 0.041666463017463684, 0.008363205008208752, 0.001393368816934526),
)
DOUBLE = Reduction(
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


@intrinsic
def exp(typingctx, x):
    """e^x for a Vector of x <= 0, -inf and NaN included."""
    how = SINGLE if x.dtype == types.float32 else DOUBLE

    def build(context, builder, signature, args):
        vector = args[0].type
        call = {1: ir.FunctionType(vector, [vector]), 3: ir.FunctionType(vector, [vector] * 3)}

        def llvm(name, *operands):
            return builder.call(
                get_or_insert_function(
                    builder.module,
                    call[len(operands)],
                    f"llvm.{name}.v{vector.count}f{x.dtype.bitwidth}",
                ),
                operands,
            )

        least, below = (
            every(vector, how.least),
            builder.fcmp_ordered("<", args[0], every(vector, how.least)),
        )
        held = builder.select(
            builder.fcmp_ordered(">", args[0], least), args[0], least
        )  # NaN, too, is no integer
        k = llvm("floor", llvm("fma", held, every(vector, LOG2_E), every(vector, 0.5)))
        r = llvm(
            "fma", k, every(vector, -how.low), llvm("fma", k, every(vector, -how.high), args[0])
        )
        y = every(vector, how.polynomial[-1])
        for coefficient in how.polynomial[-2::-1]:
            y = llvm("fma", y, r, every(vector, coefficient))
        y = builder.fadd(llvm("fma", builder.fmul(y, r), r, r), every(vector, 1.0))
        whole = ir.VectorType(ir.IntType(x.dtype.bitwidth), vector.count)
        power = builder.fptosi(k, ir.VectorType(ir.IntType(32), vector.count))
        power = power if x.dtype == types.float32 else builder.sext(power, whole)
        power = builder.shl(builder.add(power, every(whole, how.bias)), every(whole, how.mantissa))
        return builder.select(
            below, every(vector, 0.0), builder.fmul(y, builder.bitcast(power, vector))
        )

    return x(x), build
