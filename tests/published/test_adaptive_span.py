"""Published layers, learned: the adaptive span against its formulas, gradients by differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_suffix_moves_nothing_before
from strategies import mask

from sparse_ref.published import AdaptiveSpan


def ramp(layer, z, i, j):
    """m at the distance of a pair, of paper or code; 0 outside i - L <= j <= i - 1."""
    x = i - j - (layer.rule == "code")
    m = min(max((layer.ramp + z * layer.span - x) / layer.ramp, 0), 1)
    return m if i - layer.span <= j <= i - 1 else 0


def stated(q, k, v, z, layer):
    """(weights, out), pair by pair."""
    H, n, d = q.shape
    weights = np.zeros((H, n, n))
    for h in range(H):
        for i in range(n):
            within = np.array([i - layer.span <= j < i for j in range(n)], bool)
            u = np.where(within, np.exp(q[h, i] @ k[h].T / np.sqrt(d)), 0)
            a = u * [ramp(layer, z[h], i, j) for j in range(n)]
            epsilon = 1e-8 * u.sum() if layer.rule == "code" else 0
            weights[h, i] = a / (a.sum() + epsilon) if a.sum() else 0
    return weights, weights @ v


layers = st.builds(
    AdaptiveSpan,
    st.integers(1, 8),
    st.sampled_from([0.5, 1.0, 2.0, 3.7]),
    st.sampled_from(["paper", "code"]),
)
spans = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(np.array)


@given(layers, spans, st.integers(0, 12))
def test_the_layer_is_its_formula(layer, z, n):
    q, k, v = arrays(n)
    weights, out = stated(q, k, v, z, layer)
    np.testing.assert_allclose(layer.mixing(q, k, z), weights, atol=1e-9)
    np.testing.assert_allclose(layer(q, k, v, z), out, atol=1e-9)


@given(layers, st.floats(0, 1), st.integers(1, 12))
def test_the_set_is_where_the_ramp_is_above_0(layer, z, n):
    expected = [[ramp(layer, z, i, j) > 0 for j in range(n)] for i in range(n)]
    assert mask(layer.sets([z])[0], n).tolist() == expected
    m = [ramp(layer, z, layer.span, layer.span - x) for x in range(1, layer.span + 1)]
    np.testing.assert_allclose(layer.membership(z), m, atol=1e-12)


@pytest.mark.parametrize("rule", ["paper", "code"])
@pytest.mark.parametrize("z", [(0.13, 0.71), (0.0, 0.456)])
def test_gradients_are_differences(rule, z):
    layer, z = AdaptiveSpan(6, 2.3, rule), np.array(z)
    inputs = [*arrays(9, heads=2, groups=1), z]
    grad = np.random.default_rng(1).standard_normal((2, 9, 3))
    gradients = layer.backward(grad, *inputs)
    for place, dx in enumerate(gradients):
        assert dx.shape == inputs[place].shape
        direction = np.random.default_rng(place).random(dx.shape)
        sides = []
        for step in (0, 1e-6):
            moved = [*inputs]
            moved[place] = inputs[place] + step * direction
            sides.append((grad * layer(*moved)).sum())
        expected = (sides[1] - sides[0]) / 1e-6
        assert (dx * direction).sum() == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert gradients[3].all()


def test_z_gets_no_gradient_where_no_key_is_on_the_ramp():
    layer = AdaptiveSpan(4, 1.0)
    q, k, v = arrays(9, heads=1, groups=1)
    grad = np.ones((1, 9, 3))
    assert layer.backward(grad, q, k, v, [1.0])[3] == 0
    assert layer.backward(grad, q, k, v, [0.5])[3] == 0  # 3 keys, with m of 1, 1 and 0
    assert layer.backward(grad, q, k, v, [0.4])[3] != 0


@given(layers, spans, st.integers(1, 10), st.data())
def test_a_suffix_moves_nothing_before_it(layer, z, n, data):
    cut = data.draw(st.integers(0, n))
    inputs = arrays(n, dtype=np.float32)
    assert_suffix_moves_nothing_before(lambda *x: layer(*x, z), inputs, cut)


def test_the_paper_reads_no_key_beyond_its_ramp():
    layer, (q, k, v) = AdaptiveSpan(6, 1.0), arrays(9, heads=1, groups=1)
    out = layer(q, k, v, [0.3])  # two keys
    k[:, 0], v[:, 0] = np.nan, np.nan
    moved = layer(q, k, v, [0.3])
    assert moved[:, 3:].tobytes() == out[:, 3:].tobytes()
    assert np.isnan(moved[:, 1:3]).all()


def test_the_published_code_gave_these_outputs():
    """facebookresearch/adaptive-span 27b815f, executed: attn_span 5, adapt_span_ramp 2, z 0.3, five
    tokens in the cache, no position embedding.
    """
    i, f = np.arange(9)[:, None], np.arange(2)
    q, k, v = (np.sin((s + 1) * (i + 1) + (s + 2) * (f + 1)) for s in range(3))
    found = AdaptiveSpan(5, 2.0, "code")(3 * q, k, v, [0.3])[5:]
    expected = [[0.10168, -0.48427], [0.06245, 0.26651], [-0.04209, -0.05634], [-0.11451, -0.60878]]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    paper = AdaptiveSpan(5, 2.0)(3 * q, k, v, [0.3])[5:]
    assert np.abs(paper - expected).max() > 0.3


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: AdaptiveSpan(0), "AdaptiveSpan: span must be at least 1, got 0"),
    (lambda: AdaptiveSpan(2, 0), "AdaptiveSpan: ramp must be above 0, got 0"),
    (lambda: AdaptiveSpan(2, 1, "torch"), "rule must be 'paper' or 'code', got 'torch'"),
    (lambda: AdaptiveSpan(2)(*arrays(3), [0.5, 1.5]), "each from 0 to 1"),
    (lambda: AdaptiveSpan(2)(*arrays(3), [0.5]), "one for each of heads = 2, got 1"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
