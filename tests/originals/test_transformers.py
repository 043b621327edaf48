"""Originals: Hugging Face transformers, its mask functions and the layers with masks of their own,
against patterns.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
hf = pytest.importorskip(
    "transformers.masking_utils", reason="transformers is missing: make test-originals"
)
gpt_neo, longformer, reformer, longt5 = (
    pytest.importorskip(
        f"transformers.models.{name}.modeling_{name}",
        reason="transformers is missing: make test-originals",
    )
    for name in ("gpt_neo", "longformer", "reformer", "longt5")
)

pytestmark = pytest.mark.originals

NO_PADDING = torch.zeros(1, dtype=torch.int64)
SIZES = st.integers(1, 45)
LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 40))


def members(mask_function, n, offset=0):
    """The mask of a mask function as `sdpa_mask` draws it for queries that begin at `offset`."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    mask = hf.sdpa_mask(
        1, n_q, n_k, q_offset=offset, mask_function=mask_function, allow_is_causal_skip=False
    )
    return mask[0, 0].numpy()


def pairs(w):
    """(mask function, pattern) for every closed form of masking_utils at size w."""
    yield hf.causal_mask_function, sr.Causal()
    yield hf.bidirectional_mask_function, sr.Full()
    yield hf.sliding_window_causal_mask_function(w), sr.Lookback(w)
    yield hf.sliding_window_bidirectional_mask_function(w), sr.Window(w)
    yield hf.chunked_causal_mask_function(w, NO_PADDING), sr.Block(w)


@given(SIZES, LENGTHS, st.integers(0, 60))
def test_mask_functions_and_their_offset(w, n, offset):
    for mask_function, p in pairs(w):
        assert np.array_equal(members(mask_function, n), sr.dense(p, n)), f"{p!r}"
        shifted = sr.dense(sr.Shifted(p, offset), n)
        assert np.array_equal(members(mask_function, n, offset), shifted), f"{p!r}"
        assert np.array_equal(
            members(hf.add_offsets_to_mask_function(mask_function, offset, 0), n), shifted
        ), f"{p!r}"


@given(SIZES, SIZES, LENGTHS)
def test_and_masks_and_or_masks_are_the_algebra(w, chunk, n):
    for f, p in pairs(w):
        for g, r in pairs(chunk):
            assert np.array_equal(members(hf.and_masks(f, g), n), sr.dense(p & r, n)), (
                f"{p!r} & {r!r}"
            )
            assert np.array_equal(members(hf.or_masks(f, g), n), sr.dense(p | r, n)), (
                f"{p!r} | {r!r}"
            )


@given(SIZES, st.integers(1, 5), st.integers(1, 9))
def test_packed_sequences_of_one_length_are_blocks(w, count, length):
    n = count * length
    position, sequence = (torch.arange(n) % length)[None], (torch.arange(n) // length)[None]
    window = hf.sliding_window_causal_mask_function(w)
    restarted = hf.remap_positions_for_packed_sequence(window, position)
    packed = hf.and_masks(hf.packed_sequence_mask_function(sequence), restarted)
    assert np.array_equal(members(packed, n), sr.dense(sr.Block(length) & sr.Lookback(w), n))
    assert np.array_equal(
        members(hf.blockwise_overlay(sequence), n), sr.dense(sr.Blockwise(sr.Window(0), length), n)
    )


@given(st.integers(1, 40), SIZES)
def test_gpt_neo_local_keeps_w_keys(n, w):
    config = gpt_neo.GPTNeoConfig(
        max_position_embeddings=n, window_size=w, hidden_size=4, num_heads=1
    )
    kinds = [
        (kind, gpt_neo.GPTNeoSelfAttention(config, kind).bias[0, 0].numpy())
        for kind in ("local", "global")
    ]
    for (kind, found), p in zip(kinds, (sr.Lookback(w), sr.Causal())):
        assert np.array_equal(found, sr.dense(p, n)), kind


@pytest.mark.parametrize("width", [4, 8, 12])
@pytest.mark.parametrize("chunks", [2, 3, 5])
def test_longformer_without_globals_is_a_window_of_half_its_width_to_each_side(width, chunks):
    n = width * chunks
    config = longformer.LongformerConfig(
        hidden_size=n, num_attention_heads=1, num_hidden_layers=1, attention_window=[width]
    )
    none = torch.zeros(1, n, dtype=torch.bool)
    weights = mixing(
        longformer.LongformerSelfAttention(config, 0),
        n,
        lambda layer, x: layer(
            x,
            torch.zeros(1, n),
            is_index_masked=none,
            is_index_global_attn=none,
            is_global_attn=False,
        )[0],
    )
    assert_uniform(weights, sr.Window(width // 2))


@pytest.mark.parametrize("chunk", [1, 2, 4])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_reformer_local_decoder_looks_at_whole_chunks(chunk, before):
    n = 6 * chunk
    weights = mixing(*reformer_local(n, chunk, before, after=0, decoder=True))
    assert_uniform(weights, sr.Blockwise(sr.Band(before, 0), chunk) & sr.Causal())


@pytest.mark.parametrize("chunk", [1, 2, 4])
def test_defect_reformer_local_encoder_lets_the_first_chunk_see_the_last(chunk):
    n = 6 * chunk
    members = mixing(*reformer_local(n, chunk, before=1, after=0, decoder=False)) > 0
    intended = sr.dense(sr.Blockwise(sr.Band(1, 0), chunk), n)
    extra = members & ~intended
    assert extra[:chunk, -chunk:].all(), (
        "transformers no longer wraps the chunks around: compare the encoder with Blockwise(Band)"
    )
    assert extra.sum() == chunk**2
    assert (members | ~intended).all()


def reformer_local(n, chunk, before, after, decoder):
    """The arguments of `mixing` for Reformer's local layer."""
    config = reformer.ReformerConfig(
        hidden_size=n,
        num_attention_heads=1,
        attention_head_size=n,
        attn_layers=["local"],
        is_decoder=decoder,
        local_attn_chunk_length=chunk,
        local_num_chunks_before=before,
        local_num_chunks_after=after,
    )
    return reformer.LocalSelfAttention(config, 0), n, lambda layer, x: layer(x).hidden_states


@pytest.mark.parametrize("radius", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 4, 17])
def test_longt5_local_is_a_window(radius, n):
    config = longt5.LongT5Config(d_model=n, d_kv=n, num_heads=1, local_radius=radius)
    mask = longt5._get_local_attention_mask(torch.ones(1, n), radius + 1, "cpu")
    layer = longt5.LongT5LocalAttention(config)
    layer.query, layer.key, layer.value = layer.q, layer.k, layer.v
    layer.o.weight.data = torch.eye(n)
    assert_uniform(mixing(layer, n, lambda layer, x: layer(x, mask=mask)[0]), sr.Window(radius))


def mixing(layer, n, call):
    """The mixing matrix of a layer of one head: all logits 0, and one-hot values go in, so the
    weights come out.
    """
    with torch.no_grad():
        for name, weight in [
            ("query", torch.zeros(n, n)),
            ("key", torch.zeros(n, n)),
            ("value", torch.eye(n)),
        ]:
            getattr(layer, name).weight.copy_(weight)
            if getattr(layer, name).bias is not None:
                getattr(layer, name).bias.zero_()
        return call(layer.eval(), torch.eye(n)[None])[0].numpy()


def assert_uniform(weights, p):
    """Each query weighs the keys of its set alike, and nothing else."""
    mask = sr.dense(p, len(weights))
    assert np.array_equal(weights > 0, mask), sr.difference(mask, weights > 0)
    np.testing.assert_allclose(weights, mask / mask.sum(axis=1, keepdims=True), atol=1e-6)
