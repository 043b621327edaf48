"""Kernels: every number of 16 bits, widened; and poison in 16 bits."""

import ml_dtypes
import numpy as np
import pytest
from numba import njit
from strategies import mask, qkv

import sparse_ref as sr
from sparse_ref._jit.vectors import widen

HALVES = {
    np.float16: np.uint16,
    ml_dtypes.bfloat16: np.int16,
}  # and as which bits kernels take them


@njit
def widened(bits, out):
    """Each number of the bits."""
    for t in range(len(bits)):
        out[t] = widen(bits[t])


@pytest.mark.parametrize("dtype", HALVES)
def test_every_number_of_16_bits_is_itself(dtype):
    bits, out = np.arange(2**16, dtype=np.uint16), np.empty(2**16, np.float32)
    widened(bits.view(HALVES[dtype]), out)
    expected = bits.view(dtype).astype(np.float32)
    odd = np.isnan(expected)
    assert np.isnan(out[odd]).all()
    assert out[~odd].tobytes() == expected[~odd].tobytes()


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("p", [sr.Causal(), sr.Strided(3)])
def test_only_members_matter_in_16_bits(p, poison, dtype):
    q, k, v = qkv((130, 130), dtype=dtype)
    out, lse = sr.attend_with_lse(q, k, v, p)
    gradients = sr.attend_backward(out, q, k, v, out, lse, p)
    K, V, skip = k.copy(), v.copy(), ~mask(p, 130)[:, 64]
    K[:, 64], V[:, 64] = poison, poison
    moved = (*sr.attend_with_lse(q, K, V, p), sr.attend_backward(out, q, K, V, out, lse, p)[0])
    for x, kept in zip(moved, (out, lse, gradients[0])):
        assert x[0, skip].tobytes() == kept[0, skip].tobytes()
        assert x[0, ~skip].tobytes() != kept[0, ~skip].tobytes()
