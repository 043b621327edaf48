"""Kernels: the vector exp against NumPy's in float64, over float32 from -0 to the end of its range."""

import numpy as np
from numba import njit

from sparse_ref.kernels.exponential import exp


@njit
def filled(x, out):
    for t in range(len(x)):
        out[t] = exp(x[t])
    return out


def test_float32_is_within_one_and_a_half_ulp():
    x = np.arange(0x80000000, 0xC2AE0001, 97, dtype=np.uint32).view(np.float32)  # every 97th float from -0 to -87
    exact = np.exp(x.astype(np.float64))
    ulp = np.abs(filled(x, np.empty_like(x)) - exact) / np.spacing(exact.astype(np.float32))
    assert x.min() < -86.9
    assert ulp.max() < 1.5


def test_the_edges_are_defined():
    x = np.array([-np.inf, -1e30, -88, -0.0, 0, np.nan], np.float32)
    assert filled(x, np.empty_like(x)).tolist()[:5] == [0, 0, 0, 1, 1]
    assert np.isnan(filled(x, np.empty_like(x))[5])


def test_float64_is_exact_to_an_ulp():
    x = -np.linspace(0, 700, 10001)
    assert (np.abs(filled(x, np.empty_like(x)) - np.exp(x)) <= np.spacing(np.exp(x))).all()


def test_uncompiled_it_is_numpys():
    assert exp(np.float32(-1)) == np.exp(np.float32(-1))
