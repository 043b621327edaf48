"""Kernels and published sets: every coarse layer takes one head, heads and batches, in each dtype,
and gives gradients in the shapes and dtypes of its inputs.
"""

from dataclasses import astuple

import numpy as np
import pytest
from layer_checks import arrays, assert_gradients
from strategies import mask

import sparse_ref as sr
from sparse_ref.published import (
    HTransformer1D,
    LinearAttention,
    LocalGlobalAttention,
    Poolingformer,
    Projections,
    SelfAttention,
)

LAYERS = [
    LocalGlobalAttention(1, 4, True),
    LocalGlobalAttention(2, 3),
    HTransformer1D(2),
    HTransformer1D(4, True),
    Poolingformer(1, 5, 3, 2),
    LinearAttention(),
    LinearAttention(True),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_batch_is_its_sequences_and_heads(layer):
    q, k, v = arrays(16)
    batch = [np.stack([x, 2 * x]) for x in (q, k, v)]
    out = layer(*batch)
    grad = np.random.default_rng(2).standard_normal(out.shape)
    gradients = layer.backward(grad, *batch)
    assert out.shape == (2, 2, 16, 3)
    for b in range(2):
        for h in range(2):
            head = [x[b, h] for x in batch]
            np.testing.assert_allclose(layer(*head), out[b, h], atol=1e-12)
            of_head = layer.backward(grad[b, h], *head)
            for dx, whole in zip(of_head, gradients, strict=True):
                np.testing.assert_allclose(dx, whole[b, h], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_outputs_and_gradients_have_the_dtype_of_their_inputs(layer, dtype):
    q, k, v = arrays(16, dtype=dtype)
    exact = [x.astype(np.float64) for x in (q, k, v)]
    out = layer(q, k, v)
    tolerance = {np.float16: 2e-2, np.float32: 2e-5}[dtype]
    assert out.dtype == dtype
    np.testing.assert_allclose(out, layer(*exact), atol=tolerance)
    grad = np.ones_like(out)
    wide = layer.backward(grad.astype(np.float64), *exact)
    for dx, expected in zip(layer.backward(grad, q, k, v), wide, strict=True):
        assert dx.dtype == dtype
        np.testing.assert_allclose(dx, expected, atol=5 * tolerance)


def test_a_nan_poisons_the_pools_that_contain_it_and_no_other():
    layer = LocalGlobalAttention(1, 4, causal=True)
    q, k, v = arrays(16, dtype=np.float32)
    v[:, 5] = np.nan
    found = np.isnan(layer(q, k, v)).any(axis=(0, 2))
    near = mask(sr.Lookback(2), 16)[:, 5]
    pooled = mask(sr.Pooled(sr.Complete(4), 4), 16)[:, 5]
    assert np.array_equal(found, near | pooled)


@pytest.mark.parametrize("n", [0, 3, 4, 9])
def test_cells_lie_in_the_tokens_of_the_pools(n):
    cells = LocalGlobalAttention(1, 4, causal=True).cells(n)
    assert np.array_equal(cells > 0, mask(sr.Pooled(sr.Complete(4), 4), n))


@pytest.mark.parametrize("attention", LAYERS, ids=repr)
def test_self_attention_is_the_attention_of_projections(attention):
    w = Projections.random(6, 1, np.float64)
    X = np.random.default_rng(4).standard_normal((2, 16, 6))
    layer = SelfAttention(attention, w, heads=2)
    out = layer(X)
    for head in range(2):
        part = slice(3 * head, 3 * head + 3)
        q, k, v = (x[..., part] for x in (X @ w.W_q, X @ w.W_k, X @ w.W_v))
        np.testing.assert_allclose(out[..., part], attention(q, k, v), atol=1e-12)

    def forward(X, *parts):
        return SelfAttention(attention, Projections(*parts), heads=2)(X)

    def backward(grad, X, *parts):
        dX, dw = SelfAttention(attention, Projections(*parts), heads=2).backward(grad, X)
        return dX, *astuple(dw)

    assert_gradients(forward, backward, [X, *astuple(w)], atol=1e-6)


def test_self_attention_refuses_other_widths():
    w = Projections.random(6, 1)
    with pytest.raises(ValueError, match="heads must divide the width 6, got 4"):
        SelfAttention(LinearAttention(), w, heads=4)
    with pytest.raises(ValueError, match=r"X must have axes \(..., n, 6\), got \(3, 5\)"):
        SelfAttention(LinearAttention(), w)(np.ones((3, 5)))


@pytest.mark.parametrize("size", [1e-6, 30, 1e3])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_great_and_small_inputs_stay_finite(layer, size):
    q, k, v = arrays(16, dtype=np.float32)
    q, k = (x * np.float32(size) for x in (q, k))
    out = layer(q, k, v)
    assert np.isfinite(out).all()
    for dx in layer.backward(np.ones_like(out), q, k, v):
        assert np.isfinite(dx).all()
