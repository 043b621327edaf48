"""Kernels and published sets: Poolingformer, Transformer-LS and LongT5's transient global layer
against their sentences in float64, their gradients against differences.
"""

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before, softmax

import sparse_ref as sr
from sparse_ref.published import (
    Poolingformer,
    TransformerLS,
    TransientGlobalAttention,
    TransientGlobalWeights,
)


def attention(q, keys, values, scale):
    """One query, stated; 0 without keys."""
    if not len(keys):
        return np.zeros(values.shape[-1])
    return softmax(scale * np.array(keys) @ q) @ np.array(values)


small = st.integers(0, 5)
poolingformers = st.builds(Poolingformer, small, small, st.integers(1, 4), st.integers(1, 4))


@given(poolingformers, st.integers(0, 14))
def test_poolingformer_adds_a_window_and_the_pools_in_a_wider_one(layer, n):
    q, k, v = (x[:1] for x in arrays(n))
    starts = range(0, n - layer.kernel + 1, layer.stride)
    pools = [list(range(start, start + layer.kernel)) for start in starts]
    out = layer(q, k, v)
    for i in range(n):
        near = [j for j in range(n) if abs(i - j) <= layer.radius]
        wide = [pool for pool in pools if all(abs(i - j) <= layer.reach for j in pool)]
        keys = np.array([k[0, pool].mean(axis=0) for pool in wide])
        values = np.array([v[0, pool].mean(axis=0) for pool in wide]).reshape(-1, 3)
        expected = attention(q[0, i], k[0, near], v[0, near], 0.5)
        expected = expected + attention(q[0, i], keys, values, 0.5)
        np.testing.assert_allclose(out[0, i], expected, atol=1e-12)


@given(poolingformers, st.integers(1, 12))
def test_gradients_of_poolingformer_are_differences(layer, n):
    assert_gradients(layer, layer.backward, arrays(n))


def test_a_level_is_called_by_itself_on_projections_of_the_first():
    layer, (q, k, v) = Poolingformer(1, 4, 3, 2), arrays(12)
    y = layer.first(q, k, v)
    np.testing.assert_allclose(y, sr.attend(q, k, v, sr.Window(1)))
    np.testing.assert_allclose(layer(q, k, v), y + layer.second(q, k, v))
    second = [np.concatenate([y, y[..., :1]], axis=-1), k[..., ::-1], v + 1]
    assert_gradients(layer.second, layer.second_backward, second)


def test_cells_of_poolingformer_overlap():
    cells = Poolingformer(1, 2, 3, 1).cells(7)
    np.testing.assert_allclose(cells[3], np.array([0, 1, 2, 3, 2, 1, 0]) / 3)
    assert not Poolingformer(1, 0, 2).cells(7).any()


transformers = st.builds(TransformerLS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))


def projection(layer, d=4, dtype=np.float64):
    return np.random.default_rng(5).standard_normal((d, layer.rank)).astype(dtype)


@given(transformers, st.integers(0, 13))
def test_transformer_ls_is_one_softmax_over_tokens_and_projections_of_earlier_chunks(layer, n):
    (q, k, v), W_p = arrays(n), projection(layer)
    out = layer(q, k, v, W_p)
    for h in range(2):
        for i in range(n):
            near = [j for j in range(n) if i - layer.keys < j <= i]
            keys, values = [*k[h, near]], [*v[h, near]]
            for chunk in range(i // layer.chunk):
                tokens = np.arange(chunk * layer.chunk, (chunk + 1) * layer.chunk)
                P = softmax((k[h, tokens] @ W_p).T)
                keys += [*(P @ k[h, tokens])]
                values += [*(P @ v[h, tokens])]
            expected = attention(q[h, i], keys, values, 0.5)
            np.testing.assert_allclose(out[h, i], expected, atol=1e-12)


@given(transformers, st.integers(1, 12))
def test_gradients_of_transformer_ls_are_differences(layer, n):
    assert_gradients(layer, layer.backward, [*arrays(n, heads=2, groups=1), projection(layer)])


@given(transformers, st.integers(1, 13), st.data())
def test_transformer_ls_leaks_nothing(layer, n, data):
    W_p = projection(layer, dtype=np.float32)
    cut = data.draw(st.integers(0, n))
    inputs = arrays(n, dtype=np.float32)
    assert_suffix_moves_nothing_before(lambda *x: layer(*x, W_p), inputs, cut)


def test_cells_of_transformer_ls_are_shaded_by_its_keys():
    layer = TransformerLS(1, 3, 2)
    k, W_p = arrays(8)[1], projection(layer)
    weights = layer.pool_weights(k, W_p)
    assert weights.shape == (2, 4, 8)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    np.testing.assert_allclose(weights[1, 3, 3:6], softmax((k[1, 3:6] @ W_p).T)[1])
    cells = layer.cells(k[1], W_p)
    assert cells.shape == (8, 8)
    np.testing.assert_allclose(cells[5], weights[1, :2].sum(axis=0))
    np.testing.assert_allclose(cells.sum(axis=1), [0, 0, 0, 2, 2, 2, 4, 4])


E, H = 6, 2


def weights(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = (E, 8), (E, 8), (E, 8), (8, E), (E,)
    return TransientGlobalWeights(*(rng.standard_normal(s).astype(dtype) for s in shapes))


def inputs(n, dtype=np.float64):
    return np.random.default_rng(n).standard_normal((n, E)).astype(dtype)


@given(st.integers(0, 4), st.integers(1, 6), st.integers(0, 15))
def test_longt5_sees_a_window_and_a_normed_sum_of_each_block(radius, block, n):
    layer, X, w = TransientGlobalAttention(weights(), H, radius, block), inputs(n), weights()
    blocks = [list(range(e * block, (e + 1) * block)) for e in range(n // block)]
    if blocks:
        blocks[-1] = list(range(blocks[-1][0], n))
    sums = [X[members].sum(axis=0) for members in blocks]
    summaries = [s / np.sqrt((s**2).mean() + 1e-6) * w.norm for s in sums]
    out = layer(X)
    for i in range(n):
        near = [X[j] for j in range(n) if abs(i - j) <= radius]
        memory = np.array(summaries + near)
        q, k, v = X[i] @ w.W_q, memory @ w.W_k, memory @ w.W_v
        heads = [slice(0, 4), slice(4, 8)]
        joined = np.concatenate([attention(q[h], k[:, h], v[:, h], 1.0) for h in heads])
        np.testing.assert_allclose(out[i], joined @ w.W_o, atol=1e-10)


@pytest.mark.parametrize(("radius", "block", "n"), [(1, 3, 8), (0, 2, 6), (2, 9, 5), (3, 1, 4)])
def test_gradients_of_longt5_are_differences(radius, block, n):
    layer, X = TransientGlobalAttention(weights(), H, radius, block), inputs(n)

    def forward(X, *parts):
        return replace(layer, w=TransientGlobalWeights(*parts))(X)

    def backward(grad, X, *parts):
        dX, dw = replace(layer, w=TransientGlobalWeights(*parts)).backward(grad, X)
        return dX, *astuple(dw)

    scaled = [0.3 * part for part in astuple(weights())]
    assert_gradients(forward, backward, [X, *scaled], atol=1e-6)


def test_longt5_on_a_batch_is_longt5_on_each():
    layer = TransientGlobalAttention(weights(dtype=np.float32), H, 1, 3)
    X = np.stack([inputs(8, np.float32), inputs(9, np.float32)[1:]])
    assert layer(X).dtype == np.float32
    np.testing.assert_allclose(layer(X)[1], layer(X[1]), atol=1e-5)
    one, two = (layer.backward(X[b], X[b])[1].W_k for b in (0, 1))
    np.testing.assert_allclose(layer.backward(X, X)[1].W_k, one + two, rtol=1e-3, atol=1e-3)
    assert layer(X[:, :0]).shape == (2, 0, E)


def test_cells_of_longt5_are_everything_from_one_block_on():
    layer = TransientGlobalAttention(weights(), H, 1, 3)
    assert layer.block_weights(8).tolist() == [[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1, 1]]
    assert (layer.cells(8) == 1).all()
    assert not layer.cells(2).any()


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: Poolingformer(-1, 2, 2), "Poolingformer: radius must be at least 0, got -1"),
    (lambda: Poolingformer(1, 2, 0), "Poolingformer: kernel must be at least 1, got 0"),
    (lambda: Poolingformer(1, 2, 2, 0), "Poolingformer: stride must be at least 1, got 0"),
    (lambda: TransformerLS(0, 2, 2), "TransformerLS: keys must be at least 1, got 0"),
    (lambda: TransformerLS(1, 2, 2)(*arrays(4), np.ones((4, 3))),
     r"W_p must have shape \(d, rank\) = \(4, 2\), got \(4, 3\)"),
    (lambda: TransientGlobalAttention(weights(), 3, 1), "heads must divide .* 8, got 3"),
    (lambda: TransientGlobalAttention(weights(), 2, 1, 0), "block must be at least 1, got 0"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
