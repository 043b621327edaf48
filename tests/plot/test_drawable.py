"""Lowerings agree: a figure of lowered sets is that of their pattern; what is no set is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import patterns

import sparse_ref as sr
from sparse_ref.plot.inputs.drawable import set_at, title_of

LOWERINGS = {
    "csr": sr.csr,
    "plan": sr.plan,
    "bsr": lambda p, n: sr.bsr(p, n, (3, 2)),
    "dense": sr.dense,
}


@given(
    patterns(most=8),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from(sorted(LOWERINGS)),
)
def test_shares_of_lowered_sets_are_those_of_the_pattern(p, shape, block, name):
    lowered = set_at("p", LOWERINGS[name](p, shape), None)
    assert lowered.shape == shape
    assert np.array_equal(lowered.shares(block), set_at("p", p, shape).shares(block))


@pytest.mark.parametrize(
    ("lowered", "title"),
    [
        (sr.csr(sr.Causal(), 5), "CSR"),
        (sr.plan(sr.Causal(), 5), "Plan"),
        (sr.bsr(sr.Causal(), 5, 2), "BSR"),
        (sr.dense(sr.Causal(), 5), "mask"),
    ],
)
def test_what_has_a_shape_needs_no_length(lowered, title):
    for n in (None, 5, (5, 5)):
        im = sr.plot.mask(lowered, n)
        assert np.array_equal(im.get_array(), np.tri(5))
        assert im.axes.get_title() == title
        plt.close(im.figure)


def test_a_title_is_the_name_of_what_has_one():
    assert title_of(sr.longnet((4,), (1,))) == "longnet((4,), (1,), 0, 1, 'paper')"
    assert title_of(sr.strided(4)) == "strided(4)"
    assert title_of(sr.Causal()) == "Causal()"
    long = sr.GlobalAt(tuple(range(200)))
    assert len(title_of(long)) == 400
    assert title_of(long, 20) == "GlobalAt((0, 1, 2, …"


@pytest.mark.parametrize(
    ("p", "title"),
    [
        (sr.strided(3), "strided(3)"),
        ((sr.Local(3), sr.Strided(3)), "Local(3), Strided(3)"),
        ([sr.Local(3), sr.Strided(3)], "Local(3), Strided(3)"),
    ],
)
def test_several_patterns_are_drawn_by_how_many_have_a_pair(p, title):
    im = sr.plot.mask(p, 7)
    counts = sr.Local(3).mask(7) + sr.Strided(3).mask(7).astype(int)
    assert np.array_equal(im.get_array(), counts)
    assert im.axes.get_title() == title


@pytest.mark.parametrize(
    ("p", "n", "error", "says"),
    [
        ((sr.Causal(), None), 4, TypeError, "p must be one set, got 2 patterns: plot.heads"),
        ([sr.Causal(), "x"], 4, TypeError, "got 2 patterns: plot.heads draws one per head"),
        (sr.csr(sr.Causal(), 5), 4, ValueError, r"p must have shape \(4, 4\), got \(5, 5\)"),
        (sr.bsr(sr.Causal(), 5, 2), (5, 4), ValueError, r"must have shape \(5, 4\), got \(5, 5\)"),
        (sr.csr(sr.Causal(), 0), None, ValueError, "n must be at least 1 to be drawn"),
        (sr.Causal, 4, TypeError, "p must be a Pattern or a bool array"),
        ("Causal()", 4, TypeError, r"sr.parse\('Causal\(\)'\) reads a pattern"),
    ],
)
def test_errors_name_the_argument_and_the_mend(p, n, error, says):
    with pytest.raises(error, match=says):
        sr.plot.mask(p, n)
    assert plt.get_fignums() == []


def test_a_csr_made_by_hand_is_checked():
    broken = sr.CSR(np.array([0, 2]), np.array([1, 0], np.int32), (1, 2))
    with pytest.raises(ValueError, match="CSR: indices"):
        sr.plot.mask(broken)
