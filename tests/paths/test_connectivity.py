"""Paths: `reach` and `hops` against walks over Python sets, on random small patterns; errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr


@st.composite
def stacks(draw):
    """(rows of one to three layers, n): a layer is n sets of keys, some empty, some above i."""
    n = draw(st.integers(1, 7))
    row = st.sets(st.integers(0, n - 1), max_size=3)
    return draw(st.lists(st.lists(row, min_size=n, max_size=n), min_size=1, max_size=3)), n


def walked(layers, n, residual):
    """For r = 0, 1, ..., the pairs (i, j) for which j reaches i in the first r layers."""
    pairs = {(j, j) for j in range(n)}
    yield pairs
    for rows in layers:
        keys = [row | {i} if residual else row for i, row in enumerate(rows)]
        pairs = {(i, j) for i in range(n) for a in keys[i] for (b, j) in pairs if a == b}
        yield pairs


def patterns(layers):
    return tuple(sr.Listed.of_rows([sorted(row) for row in rows]) for rows in layers)


@given(stacks(), st.booleans())
def test_reach_is_what_walking_finds(stack, residual):
    layers, n = stack
    *_, last = walked(layers, n, residual)
    found = sr.paths.reach(patterns(layers), n, residual=residual)
    assert found.dtype == bool
    assert {(i, j) for i, j in np.argwhere(found).tolist()} == last


@given(stacks(), st.booleans())
def test_hops_is_the_first_layer_at_which_walking_finds_the_pair(stack, residual):
    layers, n = stack
    enough = len(layers) * n + 1  # no shortest walk passes a position twice below the same step
    counts = list(walked(layers * (enough // len(layers) + 1), n, residual))
    expected = [
        [next((r for r, pairs in enumerate(counts) if (i, j) in pairs), -1) for j in range(n)]
        for i in range(n)
    ]
    found = sr.paths.hops(patterns(layers), n, residual=residual)
    assert found.dtype == np.int32
    assert found.tolist() == expected


@given(stacks(), st.booleans(), st.data())
def test_order_names_the_layers_from_below(stack, residual, data):
    layers, n = stack
    order = data.draw(st.lists(st.integers(1, len(layers)), min_size=1, max_size=4).map(tuple))
    steps, ordered = patterns(layers), patterns([layers[m - 1] for m in order])
    assert (
        sr.paths.reach(steps, n, residual=residual, order=order)
        == sr.paths.reach(ordered, n, residual=residual)
    ).all()
    assert (
        sr.paths.hops(steps, n, residual=residual, order=order)
        == sr.paths.hops(ordered, n, residual=residual)
    ).all()


@given(stacks(), st.booleans(), st.integers(0, 6))
def test_most_hides_what_is_further(stack, residual, most):
    layers, n = stack
    every = sr.paths.hops(patterns(layers), n, residual=residual)
    assert (
        sr.paths.hops(patterns(layers), n, residual=residual, most=most)
        == np.where(every <= most, every, -1)
    ).all()


def test_the_first_step_is_the_lowest_layer():
    up, down = sr.Band(1, -1), sr.Band(-1, 1)  # i reads i - 1;  i reads i + 1
    assert sr.picture(
        sr.Listed.of_rows(
            [np.flatnonzero(row) for row in sr.paths.reach([up, down], 3, residual=False)]
        ),
        3,
    ) == ("█··\n·█·\n···")  # 1 reads 0, then 0 reads 1


def test_hops_of_a_window_count_its_lengths():
    i, j = np.arange(30)[:, None], np.arange(30)
    expected = np.where(j <= i, -(-(i - j) // 4), -1)  # ceil of the distance over keys - 1
    assert (sr.paths.hops([sr.Lookback(5)], 30) == expected).all()


def test_a_cycle_that_never_stands_still_ends():
    turn = sr.Listed.of_rows([[2], [0], [1]])  # three positions in a ring, without residual
    assert sr.paths.hops([turn], 3, residual=False).tolist() == [[0, 2, 1], [1, 0, 2], [2, 1, 0]]


def test_no_positions_and_one():
    for n in (0, 1):
        assert (
            sr.paths.reach(sr.strided(3), n).shape
            == sr.paths.hops(sr.strided(3), n).shape
            == (n, n)
        )
    assert sr.paths.reach([sr.Band(1, -1)], 1, residual=False).tolist() == [[False]]


@pytest.mark.parametrize("walk", [sr.paths.reach, sr.paths.hops])
def test_refusals(walk):
    with pytest.raises(ValueError, match=r"n must be at most 32768 .* got 32769"):
        walk(sr.strided(64), 32769)
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        walk(sr.strided(64), -1)
    with pytest.raises(TypeError, match=r"n must be an integer, got \(3, 4\)"):
        walk(sr.strided(64), (3, 4))
    with pytest.raises(TypeError, match=r"steps must be .* got Causal\(\)"):
        walk(sr.Causal(), 4)
    with pytest.raises(TypeError, match=r"one or more patterns, got \[\]"):
        walk([], 4)
    with pytest.raises(ValueError, match=r"each number in order must be at least 1, got 0"):
        walk(sr.strided(2), 4, order=(0, 1))
    with pytest.raises(TypeError, match="order must be an integer, got True"):
        walk(sr.strided(2), 4, order=(True,))
    with pytest.raises(TypeError, match=r"order must be a tuple .* got \(\)"):
        walk(sr.strided(2), 4, order=())


def test_most_is_a_count():
    with pytest.raises(ValueError, match="most must be at least 0, got -1"):
        sr.paths.hops(sr.strided(2), 4, most=-1)
