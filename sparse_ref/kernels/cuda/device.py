"""How functions that only CUDA kernels call are compiled."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numba import cuda, njit


def inline_device(function):
    """Compile a function of arrays on the device into the kernels that call it."""
    return cuda.jit(device=True, inline="always")(function)


def zero_and_lowest(dtype: str):
    """0 and -inf in a dtype, for kernels to close over."""
    number = np.dtype(dtype).type
    return number(0), number(-np.inf)


def is_single(dtype: str) -> bool:
    """Whether what is NaN is made again in float64."""
    return dtype == "float32"


def unit_of(dtype: str):
    """What a weight of 1 is held as in sums, as on the CPU (`vectors.unit`)."""
    return np.dtype(dtype).type(2.0**80 if dtype == "float32" else 1)


@lru_cache
def unit_exp(dtype: str):
    """The `unit` times e^x for x <= 0; what e^x loses near the least numbers is kept."""
    number = np.dtype(dtype).type
    one = unit_of(dtype)
    # x + step is exact below the edge, where e^x itself would soon be no normal number
    step = number(40 if dtype == "float32" else 0)
    edge = number(-60 if dtype == "float32" else -np.inf)
    low_one = number(float(one) * math.exp(-step))

    @njit(inline="always")
    def weigh(x):
        return math.exp(x + step) * low_one if x < edge else math.exp(x) * one

    return weigh


@lru_cache
def exp_below_lse(dtype: str):
    """P = exp(scale x - lse), lse in two numbers; NaN in float32 if the product x overflows."""
    zero, single = np.dtype(dtype).type(0), is_single(dtype)

    @njit(inline="always")
    def weigh(x, scale, lse, lse_rest):
        p = math.exp(x * scale - lse - lse_rest)
        return p + x * zero if single else p

    return weigh
