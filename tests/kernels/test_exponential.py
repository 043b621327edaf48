"""Kernels: the vector exp against NumPy's, over float32 from -0 to the end of its range and over
float64 in steps.
"""

import numpy as np
import pytest
from numba import njit

import sparse_ref._jit  # noqa: F401  which registers the functions of vectors with Numba
from sparse_ref._jit.vectors import exp, load, store, unit, unit_exp


@njit
def rows_of_exp(x, out):
    for r in range(len(x)):
        store(out, r, exp(load(x, r)))


def exps(x):
    """exp of every number of x, laid out in whole rows."""
    width = 64 // x.itemsize
    panel = np.resize(x, (-(-len(x) // width), width))
    out = np.empty_like(panel)
    rows_of_exp(panel, out)
    return out.ravel()[: len(x)]


def test_float32_is_within_one_and_a_half_ulp():
    x = np.arange(0x80000000, 0xC2AE0001, 97, dtype=np.uint32).view(
        np.float32
    )  # every 97th float from -0 to -87
    exact = np.exp(x.astype(np.float64))
    ulp = np.abs(exps(x) - exact) / np.spacing(exact.astype(np.float32))
    assert x.min() < -86.9
    assert ulp.max() < 1.5


def test_float64_is_within_one_and_a_half_ulp():
    x = -np.concatenate([np.linspace(0, 708, 1_000_001), np.geomspace(1e-300, 1, 10_001)])
    exact = np.exp(x.astype(np.longdouble))
    assert np.finfo(np.longdouble).nmant > 60
    assert (np.abs(exps(x) - exact) / np.spacing(exact.astype(np.float64))).max() < 1.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_edges_are_defined(dtype):
    x = np.array([-np.inf, -1e30, -709, -0.0, 0, np.nan], dtype)
    assert exps(x).tolist()[:5] == [0, 0, 0, 1, 1]
    assert np.isnan(exps(x)[5])


@njit
def rows_of_unit_exp(x, out):
    for r in range(len(x)):
        store(out, r, unit_exp(load(x, r)))


@pytest.mark.parametrize(("dtype", "least"), [(np.float32, -142), (np.float64, -708)])
def test_exp_in_units_keeps_its_digits_far_below_1(dtype, least):
    """2^80 e^x in float32 is a normal number to e^-142, where e^x itself is 0."""
    x = np.linspace(least, 0, 160_000, dtype=dtype).reshape(-1, 64 // np.dtype(dtype).itemsize)
    out = np.empty_like(x)
    rows_of_unit_exp(x, out)
    exact = np.exp(x.astype(np.longdouble)) * float(unit(x))
    ulp = np.abs(out - exact) / np.spacing(exact.astype(dtype))
    assert out.min() >= np.finfo(dtype).smallest_normal
    assert ulp.max() < 1.5
    below = np.full_like(x, least - 1)
    rows_of_unit_exp(below, out)
    assert not out.any()
