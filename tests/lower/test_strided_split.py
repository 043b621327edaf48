"""Lowerings agree: rows whose strided runs are counted as signed runs, against dense masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref.lower import block_counts, key_counts, normalise, runs_of
from sparse_ref.lower.runs import keys, strided_split

UNIONS = [
    sr.Strided(3) | sr.Strided(4),
    sr.Strided(6) | sr.Strided(4) | sr.Window(3),
    sr.Dilated(40, 4) | sr.Strided(6),
    sr.Strided(2) | sr.Strided(3) | sr.Strided(5) | sr.Strided(7),
    sr.Summary(7, 3) | sr.Strided(5) | sr.Sinks(4),
    sr.Shifted(sr.Strided(4), 13) | sr.Strided(6),
    ~sr.Strided(4) | sr.Strided(6),
]


def assert_counts(p, shape, block, dense):
    """Keys of rows and of blocks are those of the mask."""
    n_q, n_k = shape
    rows = normalise(runs_of(p, np.arange(n_q), n_k))
    assert np.array_equal(key_counts(rows), dense.sum(axis=1))
    cells = [np.arange(0, n, side) for n, side in zip(shape, block)]
    by_rows = np.add.reduceat(dense, cells[0], axis=0, dtype=np.int64)
    assert np.array_equal(block_counts(p, shape, block), np.add.reduceat(by_rows, cells[1], axis=1))


def split_whenever_strided(monkeypatch):
    """No row is too short or has too many signed runs to be split."""
    monkeypatch.setattr(strided_split, "LEAST_KEYS", 0)
    monkeypatch.setattr(strided_split, "MAX_SIGNED_RUNS", 2000)


@pytest.mark.parametrize("p", UNIONS, ids=repr)
@pytest.mark.parametrize("block", [(1, 2), (8, 32), (100, 7), (3, 100)])
def test_runs_that_overlap_count_their_keys_once(p, block, monkeypatch):
    split_whenever_strided(monkeypatch)
    for shape in (97, 103), (103, 40), (40, 103):
        assert_counts(p, shape, block, mask(p, shape))


@given(
    patterns(most=12),
    st.integers(2, 9),
    st.integers(2, 9),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_unions_with_strides_are_counted_exactly(p, first, second, shape, block):
    union = p | sr.Strided(first) | sr.Strided(second)
    with pytest.MonkeyPatch.context() as patch:
        split_whenever_strided(patch)
        assert_counts(union, shape, block, mask(union, shape))


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_each_published_pattern_is_counted_exactly(entry, monkeypatch):
    split_whenever_strided(monkeypatch)
    for p in entry.patterns():
        shape = entry.shape()
        assert_counts(p, shape, (5, 7), sr.dense(p, shape))


def test_only_rows_with_few_signed_runs_and_many_keys_are_split():
    p = sr.Strided(3) | sr.Strided(4)
    queries = np.arange(300)
    rest, signed = strided_split.split_rows(normalise(runs_of(p, queries, 300)))
    split = np.unique(signed.row)
    assert 0 < split[0] < 100, "short rows are walked"
    assert np.array_equal(split, queries[split[0] :])
    assert not rest.counts[split].any()
    wide = sr.Summary(100, 60) | sr.Summary(90, 50)
    _, signed = strided_split.split_rows(normalise(runs_of(wide, queries, 300)))
    assert not len(signed.row)


def test_rows_are_split_some_at_a_time(monkeypatch):
    split_whenever_strided(monkeypatch)
    monkeypatch.setattr(keys, "ROWS_PER_SPLIT", 7)
    p = sr.Strided(3) | sr.Strided(4) | sr.Local(2)
    assert_counts(p, (50, 50), (8, 8), mask(p, (50, 50)))


def test_strides_that_overlap_are_counted_at_a_million_positions():
    n = 1_000_000
    p = sr.Strided(1024) | sr.Strided(1000)
    counts = block_counts(p, (n, n), (4096, 4096))
    i = np.arange(n)
    assert counts.sum() == (i // 1024 + i // 1000 - i // 128_000 + 1).sum()
    assert sr.nnz(p, n) == counts.sum()
