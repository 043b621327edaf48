"""Published layers, chosen by data: sparsemax and entmax against what they are the maximum of, the
supports as patterns, and all gradients, alpha's too, against differences.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before, softmax
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref.published import (
    EntmaxAttention,
    entmax,
    entmax15,
    entmax_alpha_backward,
    entmax_backward,
    sparsemax,
)

logits = st.lists(st.floats(-6, 6, width=16), min_size=1, max_size=9).map(np.array)
alphas = st.sampled_from([1.05, 1.3, 1.5, 1.8, 2.0, 3.0])


def exact(z, alpha):
    """p of the largest support whose tau, found inside it, keeps each member above 0."""
    scaled = (alpha - 1) * (z - z.max())
    low, high = -1.0, 0.0
    for _ in range(200):
        tau = (low + high) / 2
        total = (np.clip(scaled - tau, 0, None) ** (1 / (alpha - 1))).sum()
        low, high = (tau, high) if total >= 1 else (low, tau)
    return np.clip(scaled - tau, 0, None) ** (1 / (alpha - 1))


@given(logits, alphas)
def test_entmax_is_its_threshold(z, alpha):
    np.testing.assert_allclose(entmax(z, alpha), exact(z, alpha), atol=1e-9)


@given(logits)
def test_the_exact_forms_are_the_bisection(z):
    np.testing.assert_allclose(sparsemax(z), entmax(z, 2.0), atol=1e-9)
    np.testing.assert_allclose(entmax15(z), entmax(z, 1.5), atol=1e-7)


@given(logits, st.integers(0, 100))
def test_sparsemax_is_the_nearest_point_of_the_simplex(z, seed):
    p = sparsemax(z)
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1)
    others = np.random.default_rng(seed).dirichlet(np.full(len(z), 0.3), 20)
    assert (((others - z) ** 2).sum(axis=1) >= ((p - z) ** 2).sum() - 1e-9).all()


@given(logits, alphas, st.integers(0, 100))
def test_entmax_has_the_greatest_regularized_score(z, alpha, seed):
    """p maximises p . z + sum(p - p^alpha) / (alpha (alpha - 1)), as entmax is defined."""

    def score(p):
        return p @ z + (p - p**alpha).sum(axis=-1) / (alpha * (alpha - 1))

    others = np.random.default_rng(seed).dirichlet(np.full(len(z), 0.3), 20)
    assert (score(others) <= score(entmax(z, alpha)) + 1e-9).all()


@given(logits, st.floats(-3, 3), st.randoms(use_true_random=False))
def test_shifts_and_orders_of_logits_change_nothing_else(z, shift, random):
    order = random.sample(range(len(z)), len(z))
    for function in (sparsemax, entmax15, entmax):
        p = function(z)
        np.testing.assert_allclose(function(z + shift), p, atol=1e-7)
        np.testing.assert_allclose(function(z[order]), p[order], atol=1e-12)


def test_rows_with_members_left_out_ties_and_nothing():
    z = np.array([[1.0, -np.inf, 0.9], [-np.inf] * 3, [2.0, 2.0, 2.0], [5e3, -5e3, 0.0]])
    for function in (sparsemax, entmax15, entmax):
        p = function(z)
        np.testing.assert_allclose(p[0, [0, 2]], function(z[0, [0, 2]]))
        assert p[0, 1] == 0
        assert not p[1].any()
        np.testing.assert_allclose(p[2], 1 / 3)
        assert p[3].tolist() == [1, 0, 0]
        assert function(np.zeros((2, 0))).shape == (2, 0)
    np.testing.assert_allclose(entmax(z[0], 1.0001)[[0, 2]], softmax(z[0, [0, 2]]), atol=1e-4)


@given(logits, st.sampled_from([1.3, 1.5, 1.8, 2.0]), st.integers(0, 9))
def test_gradients_at_the_logits_are_differences(z, alpha, seed):
    rng = np.random.default_rng(seed)
    z, g = z + rng.uniform(-0.1, 0.1, len(z)), rng.standard_normal(len(z))
    p = entmax(z, alpha)
    dz = entmax_backward(g, p, alpha)
    direction, step = rng.standard_normal(len(z)), 1e-6
    sides = [entmax(z + sign * step * direction, alpha) for sign in (1, -1)]
    if all(np.array_equal(side > 0, p > 0) for side in sides):
        expected = g @ (sides[0] - sides[1]) / (2 * step)
        assert dz @ direction == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert not dz[p == 0].any()


@given(logits, st.sampled_from([1.3, 1.5, 1.8, 2.0]))
def test_the_gradient_at_alpha_is_a_difference(z, alpha):
    g = np.arange(len(z)) - 1.5
    p = entmax(z, alpha)
    sides = [entmax(z, alpha + step) for step in (1e-6, -1e-6)]
    if all(np.array_equal(side > 0, p > 0) for side in sides):
        expected = g @ (sides[0] - sides[1]) / 2e-6
        found = entmax_alpha_backward(g, p, alpha)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)


@given(patterns(most=8), st.integers(0, 9), st.integers(0, 9), alphas)
def test_attention_is_entmax_over_the_set(p, n_q, n_k, alpha):
    q, k, v = arrays(n_q)[0], *arrays(n_k)[1:]
    layer = EntmaxAttention(alpha)
    z = np.where(mask(p, (n_q, n_k)), q @ k.swapaxes(-1, -2) / 2, -np.inf)
    weights = entmax(z, alpha)
    np.testing.assert_allclose(layer(q, k, v, p), weights @ v, atol=1e-7)
    np.testing.assert_allclose(layer.mixing(q, k, p), weights, atol=1e-7)
    for head, support in enumerate(layer.sets(q, k, p)):
        chosen = sr.dense(support, (n_q, n_k))
        assert not (chosen & ~mask(p, (n_q, n_k))).any()
        assert chosen[weights[head] > 1e-6].all()
        assert not chosen[weights[head] == 0].any()


def test_two_heads_have_two_alphas_and_two_patterns():
    q, k, v = arrays(8, heads=4, groups=2)
    pair = (sr.Causal(), sr.Window(2)) * 2
    layer = EntmaxAttention((1.5, 2.0, 1.5, 1.2))
    out = layer(q, k, v, pair)
    for head in range(4):
        one = EntmaxAttention(layer.alpha[head])
        single = one(q[head], k[head // 2], v[head // 2], pair[head])
        np.testing.assert_allclose(out[head], single, atol=1e-14)
    sizes = [len(support.indices) for support in layer.sets(q, k, sr.Full())]
    assert sizes[1] < min(sizes[0], sizes[2]) < sizes[3]


@pytest.mark.parametrize("alpha", [1.5, 2.0, 1.2])
def test_gradients_of_attention_are_differences(alpha):
    layer, p = EntmaxAttention(alpha), sr.Causal()
    inputs = arrays(7, heads=2, groups=1)

    def backward(grad, *inputs):
        return layer.backward(grad, *inputs, p)[:3]

    assert_gradients(lambda *x: layer(*x, p), backward, inputs, atol=1e-5)
    grad = np.random.default_rng(3).standard_normal((2, 7, 3))
    dalpha = layer.backward(grad, *inputs, p)[3]
    for head in range(2):
        sides = []
        for step in (1e-6, -1e-6):
            moved = replace(layer, alpha=[alpha + step * (h == head) for h in range(2)])
            sides.append((grad * moved(*inputs, p)).sum())
        assert dalpha[head] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-3, abs=1e-4)


@given(st.integers(1, 9), st.data())
def test_causal_a_suffix_moves_nothing_before_it(n, data):
    layer = EntmaxAttention(data.draw(st.sampled_from([1.5, 2.0])))
    cut = data.draw(st.integers(0, n))
    inputs = arrays(n, dtype=np.float32)
    assert_suffix_moves_nothing_before(lambda *x: layer(*x, sr.Causal()), inputs, cut)


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: entmax([1.0], 1.0), "entmax: alpha must be above 1, the softmax, got 1.0"),
    (lambda: EntmaxAttention((2.0, 0.5)), "EntmaxAttention: alpha must be above 1"),
    (lambda: EntmaxAttention()(*np.ones((3, 1, 1, 2, 2)), sr.Full()), "q, k, v must have axes"),
    (lambda: EntmaxAttention()(np.ones((3, 2, 2)), *np.ones((2, 2, 2, 2)), sr.Full()),
     "the heads of k, 2, must divide those of q, 3"),
    (lambda: EntmaxAttention()(np.ones((2, 3)), *np.ones((2, 2, 2)), sr.Full()),
     "k must have the width of q, and v the keys of k"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
