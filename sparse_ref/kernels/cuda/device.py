"""How functions that only CUDA kernels call are compiled."""

from __future__ import annotations

import numpy as np
from numba import cuda


def inline_device(function):
    """Compile a function of arrays on the device into the kernels that call it."""
    return cuda.jit(device=True, inline="always")(function)


def zero_and_lowest(dtype: str):
    """0 and -inf in a dtype, for kernels to close over."""
    number = np.dtype(dtype).type
    return number(0), number(-np.inf)
