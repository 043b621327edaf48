"""Originals: the windows of the rosetta table, read from the libraries that can be run, for the
same number.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
hf = pytest.importorskip(
    "transformers.masking_utils", reason="transformers is missing: make test-originals"
)
gym = pytest.importorskip("attn_gym.masks", reason="attn-gym is missing: make test-originals")
lucidrains = pytest.importorskip(
    "local_attention", reason="local-attention is missing: make test-originals"
)
natten = pytest.importorskip(
    "natten.backends.flex", reason="natten is missing: make test-originals"
)
longformer, longt5 = (
    pytest.importorskip(
        f"transformers.models.{name}.modeling_{name}",
        reason="transformers is missing: make test-originals",
    )
    for name in ("longformer", "longt5")
)

pytestmark = pytest.mark.originals


def flex(mask_mod, n):
    """The mask of a FlexAttention mask_mod, or of a mask function of transformers."""
    zero, every = torch.tensor(0), torch.arange(n)
    return np.broadcast_to(mask_mod(zero, zero, every[:, None], every[None, :]).numpy(), (n, n))


def local_attention(w, n):
    """local-attention with exact_windowsize; n in whole windows."""
    whole = -(-n // w) * w
    fn = lucidrains.LocalAttention(w, causal=True, exact_windowsize=True)
    return sr.verify.probe(fn, whole, framework="torch").mask[0][:n, :n]


def hugging_face_longformer(w, n):
    """One layer without global tokens, its logits 0 and its values one-hot; n in whole windows."""
    whole = -(-n // w) * w
    config = longformer.LongformerConfig(
        hidden_size=whole, num_attention_heads=1, num_hidden_layers=1, attention_window=[w]
    )
    layer, none = (
        longformer.LongformerSelfAttention(config, 0).eval(),
        torch.zeros(1, whole, dtype=torch.bool),
    )
    with torch.no_grad():
        for name, weight in [
            ("query", torch.zeros(whole, whole)),
            ("key", torch.zeros(whole, whole)),
            ("value", torch.eye(whole)),
        ]:
            getattr(layer, name).weight.copy_(weight)
            getattr(layer, name).bias.zero_()
        out = layer(
            torch.eye(whole)[None],
            torch.zeros(1, whole),
            is_index_masked=none,
            is_index_global_attn=none,
            is_global_attn=False,
        )
    return (out[0][0].numpy() > 0)[:n, :n]


def longt5_local(w, n):
    """LongT5's mask over blocks of w + 1 and the blocks beside them, put where their keys are."""
    mask = longt5._get_local_attention_mask(torch.ones(1, n), w + 1, "cpu").numpy()[
        0, 0
    ]  # (blocks, w + 1, 3 (w + 1))
    placed = np.zeros((n, n), bool)
    for block, row, column in np.argwhere(mask):
        i, j = block * (w + 1) + row, (block - 1) * (w + 1) + column
        if i < n and 0 <= j < n:
            placed[i, j] = True
    return placed


MASKS = {
    "Mistral, GPT-Neo and others in transformers 5.24.0": lambda w, n: flex(
        hf.sliding_window_causal_mask_function(w), n
    ),
    "transformers 5.24.0, bidirectional mask": lambda w, n: flex(
        hf.sliding_window_bidirectional_mask_function(w), n
    ),
    "attn-gym 0.0.17, generate_sliding_window": lambda w, n: flex(
        gym.generate_sliding_window(w), n
    ),
    "NATTEN 0.21.7": lambda w, n: flex(
        natten.get_na_flex_mask("cpu", 1, (n,), (w,), (1,), (1,), (False,)).mask_mod, n
    ),
    "local-attention 1.11.2, exact_windowsize, causal": local_attention,
    "Longformer in transformers 5.24.0": hugging_face_longformer,
    "ETC; LongT5": longt5_local,
}


@pytest.mark.parametrize("source", MASKS)
@given(st.integers(2, 6).map(lambda half: 2 * half), st.integers(0, 30))
@settings(max_examples=30)
def test_the_source_means_by_its_number_what_the_table_says(source, w, more):
    n = w + more
    stated = {each.source: each.pattern for each in sr.window_conventions(w, n)}
    assert np.array_equal(MASKS[source](w, n), sr.dense(stated[source], n))
