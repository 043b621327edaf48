"""Keys of queries and readers of keys, counted from runs, against the sums of masks."""

import numpy as np
import pytest
from hypothesis import given
from strategies import mask, patterns, shapes

import sparse_ref as sr
from sparse_ref.lower import degrees, readers


def assert_sums(p, shape, mask):
    keys, readers_of_keys = degrees(p, shape)
    assert np.array_equal(keys, mask.sum(axis=1))
    assert np.array_equal(readers_of_keys, mask.sum(axis=0))


@given(patterns(), shapes(60))
def test_counts_are_the_sums_of_rows_and_of_columns(p, shape):
    assert_sums(p, shape, mask(p, shape))


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_each_published_pattern_has_its_counts(entry):
    for p in entry.patterns():
        shape = entry.shape()
        assert_sums(p, shape, sr.dense(p, shape))


@pytest.mark.parametrize(
    "p",
    [
        sr.Strided(3) | sr.Strided(4),
        sr.Strided(6) | sr.Strided(4) | sr.Window(3),
        sr.Summary(7, 3) | sr.Strided(5) | sr.Sinks(4),
        sr.Strided(2) | sr.Strided(3) | sr.Strided(5) | sr.Strided(7) | sr.Sinks(3),
        sr.Strided(2) | sr.Strided(3) | sr.Strided(5) | sr.Strided(7) | sr.Strided(11),
        sr.Summary(9, 4) | sr.Summary(12, 5) | sr.Dilated(9, 4) | sr.Local(2),
        sr.Summary(30, 9) | sr.Strided(4),
        sr.Strided(31) | sr.Strided(37) | sr.Strided(41),
        sr.Strided(5) - sr.Local(9),
        ~sr.Strided(4),
    ],
    ids=repr,
)
@pytest.mark.parametrize("n", [(300, 300), (300, 17), (17, 300)])
def test_runs_that_share_keys_count_them_once(p, n):
    assert_sums(p, n, sr.dense(p, n))


def test_rows_are_added_slab_by_slab(monkeypatch):
    monkeypatch.setattr(readers, "ROWS_PER_SLAB", 7)
    p = sr.Summary(7, 3) | sr.Local(3) | sr.Strided(5)
    assert_sums(p, 100, sr.dense(p, 100))


def test_a_long_pattern_is_counted_without_its_keys():
    n = 100_000
    p = sr.Strided(10) | sr.Local(50)
    keys, counts = degrees(p, n)
    assert counts.sum() == keys.sum() == sr.nnz(p, n) > 5 * 10**8
    j = np.arange(n)
    beyond = np.maximum((n - 1 - j) // 10 - 5, 0)
    assert np.array_equal(counts, np.minimum(n - 1 - j, 50) + 1 + beyond)


def test_strides_that_share_keys_are_counted_without_their_keys():
    n = 30_000
    p = sr.Strided(3) | sr.Strided(4)
    counts = degrees(p, n).readers
    later = n - 1 - np.arange(n)
    assert np.array_equal(counts, 1 + later // 3 + later // 4 - later // 12)


def test_wide_groups_that_share_keys_are_walked(monkeypatch):
    walked = []
    walk = readers.add_intervals
    monkeypatch.setattr(readers, "add_intervals", lambda *rows: walked.append(walk(*rows)))
    p = sr.Summary(30, 9) | sr.Strided(4)
    assert_sums(p, 120, sr.dense(p, 120))
    assert walked
    walked.clear()
    degrees(sr.Summary(9, 4) | sr.Strided(4), 120)
    assert not walked


def test_no_query_and_no_key():
    for n in (0, (0, 3), (3, 0)):
        assert_sums(sr.Full(), n, sr.dense(sr.Full(), n))


def test_a_list_is_counted_as_its_keys_are():
    p = sr.Random(500, 3, 1)
    readers_of_keys = np.bincount(sr.csr(p, 500).indices, minlength=500)
    assert np.array_equal(degrees(p, 500).readers, readers_of_keys)
    with pytest.raises(ValueError, match="needs n_q = 1, got n_q = 2"):
        degrees(sr.Listed.of_rows([[0]]), 2)
