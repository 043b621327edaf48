"""Originals: what interop makes, handed to PyTorch's FlexAttention, and what is read of its masks
and BlockMasks.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import mask, patterns, patterns_at, qkv

import sparse_ref as sr
from sparse_ref import interop

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
flex = pytest.importorskip(
    "torch.nn.attention.flex_attention", reason="torch is missing: make test-originals"
)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
BLOCKS = st.sampled_from([(1, 1), (4, 4), (16, 16), (8, 3), (128, 128)])
TABLES = ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices")
HEADS = st.lists(patterns(most=10), min_size=2, max_size=3)
AT_ONE_LENGTH = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=10)))


def assert_same_tables(theirs, ours):
    """torch's BlockMask and ours hold the same arrays, what stands behind the counted blocks
    included.
    """
    for name in TABLES:
        table, own = getattr(theirs, name), getattr(ours, name)
        assert table.dtype == torch.int32, name
        assert own.dtype == np.int32, name
        assert np.array_equal(table.numpy(), own), name
    assert theirs.BLOCK_SIZE == ours.BLOCK_SIZE
    assert theirs.seq_lengths == ours.seq_lengths


@given(patterns(), LENGTHS, BLOCKS)
def test_block_masks_are_those_of_create_block_mask(p, n, block):
    theirs = flex.create_block_mask(
        interop.mask_mod(p), None, None, *n, device="cpu", BLOCK_SIZE=block
    )
    assert_same_tables(theirs, interop.block_mask(p, n, block))
    assert_same_tables(interop.torch_block_mask(p, n, block), interop.block_mask(p, n, block))


@given(HEADS, LENGTHS, BLOCKS)
@settings(max_examples=40)
def test_block_masks_of_heads_are_those_of_create_block_mask(heads, n, block):
    theirs = flex.create_block_mask(
        interop.mask_mod(heads), None, len(heads), *n, device="cpu", BLOCK_SIZE=block
    )
    assert_same_tables(theirs, interop.block_mask(heads, n, block))
    made = interop.torch_block_mask(heads, n, block)
    for name in ("q_num_blocks", "q_indices", "full_q_num_blocks", "full_q_indices"):
        assert torch.equal(getattr(theirs, name), getattr(made, name)), name


@given(HEADS, LENGTHS)
@settings(max_examples=40)
def test_mask_mods_and_their_source_are_the_sets_under_vmap(heads, n):
    room = {}
    exec(interop.mask_mod_source(heads), room)
    for fn in (interop.mask_mod(heads), room["mask_mod"]):
        found = flex.create_mask(fn, 2, len(heads), *n, device="cpu")
        assert found.dtype == torch.bool
        assert np.array_equal(found.numpy(), np.stack([[mask(p, n) for p in heads]] * 2))


@given(AT_ONE_LENGTH, BLOCKS)
@settings(max_examples=30)
def test_a_table_serves_patterns_that_are_listed_or_drawn(drawn, block):
    n, p = drawn
    made = interop.torch_block_mask(p | sr.Random(n, min(n, 2), 0), n, block)
    expected = mask(p | sr.Random(n, min(n, 2), 0), n)
    assert np.array_equal(
        flex.create_mask(made.mask_mod, 1, 2, n, n, device="cpu")[0].numpy(),
        np.stack([expected] * 2),
    )
    assert_same_tables(
        flex.create_block_mask(made.mask_mod, 1, 1, n, n, device="cpu", BLOCK_SIZE=block),
        made_arrays(made),
    )
    listed = tuple(interop.from_allowed_mask(mask(each, n)) for each in (p, ~p))
    made = interop.torch_block_mask(listed, n, block)
    found = flex.create_mask(made.mask_mod, 1, 2, n, n, device="cpu")[0].numpy()
    assert np.array_equal(found, np.stack([mask(p, n), ~mask(p, n)]))


def made_arrays(made):
    """A BlockMask of torch as one of ours."""
    return interop.BlockMask(
        *(getattr(made, name).numpy() for name in TABLES), made.BLOCK_SIZE, made.seq_lengths
    )


@given(HEADS, LENGTHS, BLOCKS)
@settings(max_examples=40)
def test_block_masks_of_torch_are_read(heads, n, block):
    theirs = flex.create_block_mask(
        interop.mask_mod(heads), 2, len(heads), *n, device="cpu", BLOCK_SIZE=block
    )
    for p, found in zip(heads, interop.from_block_mask(theirs, batch=1)):
        assert np.array_equal(sr.dense(found, n), mask(p, n))
    all_partial = flex.create_block_mask(
        interop.mask_mod(heads[0]),
        1,
        1,
        *n,
        device="cpu",
        BLOCK_SIZE=block,
        separate_full_blocks=False,
    )
    assert all_partial.full_kv_num_blocks is None
    [found] = interop.from_block_mask(all_partial)
    assert np.array_equal(sr.dense(found, n), mask(heads[0], n))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), BLOCKS)
def test_mask_mods_that_read_tensors_and_heads_are_read(documents, block):
    n, of = len(documents), torch.tensor(documents)

    def packed(b, h, q_idx, kv_idx):
        return (of[q_idx] == of[kv_idx]) & (q_idx >= kv_idx) & (q_idx - kv_idx <= h)

    expected = np.equal.outer(documents, documents) & sr.dense(sr.Causal(), n)
    by_block = interop.from_block_mask(
        flex.create_block_mask(packed, 1, 2, n, n, device="cpu", BLOCK_SIZE=block)
    )
    for found in (interop.from_mask_mod(packed, n, heads=2, framework="torch"), by_block):
        for h in (0, 1):
            assert np.array_equal(
                sr.dense(found[h], n), expected & sr.dense(sr.Local(h) if h else sr.Window(0), n)
            )
    noop = interop.from_mask_mod(flex.noop_mask, (n, 3), framework="torch")
    assert np.array_equal(sr.dense(noop, (n, 3)), np.ones((n, 3), bool))


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@given(st.tuples(patterns_at(24, most=10), patterns_at(24, most=10)), st.integers(0, 99))
@settings(max_examples=30)
def test_flex_attention_attends_as_attend_does(heads, seed):
    q, k, v = qkv((24, 24), heads=2, groups=2, dtype=np.float64, seed=seed)
    block_mask = interop.torch_block_mask(heads, 24, 8)
    theirs = flex.flex_attention(
        *(torch.from_numpy(x)[None] for x in (q, k, v)), block_mask=block_mask
    )
    np.testing.assert_allclose(sr.attend(q, k, v, heads), theirs[0].numpy(), atol=1e-12)
