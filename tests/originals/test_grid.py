"""Originals: Swin's layers of Hugging Face transformers and of swin-transformer-pytorch, and
axial-attention, against grids.

All logits are 0 and the values one-hot, so that each layer gives its weights.
"""

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
hf = pytest.importorskip(
    "transformers.models.swin.modeling_swin", reason="transformers is missing: make test-originals"
)
lone = pytest.importorskip(
    "swin_transformer_pytorch.swin_transformer",
    reason="swin-transformer-pytorch: make test-originals",
)
axial_attention = pytest.importorskip(
    "axial_attention", reason="axial-attention is missing: make test-originals"
)

pytestmark = pytest.mark.originals


def uniform(p, n):
    """Each query weighs the keys of its set alike, (n, n)."""
    mask = sr.dense(p, n)
    return mask / mask.sum(axis=1, keepdims=True)


def assert_weights(found, expected):
    assert np.array_equal(found > 1e-6, expected > 0), sr.difference(expected > 0, found > 1e-6)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def swin_weights(shape, window, shift):
    """The mixing matrix of a SwinLayer over a grid of `shape`, with neither its normalization nor
    its feed-forward part.
    """
    n = prod(shape)
    config = hf.SwinConfig(window_size=window, attn_implementation="eager")
    layer = hf.SwinLayer(config, n, shape, num_heads=1, shift_size=shift).eval()
    layer.layernorm_before = torch.nn.Identity()
    with torch.no_grad():
        layer.mlp.fc2.weight.zero_()
        layer.mlp.fc2.bias.zero_()
        for name, weight in [("q_proj", 0), ("k_proj", 0), ("v_proj", 1), ("o_proj", 1)]:
            getattr(layer.attention, name).weight.copy_(weight * torch.eye(n))
            getattr(layer.attention, name).bias.zero_()
        for table in layer.attention.relative_position_bias.parameters():
            table.zero_()
        return (layer(torch.eye(n)[None], shape)[0][0] - torch.eye(n)).numpy()


@st.composite
def windowed(draw, sides):
    """(shape, window, shift)."""
    window = draw(st.integers(1, 4))
    return tuple(draw(sides(window)) for _ in range(2)), window, draw(st.integers(0, window - 1))


@given(windowed(lambda window: st.integers(2, 10 // window).map(lambda count: count * window)))
@settings(max_examples=40)
def test_a_cyclic_shift_and_a_mask_are_shifted_windows(drawn):
    shape, window, shift = drawn
    assert_weights(swin_weights(*drawn), uniform(sr.swin(shape, window, shift), prod(shape)))


@given(windowed(lambda window: st.integers(window + 1, 9)))
@settings(max_examples=40)
def test_padding_is_attended_to_with_the_value_0(drawn):
    shape, window, shift = drawn
    padded = tuple(-(-side // window) * window for side in shape)
    inside = np.pad(
        np.ones(shape, bool), [(0, more - side) for more, side in zip(padded, shape)]
    ).ravel()
    found = swin_weights(*drawn)
    assert_weights(
        found, uniform(sr.swin(padded, window, shift), prod(padded))[np.ix_(inside, inside)]
    )
    assert np.array_equal(found > 1e-6, sr.dense(sr.swin(shape, window, shift), prod(shape)))
    if shape != padded and shift == 0:
        assert found.sum(axis=1).min() < 0.99


@pytest.mark.parametrize(
    ("shape", "window", "shift"), [((4, 4), 4, 2), ((3, 6), 3, 1), ((2, 4), 2, 1)]
)
def test_a_grid_no_longer_than_its_window_is_not_shifted(shape, window, shift):
    found = swin_weights(shape, window, shift)
    assert_weights(found, uniform(sr.swin(shape, window), prod(shape)))
    assert not np.array_equal(found > 1e-6, sr.dense(sr.swin(shape, window, shift), prod(shape)))


def test_defect_transformers_keeps_the_position_table_of_a_window_longer_than_its_grid():
    """It takes the grid's shorter side for its window but not for its biases. Once mended: compare
    it with swin((3, 6), 3).
    """
    with pytest.raises(RuntimeError, match="must match"):
        swin_weights((3, 6), 4, 2)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_swin_transformer_pytorch_shifts_by_half_a_window(window, down, across, shifted, relative):
    shape = down * window, across * window
    n = prod(shape)
    layer = lone.WindowAttention(n, 1, n, shifted, window, relative)
    with torch.no_grad():
        layer.to_qkv.weight.copy_(torch.cat([torch.zeros(2 * n, n), torch.eye(n)]))
        layer.to_out.weight.copy_(torch.eye(n))
        layer.to_out.bias.zero_()
        layer.pos_embedding.zero_()
        found = layer(torch.eye(n).reshape(1, *shape, n)).reshape(n, n).numpy()
    assert_weights(found, uniform(sr.swin(shape, window, window // 2 if shifted else 0), n))


def axial_weights(shape, summed):
    """The mixing matrix of an AxialAttention over a grid of `shape`."""
    n = prod(shape)
    layer = axial_attention.AxialAttention(
        n, num_dimensions=len(shape), heads=1, sum_axial_out=summed
    )
    with torch.no_grad():
        for along in layer.axial_attentions:
            along.fn.to_q.weight.zero_()
            along.fn.to_kv.weight.copy_(torch.cat([torch.zeros(n, n), torch.eye(n)]))
            along.fn.to_out.weight.copy_(torch.eye(n))
            along.fn.to_out.bias.zero_()
        return layer(torch.eye(n).reshape(1, *shape, n)).reshape(n, n).numpy()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
@settings(max_examples=40)
def test_axial_attention_sums_the_lines_along_its_axes_or_takes_them_in_turn(shape):
    n = prod(shape)
    lines = [uniform(sr.axial(shape, axis), n) for axis in range(len(shape))]
    assert_weights(axial_weights(shape, summed=True), sum(lines))
    in_turn = np.eye(n)
    for line in lines:
        in_turn = line @ in_turn
    assert_weights(axial_weights(shape, summed=False), in_turn)
