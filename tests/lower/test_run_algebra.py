"""Algebra: what two sets of runs share and lack, against sets of integers, run by run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.lower import Runs, all_runs, keys_of, normalise, row_counts
from sparse_ref.lower.runs import combinations, run_algebra
from sparse_ref.lower.runs.keys import key_counts
from sparse_ref.lower.runs.meet import meet
from sparse_ref.lower.runs.row_tree import RowTree, as_runs, counts_of
from sparse_ref.lower.runs.table import run_table

N = 140

runs_of_a_row = st.lists(
    st.tuples(
        st.integers(-30, N),
        st.integers(-5, N + 20),
        st.integers(1, 40),
        st.integers(1, 40),
    ),
    max_size=3,
)


def normal(rows):
    """Runs in normal form, of (start, stop, step, width) row by row."""
    table = np.array([run for row in rows for run in row], np.int64).reshape(-1, 4)
    indptr = np.cumsum([0, *map(len, rows)])
    return normalise(Runs(indptr, table, (len(rows), N)))


def sets(rows):
    """The same as sets of integers: the definition of a run."""
    return [
        {j for start, stop, step, width in row for j in range(max(start, 0), min(stop, N))
         if (j - start) % step < width}
        for row in rows
    ]  # fmt: skip


def sets_of(runs):
    """The keys of runs as sets of integers."""
    indptr, keys = keys_of(normalise(runs))
    return [set(row.tolist()) for row in np.split(keys, indptr[1:-1])]


@given(left=runs_of_a_row, right=runs_of_a_row)
def test_two_sets_of_runs_meet_and_differ_as_sets_of_integers_do(left, right):
    a, b = normal([left]), normal([right])
    (x,), (y,) = sets([left]), sets([right])
    shared, rest = meet(a, b), run_algebra.subtract(a, b)
    assert shared is None or sets_of(shared) == [x & y]
    assert rest is None or sets_of(rest) == [x - y]
    for sign, expected in {"|": x | y, "&": x & y, "-": x - y}.items():
        tree = RowTree(sign, (a, b))
        assert sets_of(as_runs(tree)) == [expected]
        assert counts_of(tree).tolist() == [len(expected)]


@given(rows=st.lists(runs_of_a_row, min_size=1, max_size=4))
def test_keys_are_counted_as_they_are_listed(rows):
    runs = normal(rows)
    assert key_counts(runs).tolist() == [len(keys) for keys in sets(rows)]


@given(
    offsets=st.tuples(st.integers(-50, 50), st.integers(-50, 50)),
    steps=st.tuples(st.integers(2, 40), st.integers(2, 40)),
)
def test_two_strided_runs_meet_in_one_run_of_their_least_common_multiple(offsets, steps):
    a, b = (normal([[(x, N, step, 1)]]) for x, step in zip(offsets, steps))
    shared = meet(a, b)
    assert len(shared.table) <= 1
    assert all(run[2] in (1, np.lcm(*steps)) for run in shared.table)


def test_a_strided_run_at_large_numbers_meets_exactly():
    """Steps just below 2^31: their multiple is below 2^62, and nothing wraps."""
    n, first, second = 2**31 - 1, 2**16 - 1, 2**16 + 1
    a, b = (Runs(np.arange(2), run_table([5], [n], [s]), (1, n)) for s in (first, second))
    shared = meet(a, b)
    assert shared.table.tolist() == [[5, 6, 1, 1]]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Strided(2) & Strided(3)", 1),
        ("Strided(6) & Strided(10) & Strided(15)", 1),
        ("Strided(2) - Strided(3)", 3),
        ("~Strided(3) & Strided(2)", 3),
        ("~(Strided(2) | Strided(3))", 6),
        ("Causal() - Strided(2) - Strided(3)", 6),
        ("Strided(2) & Strided(3) & Window(10)", 4),
        ("Blockwise(Strided(2) & Strided(3), 4)", 1),
        ("Shifted(Strided(2) - Strided(3), 5)", 3),
    ],
)
def test_what_strided_sets_share_and_lack_stays_runs(text, runs):
    rows = all_runs(sr.parse(text), 2000)
    assert rows.counts.max() <= runs


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("Causal() & Window(3) & Full()", ["Causal()", "Window(3)", "Full()"], []),
        ("Causal() - Window(3) - Full()", ["Causal()"], ["Window(3)", "Full()"]),
        ("~Causal()", [], ["Causal()"]),
        ("~(Causal() | Window(3))", [], ["Causal()", "Window(3)"]),
        ("Causal() & ~(Window(3) - Full())", ["Causal()"], ["Window(3) - Full()"]),
        ("(Causal() - Window(3)) & ~~Full()", ["Causal()", "Full()"], ["Window(3)"]),
    ],
)
def test_an_intersection_is_read_through_parentheses(text, inside, outside):
    terms = combinations.factors(sr.parse(text))
    assert [repr(p) for p in terms.inside] == inside
    assert [repr(p) for p in terms.outside] == outside


def test_numbers_of_keys_are_those_of_the_listed_rows():
    p = sr.parse("Strided(2) - Strided(317) - Dilated(50, 3) | Window(3) & Strided(5)")
    runs = all_runs(p, 1500)
    assert row_counts(p, 1500).tolist() == key_counts(runs).tolist()
    assert row_counts(p, 1500).tolist() == p.mask(1500).sum(axis=1).tolist()
