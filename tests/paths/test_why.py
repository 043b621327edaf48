"""Paths: the sets of `why_not` are closed, pair by pair, for every pair that no product joins."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import hop_counts
from strategies import mask, patterns_at

import sparse_ref as sr


@st.composite
def stacks(draw):
    """(one to three layers, n)"""
    n = draw(st.integers(1, 12))
    return tuple(draw(st.lists(patterns_at(n, most=8, leaves=3), min_size=1, max_size=3))), n


def assert_closed(why, steps, j, i, n, residual):
    """No pair leads out of the closed sets; j is inside below layer 1, and i never is."""
    p = len(steps)
    inside = [
        set(held.tolist()) if why.outward else set(range(n)) - set(held.tolist())
        for held in why.sets
    ]
    assert len(inside) == p
    assert j in inside[0]
    assert not any(i in held for held in inside)
    for m, (a, b) in product(range(p), product(range(n), repeat=2)):
        if b in inside[m] and (steps[m].contains(a, b) or (residual and a == b)):
            assert a in inside[(m + 1) % p], (m, a, b)


@given(stacks(), st.booleans(), st.data())
def test_each_pair_is_either_joined_or_kept_apart_by_closed_sets(stack, residual, data):
    steps, n = stack
    j, i = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    hops = hop_counts([mask(p, n) for p in steps], residual)[i, j]
    if hops >= 0:
        with pytest.raises(
            ValueError, match=f"j = {j} reaches i = {i} in {hops} layers, by the path "
        ):
            sr.paths.why_not(steps, j, i, n, residual=residual)
    else:
        why = sr.paths.why_not(steps, j, i, n, residual=residual)
        assert why.holds()
        assert_closed(why, steps, j, i, n, residual)
        assert str(why).startswith(f"{j} never reaches {i} through ")


def test_the_smaller_set_is_given():
    future = sr.paths.why_not([sr.Causal()], 60, 3, 64)
    assert future.outward and future.sets[0].tolist() == [60, 61, 62, 63]
    past = sr.paths.why_not([sr.Causal()], 9, 3, 64)
    assert not past.outward and past.sets[0].tolist() == [0, 1, 2, 3]
    assert str(past) == (
        "9 never reaches 3 through Causal() (n = 64).\n"
        "Position 3 is reached from 4 positions (0 to 3).\n"
        "No position of this set reads from outside it, and 9 is outside."
    )


def test_words_for_layers_that_cycle():
    why = sr.paths.why_not(
        [sr.Band(-1, 1), sr.Band(-2, 2)], 1, 3, 4, residual=False
    )  # always to the left
    assert str(why) == (
        "1 never reaches 3 through Band(-1, 1), Band(-2, 2) (n = 4).\n"
        "Position 1 reaches 1 position (1) below layer 1, Band(-1, 1); "
        "1 position (0) below layer 2, Band(-2, 2).\n"
        "In each layer, only the set above it reads from the set below it, "
        "and 3 is in none of the sets."
    )
    why = sr.paths.why_not([sr.Lookback(4), sr.Strided(4)], 9, 0, 12)
    assert str(why).endswith(
        "In each layer, the set above it reads only from the set below it, "
        "and 9 is not in the set below layer 1."
    )


def test_dilated_windows_never_mix():
    why = sr.paths.why_not([sr.Dilated(3, 2)], 0, 31, 32)
    assert (why.sets[0] % 2 == 0).all() or (why.sets[0] % 2 == 1).all()
    assert "16 positions (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, ...)" in str(why)


def test_a_segment_of_longnet_is_not_reached_from_the_one_before():
    union = (
        sr.DilatedSegment(16, 1, 0) | sr.DilatedSegment(64, 4, 0) | sr.DilatedSegment(256, 16, 0)
    )
    why = sr.paths.why_not([union & sr.Causal()], 15, 16, 256)
    assert why.outward and why.sets[0].tolist() == [
        15
    ]  # the last of its segment is read by itself alone


def test_sets_that_are_not_closed_do_not_hold():
    why = sr.paths.why_not(sr.fixed(4), 1, 6, 8, order=(2, 1), residual=False)
    assert why.holds()
    for field, value in (
        ("i", 1),
        ("j", 6),
        ("sets", (np.array([1]), np.array([3]))),
        ("sets", (np.array([1, 3]), np.array([]))),
        ("outward", not why.outward),
        ("residual", True),
        ("patterns", why.patterns[::-1]),
    ):
        assert not replace(why, **{field: value}).holds(), field


def test_a_pattern_at_odds_with_itself_is_refused():
    class Odd(sr.Causal):
        """Rows without the keys that its formula has."""

        def contains(self, i, j):
            return i - j <= i + 1

    with pytest.raises(RuntimeError, match="`contains` and rows differ"):
        sr.paths.why_not([Odd()], 5, 2, 8)


def test_refusals():
    with pytest.raises(ValueError, match="j must be at most 7, got 8"):
        sr.paths.why_not([sr.Causal()], 8, 2, 8)
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        sr.paths.why_not([sr.Causal()], 0, 0, 0)
