"""mean_i = g_i . out_i on a GPU, added up as g_i . v_j is: the same number if j has all weight."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import cuda

THREADS = 128


@lru_cache
def means_kernel(dtype: str):
    """The kernel of a grid of (heads, parts of THREADS rows): grad, out (H, n, e), means (H, n)."""
    zero = np.dtype(dtype).type(0)

    @cuda.jit
    def add_means(grad, out, means):
        head = cuda.blockIdx.x
        row: Any = cuda.blockIdx.y * THREADS + cuda.threadIdx.x
        if row < means.shape[1]:
            total = zero
            for c in range(grad.shape[2]):
                total += grad[head, row, c] * out[head, row, c]
            means[head, row] = total

    return add_means
