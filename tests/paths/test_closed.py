"""Paths: each closed form of hops against search, for all pairs at small lengths; and far out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.paths.finite.closed_forms import form_of

HUGE = 10**18
N = 40
STACKS = [
    (sr.Full(),),
    (sr.Causal(),),
    (sr.LogSparse(),),
    *[(sr.Lookback(keys),) for keys in (*range(1, 9), N, N + 1)],
    *[(sr.Local(l),) for l in range(1, 6)],
    *[(sr.Window(radius),) for radius in (*range(6), N - 1, N)],
    *[(sr.Dilated(radius, step),) for radius in range(5) for step in range(1, 5)],
    *[(sr.Strided(l),) for l in range(1, 7)],
    *[(sr.butterfly(factors),) for factors in range(8)],
    *[sr.strided(l).steps[::way] for l in range(1, 9) for way in (1, -1)],
    *[
        (sr.Lookback(l + more), sr.Strided(l))[::way]
        for l in range(1, 8)
        for more in range(4)
        for way in (1, -1)
    ],
    *[sr.fixed(l, c).steps for l in range(1, 8) for c in range(1, l + 1)],
]


def searched(steps, n, residual):
    """hops by search; `hops` knows no closed form."""
    return sr.paths.hops(steps, n, residual=residual)


@pytest.mark.parametrize("steps", STACKS, ids=repr)
def test_hops_of_every_pair(steps):
    form = form_of(steps)
    stated = np.array(
        [[-1 if form.hops(j, i) is None else form.hops(j, i) for j in range(N)] for i in range(N)]
    )
    for residual in (True, False):
        assert (searched(steps, N, residual) == stated).all()


@pytest.mark.parametrize("steps", STACKS, ids=repr)
def test_diameters(steps):
    for n in (1, 2, 3, 4, 5, 8, 9, 16, 17, 33, N):
        hops = searched(steps, n, True)
        j, i = form_of(steps).farthest(n)
        assert 0 <= j <= i < n
        for causal, pairs in ((True, hops[np.tri(n, dtype=bool)]), (False, hops)):
            if (pairs < 0).any():
                with pytest.raises(LookupError, match="in any number of layers"):
                    sr.paths.diameter(steps, n, causal=causal)
            else:
                assert sr.paths.diameter(steps, n, causal=causal) == pairs.max()


@pytest.mark.parametrize(
    "steps",
    [
        (sr.Lookback(3), sr.Strided(4)),
        (sr.Strided(4), sr.Lookback(3)),
        (sr.Block(4), sr.Summary(5)),
        (sr.Summary(4), sr.Block(4)),
        (sr.Lookback(3), sr.Lookback(4)),
        (sr.Band(2, -1),),
        (sr.Flip(2),),
        (sr.Flip(1) | sr.Flip(4) | sr.Window(0),),
        (sr.Sinks(1),),
        (sr.LogSparse(), sr.LogSparse()),
        (sr.Causal(), sr.Causal(), sr.Causal()),
    ],
    ids=repr,
)
def test_nothing_is_stated_of_others(steps):
    assert form_of(steps) is None


def test_nothing_is_stated_of_what_is_derived():
    class Less(sr.Causal):
        """Causal of another kind."""

    assert form_of((Less(),)) is None and form_of((sr.Causal(),))


@given(st.integers(2, HUGE), st.integers(1, HUGE))
def test_far_out(keys, n):
    """ceil((n - 1) / (keys - 1)); floor(log2 n); two for strided, from one end to the other."""
    assert sr.paths.diameter([sr.Lookback(keys)], n) == -(-(n - 1) // (keys - 1))
    assert sr.paths.diameter([sr.Window(keys)], n, causal=False) == -(-(n - 1) // keys)
    assert sr.paths.diameter([sr.LogSparse()], n) == n.bit_length() - 1
    assert sr.paths.diameter(sr.strided(keys), n) == (0 if n == 1 else 1 if n <= keys + 1 else 2)
    assert sr.paths.diameter(sr.fixed(keys), n) == (0 if n == 1 else 1 if n <= keys else 2)
    assert sr.paths.diameter([sr.butterfly(59)], min(n, 2**59)) == (min(n, 2**59) - 1).bit_length()


@given(st.integers(0, HUGE), st.integers(0, HUGE))
def test_log_sparse_steps_are_the_powers_of_two_that_sum_to_the_distance(x, y):
    j, i = sorted((x, y))
    assert sr.paths.distance([sr.LogSparse()], j, i, HUGE + 1) == (i - j).bit_count()
    if j < i:
        with pytest.raises(LookupError, match=f"no path from j = {i} to i = {j} "):
            sr.paths.distance([sr.LogSparse()], i, j, HUGE + 1)
