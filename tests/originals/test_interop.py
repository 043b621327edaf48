"""Originals: what interop makes, handed to PyTorch, Hugging Face transformers and DeepSpeed, and what is read of theirs."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import mask, patterns, patterns_at, qkv

import sparse_ref as sr
from sparse_ref import interop

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
flex = pytest.importorskip("torch.nn.attention.flex_attention", reason="torch is missing: make test-originals")
hf = pytest.importorskip("transformers.masking_utils", reason="transformers is missing: make test-originals")
found = importlib.util.find_spec("deepspeed")
if found is None:
    pytest.skip("deepspeed is missing: make test-originals", allow_module_level=True)

pytestmark = pytest.mark.originals

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))
BLOCKS = st.sampled_from([(1, 1), (4, 4), (16, 16), (8, 3), (128, 128)])
TABLES = ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices")
HEADS = st.lists(patterns(most=10), min_size=2, max_size=3)
AT_ONE_LENGTH = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), patterns_at(n, most=10)))
FILE = f"{found.submodule_search_locations[0]}/ops/sparse_attention/sparsity_config.py"
sdpa = torch.nn.functional.scaled_dot_product_attention


def sparsity_config():
    """DeepSpeed's one file that is needed: importing the rest asks for a compiler."""
    spec = importlib.util.spec_from_file_location("sparsity_config", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


deepspeed = sparsity_config()


def assert_same_tables(theirs, ours):
    """torch's BlockMask and ours hold the same arrays, what stands behind the counted blocks included."""
    for name in TABLES:
        table, own = getattr(theirs, name), getattr(ours, name)
        assert table.dtype == torch.int32, name
        assert own.dtype == np.int32, name
        assert np.array_equal(table.numpy(), own), name
    assert theirs.BLOCK_SIZE == ours.BLOCK_SIZE
    assert theirs.seq_lengths == ours.seq_lengths


@given(patterns(), LENGTHS, BLOCKS)
def test_block_masks_are_those_of_create_block_mask(p, n, block):
    theirs = flex.create_block_mask(interop.mask_mod(p), None, None, *n, device="cpu", BLOCK_SIZE=block)
    assert_same_tables(theirs, interop.block_mask(p, n, block))
    assert_same_tables(interop.torch_block_mask(p, n, block), interop.block_mask(p, n, block))


@given(HEADS, LENGTHS, BLOCKS)
@settings(max_examples=40)
def test_block_masks_of_heads_are_those_of_create_block_mask(heads, n, block):
    theirs = flex.create_block_mask(interop.mask_mod(heads), None, len(heads), *n, device="cpu", BLOCK_SIZE=block)
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
    assert np.array_equal(flex.create_mask(made.mask_mod, 1, 2, n, n, device="cpu")[0].numpy(), np.stack([expected] * 2))
    assert_same_tables(flex.create_block_mask(made.mask_mod, 1, 1, n, n, device="cpu", BLOCK_SIZE=block), made_arrays(made))
    listed = tuple(interop.from_allowed_mask(mask(each, n)) for each in (p, ~p))
    made = interop.torch_block_mask(listed, n, block)
    found = flex.create_mask(made.mask_mod, 1, 2, n, n, device="cpu")[0].numpy()
    assert np.array_equal(found, np.stack([mask(p, n), ~mask(p, n)]))


def made_arrays(made):
    """A BlockMask of torch as one of ours."""
    return interop.BlockMask(*(getattr(made, name).numpy() for name in TABLES), made.BLOCK_SIZE, made.seq_lengths)


@given(HEADS, LENGTHS, BLOCKS)
@settings(max_examples=40)
def test_block_masks_of_torch_are_read(heads, n, block):
    theirs = flex.create_block_mask(interop.mask_mod(heads), 2, len(heads), *n, device="cpu", BLOCK_SIZE=block)
    for p, found in zip(heads, interop.from_block_mask(theirs, batch=1)):
        assert np.array_equal(sr.dense(found, n), mask(p, n))
    all_partial = flex.create_block_mask(
        interop.mask_mod(heads[0]), 1, 1, *n, device="cpu", BLOCK_SIZE=block, separate_full_blocks=False)
    assert all_partial.full_kv_num_blocks is None
    assert np.array_equal(sr.dense(interop.from_block_mask(all_partial), n), mask(heads[0], n))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), BLOCKS)
def test_mask_mods_that_read_tensors_and_heads_are_read(documents, block):
    n, of = len(documents), torch.tensor(documents)

    def packed(b, h, q_idx, kv_idx):
        return (of[q_idx] == of[kv_idx]) & (q_idx >= kv_idx) & (q_idx - kv_idx <= h)
    expected = np.equal.outer(documents, documents) & sr.dense(sr.Causal(), n)
    by_block = interop.from_block_mask(flex.create_block_mask(packed, 1, 2, n, n, device="cpu", BLOCK_SIZE=block))
    for found in (interop.from_mask_mod(packed, n, heads=2, framework="torch"), by_block):
        for h in (0, 1):
            assert np.array_equal(sr.dense(found[h], n), expected & sr.dense(sr.Local(h) if h else sr.Window(0), n))
    noop = interop.from_mask_mod(flex.noop_mask, (n, 3), framework="torch")
    assert np.array_equal(sr.dense(noop, (n, 3)), np.ones((n, 3), bool))


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@given(st.tuples(patterns_at(24, most=10), patterns_at(24, most=10)), st.integers(0, 99))
@settings(max_examples=30)
def test_flex_attention_attends_as_attend_does(heads, seed):
    q, k, v = qkv((24, 24), heads=2, groups=2, dtype=np.float64, seed=seed)
    block_mask = interop.torch_block_mask(heads, 24, 8)
    theirs = flex.flex_attention(*(torch.from_numpy(x)[None] for x in (q, k, v)), block_mask=block_mask)
    np.testing.assert_allclose(sr.attend(q, k, v, heads), theirs[0].numpy(), atol=1e-12)


@given(HEADS, LENGTHS, st.integers(0, 99))
@settings(max_examples=40)
def test_sdpa_takes_the_allowed_mask_and_the_bias(heads, n, seed):
    q, k, v = qkv(n, heads=len(heads), groups=len(heads), dtype=np.float64, seed=seed)
    ours = sr.attend(q, k, v, heads)
    for given_mask in (interop.allowed_mask(heads, n), interop.additive_bias(heads, n, dtype=np.float64)):
        theirs = sdpa(*(torch.from_numpy(x)[None] for x in (q, k, v)), attn_mask=torch.from_numpy(given_mask))
        np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-12)


@given(HEADS, st.integers(1, 30), st.integers(0, 99))
@settings(max_examples=40)
def test_multihead_attention_takes_the_forbidden_mask(heads, n, seed):
    heads = [p | sr.Window(0) for p in heads]  # it gives NaN for empty rows
    width = 4 * len(heads)
    layer = torch.nn.MultiheadAttention(width, len(heads), bias=False, batch_first=True, dtype=torch.float64).eval()
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([torch.eye(width, dtype=torch.float64)] * 3))
        layer.out_proj.weight.copy_(torch.eye(width, dtype=torch.float64))
        x = np.random.default_rng(seed).standard_normal((n, width))
        theirs, weights = layer(*[torch.from_numpy(x)[None]] * 3, attn_mask=torch.from_numpy(interop.forbidden_mask(heads, n)),
                                average_attn_weights=False)
    split = x.reshape(n, len(heads), 4).swapaxes(0, 1)
    ours = sr.attend(split, split, split, heads)
    np.testing.assert_allclose(ours.swapaxes(0, 1).reshape(n, width), theirs[0].numpy(), atol=1e-12)
    assert np.array_equal(weights[0].numpy() > 0, interop.allowed_mask(heads, n))


@given(HEADS, patterns(most=10), LENGTHS, st.integers(0, 30))
@settings(max_examples=40)
def test_masking_utils_takes_the_same_functions(heads, other, n, offset):
    p = heads[0]
    for fn, r in ((hf.and_masks(interop.mask_mod(p), interop.mask_mod(other)), p & other),
                  (hf.or_masks(interop.mask_mod(p), hf.causal_mask_function), p | sr.Causal()),
                  (hf.and_masks(hf.sliding_window_overlay(5), interop.mask_mod(p)), p & ~sr.Shifted(sr.Causal(), -5))):
        found = hf.sdpa_mask(1, *n, q_offset=offset, mask_function=fn, allow_is_causal_skip=False)
        assert np.array_equal(found[0, 0].numpy(), mask(sr.Shifted(r, offset), n)), f"{r!r}"
        assert np.array_equal(sr.dense(interop.from_mask_mod(fn, n, framework="torch"), n), mask(r, n)), f"{r!r}"
    found = hf.sdpa_mask(2, *n, mask_function=interop.mask_mod(heads), allow_is_causal_skip=False, use_vmap=True)
    assert found.shape == (2, 1, *n), "it asks about head 0 alone"
    assert np.array_equal(found[1, 0].numpy(), mask(p, n))


@given(st.integers(1, 8), st.integers(1, 3), st.sampled_from([1, 4, 16]), st.integers(1, 12), st.data())
def test_layouts_of_deepspeed_are_made_and_read_bit_for_bit(local, repeats, block, blocks, data):
    verts = data.draw(st.integers(1, local))
    config = deepspeed.FixedSparsityConfig(
        verts * repeats, block=block, different_layout_per_head=True, num_local_blocks=local, num_global_blocks=1,
        attention="unidirectional", num_different_global_patterns=verts)
    theirs = config.make_layout(blocks * block)
    heads = [sr.Blockwise(p, block) for p in sr.openai_fixed(local, 1, num_verts=verts, heads=verts * repeats)]
    ours = interop.deepspeed_layout(heads, blocks * block, block)
    assert torch.from_numpy(ours).dtype == theirs.dtype
    assert torch.equal(torch.from_numpy(ours), theirs)
    by_tokens = sr.openai_fixed(local * block, block, num_verts=verts, heads=verts * repeats)
    assert np.array_equal(interop.deepspeed_layout(by_tokens, blocks * block, block, covering=True), ours)
    for p, own in zip(interop.from_deepspeed_layout(theirs, block), heads):
        assert np.array_equal(sr.dense(p, blocks * block), mask(own, blocks * block))


@given(patterns(), LENGTHS)
@settings(max_examples=30)
def test_tensors_are_read_as_arrays_are(p, n):
    allowed = torch.from_numpy(interop.allowed_mask(p, n))
    rows = sr.csr(p, n)
    for found in (interop.from_allowed_mask(allowed), interop.from_forbidden_mask(~allowed),
                  interop.from_additive_bias(torch.zeros(n).masked_fill(~allowed, -torch.inf)),
                  interop.from_csr(torch.from_numpy(rows.indptr), torch.from_numpy(rows.indices), n)):
        assert np.array_equal(sr.dense(found, n), mask(p, n))


def test_a_function_of_tensors_needs_the_framework_by_name():
    with pytest.raises(TypeError):
        interop.from_mask_mod(lambda q, kv: torch.le(kv, q), 4)
    found = interop.from_mask_mod(lambda q, kv: torch.le(kv, q), 4, framework="torch")
    assert np.array_equal(sr.dense(found, 4), sr.dense(sr.Causal(), 4))


def test_importing_interop_imports_neither_torch_nor_scipy():
    code = "import sys; from sparse_ref import interop; assert not {'torch', 'scipy', 'jax', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
