"""Algebra: pools as vectors against loops over tokens; pools as sets against their atoms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import gated_pool, max_pool, mean_pool, min_pool, pool_starts

SIZES = st.integers(1, 5)


def token_lists(n, length, stride, shift=0):
    """The tokens of each pool that begins in n tokens."""
    starts = range(-shift, n - shift, stride)
    return [[j for j in range(start, start + length) if 0 <= j < n] for start in starts]


@given(st.integers(0, 13), SIZES, SIZES)
def test_pools_reduce_their_tokens(n, length, stride):
    x = np.random.default_rng(n).standard_normal((2, n, 3))
    tokens = token_lists(n, length, stride)
    for pool, reduction in ((mean_pool, np.mean), (max_pool, np.max), (min_pool, np.min)):
        pooled = pool(x, length, stride)
        assert pooled.shape == (2, len(tokens), 3)
        for e, keys in enumerate(tokens):
            assert np.array_equal(pooled[:, e], reduction(x[:, keys], axis=1))


@given(st.integers(0, 13), SIZES, SIZES, st.booleans(), st.data())
def test_a_gated_pool_is_a_softmax_over_its_tokens(n, length, stride, one_channel, data):
    shift = data.draw(st.integers(0, length - 1))
    rng = np.random.default_rng(n)
    x = rng.standard_normal((n, 3))
    gates = rng.standard_normal((n, 1 if one_channel else 3))
    pooled = gated_pool(x, gates, length, stride, shift=shift)
    tokens = token_lists(n, length, stride, shift)
    assert len(pooled) == len(tokens)
    for e, keys in enumerate(tokens):
        weights = np.exp(gates[keys])
        shares = weights / weights.sum(axis=0)
        np.testing.assert_allclose(pooled[e], (shares * x[keys]).sum(axis=0), rtol=1e-12)


def test_a_pool_whose_gates_are_all_closed_is_0():
    x = np.ones((4, 1))
    gates = np.array([[0.0], [-np.inf], [-np.inf], [-np.inf]])
    assert gated_pool(x, gates, 2).tolist() == [[1.0], [0.0]]


@given(st.integers(1, 12), SIZES, SIZES)
def test_the_complete_pools_are_those_whose_tokens_are_all_past(n, length, stride):
    complete, started = sr.Complete(length, stride), sr.Started(length, stride)
    starts = pool_starts(n, length, stride)
    for i in range(n):
        full = [e for e, start in enumerate(starts) if start + length - 1 <= i]
        assert complete.row(i, len(starts)).tolist() == full
        assert started.row(i, len(starts)).tolist() == [
            e for e, start in enumerate(starts) if start <= i
        ]


@given(st.integers(1, 12), SIZES, SIZES)
def test_complete_pools_show_no_future(n, length, stride):
    seen = sr.Pooled(sr.Complete(length, stride), length, stride)
    assert not np.triu(sr.dense(seen, n), 1).any()


def test_pools_that_have_begun_show_the_future_until_it_is_cut():
    """Negative control: `Started` alone is not causal over tokens."""
    seen = sr.Pooled(sr.Started(3), 3)
    assert np.triu(sr.dense(seen, 6), 1).any()
    assert np.array_equal(sr.dense(seen & sr.Causal(), 6), sr.dense(sr.Causal(), 6))


def test_listed_pools_spread_over_tokens():
    pools = sr.Listed([0, 1, 1, 3], [1, 0, 2])
    assert sr.picture(sr.Pooled(pools, 2), (3, 6)) == "··██··\n······\n██··██"
    assert sr.picture(sr.Pooled(pools, 3, 2), (3, 6)) == "··███·\n······\n███·██"
    assert sr.picture(sr.Pooled(pools, 1, 2), (3, 6)) == "··█···\n······\n█···█·"


def test_pools_that_share_tokens_are_cut_after_they_are_spread():
    """Spreading commutes with neither & nor - if pools overlap: { 0 } and { 1 } share token 2."""
    left, right = sr.Listed([0, 1], [0]), sr.Listed([0, 1], [1])
    both = sr.Pooled(left, 3, 2) & sr.Pooled(right, 3, 2)
    assert sr.csr(both, (1, 6)).indices.tolist() == [2]
    assert sr.csr(sr.Pooled(left & right, 3, 2), (1, 6)).indices.tolist() == []
    rest = sr.Pooled(sr.Full() - right, 3, 2)
    assert sr.csr(rest, (1, 6)).indices.tolist() == [0, 1, 2, 4, 5]


REFUSED = {
    "length": (lambda: sr.Pooled(sr.Causal(), 0), "Pooled: length must be at least 1, got 0"),
    "stride": (lambda: sr.Pooled(sr.Causal(), 2, 0), "Pooled: stride must be at least 1, got 0"),
    "pattern": (lambda: sr.Pooled("x", 2), "Pooled: pattern must be a Pattern"),
    "one length": (
        lambda: sr.Pooled(sr.Neighborhood(8, 3, 1, 1), 2),
        "Pooled: pattern must be stated for every length, got one that is stated for n = 8",
    ),
    "overlap": (
        lambda: sr.Pooled(sr.Causal(), 1025, 1),
        "Pooled: length must be at most 1024 strides, got length = 1025 with stride = 1",
    ),
    "pool of 0": (lambda: mean_pool(np.zeros((3, 1)), 0), "length must be at least 1, got 0"),
    "one axis": (lambda: mean_pool(np.zeros(3), 2), r"x must have shape \(..., n, d\), got \(3,\)"),
    "gates": (
        lambda: gated_pool(np.zeros((3, 2)), np.zeros((3, 3)), 2),
        r"gates must have the shape of x, \(3, 2\), got \(3, 3\)",
    ),
    "complete": (lambda: sr.Complete(0), "Complete: length must be at least 1, got 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_named(name):
    call, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        call()
