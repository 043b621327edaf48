"""Originals: attn-gym's prefix-LM and block-diffusion masks, against the constructors of these
families.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
masks = pytest.importorskip("attn_gym.masks", reason="attn-gym is missing: make test-originals")

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))


def members(mask_mod, n):
    """The mask that a FlexAttention mask_mod states, bool (n_q, n_k)."""
    zero, (n_q, n_k) = torch.tensor(0), n
    return np.broadcast_to(
        mask_mod(zero, zero, torch.arange(n_q)[:, None], torch.arange(n_k)[None, :]).numpy(),
        (n_q, n_k),
    )


@given(st.integers(0, 45), LENGTHS)
def test_prefix_lm(length, n):
    assert np.array_equal(
        members(masks.generate_prefix_lm_mask(length), n), sr.dense(sr.prefix_lm(length), n)
    )


@given(st.integers(1, 30), st.integers(1, 35))
def test_block_diffusion(n, block):
    """Blocks that do not divide the sequence, and ones longer than it, among them."""
    found = members(masks.generate_block_diffusion_mask(n, block), (2 * n, 2 * n))
    assert np.array_equal(found, sr.dense(sr.block_diffusion(n, block), 2 * n))
