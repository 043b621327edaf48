"""Rows to lanes and back: a matrix turned over its diagonal, square by square, each square in registers.

A square is half as wide as a panel, 8 float32 or 4 float64. Its halves are swapped over the diagonal, then its quarters, and
so on, as `lower.words.turn` does it with bits.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..._jit import serial
from .vectors import BITS, Vector, lanes, number_type, place


@serial
def transpose(a, first, rows, columns, b, to):
    """b[to + c, r] = a[first + r, c] for r < rows, c < columns; both contiguous."""
    side, down, along = lanes(a) // 2, a.shape[1], b.shape[1]
    for r in range(0, rows, side):
        for c in range(0, columns, side):
            if r + side <= rows and c + side <= columns:
                square(a, (first + r) * down + c, down, b, (to + c) * along + r, along)
            else:
                for y in range(r, min(r + side, rows)):
                    for x in range(c, min(c + side, columns)):
                        b[to + x, y] = a[first + y, x]


@intrinsic
def square(typingctx, a, at, down, b, to, along):
    """b.flat[to + c along + r] = a.flat[at + r down + c] for the rows r and columns c of one square."""
    side = Vector(a.dtype).lanes // 2
    vector, places, index = (
        ir.VectorType(number_type(a.dtype), side),
        ir.VectorType(BITS, side),
        types.intp,
    )

    def build(context, builder, signature, args):
        def row(kind, array, start, step, r):
            start = builder.add(start, builder.mul(step, ir.Constant(step.type, r)))
            return builder.bitcast(place(context, builder, kind, array, start), vector.as_pointer())

        rows = [
            builder.load(row(a, *args[:3], r), align=a.dtype.bitwidth // 8) for r in range(side)
        ]
        half = side // 2
        while half:
            upper = [
                c if not c & half else c - half + side for c in range(side)
            ]  # of the row above, of the one below
            below = [c + half if not c & half else c + side for c in range(side)]
            for r in range(side):
                if not r & half:
                    pair = rows[r], rows[r + half]
                    rows[r], rows[r + half] = (
                        builder.shuffle_vector(*pair, ir.Constant(places, x))
                        for x in (upper, below)
                    )
            half //= 2
        for r in range(side):
            builder.store(rows[r], row(b, *args[3:], r), align=b.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(a, index, index, b, index, index), build
