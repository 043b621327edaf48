"""Kernels: the small matrix products against NumPy's in float64, and that no number depends on the
rows and lanes beside it.
"""

import numpy as np
import pytest
from numba import njit

from sparse_ref._jit.vectors import lanes, load, store
from sparse_ref.kernels.cpu.product import add_transpose_product, lane_product, product


@njit
def add_with_keep(a, row, lo, hi, b, out, first, keep):
    """add_transpose_product, with keep given as the one row of a panel."""
    add_transpose_product(a, row, lo, hi, b, out, first, load(keep, 0))


def panel(rng, rows, dtype):
    """A panel of random numbers."""
    return rng.standard_normal((rows, 64 // np.dtype(dtype).itemsize)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("lo", "hi", "d"), [(0, 64, 64), (3, 4, 1), (5, 20, 7), (0, 11, 130), (0, 0, 5)]
)
def test_product_is_a_b(lo, hi, d, dtype):
    rng = np.random.default_rng(0)
    a, b, out = (
        rng.standard_normal((90, d)).astype(dtype),
        panel(rng, d + 3, dtype),
        panel(rng, 64, dtype),
    )
    before = out.copy()
    product(a, 10, lo, hi, b, 2, out)
    exact, size = (
        f(a[10 + lo : 10 + hi]).astype(np.float64) @ f(b[2 : 2 + d]) for f in (np.asarray, np.abs)
    )
    assert (np.abs(out[lo:hi] - exact) <= d * np.finfo(dtype).eps * size).all()
    assert (out[:lo] == before[:lo]).all()
    assert (out[hi:] == before[hi:]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("lo", "hi", "e"), [(0, 64, 64), (3, 4, 1), (5, 20, 7), (0, 64, 130), (63, 64, 16)]
)
def test_add_transpose_product_is_out_keep_plus_a_transposed_b(lo, hi, e, dtype):
    rng = np.random.default_rng(0)
    a, b, keep = (
        rng.standard_normal((90, e)).astype(dtype),
        panel(rng, 64, dtype),
        panel(rng, 1, dtype),
    )
    out = panel(rng, e + 3, dtype)
    before = out.copy()
    add_with_keep(a, 10, lo, hi, b, out, 2, keep)
    exact, size = (
        f(a[10 + lo : 10 + hi].T).astype(np.float64) @ f(b[lo:hi]) + f(before[2 : 2 + e] * keep)
        for f in (np.asarray, np.abs)
    )
    assert (np.abs(out[2 : 2 + e] - exact) <= (hi - lo + 1) * np.finfo(dtype).eps * size).all()
    assert (out[:2] == before[:2]).all()
    assert (out[2 + e :] == before[2 + e :]).all()


@pytest.mark.parametrize("hi", [1, 5, 6, 64])
def test_each_number_is_its_own_row_and_lane_s(hi):
    """NaN in a row of a and inf in a lane of b change that row and that lane; nor does the number
    of rows asked for matter.
    """
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((64, 20), dtype=np.float32), panel(rng, 20, np.float32)
    out, moved = np.zeros((2, 64, 16), np.float32)
    product(a, 0, 0, 64, b, 0, out)
    A, C = a.copy(), b.copy()
    A[5], C[:, 9] = np.nan, np.inf
    product(A, 0, 0, hi, C, 0, moved)
    keep = np.ones((64, 16), bool)
    keep[5], keep[:, 9], keep[hi:] = False, False, False
    assert moved[keep].tobytes() == out[keep].tobytes()
    assert not np.isfinite(moved[:hi, 9]).any()


def test_a_row_of_a_panel_is_64_bytes():
    width = njit(lambda x: lanes(x))
    assert [width(np.zeros(1, dtype)) for dtype in (np.float32, np.float64)] == [16, 8]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [257, 300, 4096])
def test_long_sums_are_as_exact_as_sums_of_a_block(d, dtype):
    """Within the rounding of 32 products and a few sums, however many products there are."""
    rng = np.random.default_rng(0)
    a, b, out = (
        rng.standard_normal((7, d)).astype(dtype),
        panel(rng, d, dtype),
        panel(rng, 7, dtype),
    )
    product(a, 0, 0, 7, b, 0, out)
    exact, size = (f(a).astype(np.longdouble) @ f(b) for f in (np.asarray, np.abs))
    assert (np.abs(out - exact) <= 8 * np.finfo(dtype).eps * (size / 32 + np.abs(exact))).all()
    same = np.ones((1, d), dtype)
    product(same, 0, 0, 1, b, 0, out)
    odd = b.copy()
    odd[5], odd[9, 1] = -np.inf, np.nan
    product(same, 0, 0, 1, odd, 0, out)
    assert (out[0] == -np.inf).tolist() == (np.arange(b.shape[1]) != 1).tolist()


@njit
def lane_products(a, b, first, d, out):
    """lane_product as the one row of a panel."""
    store(out, 0, lane_product(a, b, first, d))


@pytest.mark.parametrize("d", [1, 64, 257, 1000])
def test_a_sum_lane_by_lane_is_that_of_the_product_bit_for_bit(d):
    """Each lane of a holds the same row, which the product reads number by number."""
    rng = np.random.default_rng(0)
    row, b = rng.standard_normal((1, d)).astype(np.float32), panel(rng, d + 2, np.float32)
    lanes_of_row, sums, by_lane = np.zeros((d + 2, 16), np.float32), *np.zeros((2, 1, 16), "f4")
    lanes_of_row[2:] = row.T
    product(row, 0, 0, 1, b, 2, sums)
    lane_products(lanes_of_row, b, 2, d, by_lane)
    assert by_lane.tobytes() == sums.tobytes()
