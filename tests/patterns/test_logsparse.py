"""Definition, algebra and paths: LogSparse and its variants against the paper's lists of cells, and
how far they carry.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import brute, mask, qkv

import sparse_ref as sr


def powers(least, most):
    """2^0, 2^1, ... as far as least <= 2^e <= most."""
    return [2**e for e in range(64) if least <= 2**e <= most]


def rows(p, n):
    """The keys of each query below n."""
    return [np.flatnonzero(row).tolist() for row in mask(p, n)]


def restarted(i, sub, local):
    """Window, then powers of two from its oldest key, and the same again from i - sub, i - 2 sub,
    ...
    """
    keys = set()
    for p in range(i, -1, -sub):
        near = [p - x for x in range(local)]
        keys |= {*near, *(near[-1] - step for step in powers(1, sub) if p - near[-1] + step < sub)}
    return sorted(key for key in keys if key >= 0)


def test_the_cells_of_the_paper_less_cell_0():
    """I_l = {l - 2^floor(log2 l), ..., l - 2^1, l - 2^0, l} for cells l = 1, 2, ..., n."""
    n = 70
    for l, found in enumerate(rows(sr.LogSparse(), n), 1):
        listed = {l, *(l - 2**e for e in range(l.bit_length()))}
        assert found == sorted(cell - 1 for cell in listed - {0})
        assert (0 in listed) == (l & (l - 1) == 0)


@given(st.integers(0, 10**18), st.integers(0, 61), st.integers(-2, 2))
def test_distances_are_powers_of_two_at_any_size(i, e, off):
    j = i - 2**e + off
    if j >= 0:
        assert bool(sr.LogSparse().contains(i, j)) == (i - j in (0, *powers(1, i)))


@given(st.integers(1, 30), st.data(), st.integers(0, 90))
def test_restart_repeats_every_sub_positions(sub, data, n):
    local = data.draw(st.integers(1, sub))
    assert rows(sr.LogSparseRestart(sub, local), n) == [restarted(i, sub, local) for i in range(n)]


@given(st.integers(1, 30), st.integers(0, 90))
def test_local_is_a_window_and_then_the_powers_of_two(local, n):
    expected = [
        sorted(
            {
                key
                for x in (*range(local), *(local - 1 + step for step in powers(1, n)))
                if (key := i - x) >= 0
            }
        )
        for i in range(n)
    ]
    assert rows(sr.logsparse_local(local), n) == expected


@given(st.integers(1, 40), st.integers(1, 40))
def test_one_subsequence_is_local_attention_alone(n, local):
    p = sr.LogSparseRestart(n + local, local)
    assert (mask(p, n) == mask(sr.logsparse_local(local), n)).all()
    assert (mask(sr.logsparse_local(1), n) == mask(sr.LogSparse(), n)).all()


def published_row(i, n, sub):
    """The rule of `row_mask`, position by position, as a set."""
    local = next(e for e in range(64) if 2**e >= sub)
    if n // sub * 2 * local > i:
        return set(range(i + 1))
    keys, p = set(), i
    while p >= 0:
        oldest = p - local + 1
        if oldest < 0:
            return keys | set(range(p))  # p itself dropped
        keys |= {
            *range(oldest, p + 1),
            *(oldest - 2**e for e in range(local) if p - oldest + 2**e <= sub and oldest >= 2**e),
        }
        p -= sub
    return keys


@given(st.integers(0, 120), st.integers(2, 60))
def test_the_code_is_its_rule(n, sub):
    assert rows(sr.logsparse_code(n, sub), n) == [
        sorted(published_row(i, n, sub)) for i in range(n)
    ]


@pytest.mark.parametrize("n", [17, 40])
def test_a_shorter_input_reads_the_corner(n):
    assert (mask(sr.logsparse_code(60, 8), n) == mask(sr.logsparse_code(60, 8), 60)[:n, :n]).all()


def test_rows_that_the_code_leaves_without_keys_attend_to_nothing():
    p = sr.logsparse_code(6, 8)
    assert brute(p, 6).sum(axis=1).tolist() == [0, 1, 3, 4, 5, 5]
    out, lse = sr.attend_with_lse(*qkv((6, 6)), p)
    assert (out[0, 0] == 0).all() and lse[0, 0] == -np.inf


def test_log_many_layers_carry_everything_and_the_ones_of_the_distance_say_how_many():
    """Theorem 1 stacks floor(log2 l) + 1 layers; j reaches i after as many as i - j has ones in
    binary.
    """
    n = 256
    found = sr.paths.hops([sr.LogSparse()], n)
    expected = [[(i - j).bit_count() if j <= i else -1 for j in range(n)] for i in range(n)]
    assert found.tolist() == expected
    assert found.max() == 8
    assert [max(row) for row in expected] == [l.bit_length() - 1 for l in range(1, n + 1)]


def test_without_the_powers_between_one_and_four_it_takes_more():
    """A refutation: the count above does depend on the steps."""
    holed = sr.LogSparse() - sr.Band(2, -2)
    assert sr.paths.hops([holed], 256).max() > 8


def test_restarts_shorten_the_way_and_fixed_subsequences_would_cut_it():
    n = 64
    causal = np.tril(np.ones((n, n), bool))
    found = sr.paths.hops([sr.LogSparseRestart(16)], n)
    assert (found[causal] >= 0).all()
    assert found.max() < sr.paths.hops([sr.LogSparse()], n).max()
    assert not (sr.paths.hops([sr.LogSparse() & sr.Block(16)], n)[causal] >= 0).all()


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: sr.LogSparseRestart(0),
            ValueError,
            "LogSparseRestart: sub must be at least 1, got 0",
        ),
        (
            lambda: sr.LogSparseRestart(4, 5),
            ValueError,
            "LogSparseRestart: local must be at most sub = 4, got 5",
        ),
        (
            lambda: sr.logsparse_local(0),
            ValueError,
            "logsparse_local: local must be at least 1, got 0",
        ),
        (
            lambda: sr.logsparse_code(8, 1),
            ValueError,
            "logsparse_code: sub must be at least 2, as row_mask is empty .*, got 1",
        ),
        (
            lambda: sr.logsparse_code(-1, 4),
            ValueError,
            "logsparse_code: n must be at least 0, got -1",
        ),
        (
            lambda: sr.logsparse_code(8, 4.0),
            TypeError,
            r"logsparse_code: sub must be an integer, got 4\.0",
        ),
    ],
)
def test_refusals(make, error, said):
    with pytest.raises(error, match=said):
        make()
