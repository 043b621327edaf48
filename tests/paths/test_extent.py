"""Paths: diameters, receptive fields and distances against products of masks, and theorems."""

from functools import reduce
from operator import or_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import hop_counts, reached
from strategies import mask, patterns_at

import sparse_ref as sr
from sparse_ref.paths.finite.diameter import search_extent

BOTH = pytest.mark.parametrize("residual", [True, False])


@st.composite
def stacks(draw, most=24):
    """(one to three layers, n)"""
    n = draw(st.integers(1, most))
    return tuple(draw(st.lists(patterns_at(n, most=12, leaves=3), min_size=1, max_size=3))), n


def counted(steps, n, residual):
    return hop_counts([mask(p, n) for p in steps], residual)


@given(stacks(), st.booleans())
def test_reach_and_hops_are_what_products_of_masks_find(stack, residual):
    steps, n = stack
    assert (
        sr.paths.reach(steps, n, residual=residual)
        == reached([mask(p, n) for p in steps], residual)
    ).all()
    assert (sr.paths.hops(steps, n, residual=residual) == counted(steps, n, residual)).all()


@given(stacks(), st.booleans(), st.booleans())
def test_the_diameter_is_the_greatest_of_the_hops(stack, residual, causal):
    steps, n = stack
    hops = counted(steps, n, residual)
    asked = np.tri(n, dtype=bool) if causal else np.ones((n, n), bool)
    apart = np.argwhere(asked & (hops < 0)).tolist()
    if not apart:
        assert sr.paths.diameter(steps, n, residual=residual, causal=causal) == hops[asked].max()
    else:
        i, j = apart[0]
        assert search_extent(steps, n, residual, causal)[1] == (j, i)
        with pytest.raises(LookupError, match="in any number of layers"):
            sr.paths.diameter(steps, n, residual=residual, causal=causal)


@given(stacks(), st.booleans(), st.data())
def test_growth_counts_the_positions_within_so_many_hops(stack, residual, data):
    steps, n = stack
    hops = counted(steps, n, residual)
    expected = [((hops >= 0) & (hops <= r)).sum(axis=1) for r in range(hops.max() + 1)]
    found = sr.paths.growth(steps, n, residual=residual)
    assert found.dtype == np.int64
    assert found.tolist() == np.array(expected).tolist()
    i = data.draw(st.integers(0, n - 1))
    assert (
        sr.paths.growth(steps, n, i, residual=residual).tolist()
        == found[: hops[i].max() + 1, i].tolist()
    )


@given(stacks(), st.booleans(), st.data())
def test_distance_is_one_entry_of_the_hops(stack, residual, data):
    steps, n = stack
    j, i = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    hops = counted(steps, n, residual)[i, j]
    if hops >= 0:
        assert sr.paths.distance(steps, j, i, n, residual=residual) == hops
    else:
        with pytest.raises(LookupError, match=f"no path from j = {j} to i = {i} "):
            sr.paths.distance(steps, j, i, n, residual=residual)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 6))
def test_strided_runs_are_read_whole_however_wide_and_wherever_cut(n, step, width):
    """Orders of remainders, and the groups that the ends of a run cut."""
    for p in (
        sr.Summary(step + width, width),
        ~sr.Summary(step + width, width),
        sr.Strided(step) | sr.Lookback(width),
        sr.DilatedSegment(step * width, step, 0),
        sr.LogSparseRestart(step + width, width),
    ):
        for residual in (True, False):
            assert (sr.paths.hops([p], n, residual=residual) == counted([p], n, residual)).all(), p


@pytest.mark.parametrize("n", [63, 64, 65, 511, 512, 513, 1100])
def test_words_and_blocks_of_columns_meet(n):
    found = sr.paths.hops([sr.Window(90) | sr.Strided(7)], n)
    assert (found == counted([sr.Window(90) | sr.Strided(7)], n, True)).all()
    assert sr.paths.diameter([sr.Window(90) | sr.Strided(7)], n, causal=False) == found.max()


def test_columns_are_done_a_slab_at_a_time(monkeypatch):
    steps, n = (sr.Lookback(40) | sr.Sinks(3), sr.Block(50)), 2100
    whole = (
        sr.paths.hops(steps, n),
        sr.paths.reach(steps, n),
        sr.paths.growth(steps, n),
        sr.paths.diameter(steps, n),
    )
    monkeypatch.setattr("sparse_ref.paths.finite.reach.SLAB_BYTES", 1)
    parts = (
        sr.paths.hops(steps, n),
        sr.paths.reach(steps, n),
        sr.paths.growth(steps, n),
        sr.paths.diameter(steps, n),
    )
    assert (
        sr.paths.hops(steps, n)[:, -100:].max() < whole[-1]
    )  # the columns done last are not the furthest
    for one, other in zip(whole, parts):
        assert np.array_equal(one, other)


def test_known_numbers():
    """Window only: ceil((n - 1) / radius), 32 at n = 256; log-sparse: 8; a star: 2."""
    assert sr.paths.diameter([sr.Window(8)], 256, causal=False) == 32
    assert sr.paths.diameter([sr.LogSparse()], 256) == 8
    assert sr.paths.diameter([sr.Global(1)], 256, causal=False) == 2


@pytest.mark.parametrize(
    ("heads", "layers", "missing"), [(1, 3, 10368), (8, 3, 3246), (16, 2, 468)]
)
def test_longnet_joins_all_both_ways_and_not_causally(heads, layers, missing):
    """Causally the first position of a segment is never reached from the one before it."""
    union = reduce(
        or_,
        [
            p
            for h in range(heads)
            for p in sr.longnet((16, 64, 256), (1, 4, 16), head=h, heads=heads)
        ],
    )
    assert sr.paths.diameter([union], 256, causal=False) == layers
    assert (sr.paths.hops([union & sr.Causal()], 256)[np.tri(256, dtype=bool)] < 0).sum() == missing
    with pytest.raises(LookupError, match="no path from j = 15 to i = 16 "):
        sr.paths.distance([union & sr.Causal()], 15, 16, 256)


def test_one_position_and_none():
    assert (
        sr.paths.diameter(sr.strided(3), 0)
        == sr.paths.diameter(sr.strided(3), 1)
        == sr.paths.diameter([sr.Sinks(1)], 0)
        == 0
    )
    assert sr.paths.diameter([sr.Band(1, -1)], 1, residual=False) == 0
    assert sr.paths.growth(sr.strided(3), 0).shape == (1, 0)
    assert sr.paths.growth(sr.strided(3), 1).tolist() == [[1]]
    assert sr.paths.distance([sr.Band(1, -1)], 0, 0, 1, residual=False) == 0


def test_refusals():
    with pytest.raises(
        ValueError, match="n must be at most 32768 if no closed form is known, got 32769"
    ):
        sr.paths.diameter([sr.Sinks(1)], 32769)
    with pytest.raises(ValueError, match=r"n must be at most 32768 .* got 32769"):
        sr.paths.growth([sr.Causal()], 32769)
    with pytest.raises(ValueError, match="i must be at most 3, got 4"):
        sr.paths.growth([sr.Causal()], 4, 4)
    with pytest.raises(TypeError, match="causal must be True or False, got 1"):
        sr.paths.diameter([sr.Causal()], 4, causal=1)
    with pytest.raises(ValueError, match="j must be at most 3, got 4"):
        sr.paths.distance([sr.Causal()], 4, 3, 4)
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        sr.paths.distance([sr.Causal()], 0, 0, 0)
