"""How many queries attend to each key: counted from runs, against the columns of masks."""

import numpy as np
import pytest
from hypothesis import given
from strategies import mask, patterns, shapes

import sparse_ref as sr
from sparse_ref.lower import csr, reader_counts, readers


@given(patterns(), shapes(60))
def test_counts_are_the_sums_of_columns(p, shape):
    assert np.array_equal(reader_counts(p, shape), mask(p, shape).sum(axis=0))


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_each_published_pattern_has_its_counts(entry):
    for p in entry.patterns():
        shape = entry.shape()
        assert np.array_equal(reader_counts(p, shape), sr.dense(p, shape).sum(axis=0))


@pytest.mark.parametrize(
    "p",
    [
        sr.Strided(3) | sr.Strided(4),
        sr.Strided(6) | sr.Strided(4) | sr.Window(3),
        sr.Summary(7, 3) | sr.Strided(5) | sr.Sinks(4),
        sr.Strided(5) - sr.Local(9),
        ~sr.Strided(4),
    ],
    ids=repr,
)
@pytest.mark.parametrize("n", [(300, 300), (300, 17), (17, 300)])
def test_runs_that_share_keys_count_them_once(p, n):
    assert np.array_equal(reader_counts(p, n), sr.dense(p, n).sum(axis=0))


def test_rows_are_added_slab_by_slab(monkeypatch):
    monkeypatch.setattr(readers, "ROWS_PER_SLAB", 7)
    p = sr.Summary(7, 3) | sr.Local(3) | sr.Strided(5)
    assert np.array_equal(reader_counts(p, 100), sr.dense(p, 100).sum(axis=0))


def test_a_long_pattern_is_counted_without_its_keys():
    n = 100_000
    p = sr.Strided(10) | sr.Local(50)
    counts = reader_counts(p, n)
    assert counts.sum() == sr.nnz(p, n) > 5 * 10**8
    j = np.arange(n)
    beyond = np.maximum((n - 1 - j) // 10 - 5, 0)
    assert np.array_equal(counts, np.minimum(n - 1 - j, 50) + 1 + beyond)


def test_no_query_and_no_key():
    assert reader_counts(sr.Causal(), 0).tolist() == []
    assert reader_counts(sr.Causal(), (0, 3)).tolist() == [0, 0, 0]
    assert reader_counts(sr.Full(), (3, 0)).tolist() == []


def test_a_list_is_counted_as_its_keys_are():
    p = sr.Random(500, 3, 1)
    assert np.array_equal(reader_counts(p, 500), np.bincount(csr(p, 500).indices, minlength=500))
    with pytest.raises(ValueError, match="needs n_q = 1, got n_q = 2"):
        reader_counts(sr.Listed.of_rows([[0]]), 2)
