"""Rows to lanes and back: a matrix transposed square by square, each square in registers."""

from __future__ import annotations

from ..._jit import serial
from ..._jit.vectors import lanes, transpose_square


@serial
def transpose(a, first, rows, columns, b, to):
    """b[to + c, r] = a[first + r, c] for r < rows, c < columns; both contiguous."""
    side = lanes(a) // 2
    a_step, b_step = a.shape[1], b.shape[1]
    for r in range(0, rows, side):
        for c in range(0, columns, side):
            if r + side <= rows and c + side <= columns:
                place, target = (first + r) * a_step + c, (to + c) * b_step + r
                transpose_square(a, place, a_step, b, target, b_step)
                continue
            for y in range(r, min(r + side, rows)):
                for x in range(c, min(c + side, columns)):
                    b[to + x, y] = a[first + y, x]
