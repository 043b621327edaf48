"""The lengths that are checked besides n."""

import pytest

import sparse_ref as sr
from sparse_ref.verify.checks.ragged_lengths import ragged_lengths


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (64, (1, 37, 63, 65)),
        (512, (1, 63, 65, 317, 511)),
        (24, (1, 23, 37, 63, 65)),
        (1, (37, 63, 65)),
        (2, (1, 37, 63, 65)),
        ((64, 64), (1, 37, 63, 65)),
        ((64, 1024), ((1, 1023), (37, 631), (63, 1024), (64, 1023), (64, 1025))),
        ((1024, 64), ((631, 37), (1023, 1), (1023, 64), (1024, 63), (1025, 64))),
        ((1, 256), ((1, 63), (1, 65), (1, 157), (1, 255))),
        ((5, 7), ((1, 6), (4, 7), (5, 6), (5, 8), (5, 37))),
        ((7, 8), ((1, 7), (6, 8), (7, 9), (7, 37))),
    ],
)
def test_ragged_lengths(n, expected):
    assert set(ragged_lengths([sr.Causal()], n).lengths) == set(expected)
    assert ragged_lengths([sr.Causal()], n).reason == ""


def test_shifted_queries_keep_the_keys_before_them():
    pairs = ragged_lengths([sr.Shifted(sr.Causal(), 960)], (64, 1024)).lengths
    assert {n_k - n_q for n_q, n_k in pairs} == {960}
    assert {n_q for n_q, _ in pairs} == {1, 37, 63, 65}
    assert ragged_lengths([sr.Shifted(sr.Causal(), -60)], (64, 4)).lengths == ((63, 3), (65, 5))


@pytest.mark.parametrize(
    "p", [sr.Documents((30, 34)), sr.Random(64, 2, 0), sr.Causal() & sr.Listed.of_rows([[0]] * 64)]
)
def test_a_pattern_of_one_length_has_none_and_the_reason_is_told(p):
    assert ragged_lengths([sr.Causal(), p], 64) == ((), f"{p!r} has no other length")


@pytest.mark.parametrize("n", range(1, 300))
def test_the_prime_is_no_neighbour_of_a_multiple_of_16(n):
    lengths = set(ragged_lengths([sr.Causal()], n).lengths)
    assert n not in lengths
    primes = [
        m
        for m in lengths - {1, 63, 65, n - 1}
        if all(m % factor for factor in range(2, m)) and m % 16 not in (0, 1, 15)
    ]
    assert len(primes) == (0 if 37 in (n, n - 1) else 1)
