"""Originals: Reformer's local layer, local-attention, Llama 4 and GPT-Neo recover the sets and
multiplicities of chunked layers.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
lucidrains = pytest.importorskip(
    "local_attention", reason="local-attention is missing: make test-originals"
)
hf = pytest.importorskip(
    "transformers.masking_utils", reason="transformers is missing: make test-originals"
)
gpt_neo, llama4, reformer = (
    pytest.importorskip(
        f"transformers.models.{name}", reason="transformers is missing: make test-originals"
    )
    for name in (
        "gpt_neo.modeling_gpt_neo",
        "llama4.configuration_llama4",
        "reformer.modeling_reformer",
    )
)

pytestmark = pytest.mark.originals

SIDES = st.integers(0, 6)
CHUNKS = st.tuples(st.integers(1, 4), st.integers(1, 5))  # keys a chunk, chunks


@given(
    st.integers(1, 12),
    st.lists(st.integers(0, 15), min_size=1, max_size=4),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
def test_llama4_chunks_are_shifted_by_the_padding_of_each_sequence(keys, padding, n):
    mask_function = hf.chunked_causal_mask_function(keys, torch.tensor(padding))
    found = hf.sdpa_mask(len(padding), *n, mask_function=mask_function, allow_is_causal_skip=False)
    for mask, shift in zip(found, padding):
        assert np.array_equal(mask[0].numpy(), sr.dense(sr.llama4_chunked(keys, shift), n)), (
            f"padding {shift}"
        )


@given(st.integers(1, 6), st.integers(1, 12), st.integers(1, 9000))
@settings(max_examples=40)
def test_llama4_sees_all_in_the_last_layer_of_every_interval(interval, layers, keys):
    config = llama4.Llama4TextConfig(
        num_hidden_layers=layers, no_rope_layer_interval=interval, attention_chunk_size=keys
    )
    scheme = sr.Interleaved(sr.llama4(config.attention_chunk_size, interval))
    kinds = {sr.Causal(): "full_attention", sr.llama4_chunked(keys): "chunked_attention"}
    assert config.layer_types == [kinds[scheme.at(layer, 0)] for layer in range(layers)]


def test_the_defaults_of_llama4_and_gpt_neo():
    config = llama4.Llama4TextConfig(num_hidden_layers=8)
    assert sr.llama4() == sr.llama4(config.attention_chunk_size, config.no_rope_layer_interval)
    assert sr.gpt_neo() == sr.gpt_neo(gpt_neo.GPTNeoConfig().window_size)


@given(st.integers(1, 12), st.integers(1, 2), st.integers(1, 16))
@settings(max_examples=30)
def test_gpt_neo_layers_take_turns(keys, turns, n):
    config = gpt_neo.GPTNeoConfig(
        max_position_embeddings=n,
        window_size=keys,
        hidden_size=n,
        num_heads=1,
        num_layers=2 * turns,
        vocab_size=1,
        attention_types=[[["global", "local"], turns]],
    )
    for layer, block in enumerate(gpt_neo.GPTNeoModel(config).h):
        weights = mixing(
            block.attn.attention,
            "q_proj k_proj v_proj out_proj",
            n,
            lambda attention, x: attention(x)[0],
        )
        assert_counts(weights, sr.dense(sr.Interleaved(sr.gpt_neo(keys)).at(layer, 0), n))


@given(CHUNKS, SIDES, SIDES, st.booleans())
@settings(max_examples=100)
def test_reformer_local_counts_a_chunk_as_often_as_it_meets_it(chunks, before, after, causal):
    keys, n = chunks[0], chunks[0] * chunks[1]
    weights = reformer_local(n, keys, before, after, causal)
    allowed = sr.Causal() if causal else sr.Full()
    assert_counts(
        weights, sr.multiplicity(sr.reformer_local_hf(n, keys, before, after) & allowed, n)
    )
    assert np.array_equal(
        weights > 0, sr.dense(sr.reformer_local(n, keys, before, after) & allowed, n)
    )


@given(st.integers(1, 9), st.integers(0, 5), SIDES, SIDES, st.booleans())
@settings(max_examples=30)
def test_reformer_local_is_dense_where_one_chunk_holds_all(n, more, before, after, causal):
    weights = reformer_local(n, n + more, before, after, causal)
    allowed = sr.Causal() if causal else sr.Full()
    assert_counts(
        weights, sr.multiplicity(sr.reformer_local_hf(n, n + more, before, after) & allowed, n)
    )


@pytest.mark.parametrize(("n", "keys"), [(5, 4), (10, 4), (7, 2)])
def test_reformer_local_refuses_the_lengths_that_we_refuse(n, keys):
    with pytest.raises(RuntimeError, match="is invalid for input of size"):
        reformer_local(n, keys, 1, 0, causal=False)
    with pytest.raises(ValueError, match="or a multiple of it"):
        sr.reformer_local_hf(n, keys)


def test_defect_reformer_local_counts_chunks_twice_and_meets_the_last_before_the_first():
    weights = reformer_local(6, 3, 1, 1, causal=False)
    assert np.allclose(weights[0], [1 / 9, 1 / 9, 1 / 9, 2 / 9, 2 / 9, 2 / 9]), (
        "transformers no longer counts a chunk twice"
    )
    weights = reformer_local(8, 2, 1, 0, causal=False)
    intended = sr.dense(sr.reformer_local(8, 2, 1, 0, circular=False), 8)
    assert (weights > 0)[:2, -2:].all(), (
        "transformers no longer wraps the chunks around: compare it with circular=False"
    )
    assert ((weights > 0) & ~intended).sum() == 4


@given(CHUNKS, SIDES, SIDES, st.booleans(), st.booleans())
@settings(max_examples=60)
def test_local_attention_sees_each_key_once(chunks, back, forward, causal, exact):
    keys, n = chunks[0], chunks[0] * chunks[1]
    forward = 0 if causal else forward
    fn = lucidrains.LocalAttention(
        keys, causal=causal, look_backward=back, look_forward=forward, exact_windowsize=exact
    )
    found = sr.verify.probe(fn, n, framework="torch")
    expected = sr.dense(sr.local_attention(keys, back, forward, causal, exact), n)
    assert np.array_equal(found.multiplicity[0], expected)
    assert not found.leaks.any()


@given(CHUNKS, st.booleans(), st.booleans())
@settings(max_examples=30)
def test_the_defaults_of_local_attention(chunks, causal, exact):
    keys, n = chunks[0], chunks[0] * chunks[1]
    found = sr.verify.probe(
        lucidrains.LocalAttention(keys, causal=causal, exact_windowsize=exact), n, framework="torch"
    )
    assert np.array_equal(
        found.mask[0], sr.dense(sr.local_attention(keys, causal=causal, exact=exact), n)
    )


def test_local_attention_refuses_to_be_causal_and_look_forward():
    with pytest.raises(AssertionError, match="you cannot look forward if causal"):
        lucidrains.LocalAttention(4, causal=True, look_forward=1)
    with pytest.raises(ValueError, match="look_forward must be 0 if causal"):
        sr.local_attention(4, look_forward=1, causal=True)


@given(st.integers(2, 5), st.integers(1, 20), SIDES, SIDES, st.booleans(), st.booleans())
@settings(max_examples=60)
def test_defect_autopad_lets_bidirectional_queries_see_the_padding(
    keys, n, back, forward, causal, exact
):
    """Each padded position that the set would hold at the padded length takes its share of the row:
    a zero key, a zero value.
    """
    forward = 0 if causal else forward
    fn = lucidrains.LocalAttention(
        keys,
        causal=causal,
        look_backward=back,
        look_forward=forward,
        exact_windowsize=exact,
        autopad=True,
    )
    padded = sr.dense(
        sr.local_attention(keys, back, forward, causal, exact), (n, -(-n // keys) * keys)
    )
    shares = padded[:, :n] / padded.sum(axis=1, keepdims=True)
    found = sr.verify.probe(fn, n, framework="torch").weights[0]
    np.testing.assert_allclose(
        found, shares, atol=1e-6, err_msg="local-attention no longer attends to its padding"
    )
    assert causal <= np.allclose(shares.sum(axis=1), 1)


def reformer_local(n, keys, before, after, causal):
    """The mixing matrix of Reformer's local layer."""
    config = reformer.ReformerConfig(
        hidden_size=n,
        num_attention_heads=1,
        attention_head_size=n,
        attn_layers=["local"],
        is_decoder=causal,
        local_attn_chunk_length=keys,
        local_num_chunks_before=before,
        local_num_chunks_after=after,
    )
    return mixing(
        reformer.LocalSelfAttention(config, 0),
        "query key value",
        n,
        lambda layer, x: layer(x).hidden_states,
    )


def mixing(layer, names, n, call):
    """The mixing matrix of a layer of one head: all logits 0, and one-hot values go in, so the
    weights come out.
    """
    with torch.no_grad():
        for name in names.split():
            weight, bias = getattr(layer, name).weight, getattr(layer, name).bias
            weight.copy_(torch.zeros(n, n) if name.startswith(("q", "k")) else torch.eye(n))
            if bias is not None:
                bias.zero_()
        return call(layer.eval(), torch.eye(n)[None])[0].numpy()


def assert_counts(weights, counts):
    """Each query weighs a key by how often it is counted, and nothing else."""
    np.testing.assert_allclose(weights, counts / counts.sum(axis=1, keepdims=True), atol=1e-6)
    assert np.array_equal(weights > 0, counts > 0)
