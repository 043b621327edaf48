"""Flat butterfly: Python's own XOR, sums of Kronecker products; and paths: log2 n layers, and what
causality leaves of them.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute

import sparse_ref as sr


@given(st.integers(0, 5), st.integers(0, 40))
def test_butterfly_is_one_binary_digit(factors, n):
    steps = {0, *[2**t for t in range(factors)]}
    assert brute(sr.butterfly(factors), n).tolist() == [
        [i ^ j in steps for j in range(n)] for i in range(n)
    ]


@given(st.integers(0, 6), st.integers(0, 80))
def test_flip_is_xor(t, n):
    assert brute(sr.Flip(2**t), n).tolist() == [[j == i ^ 2**t for j in range(n)] for i in range(n)]


@given(st.integers(1, 9), st.integers(0, 40))
def test_flip_of_any_step_changes_the_halves_of_a_chunk(step, n):
    chunks = [[range(a, a + step), range(a + step, a + 2 * step)] for a in range(0, n, 2 * step)]
    other = {i: j for one, two in chunks for i, j in [*zip(one, two), *zip(two, one)]}
    assert brute(sr.Flip(step), n).tolist() == [[j == other[i] for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("digits", range(6))
def test_butterfly_is_the_sum_of_its_factors(digits):
    """Factor t has 2 x 2 blocks of diagonals of 2^t, as the published layout sums them."""
    for factors in range(digits + 1):
        total = np.eye(2**digits, dtype=int)
        for t in range(factors):
            total += np.kron(
                np.eye(2 ** (digits - t - 1), dtype=int),
                np.kron(np.ones((2, 2), int), np.eye(2**t, dtype=int)),
            )
        assert (brute(sr.butterfly(factors), 2**digits) == (total > 0)).all()
        assert sr.nnz(sr.butterfly(factors), 2**digits) == (factors + 1) * 2**digits


@pytest.mark.parametrize("digits", [1, 2, 5, 8])
def test_log2_n_layers_join_all_and_fewer_do_not(digits):
    n = 2**digits
    hops = sr.paths.hops([sr.butterfly(digits)], n)
    assert hops.tolist() == [[(i ^ j).bit_count() for j in range(n)] for i in range(n)]
    assert (sr.paths.hops([sr.butterfly(digits - 1)], n) == -1).any(), (
        "one factor fewer joins no halves"
    )


def test_under_causality_i_hears_of_j_only_where_the_digits_of_j_are_among_its_own():
    n = 256
    hops = sr.paths.hops([sr.butterfly(8) & sr.Causal()], n)
    assert (hops >= 0).tolist() == [[i & j == j for j in range(n)] for i in range(n)]
    assert ((hops < 0) & np.tri(n, dtype=bool)).sum() == 26335 == n * (n + 1) // 2 - 3**8


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sr.butterfly(-1), "butterfly: factors must be at least 0, got -1"),
        (lambda: sr.butterfly(60), "butterfly: factors must be at most 59, got 60"),
        (lambda: sr.Flip(0), "Flip: step must be at least 1, got 0"),
    ],
)
def test_bad_values_are_refused_by_name(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_the_greatest_butterfly_is_exact():
    i = 10**18 - 1
    assert [t for t in range(60) if sr.butterfly(59).contains(i, i ^ 2**t)] == list(range(59))
