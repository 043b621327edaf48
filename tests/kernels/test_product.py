"""Kernels: the small matrix product against NumPy's in float64, and that no number depends on the rows and columns beside it."""

import numpy as np
import pytest

from sparse_ref.kernels.product import add_product


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "w"), [(64, 64, 64), (64, 1, 16), (4, 7, 48), (64, 130, 32)])
def test_it_adds_the_product(m, k, w, dtype):
    rng = np.random.default_rng(0)
    a, b, out = (rng.standard_normal(shape).astype(dtype) for shape in ((m, k), (k, w), (m, w)))
    exact = out.astype(np.float64) + a.astype(np.float64) @ b
    size = np.abs(out) + np.abs(a).astype(np.float64) @ np.abs(b)
    add_product(a, b, out)
    assert (np.abs(out - exact) <= (k + 1) * np.finfo(dtype).eps * size).all()


def test_each_number_is_its_own_row_and_column_s():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((64, 20), dtype=np.float32), rng.standard_normal((20, 64), dtype=np.float32)
    out, moved = np.zeros((2, 64, 64), np.float32)
    add_product(a, b, out)
    A, C = a.copy(), b.copy()
    A[5], C[:, 9] = np.nan, np.inf
    add_product(A, C, moved)
    keep = np.ones((64, 64), bool)
    keep[5], keep[:, 9] = False, False
    assert moved[keep].tobytes() == out[keep].tobytes()
    assert not np.isfinite(moved[~keep]).any()
