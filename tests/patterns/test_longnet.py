"""Definition, algebra and paths: LongNet's branches against the paper's rows of segments, and whom
they never join.
"""

from functools import reduce
from operator import or_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute, mask, qkv

import sparse_ref as sr
from sparse_ref.catalogue import notation

FACTS = ((16, 64, 256), (1, 4, 16))


def branch(n, w, r, s, causal=False):
    """Segment by segment, the rows s, s + r, s + 2 r, ... of it attend to one another."""
    found = np.zeros((n, n), bool)
    for start in range(0, n, w):
        chosen = [start + row for row in range(s, w, r) if start + row < n]
        for i in chosen:
            for j in chosen:
                found[i, j] = j <= i or not causal
    return found


def longnet(segments, rates, head, heads, rule="paper", causal=False):
    """The branches of one head, cut where causal."""
    branches = sr.longnet(segments, rates, head, heads, rule)
    return branches & sr.Causal() if causal else branches


def union(heads, causal, rule="paper"):
    """What some head attends to in some branch."""
    return reduce(
        or_,
        dict.fromkeys(
            p for head in range(heads) for p in longnet(*FACTS, head, heads, rule, causal)
        ),
    )


@st.composite
def settings_of(draw):
    """(segments, rates, head, heads, causal)"""
    branches, heads = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    segments, rates = (
        tuple(draw(st.integers(1, most)) for _ in range(branches)) for most in (50, 9)
    )
    return segments, rates, draw(st.integers(0, heads - 1)), heads, draw(st.booleans())


@given(settings_of(), st.integers(0, 50))
def test_the_paper_moves_head_h_by_h_mod_r(drawn, n):
    segments, rates, head, heads, causal = drawn
    found = longnet(segments, rates, head, heads, causal=causal)
    assert len(found) == len(segments)
    for p, w, r in zip(found, segments, rates):
        assert (mask(p, n) == branch(n, w, r, head % r, causal)).all(), p


@given(settings_of(), st.integers(1, 50))
def test_torchscale_deals_neighbouring_heads_one_offset(drawn, n):
    """Heads, filled up to a multiple of r, in r groups of neighbours; segments no longer than n."""
    segments, rates, head, heads, causal = drawn
    found = longnet(segments, rates, head, heads, "torchscale", causal)
    for p, w, r in zip(found, segments, rates):
        filled = heads + -heads % r
        group = [h for h in range(filled) if h // (filled // r) == head // (filled // r)]
        s = group[0] // len(group)
        assert (mask(p, n) == branch(n, min(w, n), r, s, causal)).all(), p


@given(settings_of())
def test_the_rules_agree_where_every_head_has_its_own_offset(drawn):
    segments, rates, head, heads, causal = drawn
    paper, code = (
        longnet(segments, rates, head, heads, rule, causal) for rule in ("paper", "torchscale")
    )
    for p, q, r in zip(paper, code, rates):
        if heads <= r:
            assert p == q
    assert sr.longnet((8,), (2,), 1, 4) != sr.longnet((8,), (2,), 1, 4, "torchscale")


@given(settings_of(), st.integers(0, 40))
def test_multiplicity_is_how_many_branches_hold_a_pair(drawn, n):
    segments, rates, head, heads, causal = drawn
    expected = sum(branch(n, w, r, head % r, causal).astype(int) for w, r in zip(segments, rates))
    assert (
        sr.multiplicity(longnet(segments, rates, head, heads, causal=causal), n) == expected
    ).all()


def test_a_position_in_no_branch_gets_nothing():
    branches = sr.longnet((4, 8), (2, 4), head=1, heads=4)
    empty = (sr.multiplicity(branches, 16) == 0).all(axis=1)
    assert np.flatnonzero(empty).tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    out, lse = sr.attend_with_lse(*qkv((16, 16)), branches)
    assert (out[0, empty] == 0).all() and (lse[0, empty] == -np.inf).all()
    assert (out[0, ~empty] != 0).all()


def test_an_offset_beyond_the_segment_holds_nobody():
    assert not brute(sr.DilatedSegment(3, 5, 4), 20).any()


def test_causal_heads_are_never_joined_across_the_start_of_a_segment():
    """16 begins a segment of 16, and in the longer ones meets its own residue alone: it never hears
    of 15.
    """
    n = 256
    pairs = np.tril(np.ones((n, n), bool))
    for heads, missing in (1, 10368), (8, 3246), (16, 468):
        for rule in ("paper", "torchscale"):
            found = sr.paths.hops([union(heads, True, rule)], n)
            assert found[16, 15] == -1
            assert (found[pairs] < 0).sum() == missing
            assert pairs.sum() == 32896


def test_without_causality_three_layers_join_all_if_a_segment_spans_them():
    for heads, layers in (1, 3), (8, 3), (16, 2):
        assert sr.paths.hops([union(heads, False)], 256).max() == layers
    beyond = sr.paths.hops([union(16, False)], 300)
    assert (beyond[:256, 256:] == -1).all() and (beyond[256:, :256] == -1).all()


def test_a_value_by_its_notation():
    branches = sr.longnet([4, 8], [1, 2], 1, 2, "torchscale")
    assert repr(branches) == "longnet((4, 8), (1, 2), 1, 2, 'torchscale')"
    assert notation.read(repr(branches)) == branches


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: sr.longnet((4, 8), (1,)),
            ValueError,
            "longnet: rates must be one for each of the segments, .*, got 1 for 2",
        ),
        (
            lambda: sr.longnet((), ()),
            ValueError,
            "longnet: rates must be one for each of the segments, at least 1, got 0 for 0",
        ),
        (
            lambda: sr.longnet((4,), (0,)),
            ValueError,
            r"longnet: rates\[\d\] must be at least 1, got 0",
        ),
        (
            lambda: sr.longnet(4, 1),
            TypeError,
            "longnet: segments must be a sequence of integers, got 4",
        ),
        (
            lambda: sr.longnet((4,), (1,), 2, 2),
            ValueError,
            "longnet: head must be at most 1, got 2",
        ),
        (
            lambda: sr.longnet((4,), (1,), 0, 0),
            ValueError,
            "longnet: heads must be at least 1, got 0",
        ),
        (
            lambda: sr.longnet((4,), (1,), rule="mod"),
            ValueError,
            "longnet: rule must be one of 'paper', 'torchscale', got 'mod'",
        ),
        (
            lambda: sr.DilatedSegment(8, 2, 2),
            ValueError,
            "DilatedSegment: s must be below r = 2, got 2",
        ),
    ],
)
def test_refusals(make, error, said):
    with pytest.raises(error, match=said):
        make()
