"""Algebra: every lowering has the sets of `contains`; bad input is refused; a million rows fit."""

import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plans import mask_of_plan
from strategies import RULES, brute, instances, mask, patterns, patterns_at, shapes

import sparse_ref as sr
from sparse_ref.define import Rule, every
from sparse_ref.lower import all_runs, explicit, key_counts, row_counts
from sparse_ref.sets.checks import MAX_LENGTH


def assert_lowered(p, n):
    expected = mask(p, n)
    sets = sr.csr(p, n)
    assert sets.indptr.dtype == np.int64
    assert sets.indices.dtype == np.int32
    rows = [sets.indices[a:b].tolist() for a, b in zip(sets.indptr[:-1], sets.indptr[1:])]
    assert rows == [np.flatnonzero(row).tolist() for row in expected]
    assert (sr.dense(p, n) == expected).all()
    assert (sets.dense() == expected).all()
    assert (sets.transpose().dense() == expected.T).all()
    assert key_counts(all_runs(p, n)).tolist() == expected.sum(1).tolist()
    assert sr.nnz(p, n) == expected.sum()
    assert sr.density(p, n) == (expected.mean() if expected.size else 0)
    plan = sr.plan(p, n)
    assert (mask_of_plan(plan) == expected).all()
    assert plan.nnz == expected.sum()
    assert (plan.csr().dense() == expected).all()
    assert sorted(plan.rows[plan.rows >= 0].tolist()) == list(range(n[0]))


@given(patterns(), shapes(most=140))
@example(sr.Listed.of_rows([[]] * 65), (65, 3))
@example(~sr.Strided(3) & sr.Strided(2), (130, 130))
@example(sr.Summary(9, 4) & sr.Band(9, 1), (100, 100))
@example(sr.Local(64) | sr.Strided(64), (130, 200))
@example(sr.Blockwise(sr.Summary(4, 2), (3, 5)), (131, 77))
@example(sr.Shifted(sr.Summary(9, 4), -20), (64, 70))
def test_every_lowering_holds_the_same_sets(p, n):
    assert_lowered(p, n)


@given(
    st.integers(1, 80).flatmap(lambda n: st.tuples(patterns_at(n), st.integers(0, n), st.just(n)))
)
@example((sr.Grid((3, 4), (sr.Summary(3, 2), sr.Strided(2))), 12, 12))
@example(
    (sr.Grid((3, 5, 4), (sr.Window(1), sr.Dilated(1, 2), sr.Shifted(sr.Strided(3), -2))), 60, 60)
)
@example((sr.Grid((2, 3, 4), (sr.Full(), sr.Full(), sr.Full())), 24, 24))
@example((sr.Documents((0, 3, 0, 5, 1, 0), sr.Shifted(sr.Strided(2), -1)), 9, 9))
@example((sr.Documents(()), 0, 0))
def test_every_lowering_of_patterns_stated_for_one_length_holds_the_same_sets(drawn):
    p, n_q, n_k = drawn
    assert_lowered(p, (n_q, n_k))


@pytest.mark.parametrize(
    "p", [sr.Random(6, 2, 0), sr.Grid((2, 3), (sr.Full(), sr.Full())), sr.Documents((2, 4))]
)
def test_patterns_stated_for_one_length_refuse_others(p):
    for n in (5, 7, (6, 5)):
        for lowered in (sr.csr, sr.dense, sr.nnz, sr.plan, sr.picture):
            with pytest.raises(ValueError, match="is stated for n = 6, got n = "):
                lowered(p, n)
    for combined in (sr.Causal() & p, sr.Full() - p, ~p, p | sr.Causal()):
        with pytest.raises(ValueError, match="is stated for n = 6, got n = 7"):
            sr.dense(combined, 7)
    with pytest.raises(IndexError, match="has rows 0 <= i < 6, got i = "):
        sr.csr(p, (7, 6))
    for n in (11, 13):
        with pytest.raises(ValueError, match=r"^Blockwise.* is stated for n = 12, got n = 1"):
            sr.csr(sr.Blockwise(p, 2), n)
    assert sr.csr(p, (4, 6)).shape == (4, 6)


@pytest.mark.parametrize(
    "p",
    [
        sr.Band(10**18, 10**18),
        sr.Window(10**18),
        sr.Local(10**18),
        sr.Strided(10**18),
        sr.Block(10**18),
        sr.Summary(10**18, 10**18),
        sr.Summary(10**18, 10**18 - 1),
        sr.Band(-(10**18), 10**18),
        sr.Shifted(sr.Causal(), 10**18),
        sr.Shifted(sr.Strided(7), -(10**18)),
        sr.Shifted(sr.Shifted(sr.Window(10**18), 10**18), 10**18),
        sr.Blockwise(sr.Strided(10**18), 10**18),
        sr.Blockwise(sr.Strided(3), (10**18, 2)),
        sr.Blockwise(sr.Window(2), (1, 10**18)),
    ],
)
@pytest.mark.parametrize("n", [(5, 5), (70, 66)])
def test_huge_parameters_lower_to_the_sets_they_state(p, n):
    expected = brute(p, n)
    assert (sr.csr(p, n).dense() == expected).all()
    assert (sr.dense(p, n) == expected).all()
    assert (mask_of_plan(sr.plan(p, n)) == expected).all()
    assert all(p.row(i, n[1]).tolist() == np.flatnonzero(expected[i]).tolist() for i in range(n[0]))


def test_shifts_that_add_up_beyond_int64_are_refused():
    p = sr.Causal()
    for _ in range(9):
        p = sr.Shifted(p, 10**18)
    with pytest.raises(ValueError, match="queries must stay within 4000000000000000000"):
        sr.csr(p, 4)


@given(st.lists(st.sets(st.integers(0, 90)), max_size=70), st.integers(0, 100))
def test_listed_rows_lower_to_themselves(rows, n_k):
    assert_lowered(sr.Listed.of_rows(rows), (len(rows), n_k))


@given(patterns(), shapes(most=40), st.integers(1, 7), st.integers(1, 7))
def test_bsr_holds_the_occupied_blocks_as_scipy_reads_them(p, n, b_q, b_k):
    from scipy.sparse import bsr_array

    blocks = sr.bsr(p, n, (b_q, b_k))
    n_q, n_k = n
    assert blocks.data.any(axis=(1, 2)).all()
    if n_q and n_k:
        shape = -(-n_q // b_q) * b_q, -(-n_k // b_k) * b_k
        padded = bsr_array((blocks.data, blocks.indices, blocks.indptr), shape=shape).toarray()
        assert (padded[:n_q, :n_k] == mask(p, n)).all()
        assert not padded[n_q:].any()
        assert not padded[:, n_k:].any()


@pytest.mark.parametrize(
    "p",
    [
        ~sr.Strided(7),
        sr.Causal() - sr.Summary(9, 4),
        sr.Local(40) - sr.Strided(3),
        ~sr.SubBlock(9, 2, 2),
        *sr.openai_fixed(128, 8, 4),
        ~sr.Causal(),
        ~~sr.Strided(3),
    ],
)
def test_closed_forms_stay_runs(p):
    """A row takes a few runs, not one per key: 100,000 rows lower in a moment."""
    few = all_runs(p, 100_000)
    assert len(few.table) <= 4 * 100_000
    assert_lowered(p, (150, 130))


def test_rows_lower_a_slab_at_a_time(monkeypatch):
    for slab in (1, 7, 1000):
        monkeypatch.setattr("sparse_ref.lower.runs.runs_of.RUNS_PER_SLAB", slab)
        monkeypatch.setattr("sparse_ref.lower.runs.runs_of.FEW_ROWS", 0)
        for p in (
            sr.Strided(2) & sr.Strided(3),
            sr.Strided(2) - (sr.Window(2) | sr.Strided(3)),
            sr.Strided(2) - sr.Strided(9) - sr.Dilated(40, 7) | sr.Sinks(1),
            ~sr.Listed.of_rows([[1, 5]] * 30),
        ):
            assert_lowered(p, (30, 40))


def test_formulas_are_asked_in_int64():
    """j j l goes beyond int32 at j = 50,000."""

    @dataclass(frozen=True)
    class Squares(Rule):
        l: int

        @staticmethod
        def formula(i, j, l):
            return (j <= i) & ((j * j * l) % 3 == 0)

        @staticmethod
        def solution(i, n, l):
            return every(3, 0, i + 1)

    n = 150_001
    found = sr.csr(sr.Strided(50_000) & Squares(7), n)
    i = 150_000
    assert found.indices[found.indptr[i] : found.indptr[i + 1]].tolist() == [
        j for j in range(0, i + 1, 50_000) if j * j * 7 % 3 == 0
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sr.csr(sr.Causal(), -1), ValueError, "n must be at least 0, got -1"),
        (lambda: sr.csr(sr.Causal(), 2.5), TypeError, "n must be an integer, got 2.[05]"),
        (lambda: sr.csr(sr.Causal(), 2**31), ValueError, "n must be below 2\\*\\*31"),
        (
            lambda: sr.csr("Causal", 4),
            TypeError,
            "pattern must be a Pattern, got the text 'Causal': sr.parse",
        ),
        (lambda: sr.plan(sr.strided(3), 4), TypeError, "strided\\(3\\) is 2 steps, not one set"),
        (
            lambda: sr.dense(sr.Causal(), 4097),
            ValueError,
            "n must be at most 4096 for a dense mask, got 4097",
        ),
        (lambda: sr.csr(sr.Listed([0, 1], [0]), 2), ValueError, "needs n_q = 1, got n_q = 2"),
        (lambda: sr.bsr(sr.Causal(), 4, 0), ValueError, "block must be at least 1, got 0"),
        (lambda: sr.bsr(sr.Causal(), 4, 2.0), TypeError, "block must be an integer, got 2.0"),
        (lambda: sr.density(None, 0), TypeError, "pattern must be a Pattern, got None"),
        (lambda: sr.picture(sr.Causal(), 257), ValueError, "n must be at most 256"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.pairs])
def test_a_count_in_closed_form_lists_no_rows(rule, monkeypatch):
    def refuse(*_):
        raise AssertionError("rows are listed")

    for p in instances(rule, most=3):
        n = 9 if p.own_length is None else p.own_length
        assert sr.nnz(p, n) == brute(p, n).sum() == row_counts(p, n).sum()
        with monkeypatch.context() as patch:
            patch.setattr(explicit, "row_counts", refuse)
            assert sr.nnz(p, n) == brute(p, n).sum()
    assert sr.nnz(sr.Causal(), MAX_LENGTH) == MAX_LENGTH * (MAX_LENGTH + 1) // 2


def test_a_closed_form_is_not_used_for_what_it_does_not_state():
    assert sr.nnz(sr.Causal(), (3, 5)) == 6, "as many queries as keys"

    @dataclass(frozen=True)
    class Late(sr.Strided):
        @staticmethod
        def formula(i, j, l):
            return (j < i) & ((i - j) % l == 0)

        @staticmethod
        def solution(i, n, l):
            return every(l, i % l, i)

    assert sr.nnz(Late(2), 6) == brute(Late(2), 6).sum() == 6, "not the pairs of Strided"


@pytest.mark.parametrize(
    "pattern", [sr.Local(1000), sr.Strided(1000), sr.Block(1000), sr.Summary(1000, 1)]
)
def test_counts_at_a_million_are_those_of_the_closed_form(pattern):
    n, l = 1_000_000, 1000
    closed = {
        sr.Local: n * (l + 1) - l * (l + 1) // 2,
        sr.Strided: sum(l * (b + 1) for b in range(n // l)),
        sr.Block: n // l * (l * (l + 1) // 2),
        sr.Summary: sum((i + 1) // l for i in range(n)),
    }
    assert sr.nnz(pattern, n) == closed[type(pattern)]


MILLION = """
import json, resource, sys, time
import sparse_ref as sr
for p in (*sr.strided(70).steps, *sr.fixed(70).steps):
    sr.plan(p, 5000)
seconds, size = {}, {}
for l in (500, 1000):
    steps = *sr.strided(l).steps, *sr.fixed(l).steps
    start = time.perf_counter()
    size[l] = sum(sr.plan(p, l * l).nbytes for p in steps)
    seconds[l] = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([peak, size[1000] / size[500], seconds[500], seconds[1000]]))
"""


def test_strided_and_fixed_lower_at_a_million_in_little_memory():
    """All four steps with l = sqrt(n): pairs grow as n^1.5, by 8 for 4 n; n^2 would give 16."""
    run = subprocess.run(
        [sys.executable, "-c", MILLION], capture_output=True, text=True, check=True
    )
    peak, growth, quarter, million = json.loads(run.stdout)
    print(
        f"peak {peak / 1e9:.2f} GB; {quarter:.1f} s at n = 250,000, "
        f"{million:.1f} s at 1,000,000; plans grow by {growth:.1f}"
    )
    assert peak < 4e9
    assert growth < 8.5
