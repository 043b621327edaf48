"""Golden and tie: a batch of padded sequences, one pattern for each, pair by pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute, rules

import sparse_ref as sr

N = 6


def pair_by_pair(length, start, inner):
    """The mask of a sequence of this length in N positions, one comparison a pair."""
    sequence = range(start, start + length)
    return [
        [
            i in sequence and j in sequence and bool(inner.contains(i - start, j - start))
            for j in range(N)
        ]
        for i in range(N)
    ]


@given(st.lists(st.integers(0, N), max_size=4), rules(8))
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_sequence_sees_itself_and_no_padding(side, lengths, inner):
    patterns = sr.padding(lengths, N, inner, side=side)
    assert len(patterns) == len(lengths)
    for p, length in zip(patterns, lengths):
        expected = pair_by_pair(length, N - length if side == "left" else 0, inner)
        assert brute(p, N).tolist() == expected
        assert sr.dense(p, N).tolist() == expected
        assert sr.parse(repr(p)) == p


def test_both_sides_by_eye():
    left = sr.padding((2, 5), 5, sr.Strided(2), side="left")
    right = sr.padding(np.array([2, 5]), 5, side="right")
    assert sr.picture(left[0], 5).split() == ["·····", "·····", "·····", "···█·", "····█"]
    assert sr.picture(left[1], 5).split() == ["█····", "·█···", "█·█··", "·█·█·", "█·█·█"]
    assert sr.picture(right[0], 5).split() == ["██···", "██···", "·····", "·····", "·····"]
    assert sr.picture(right[1], 5).split() == ["█████"] * 5
    assert sr.padding((), 5) == ()


def test_padding_is_on_the_right_unless_told():
    assert sr.padding((2, 3), 4) == sr.padding((2, 3), 4, None, side="right")


@pytest.mark.parametrize(
    ("build", "error", "problem"),
    [
        (
            lambda: sr.padding((2, 7), 6),
            ValueError,
            r"padding: lengths\[1\] must be at most 6, got 7",
        ),
        (
            lambda: sr.padding((2, -1), 6),
            ValueError,
            r"padding: lengths\[1\] must be at least 0, got -1",
        ),
        (lambda: sr.padding(2, 6), TypeError, "padding: lengths must be a sequence of integers"),
        (lambda: sr.padding((2,), -1), ValueError, "padding: n must be at least 0, got -1"),
        (
            lambda: sr.padding((2,), 6, side="top"),
            ValueError,
            "padding: side must be 'left' or 'right', got 'top'",
        ),
        (lambda: sr.padding((2,), 6, 3), TypeError, "Documents: inner must be a Pattern, got 3"),
        (
            lambda: sr.padding((2,), 6, sr.Random(6, 1, 0)),
            ValueError,
            "Documents: lengths must all be that of inner, 6",
        ),
    ],
)
def test_what_is_no_padding_is_refused(build, error, problem):
    with pytest.raises(error, match=problem):
        build()
