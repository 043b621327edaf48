"""delta_i = g_i . out_i, which the gradients of every form take from each dP_ij of query i."""

from __future__ import annotations

import numpy as np

from ..._jit import multithread
from ..._jit.vectors import next_item

ROWS = 64  # of a piece


def deltas(heads, grad, out, delta):
    """Write delta (H, n_q) of these heads, from grad and out (H, n_q, e), summed in float64."""
    slices = -(-delta.shape[1] // ROWS)
    write_deltas(len(heads) * slices, heads, grad, out, delta)


@multithread
def write_deltas(queue, pieces, heads, grad, out, delta):
    """`deltas`, ROWS rows of a head at a time."""
    n = delta.shape[1]
    slices = (n + ROWS - 1) // ROWS
    piece = next_item(queue)
    while piece < pieces:
        h, begin = heads[piece // slices], piece % slices * ROWS
        for i in range(begin, min(begin + ROWS, n)):
            total = 0.0
            for z in range(out.shape[2]):
                g = np.float64(grad[h, i, z])
                total += g * np.float64(out[h, i, z])
            delta[h, i] = total
        piece = next_item(queue)
