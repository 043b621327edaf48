"""Paths: counts against products of integer matrices, and known binomials and factorials."""

from math import comb, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import path_counts
from strategies import mask, patterns_at

import sparse_ref as sr


@st.composite
def stacks(draw):
    """(one to four layers, n)"""
    n = draw(st.integers(1, 14))
    return draw(st.lists(patterns_at(n, most=12, leaves=3), min_size=1, max_size=4)), n


@given(stacks(), st.booleans(), st.data())
def test_counts_are_the_entries_of_products_of_integers(stack, residual, data):
    steps, n = stack
    expected, reached = (
        path_counts([mask(p, n) for p in steps], residual),
        sr.paths.reach(steps, n, residual=residual),
    )
    j = data.draw(st.integers(0, n - 1))
    for i in range(n):
        found = sr.paths.count(steps, j, i, n, residual=residual)
        assert type(found) is int
        assert found == expected[i, j]
        assert (found > 0) == reached[i, j]


@given(st.integers(0, 300), st.integers(1, 60))
def test_causal_layers_count_the_ways_not_to_fall(d, layers):
    """Far beyond int64: j = a_0 <= a_1 <= ... <= a_p = i."""
    assert sr.paths.count([sr.Causal()] * layers, 3, 3 + d, 310) == comb(d + layers - 1, layers - 1)


def test_log_sparse_paths_are_the_orders_of_the_powers():
    """The number of shortest paths is factorial in the number of binary ones of the distance."""
    for d in (1, 5, 63, 1023, 1024, 1365):
        assert sr.paths.count([sr.LogSparse()] * d.bit_count(), 7, 7 + d, 2048) == factorial(
            d.bit_count()
        )


def test_the_residual_edge_is_one_edge():
    assert (
        sr.paths.count([sr.Causal()], 2, 2, 4)
        == sr.paths.count([sr.Causal()], 2, 2, 4, residual=False)
        == 1
    )
    assert sr.paths.count([sr.Band(1, -1)] * 2, 2, 2, 4, residual=False) == 0
    assert sr.paths.count([sr.Band(1, -1)] * 2, 1, 2, 4) == 2  # it waits before the step, or after
    assert (
        sr.paths.count([sr.Strided(2) | sr.Lookback(3)], 2, 4, 6) == 1
    )  # a key of two runs is one key


def test_strided_layers_at_length():
    """Each path from 0 to the last position stops at a multiple of 181 among 182 positions."""
    assert sr.paths.count(sr.strided(181), 0, 32767, 32768) == 1
    assert (
        sr.paths.count(sr.strided(181), 0, 181 * 181, 32768) == 2
    )  # at 181 * 180, by l + 1 keys, or there
    assert sr.paths.count([sr.Strided(1)] * 5, 0, 32767, 32768) == comb(32767 + 4, 4)


def test_order_and_refusals():
    assert sr.paths.count(sr.fixed(4), 1, 6, 8, order=(2, 1)) == 0
    assert sr.paths.count(sr.fixed(4), 1, 6, 8, order=(1, 2)) == 1
    with pytest.raises(ValueError, match="i must be at most 7, got 8"):
        sr.paths.count(sr.fixed(4), 1, 8, 8)
    with pytest.raises(ValueError, match=r"n must be at most 32768 .* got 32769"):
        sr.paths.count(sr.fixed(4), 1, 8, 32769)
