"""Originals: mask functions that interop makes, handed to Hugging Face transformers, and its own
read.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref import interop

pytest.importorskip("torch", reason="torch is missing: make test-originals")
hf = pytest.importorskip(
    "transformers.masking_utils", reason="transformers is missing: make test-originals"
)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
HEADS = st.lists(patterns(most=10), min_size=2, max_size=3)


@given(HEADS, patterns(most=10), LENGTHS, st.integers(0, 30))
@settings(max_examples=40)
def test_masking_utils_takes_the_same_functions(heads, other, n, offset):
    p = heads[0]
    for fn, r in (
        (hf.and_masks(interop.mask_mod(p), interop.mask_mod(other)), p & other),
        (hf.or_masks(interop.mask_mod(p), hf.causal_mask_function), p | sr.Causal()),
        (
            hf.and_masks(hf.sliding_window_overlay(5), interop.mask_mod(p)),
            p & ~sr.Shifted(sr.Causal(), -5),
        ),
    ):
        found = hf.sdpa_mask(1, *n, q_offset=offset, mask_function=fn, allow_is_causal_skip=False)
        assert np.array_equal(found[0, 0].numpy(), mask(sr.Shifted(r, offset), n)), f"{r!r}"
        assert np.array_equal(
            sr.dense(interop.from_mask_mod(fn, n, framework="torch"), n), mask(r, n)
        ), f"{r!r}"
    found = hf.sdpa_mask(
        2, *n, mask_function=interop.mask_mod(heads), allow_is_causal_skip=False, use_vmap=True
    )
    assert found.shape == (2, 1, *n), "it asks about head 0 alone"
    assert np.array_equal(found[1, 0].numpy(), mask(p, n))
