"""Originals: the mask functions of attn-gym, PyTorch's collection of FlexAttention masks, against
patterns and their algebra.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
masks = pytest.importorskip("attn_gym.masks", reason="attn-gym is missing: make test-originals")
document = pytest.importorskip(
    "attn_gym.masks.document_mask", reason="attn-gym is missing: make test-originals"
)
flex = pytest.importorskip(
    "torch.nn.attention.flex_attention", reason="torch is missing: make test-originals"
)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
SIZES = st.integers(1, 45)


def members(mask_mod, n):
    """The mask that a FlexAttention mask_mod states, bool (n_q, n_k)."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    zero = torch.tensor(0)
    mask = mask_mod(zero, zero, torch.arange(n_q)[:, None], torch.arange(n_k)[None, :])
    return np.broadcast_to(mask.numpy(), (n_q, n_k))


def packed(count, length):
    """Where `count` documents of one length begin and end."""
    return document.length_to_offsets([length] * count, "cpu")


@given(LENGTHS)
def test_causal_mask_is_causal(n):
    assert np.array_equal(members(masks.causal_mask, n), sr.dense(sr.Causal(), n))


@given(SIZES, LENGTHS)
def test_sliding_window_keeps_w_plus_1_keys_as_the_paper_does(w, n):
    found = members(masks.generate_sliding_window(w), n)
    assert np.array_equal(found, sr.dense(sr.Local(w), n))
    assert np.array_equal(found, sr.dense(sr.Lookback(w + 1), n))


@given(SIZES, st.integers(1, 8), LENGTHS)
def test_dilated_window_under_causal_is_strided_cut_to_a_window(w, dilation, n):
    mask_mod = flex.and_masks(masks.generate_dilated_sliding_window(w, dilation), masks.causal_mask)
    assert np.array_equal(members(mask_mod, n), sr.dense(sr.Strided(dilation) & sr.Local(w), n))


@given(st.integers(0, 45), st.integers(1, 40))
def test_dilation_1_is_the_symmetric_window(radius, n):
    assert np.array_equal(
        members(masks.generate_dilated_sliding_window(radius, 1), n), sr.dense(sr.Window(radius), n)
    )


@given(st.integers(0, 45), st.integers(1, 40))
def test_global_window_without_globals_is_the_symmetric_window(radius, n):
    mask_mod = masks.generate_global_sliding_window(radius, torch.zeros(n, dtype=torch.bool))
    assert np.array_equal(members(mask_mod, n), sr.dense(sr.Window(radius), n))


@given(SIZES, st.integers(1, 40))
def test_prefix_lm_is_causal_or_one_block_of_keys(prefix, n):
    first = sr.Blockwise(
        sr.Causal(), (n, prefix)
    )  # every query below n lies in block 0, as do the first `prefix` keys
    assert np.array_equal(
        members(masks.generate_prefix_lm_mask(prefix), n), sr.dense(sr.Causal() | first, n)
    )


@given(st.integers(1, 6), st.integers(1, 9), SIZES)
def test_packed_documents_of_one_length_are_blocks(count, length, w):
    n, offsets = count * length, packed(count, length)
    same = sr.Blockwise(sr.Window(0), length)
    for mask_mod, p in [
        (document.generate_packed_causal_doc_mask_mod(offsets), sr.Block(length)),
        (document.generate_doc_mask_mod(masks.causal_mask, offsets), sr.Block(length)),
        (document.generate_doc_mask_mod(flex.noop_mask, offsets), same),
        (
            document.generate_doc_mask_mod(masks.generate_sliding_window(w), offsets),
            same & sr.Local(w),
        ),
    ]:
        assert np.array_equal(members(mask_mod, n), sr.dense(p, n)), f"{p!r}"


@given(st.integers(1, 5), st.integers(1, 6))
def test_block_diffusion_is_three_blockwise_patterns(blocks, length):
    n = blocks * length
    found = members(masks.generate_block_diffusion_mask(n, length), 2 * n)
    noised, clean = sr.Blockwise(sr.Window(0), length), sr.Blockwise(sr.Causal(), length)
    assert np.array_equal(found[:n, :n], sr.dense(noised, n))
    assert np.array_equal(found[:n, n:], sr.dense(clean - noised, n))
    assert np.array_equal(found[n:, n:], sr.dense(clean, n))
    assert not found[n:, :n].any()


@given(SIZES, SIZES, LENGTHS)
def test_and_masks_and_or_masks_are_the_algebra(w, reach, n):
    window, causal = masks.generate_sliding_window(w), masks.causal_mask
    dilated = masks.generate_dilated_sliding_window(reach, 1)
    assert np.array_equal(
        members(flex.or_masks(window, dilated), n), sr.dense(sr.Local(w) | sr.Window(reach), n)
    )
    assert np.array_equal(
        members(flex.and_masks(causal, dilated), n), sr.dense(sr.Causal() & sr.Window(reach), n)
    )


@given(st.integers(1, 150), st.integers(1, 150), st.sampled_from([1, 8, 16]))
def test_the_fast_causal_block_mask_holds_the_blocks_of_bsr(n_q, n_k, block):
    ours = sr.bsr(sr.Causal(), (n_q, n_k), block)
    full, some = block_masks(n_q, n_k, block)
    holds = np.zeros(some.shape, bool)
    holds[np.repeat(np.arange(len(holds)), np.diff(ours.indptr)), ours.indices] = True
    assert np.array_equal(full | some, holds)
    assert not (spread(full, block)[:n_q, :n_k] & ~sr.dense(sr.Causal(), (n_q, n_k))).any()


def test_defect_the_fast_causal_block_mask_takes_oblong_blocks_for_square():
    full, _ = block_masks(16, 64, (8, 32))
    leaked = spread(full, (8, 32)) & ~sr.dense(sr.Causal(), (16, 64))
    assert leaked[8, 31], (
        "attn-gym no longer calls a block full that holds the future: compare it with sr.bsr"
    )
    full, some = block_masks(64, 16, (32, 8))
    missed = sr.dense(sr.Causal(), (64, 16)) & ~spread(full | some, (32, 8))
    assert missed[31, 8], (
        "attn-gym no longer skips a block that holds the past: compare it with sr.bsr"
    )


def block_masks(n_q, n_k, block):
    """Which blocks attn-gym calls full, and which it calls partial, bool."""
    mask = masks.causal.create_causal_block_mask_fast(
        1, 1, n_q, n_k, torch.device("cpu"), block_size=block
    )
    tables = (mask.full_kv_num_blocks, mask.full_kv_indices), (mask.kv_num_blocks, mask.kv_indices)
    found = [np.zeros(indices.shape[-2:], bool) for _, indices in tables]
    for blocks, (counts, indices) in zip(found, tables):
        for a, count in enumerate(counts[0, 0].tolist()):
            blocks[a, indices[0, 0, a, :count].numpy()] = True
    return found


def spread(blocks, block):
    """A mask over blocks as one over their tokens."""
    return np.kron(
        blocks, np.ones(block if isinstance(block, tuple) else (block, block), bool)
    ).astype(bool)
