"""Paths: every path of `witness` is walked again, hop by hop, up to 10**18; and `reach` agrees."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import hop_counts
from strategies import mask, patterns_at

import sparse_ref as sr

HUGE = 10**18
FACTORIZED = st.integers(1, HUGE).map(sr.strided) | st.integers(1, 10**9).flatmap(
    lambda l: st.integers(1, l).map(lambda c: sr.fixed(l, c))
)


def assert_walks(steps, path, j, i, residual, n=None):
    """Assert that the path leads from j to i below n, each position a key of the next."""
    assert len(path) == len(steps) + 1
    assert (path[0], path[-1]) == (j, i)
    assert 0 <= min(path) <= max(path) <= (max(j, i) if n is None else n - 1)
    for step, (below, above) in zip(steps, pairwise(path), strict=True):
        assert bool(step.contains(above, below)) or (residual and above == below), (
            f"{path} through {step!r}"
        )


@given(FACTORIZED, st.integers(0, HUGE), st.integers(0, HUGE))
def test_paths_far_out(factorized, x, y):
    j, i = sorted((x, y))
    path = sr.paths.witness(factorized, j, i)
    assert all(type(a) is int for a in path)
    assert_walks(factorized.steps, path, j, i, residual=True)


@given(st.integers(1, HUGE), st.integers(0, HUGE), st.integers(0, HUGE))
def test_strided_paths_need_no_residual_edge(l, x, y):
    j, i = sorted((x, y))
    assert_walks(
        sr.strided(l).steps,
        sr.paths.witness(sr.strided(l), j, i, residual=False),
        j,
        i,
        residual=False,
    )


@pytest.mark.parametrize(
    "factorized",
    [
        sr.strided(1),
        sr.strided(4),
        sr.fixed(1),
        sr.fixed(4, 1),
        sr.fixed(4, 3),
        (sr.Lookback(2), sr.Strided(3)),
        (sr.Window(1), sr.Band(2, -1), sr.Block(3)),
    ],
)
@pytest.mark.parametrize("residual", [True, False])
def test_a_path_wherever_reach_says_so_and_only_there(factorized, residual):
    steps = getattr(factorized, "steps", factorized)
    for order in (None, tuple(range(len(steps), 0, -1)), (1, 2, 1)):
        layers = steps if order is None else [steps[m - 1] for m in order]
        for j, i in product(range(11), repeat=2):
            n = max(j, i) + 1
            if sr.paths.reach(factorized, n, residual=residual, order=order)[i, j]:
                path = sr.paths.witness(factorized, j, i, residual=residual, order=order)
                assert_walks(layers, path, j, i, residual)
            else:
                with pytest.raises(LookupError, match=f"no path from j = {j} to i = {i} "):
                    sr.paths.witness(factorized, j, i, residual=residual, order=order)


def test_a_search_gives_the_least_path():
    assert sr.paths.witness([sr.Causal()] * 3, 2, 5) == (2, 2, 2, 5)
    assert sr.paths.witness([sr.Causal()] * 3, 2, 5, order=(1, 3)) == (2, 2, 5)


def test_strict_fixed_has_no_path_inside_a_block():
    assert sr.paths.witness(sr.fixed(8, 2), 3, 6, residual=False) == (
        3,
        6,
        6,
    )  # 6 is a summary position
    with pytest.raises(
        LookupError, match=r"no path from j = 3 to i = 5 through Block\(8\), Summary\(8, 2\)"
    ):
        sr.paths.witness(sr.fixed(8, 2), 3, 5, residual=False)
    with pytest.raises(LookupError, match="no path by the closed form from j = "):
        sr.paths.witness(sr.fixed(10**9), HUGE, HUGE + 5, residual=False)


def test_a_wrong_closed_form_is_never_returned():
    def astray(j, i):
        return (j + 1, -1)

    wrong = sr.Factorized((sr.Lookback(4), sr.Strided(4)), via=astray)
    assert_walks(wrong.steps, sr.paths.witness(wrong, 3, 9), 3, 9, residual=True)
    with pytest.raises(LookupError, match="by the closed form"):
        sr.paths.witness(wrong, 3, HUGE + 1)
    outside = sr.Factorized((sr.Full(), sr.Full()), via=lambda j, i: (-1, i + 1))
    assert sr.paths.witness(outside, 3, 9) == (3, 0, 9)


def test_no_position_reaches_an_earlier_one():
    for factorized in (sr.strided(7), sr.fixed(7)):
        for j, i in ((9, 3), (HUGE, HUGE - 1)):
            with pytest.raises(LookupError, match="no path"):
                sr.paths.witness(factorized, j, i)


def test_refusals():
    with pytest.raises(ValueError, match="j must be at least 0, got -1"):
        sr.paths.witness(sr.strided(2), -1, 3)
    with pytest.raises(TypeError, match=r"i must be an integer, got 3\.0"):
        sr.paths.witness(sr.strided(2), 1, 3.0)
    with pytest.raises(
        ValueError,
        match="j and i must be at most 4096 if no closed form is known, got j = 1, i = 4097",
    ):
        sr.paths.witness(sr.strided(2), 1, 4097, order=(2, 1))
    with pytest.raises(ValueError, match="each number in order must be at most 2, got 3"):
        sr.paths.witness(sr.strided(2), 1, 3, order=(1, 3))
    with pytest.raises(TypeError, match="steps must be a Factorized"):
        sr.paths.witness(sr.Causal(), 1, 3)
    assert_walks(
        sr.strided(64).steps[::-1],
        sr.paths.witness(sr.strided(64), 0, 4096, order=(2, 1)),
        0,
        4096,
        residual=True,
    )


@st.composite
def stacks(draw):
    """(one to three layers, n)"""
    n = draw(st.integers(1, 16))
    return tuple(draw(st.lists(patterns_at(n, most=12, leaves=3), min_size=1, max_size=3))), n


@given(stacks(), st.booleans(), st.data())
def test_a_shortest_path_is_as_long_as_hops_says_and_walks(stack, residual, data):
    steps, n = stack
    j, i = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    hops = hop_counts([mask(p, n) for p in steps], residual)[i, j]
    if hops < 0:
        with pytest.raises(
            LookupError,
            match=f"no path from j = {j} to i = {i} through .*, in any number of layers",
        ):
            sr.paths.shortest(steps, j, i, n, residual=residual)
    else:
        path = sr.paths.shortest(steps, j, i, n, residual=residual)
        assert all(type(a) is int and a < n for a in path)
        assert len(path) == hops + 1
        assert_walks([steps[r % len(steps)] for r in range(hops)], path, j, i, residual, n)


def test_shortest_paths_of_many_layers():
    assert sr.paths.shortest([sr.Lookback(2)], 0, 4000, 4096) == tuple(range(4001))
    assert sr.paths.shortest(sr.fixed(4), 1, 14, 16, order=(2, 1)) == (
        1,
        1,
        3,
        14,
    )  # it stays below the summaries first
    assert sr.paths.shortest([sr.Band(-1, 1)], 5, 2, 6, residual=False) == (5, 4, 3, 2)


def test_a_pattern_at_odds_with_itself_gives_no_path():
    class Odd(sr.Causal):
        """Rows that its formula denies."""

        def contains(self, i, j):
            return i == j

    with pytest.raises(RuntimeError, match=r"`contains` and rows differ along \(0, 2\)"):
        sr.paths.shortest([Odd()], 0, 2, 3)


def test_refusals_of_shortest():
    with pytest.raises(ValueError, match="j must be at most 3, got 4"):
        sr.paths.shortest([sr.Causal()], 4, 3, 4)
    with pytest.raises(ValueError, match=r"n must be at most 32768 .* got 32769"):
        sr.paths.shortest([sr.Causal()], 0, 3, 32769)
