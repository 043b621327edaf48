"""Algebra: scores against einsum, read whole and some rows at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import (
    antidiagonal,
    dot,
    group_mean,
    max_pool,
    maximum_dot,
    min_pool,
    probabilities,
    weighted_relu,
)

N, M, D = 5, 7, 3
RNG = np.random.default_rng(0)
Q, K = RNG.standard_normal((4, N, D)), RNG.standard_normal((2, M, D))
W = RNG.standard_normal((N, 4))


def test_dot_reads_the_key_head_of_each_query_head():
    keys = np.repeat(K, 2, axis=0)
    expected = 0.5 * np.einsum("hid,hed->hie", Q, keys)
    np.testing.assert_allclose(np.asarray(dot(Q, K, scale=0.5)), expected, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(dot(Q[0], K[0])), Q[0] @ K[0].T, rtol=1e-12)


def test_weighted_relu_adds_the_heads():
    products = np.einsum("hid,ed->hie", 0.5 * Q, K[0])
    expected = np.einsum("ih,hie->ie", W, np.maximum(products, 0))
    np.testing.assert_allclose(weighted_relu(Q, K[0], W, scale=0.5), expected, rtol=1e-12)
    same = weighted_relu(Q, K[0], W[2], scale=0.5)
    np.testing.assert_allclose(np.asarray(same)[2], expected[2], rtol=1e-12)


def test_the_maximum_of_a_page_bounds_the_dot_products_of_its_keys():
    low, high = min_pool(K[0], 3), max_pool(K[0], 3)
    bounds = np.asarray(maximum_dot(Q[0], low, high))
    products = Q[0] @ K[0].T
    for page in range(3):
        in_page = products[:, 3 * page : 3 * page + 3]
        assert (in_page <= bounds[:, page, None] + 1e-12).all()
    corners = np.maximum(Q[0][:, None] * low, Q[0][:, None] * high)
    np.testing.assert_allclose(bounds, corners.sum(axis=-1), rtol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3, 9])
def test_an_antidiagonal_meets_each_query_and_key_of_its_square_once(stride):
    scores = np.asarray(antidiagonal(Q[0], K[0], stride, scale=0.5))
    assert scores.shape == (-(-N // stride), -(-M // stride))
    for (a, b), score in np.ndenumerate(scores):
        pairs = [((a + 1) * stride - 1 - t, b * stride + t) for t in range(stride)]
        terms = [Q[0, i] @ K[0, j] for i, j in pairs if i < N and j < M]
        np.testing.assert_allclose(score, 0.5 * sum(terms), rtol=1e-12, atol=1e-14)
    heads = antidiagonal(Q, K, stride, scale=0.5)
    np.testing.assert_allclose(np.asarray(heads)[0], scores, rtol=1e-12)


def test_probabilities_are_a_softmax_over_what_is_visible():
    """Nothing visible gives 0, and what is not visible is not read."""
    visible = sr.Shifted(sr.Causal(), -1)
    scores = np.where(sr.dense(visible, (N, M)), Q[0] @ K[0].T, np.nan)
    shares = np.asarray(probabilities(scores, visible))
    assert not shares[0].any()
    for i in range(1, N):
        exponentials = np.exp(scores[i, :i])
        expected = [*(exponentials / exponentials.sum()), *[0] * (M - i)]
        np.testing.assert_allclose(shares[i], expected, rtol=1e-12)
    by_head = np.asarray(probabilities(dot(Q, K), visible))
    np.testing.assert_allclose(by_head[0], shares, rtol=1e-12)


def test_the_mean_over_a_group_is_that_of_the_heads_that_read_one_key_head():
    means = np.asarray(group_mean(dot(Q, K), 2))
    np.testing.assert_allclose(means[1], (Q[2] + Q[3]) / 2 @ K[1].T, rtol=1e-12)


@given(st.integers(0, N), st.integers(0, N))
def test_rows_are_those_of_the_whole(a, b):
    lo, hi = sorted((a, b))
    products = dot(Q, K)
    others = probabilities(products, sr.Causal()), group_mean(products, 2)
    for scores in (products, weighted_relu(Q, K[0], W), products.map(np.abs), *others):
        np.testing.assert_allclose(
            scores.rows(lo, hi), np.asarray(scores)[..., lo:hi, :], rtol=1e-12
        )


def test_scores_have_the_dtype_of_the_vectors():
    single = Q.astype(np.float32), K.astype(np.float32)
    assert np.asarray(dot(*single, scale=0.5)).dtype == np.float32


def test_scores_of_half_precision_are_sums_in_float32():
    large = np.full((2, 2), 300, np.float16)  # 300^2 is beyond float16
    assert np.asarray(dot(large, large)).tolist() == [[180_000] * 2] * 2
    bounds = maximum_dot(large, large, large)
    assert np.asarray(bounds).tolist() == [[180_000] * 2] * 2
    scores = weighted_relu(large[None], large, np.ones(1, np.float16))
    assert np.asarray(scores).tolist() == [[180_000] * 2] * 2


REFUSED = {
    "stride": (lambda: antidiagonal(Q, K, 0), "stride must be at least 1, got 0"),
    "one head": (lambda: group_mean(dot(Q[0], K[0]), 1), "scores must have shape .H, n_q, m."),
    "groups": (lambda: group_mean(dot(Q, K), 3), "groups must divide the heads, H = 4, got 3"),
    "width": (lambda: dot(Q, K[..., :2]), "k must have the axes and the width of q"),
    "axes": (lambda: dot(Q, K[0]), "k must have the axes and the width of q"),
    "heads": (lambda: dot(Q[:3], K), "the heads of k, G = 2, must divide those of q, H = 3"),
    "integers": (lambda: dot(Q[0].astype(int), K[0]), "q must be floats, got int64"),
    "q of one head": (lambda: weighted_relu(Q[0], K[0], W), r"q must have shape \(H, n, d\)"),
    "keys by head": (lambda: weighted_relu(Q, K, W), r"k must have shape \(m, 3\), shared by"),
    "weights": (lambda: weighted_relu(Q, K[0], W[:, :2]), r"w must have shape \(5, 4\) or \(4,\)"),
    "bounds": (lambda: maximum_dot(Q[0], K[0], K[0][:2]), "high must have the shape of low"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_named(name):
    call, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        call()
