"""Kernels and published sets: H-Transformer-1D against its formula, pair by pair, in float64; its
levels as a partition; outputs of the published code, kept as numbers.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import arrays, assert_gradients, assert_suffix_moves_nothing_before
from strategies import mask

import sparse_ref as sr
from sparse_ref.published import HTransformer1D, package_level_sets
from sparse_ref.published.coarse.merge_gradients import merge_backward

SIZES = [(clusters, clusters * 2**M) for clusters in (2, 4, 6) for M in (1, 2, 3)]
sizes = st.sampled_from(SIZES)


def level_of(i, j, clusters):
    """min{ l : |floor(i / S_l) - floor(j / S_l)| <= 1 },  S_l = Nr 2^l"""
    level = 0
    while abs(i // (clusters * 2**level) - j // (clusters * 2**level)) > 1:
        level += 1
    return level


def stated(q, k, v, layer):
    """(out, lse): a softmax over tokens, each with the logit of its level."""
    H, n, d = q.shape
    first = layer.coarse_query == "first" or (layer.coarse_query is None and layer.causal)
    scale = 1 / np.sqrt(d) if layer.scale is None else layer.scale
    out, lse = np.zeros((H, n, v.shape[2])), np.zeros((H, n))
    for h in range(H):
        for i in range(n):
            weights = np.zeros(n)
            for j in range(i + 1 if layer.causal else n):
                g = 2 ** level_of(i, j, layer.clusters)
                group_i, group_j = i // g * g, j // g * g
                queries = q[h, group_i] if first else q[h, group_i : group_i + g].mean(axis=0)
                weights[j] = np.exp(scale * queries @ k[h, group_j : group_j + g].mean(axis=0))
            out[h, i], lse[h, i] = weights @ v[h] / weights.sum(), np.log(weights.sum())
    return out, lse


@st.composite
def layers(draw):
    """(layer, n)"""
    clusters, n = draw(sizes)
    coarse = draw(st.sampled_from([None, "mean", "first"]))
    return HTransformer1D(
        clusters, draw(st.booleans()), coarse, draw(st.sampled_from([None, 1.0]))
    ), n


@given(layers())
def test_the_layer_is_its_formula_pair_by_pair(drawn):
    layer, n = drawn
    inputs = arrays(n, heads=1, groups=1)
    out, lse = layer.with_lse(*inputs)
    expected_out, expected_lse = stated(*inputs, layer)
    np.testing.assert_allclose(out, expected_out, atol=1e-12)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-12)


@pytest.mark.parametrize(("clusters", "n"), [*SIZES, (2, 64), (8, 128)])
@pytest.mark.parametrize("causal", [False, True])
def test_each_pair_is_in_exactly_one_level_its_own(clusters, n, causal):
    levels = HTransformer1D(clusters, causal).level_sets(n)
    masks = np.array([mask(p, n) for p in levels])
    expected = np.tril(np.ones((n, n), int)) if causal else np.ones((n, n), int)
    assert np.array_equal(masks.sum(axis=0), expected)
    pairs = [(i, j) for i in range(n) for j in range(i + 1 if causal else n)]
    assert all(masks[level_of(i, j, clusters), i, j] for i, j in pairs)


def test_work_is_linear_in_the_length():
    layer = HTransformer1D(4)
    counts = []
    for n in (64, 128, 256):
        groups = [n // 2**level for level in range(layer.level_count(n))]
        counts.append(sum(sr.nnz(p, m) for p, m in zip(layer.coarse_sets(n), groups)))
    assert counts[1] < 2.2 * counts[0]
    assert counts[2] < 2.2 * counts[1]


def test_cells_of_a_level_are_its_pairs_shaded():
    layer = HTransformer1D(2)
    for level, p in enumerate(layer.level_sets(16)):
        np.testing.assert_allclose(layer.cells(16, level), mask(p, 16) / 2**level)


@given(layers())
def test_gradients_are_differences(drawn):
    layer, n = drawn
    assert_gradients(layer, layer.backward, arrays(n))


def test_the_gradients_of_a_merge_are_differences_and_0_for_empty_parts():
    rng = np.random.default_rng(0)
    parts = [(rng.standard_normal((5, 3)), rng.standard_normal(5)) for _ in range(2)]
    parts[0][0][2], parts[0][1][2] = 0, -np.inf
    grad, merged = rng.standard_normal((5, 3)), sr.merge(parts)
    d_out, d_lse = merge_backward(grad, merged, parts[0])
    assert not d_out[2].any()
    assert d_lse[2] == 0
    for at, found in (((1, 2), d_out[1, 2]), (1, d_lse[1]), (4, d_lse[4])):
        values = []
        for step in (1e-6, -1e-6):
            out, lse = parts[0][0].copy(), parts[0][1].copy()
            (out if isinstance(at, tuple) else lse)[at] += step
            values.append((grad * sr.merge([(out, lse), parts[1]])[0]).sum())
        assert found == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_gradients_of_shared_key_heads_are_differences():
    layer = HTransformer1D(2, True)
    assert_gradients(layer, layer.backward, arrays(16, heads=4, groups=2))


@given(sizes, st.data())
def test_causal_a_suffix_moves_nothing_before_it(size, data):
    clusters, n = size
    cut = data.draw(st.integers(0, n))
    inputs = arrays(n, dtype=np.float32)
    assert_suffix_moves_nothing_before(HTransformer1D(clusters, causal=True), inputs, cut)


def test_mean_queries_leak_the_future_of_their_group():
    layer, (q, k, v) = HTransformer1D(2, causal=True, coarse_query="mean"), arrays(16)
    moved = q.copy()
    moved[:, 15] += 1
    assert np.abs(layer(moved, k, v) - layer(q, k, v))[:, 14].max() > 1e-3


FLAXFORMER = {
    False: [
        [-0.17797, 0.25104], [0.09656, 0.12295], [0.07275, 0.18280], [0.14854, 0.02923],
        [0, 0], [-0.00217, 0.73242], [-0.38084, -0.35844], [0, 0],
        [-0.06252, -0.56146], [-0.08340, -0.59225], [0, 0], [0.56879, -0.05071],
        [-0.26501, 0.24259], [-0.05132, 0.18912], [-0.68426, 0.08161], [-0.69862, 0.09230],
    ],
    True: [
        [0, 0], [0, 0], [0.65699, -0.99999], [0.14858, 0.02928],
        [0, 0], [-0.00221, 0.73283], [-0.00866, 0.76057], [0, 0],
        [-0.13235, -0.66362], [-0.08352, -0.59275], [0, 0], [0.56878, -0.05070],
        [0.74511, 0.01770], [0.71024, 0.01402], [-0.75066, 0.10556], [-0.69861, 0.09230],
    ],
}  # fmt: skip


@pytest.mark.parametrize("causal", [False, True])
def test_the_published_code_gave_these_outputs(causal):
    """google/flaxformer 399ea3a, executed: num_clusters 2, no position bias, no projections. Eight
    rows or six are faded by its one maximum.
    """
    i, f = np.arange(16)[:, None], np.arange(2)
    q = 6 * np.sin(i + 1 + 2 * (f + 1))
    k = 2 * np.sin(2 * (i + 1) + 3 * (f + 1))
    v = np.sin(3 * (i + 1) + 4 * (f + 1))
    layer = HTransformer1D(2, causal, scale=1.0)
    np.testing.assert_allclose(layer.flaxformer_output(q, k, v), FLAXFORMER[causal], atol=1e-5)
    assert np.abs(layer(q, k, v) - FLAXFORMER[causal]).max() > 0.1
    calm = layer(q / 6, k / 2, v)
    np.testing.assert_allclose(layer.flaxformer_output(q / 6, k / 2, v), calm, atol=1e-12)


def test_the_greatest_logit_is_that_of_each_head():
    layer, (q, k, v) = HTransformer1D(2, scale=1.0), arrays(8, heads=4, groups=2)
    together = layer.flaxformer_output(9 * q, k, v)
    for head in range(4):
        alone = [9 * q[head], k[head // 2], v[head // 2]]
        np.testing.assert_allclose(layer.flaxformer_output(*alone), together[head], atol=1e-12)


def test_lengths_and_levels():
    layer = HTransformer1D(4)
    assert [layer.level_count(n) for n in (0, 8, 16, 32)] == [0, 1, 2, 3]
    for n in (1, 4, 12, 24):
        with pytest.raises(ValueError, match=f"n must be clusters = 4 times 2, 4, 8.*got n = {n}"):
            layer(*arrays(n))
    inputs = arrays(0)
    assert layer(*inputs).shape == (2, 0, 3)
    assert layer.flaxformer_output(*inputs).shape == (2, 0, 3)
    assert layer.backward(np.zeros((2, 0, 3)), *inputs)[2].shape == (2, 0, 3)


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: HTransformer1D(3), "clusters must be even, got 3"),
    (lambda: HTransformer1D(0), "clusters must be at least 2, got 0"),
    (lambda: HTransformer1D(2, coarse_query="last"), "coarse_query must be .* got 'last'"),
    (lambda: HTransformer1D(2).cells(8, 2), "level must be at most 1, got 2"),
    (lambda: package_level_sets(12, 4), "power of two, at least 4 times block = 4.*got n = 12"),
    (lambda: package_level_sets(8, 4), "power of two, at least 4 times block = 4.*got n = 8"),
    (lambda: package_level_sets(4, 4, True), "at least 2 times block = 4.*got n = 4"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
