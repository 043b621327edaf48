"""Kernels and published sets: local -> pool -> global against its sentences in float64, its
gradients against differences; pools against their definition.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before, softmax
from strategies import brute

import sparse_ref as sr
from sparse_ref.published import LocalGlobalAttention, mean_pool_weights, pooled_cells
from sparse_ref.published.coarse.token_means import mean_pools, whole_pools


def stated(q, k, v, layer):
    """Lists of keys for each query: the window's, then the pools'."""
    (H, n, d), b = q.shape, layer.block
    out = np.zeros((H, n, v.shape[2]))
    for h in range(H):
        for i in range(n):
            low, high = i - layer.radius, i if layer.causal else i + layer.radius
            members = [[j] for j in range(n) if low <= j <= high]
            pools = [list(range(e * b, e * b + b)) for e in range(n // b)]
            members += [pool for pool in pools if pool[-1] <= i or not layer.causal]
            keys = np.array([k[h, pool].mean(axis=0) for pool in members])
            values = np.array([v[h, pool].mean(axis=0) for pool in members])
            out[h, i] = softmax(keys @ q[h, i] / np.sqrt(d)) @ values
    return out


layers = st.builds(LocalGlobalAttention, st.integers(0, 4), st.integers(1, 6), st.booleans())


@given(layers, st.integers(0, 15))
def test_the_layer_is_one_softmax_over_near_tokens_and_pools(layer, n):
    q, k, v = arrays(n)
    np.testing.assert_allclose(layer(q, k, v), stated(q, k, v, layer), atol=1e-12)


@given(layers, st.integers(1, 15))
def test_gradients_are_differences(layer, n):
    assert_gradients(layer, layer.backward, arrays(n))


def test_gradients_of_shared_key_heads_are_differences():
    layer = LocalGlobalAttention(1, 3, True)
    assert_gradients(layer, layer.backward, arrays(11, heads=4, groups=2))


@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 14), st.data())
def test_causal_a_suffix_moves_nothing_before_it(radius, block, n, data):
    layer = LocalGlobalAttention(radius, block, causal=True)
    cut = data.draw(st.integers(0, n))
    assert_suffix_moves_nothing_before(layer, arrays(n, dtype=np.float32), cut)


@given(st.integers(0, 14), st.integers(1, 6), st.integers(1, 6))
def test_pools_are_means_of_whole_stretches_and_complete_behind_their_last_token(n, length, stride):
    starts = [start for start in range(0, n, stride) if start + length <= n]
    x = np.random.default_rng(0).standard_normal((n, 3))
    expected = [x[start : start + length].mean(axis=0) for start in starts]
    np.testing.assert_allclose(mean_pools(x, length, stride), np.reshape(expected, (-1, 3)))
    np.testing.assert_allclose(
        mean_pool_weights(n, length, stride) @ x, mean_pools(x, length, stride)
    )
    visible = [[start + length - 1 <= i for start in starts] for i in range(n)]
    m = whole_pools(n, length, stride)
    assert brute(sr.Complete(length, stride), (n, m)).tolist() == visible


def test_cells_are_the_tokens_of_the_pools_that_a_query_attends_to():
    cells = LocalGlobalAttention(1, 3, causal=True).cells(8)
    third = 1 / 3
    assert cells[1].tolist() == [0] * 8
    np.testing.assert_allclose(cells[2], [third] * 3 + [0] * 5)
    np.testing.assert_allclose(cells[7], [third] * 6 + [0] * 2)
    overlapping = pooled_cells(sr.Full(), mean_pool_weights(5, 3, 2))
    np.testing.assert_allclose(overlapping[0], [third, third, 2 * third, third, third])


def test_short_and_empty_sequences_have_windows_only():
    layer = LocalGlobalAttention(1, 8)
    q, k, v = arrays(5)
    assert (
        layer(q, k, v).tobytes()
        == sr.merge([sr.attend_with_lse(q, k, v, sr.Window(1))])[0].tobytes()
    )
    q, k, v = arrays(0)
    assert layer(q, k, v).shape == (2, 0, 3)
    assert [x.shape for x in layer.backward(np.zeros((2, 0, 3)), q, k, v)] == [
        x.shape for x in (q, k, v)
    ]
    one = arrays(1)
    np.testing.assert_allclose(layer(*one), one[2])


def test_refusals():
    with pytest.raises(ValueError, match="LocalGlobalAttention: radius must be at least 0, got -1"):
        LocalGlobalAttention(-1, 2)
    with pytest.raises(ValueError, match="LocalGlobalAttention: block must be at least 1, got 0"):
        LocalGlobalAttention(1, 0)
    with pytest.raises(
        TypeError, match="LocalGlobalAttention: causal must be True or False, got 1"
    ):
        LocalGlobalAttention(1, 2, 1)
    q, k, v = arrays(4)
    with pytest.raises(ValueError, match=r"v must have one row for each query, \(4,\), got \(3,\)"):
        LocalGlobalAttention(1, 2)(q, k, v[:, :3])
    with pytest.raises(ValueError, match=r"weights must have axes \(atoms, tokens\), got \(4,\)"):
        pooled_cells(sr.Full(), np.ones(4))
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        mean_pool_weights(4, 2, 0)
