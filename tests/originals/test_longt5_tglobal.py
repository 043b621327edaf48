"""Originals: Hugging Face transformers, LongT5's transient global layer, and ours with its weights.

Its two position biases are set to 0.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparse_ref.published import TransientGlobalAttention, TransientGlobalWeights

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
longt5 = pytest.importorskip(
    "transformers.models.longt5.modeling_longt5",
    reason="transformers is missing: make test-originals",
)

pytestmark = pytest.mark.originals
E, H, D = 6, 2, 5


def original(radius, block):
    """The module, its biases 0, its norm not 1."""
    torch.manual_seed(radius + 7 * block)
    config = longt5.LongT5Config(
        d_model=E,
        d_kv=D,
        num_heads=H,
        local_radius=radius,
        global_block_size=block,
        dropout_rate=0.0,
        encoder_attention_type="transient-global",
    )
    module = longt5.LongT5TransientGlobalAttention(config, has_relative_attention_bias=True)
    with torch.no_grad():
        module.relative_attention_bias.weight.zero_()
        module.global_relative_attention_bias.weight.zero_()
        module.global_input_layer_norm.weight.uniform_(0.5, 1.5)
    return module.eval()


def ours(module, radius, block):
    """The layer with the module's weights."""
    matrices = [getattr(module, name).weight.detach().numpy().T for name in "qkvo"]
    norm = module.global_input_layer_norm.weight.detach().numpy()
    weights = TransientGlobalWeights(*map(np.ascontiguousarray, matrices), norm)
    return TransientGlobalAttention(weights, H, radius, block)


def inputs(batch, n):
    return torch.randn(batch, n, E, generator=torch.Generator().manual_seed(n))


@settings(max_examples=40)
@given(st.integers(1, 6), st.sampled_from([1, 2, 4, 8, 16]), st.integers(1, 40))
def test_outputs_and_gradients_are_those_of_the_layer(radius, block, n):
    module, X = original(radius, block), inputs(2, n).requires_grad_()
    layer = ours(module, radius, block)
    out = module(X, mask=torch.ones(2, n))[0]
    np.testing.assert_allclose(layer(X.detach()), out.detach(), atol=2e-5)
    grad = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
    out.backward(grad)
    dX, dw = layer.backward(grad, X.detach())
    np.testing.assert_allclose(dX, X.grad, atol=2e-4)
    for name, mine in zip("qkvo", (dw.W_q, dw.W_k, dw.W_v, dw.W_o)):
        expected = getattr(module, name).weight.grad.T
        np.testing.assert_allclose(mine, expected, atol=1e-3, rtol=1e-3)
    if n >= block:
        expected = module.global_input_layer_norm.weight.grad
        np.testing.assert_allclose(dw.norm, expected, atol=1e-3, rtol=1e-3)


def test_defect_without_a_mask_zeros_are_keys_and_only_one_block_runs():
    module, X = original(2, 16), inputs(1, 3)  # one block of 3 tokens, no summaries
    with torch.no_grad():
        module.q.weight.zero_()
        masked = module(X, mask=torch.ones(1, 3))[0]
        bare = module(X)[0]
        np.testing.assert_allclose(masked / 3, bare, atol=1e-6)  # 3 keys of 9, 6 of them zeros
        with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
            module(inputs(1, 4))


@pytest.mark.parametrize("block", [25, 31, 47, 49, 50, 61, 100])
def test_defect_the_first_token_of_some_blocks_is_in_the_block_before(block):
    n = 600
    ids = longt5._make_global_fixed_block_ids(torch.ones(1, n), block)[0][0].numpy()
    exact = np.minimum(np.arange(n) // block, n // block - 1)
    late = np.flatnonzero(ids != exact)
    assert len(late), "blocks are whole now: remove the row of docs/differs.md"
    assert (late % block == 0).all()
    assert (ids[late] == exact[late] - 1).all()


@pytest.mark.parametrize("block", [3, 5, 6, 7, 10, 16, 24, 128])
def test_other_blocks_are_whole(block):
    ids = longt5._make_global_fixed_block_ids(torch.ones(1, 600), block)[0][0].numpy()
    assert np.array_equal(ids, np.minimum(np.arange(600) // block, 600 // block - 1))
