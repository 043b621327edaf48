"""Originals: NATTEN's mask in one dimension, where it is made of patterns that are defined here:
causal, or in whole tiles.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
natten = pytest.importorskip(
    "natten.backends.flex", reason="natten is missing: make test-originals"
)

pytestmark = pytest.mark.originals


def members(n, kernel, stride=1, dilation=1, causal=True):
    """NATTEN's mask over one axis of length n, bool (n, n)."""
    mask = natten.get_na_flex_mask("cpu", 1, (n,), (kernel,), (stride,), (dilation,), (causal,))
    zero, every = torch.tensor(0), torch.arange(n)
    return np.broadcast_to(
        mask.mask_mod(zero, zero, every[:, None], every[None, :]).numpy(), (n, n)
    )


@given(st.integers(1, 20), st.integers(0, 30))
def test_causal_keeps_k_keys(kernel, more):
    n = kernel + more
    assert np.array_equal(members(n, kernel), sr.dense(sr.Lookback(kernel), n))


@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 20))
def test_causal_and_dilated_is_strided_cut_to_k_keys(kernel, dilation, more):
    n = kernel * dilation + more
    expected = sr.Strided(dilation) & sr.Local((kernel - 1) * dilation)
    assert np.array_equal(members(n, kernel, dilation=dilation), sr.dense(expected, n))


@given(st.integers(1, 8), st.integers(1, 6))
def test_a_stride_of_the_whole_kernel_is_blocks(kernel, blocks):
    n = kernel * blocks
    assert np.array_equal(members(n, kernel, stride=kernel), sr.dense(sr.Block(kernel), n))
    whole = sr.Blockwise(sr.Window(0), kernel)
    assert np.array_equal(members(n, kernel, stride=kernel, causal=False), sr.dense(whole, n))


@given(st.integers(1, 12), st.integers(0, 30))
def test_inside_the_borders_an_odd_kernel_is_a_window(radius, more):
    kernel, n = 2 * radius + 1, 4 * radius + 1 + more
    inner = slice(radius, n - radius)
    assert np.array_equal(
        members(n, kernel, causal=False)[inner], sr.dense(sr.Window(radius), n)[inner]
    )
