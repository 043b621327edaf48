"""Published layers without a set: linear attention against its quadratic form, in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before

import sparse_ref as sr
from sparse_ref.published import LinearAttention, elu_features


def stated(q, k, v, causal, epsilon=1e-6):
    """All weights at once: phi(q) phi(k)^T over its row sums."""
    phi = [np.array([t + 1 if t > 0 else np.exp(t) for t in x.ravel()]) for x in (q, k)]
    f, w = (flat.reshape(x.shape) for flat, x in zip(phi, (q, k)))
    weights = f @ w.swapaxes(-1, -2)
    if causal:
        weights = np.tril(weights)
    return weights @ v / (weights.sum(axis=-1, keepdims=True) + epsilon)


@given(st.booleans(), st.integers(0, 12), st.sampled_from([1e-6, 0.1]))
def test_the_state_carries_what_the_quadratic_form_sums(causal, n, epsilon):
    q, k, v = arrays(n)
    layer = LinearAttention(causal, epsilon)
    np.testing.assert_allclose(layer(q, k, v), stated(q, k, v, causal, epsilon), atol=1e-12)
    single = layer(q[0], k[0], v[0])
    np.testing.assert_allclose(single, layer(q, k, v)[0], atol=1e-14)


@given(st.booleans(), st.integers(1, 10))
def test_the_mixing_matrix_is_read_out_by_unit_vectors(causal, n):
    q, k, v = arrays(n)
    layer = LinearAttention(causal)
    weights = layer.mixing(q, k)
    np.testing.assert_allclose(weights @ v, layer(q, k, v), atol=1e-12)
    p = sr.Causal() if causal else sr.Full()
    assert all(np.array_equal(head > 0, sr.dense(p, n)) for head in weights)
    sums = weights.sum(axis=-1)
    assert (sums < 1).all()
    np.testing.assert_allclose(sums, 1, atol=1e-5)


@given(st.booleans(), st.integers(1, 10))
def test_gradients_are_differences(causal, n):
    layer = LinearAttention(causal)
    assert_gradients(layer, layer.backward, arrays(n))


def test_queries_and_keys_differ_in_number_unless_causal():
    (q, _, _), (_, k, v) = arrays(4), arrays(7)
    layer = LinearAttention()
    np.testing.assert_allclose(layer(q, k, v), stated(q, k, v, False), atol=1e-12)
    assert layer.mixing(q, k).shape == (2, 4, 7)
    assert_gradients(layer, layer.backward, [q, k, v])
    with pytest.raises(ValueError, match="got 4 queries and 7 keys"):
        LinearAttention(causal=True)(q, k, v)


@given(st.integers(1, 12), st.data())
def test_causal_a_suffix_moves_nothing_before_it(n, data):
    cut = data.draw(st.integers(0, n))
    layer = LinearAttention(causal=True)
    assert_suffix_moves_nothing_before(layer, arrays(n, dtype=np.float32), cut)


def test_a_query_without_keys_gets_0():
    (q, _, _), (_, k, v) = arrays(3), arrays(0)
    for epsilon in (1e-6, 0.0):
        layer = LinearAttention(epsilon=epsilon)
        assert not layer(q, k, v).any()
        gradients = layer.backward(np.ones((2, 3, 3)), q, k, v)
        assert [dx.shape for dx in gradients] == [q.shape, k.shape, v.shape]
        assert not gradients[0].any()


def test_great_inputs_and_small_dtypes():
    assert elu_features([-1e4, 0, 1e4]).tolist() == [0, 1, 10001]
    assert elu_features(np.float16([1])).dtype == np.float32
    for dtype in (np.float16, np.float32):
        q, k, v = arrays(5, dtype=dtype)
        out = LinearAttention(True)(q, k, v)
        assert out.dtype == dtype
        wide = [x.astype(np.float64) for x in (q, k, v)]
        np.testing.assert_allclose(out, stated(*wide, True), atol=2e-3)


@pytest.mark.parametrize(("refused", "error", "said"), [
    (lambda: LinearAttention(1), TypeError, "causal must be True or False, got 1"),
    (lambda: LinearAttention(epsilon=-1.0), ValueError, "epsilon must be at least 0, got -1.0"),
    (lambda: LinearAttention()(*arrays(3)[:2], np.ones((2, 4, 3))), ValueError,
     r"v must have axes \(..., n_k, e\) as k \(2, 3, 4\), got \(2, 4, 3\)"),
    (lambda: LinearAttention()(np.ones((3, 2)), np.ones((3, 4)), np.ones((3, 2))), ValueError,
     r"k must have axes \(..., n_k, d\) as q \(3, 2\), got \(3, 4\)"),
])  # fmt: skip
def test_refusals(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
