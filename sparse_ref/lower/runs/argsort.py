"""The order of a few numbers, for compiled loops. NumPy's own sorts take Numba seconds to compile in each loop that calls them."""

from __future__ import annotations

import numpy as np

from ..._jit import serial


@serial
def ranked(x):
    """The places of x's numbers in ascending order: Shell's sort with gaps 3^k, after Knuth 1973, sec. 5.2.1."""
    order, gap = np.arange(len(x)), 1
    while 3 * gap + 1 < len(x):
        gap = 3 * gap + 1
    while gap:
        for t in range(gap, len(x)):
            moved, place = order[t], t
            while place >= gap and x[order[place - gap]] > x[moved]:
                order[place] = order[place - gap]
                place -= gap
            order[place] = moved
        gap //= 3
    return order
