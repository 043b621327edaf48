"""Listed rows that repeat are lowered once; rows are equal key by key, not by hash."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.lower.runs import unique_rows
from sparse_ref.lower.tiles.plan import distinct_sets


@st.composite
def repeating(draw):
    """Rows drawn from a few sets, some keys beyond the length they are lowered at."""
    sets = draw(st.lists(st.lists(st.integers(0, 90), max_size=12), min_size=1, max_size=4))
    return sr.Listed.of_rows(
        [sets[draw(st.integers(0, len(sets) - 1))] for _ in range(draw(st.integers(0, 80)))]
    )


@given(repeating(), st.integers(1, 100))
def test_plans_of_rows_that_repeat_have_the_keys_that_are_listed(p, n):
    shape = len(p.indptr) - 1, n
    lowered, listed = sr.plan(p, shape), sr.csr(p, shape)
    lowered.check()
    assert lowered.shape == shape
    assert lowered.nnz == len(listed.indices)
    found = lowered.csr()
    assert (found.indptr == listed.indptr).all()
    assert (found.indices == listed.indices).all()


def test_each_set_is_kept_once():
    buckets = np.random.default_rng(0).permutation(4096) % 64
    sets, of = distinct_sets(
        sr.Listed.of_rows([np.flatnonzero(buckets == b) for b in buckets]), 4096
    )
    assert sets.shape == (64, 4096)
    assert all(len(set(of[buckets == b])) == 1 for b in range(64))
    sets, of = distinct_sets(sr.Listed.of_rows([[i] for i in range(100)]), 100)
    assert (of == np.arange(100)).all()


@pytest.mark.parametrize("other", [[3, 5, 7], [3, 5, 8, 9], []])
def test_hashes_that_agree_by_chance_are_found_out(monkeypatch, other):
    p = sr.Listed.of_rows([[3, 5, 8]] * 70 + [other] + [[3, 5, 8]] * 70)
    assert len(unique_rows.unique_rows(p)[0]) == 2
    monkeypatch.setattr(
        unique_rows, "sum_hashes", lambda rows, indptr, indices, sums: None
    )  # all 0
    queries, of = unique_rows.unique_rows(p)
    assert (queries == of).all()
    assert len(of) == 141
