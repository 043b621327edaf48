"""Prefix LM: the figure's mask, pair by pair; within the prefix all, after it the past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr


@given(st.integers(0, 20), st.integers(0, 20))
def test_the_prefix_is_seen_by_all_and_the_rest_by_what_follows(length, n):
    assert brute(sr.prefix_lm(length), n).tolist() == [
        [j <= i or j in range(length) for j in range(n)] for i in range(n)
    ]


@given(st.integers(0, 20))
def test_nothing_is_prefix_or_everything_is(n):
    assert (brute(sr.prefix_lm(0), n) == brute(sr.Causal(), n)).all()
    assert brute(sr.prefix_lm(n), n).all()


@given(st.integers(0, 15), st.integers(0, 15))
def test_the_mask_of_a_source_and_its_target(source, target):
    """Dong et al. 2019: the source sees itself, the target sees the source and its own past."""
    n = source + target
    expected = [[j < source or (i >= source and j <= i) for j in range(n)] for i in range(n)]
    assert brute(sr.prefix_lm(source), n).tolist() == expected


def test_bad_values_are_refused_by_name():
    with pytest.raises(ValueError, match="prefix_lm: length must be at least 0, got -1"):
        sr.prefix_lm(-1)
