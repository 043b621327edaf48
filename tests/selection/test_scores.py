"""Algebra: scores against einsum, read whole and some rows at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparse_ref.selection import dot, max_pool, maximum_dot, min_pool, weighted_relu

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


@given(st.integers(0, N), st.integers(0, N))
def test_rows_are_those_of_the_whole(a, b):
    lo, hi = sorted((a, b))
    for scores in (dot(Q, K), weighted_relu(Q, K[0], W), dot(Q, K).map(np.abs)):
        np.testing.assert_allclose(
            scores.rows(lo, hi), np.asarray(scores)[..., lo:hi, :], rtol=1e-12
        )


def test_scores_have_the_dtype_of_the_vectors():
    single = Q.astype(np.float32), K.astype(np.float32)
    assert np.asarray(dot(*single, scale=0.5)).dtype == np.float32


REFUSED = {
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
