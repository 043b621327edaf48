"""Names from the catalogue: what papers call a set is found from its mask, and never given to
another set.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify import identify
from sparse_ref.verify.naming.search import FORMS, catalogue_matches

NAMED = [
    "Window(5) | Global(3)",
    "longformer(2, globals=(0, 12))",
    "longformer_causal(3, dilation=2)",
    "streaming(3, 6)",
    "Local(6) | Strided(6)",
    "Block(8) | Summary(8, 2)",
    "LogSparse()",
    "logsparse_local(3)",
    "Neighborhood({n}, 5)",
    "natten({n}, 4, dilation=2)",
    "natten_nd((6, 6), 3)",
    "swin((6, 6), 2, 1)",
    "etc(3, radius=2)",
    "a_shape(3, 5)",
    "reformer_local({n}, 4)",
    "local_attention(4)",
    "llama4_chunked(6, padding=3)",
    "butterfly(4)",
    "prefix_lm(6)",
    "block_diffusion(18, 2)",
    "MemoryBlock(4, 3, 2)",
    "Blockwise(Window(1), 4) & Causal()",
]


@pytest.mark.parametrize("text", NAMED)
def test_what_papers_state_is_named(text):
    mask = np.array(brute_mask(sr.parse(text.format(n=36)), 36))
    found = identify(mask)
    assert found
    assert np.array_equal(brute_mask(found[0], 36), mask)


@settings(max_examples=12)
@given(st.integers(6, 20), st.integers(0, 2**32))
def test_nothing_is_named_that_it_is_not(n, seed):
    rng = np.random.default_rng(seed)
    mask = np.array(brute_mask(sr.Window(3) | sr.Global(2), n))
    mask[tuple(rng.integers(0, n, 2))] ^= True
    for p in identify(mask):
        assert np.array_equal(brute_mask(p, n), mask)


def test_every_form_can_be_found():
    """Each form, with small numbers for its letters, is named from its own mask: by itself, or by
    one that is tried before it.
    """
    for form in FORMS:
        n = 35 if "{r}" in form else 36
        p = sr.parse(
            form.format(n=n, r=(n - 1) // 2, s=6, h=n // 2, g=(0, 9), t=(n - 20, 20), a=3, b=2, c=1)
        )
        mask = np.array(brute_mask(p, n))
        assert any(
            np.array_equal(brute_mask(q, n), mask)
            for q in identify(mask) or catalogue_matches(mask)
        ), form


@pytest.mark.parametrize("n", [16, 20, 24, 32])
def test_a_name_of_few_blocks_is_right_at_greater_lengths(n):
    p = sr.Blockwise(sr.Band(2, 0), 4) & sr.Causal()
    name = identify(np.array(brute_mask(p, n)))[0]
    assert np.array_equal(brute_mask(name, 64), brute_mask(p, 64)), name
