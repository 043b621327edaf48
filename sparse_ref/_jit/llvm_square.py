"""A square matrix transposed in registers, in LLVM's instructions.

A square is half as wide as a panel, 8 float32 or 4 float64. Its halves are swapped over the
diagonal, then its quarters, and so on, as `lower.tiles.bitmask.transpose_bits` does it with bits.
"""

from __future__ import annotations

from llvmlite import ir

from .llvm_types import INDEX, place, vector_type


def store_transpose(context, builder, signature, values):
    """The instructions of `transpose_square`."""
    a, _, _, b, _, _ = signature.args
    side = vector_type(a.dtype).count // 2
    size = a.dtype.bitwidth // 8
    rows = []
    for r in range(side):
        pointer = row_pointer(context, builder, a, values[:3], r, side)
        rows.append(builder.load(pointer, align=size))
    for r, row in enumerate(columns_of(builder, rows)):
        pointer = row_pointer(context, builder, b, values[3:], r, side)
        builder.store(row, pointer, align=size)
    return context.get_dummy_value()


def row_pointer(context, builder, kind, array_start_step, r, side):
    """Where row r of a square in an array lies."""
    array, start, step = array_start_step
    offset = builder.mul(step, ir.Constant(step.type, r))
    index = builder.add(start, offset)
    pointer = place(context, builder, kind, array, index)
    return builder.bitcast(pointer, vector_type(kind.dtype, side).as_pointer())


def columns_of(builder, rows):
    """The columns of a square, from its rows."""
    rows, side = list(rows), len(rows)
    half = side // 2
    while half:
        upper, below = (shuffle(side, half, part) for part in (0, half))
        for r in range(side):
            if not r & half:
                pair = rows[r], rows[r + half]
                rows[r] = builder.shuffle_vector(*pair, upper)
                rows[r + half] = builder.shuffle_vector(*pair, below)
        half //= 2
    return rows


def shuffle(side, half, part):
    """The places, in a pair of rows, of one row's new numbers; the second row is from `side` on."""
    second_row = side - half
    numbers = [c + part + (second_row if c & half else 0) for c in range(side)]
    return ir.Constant(ir.VectorType(INDEX, side), numbers)
