"""Plans: the order of rows, which sets need two plans, full chunks and gathered ones."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import mask_of_plan
from strategies import mask

import sparse_ref as sr
from sparse_ref.lower.runs.table import argsort
from sparse_ref.lower.tiles.bitmask import transpose_bits, word_of


def test_rows_are_ordered_so_that_neighbours_share_keys():
    strided, windows = sr.plan(sr.Strided(64), 4096), sr.plan(sr.Lookback(64), 4096)
    assert (strided.rows[0] % 64 == 0).all()
    assert (windows.rows.ravel() == np.arange(4096)).all()
    assert len(strided.start) == 64
    assert strided.waste < 0.51
    buckets = np.random.default_rng(0).permutation(4096) % 64
    listed = sr.Listed.of_rows([np.flatnonzero(buckets == b) for b in buckets])
    assert sr.plan(listed, 4096).full == 1.0


def test_dilated_rows_stand_by_residue_and_overlapping_buckets_by_what_they_share():
    dilated = sr.plan(sr.Dilated(64, 8), 4096)
    assert all(len(set(tile % 8)) == 1 for tile in dilated.rows)
    assert dilated.waste < 0.6
    rng = np.random.default_rng(0)
    cluster = rng.permutation(4096) % 64
    of_cluster = [np.flatnonzero(cluster == c) for c in range(64)]
    noisy = sr.Listed.of_rows(
        [np.union1d(of_cluster[c], rng.integers(0, 4096, 2)) for c in cluster]
    )
    lowered = sr.plan(noisy, 4096)
    together = np.mean([(cluster[tile[:, None]] == cluster[tile]).mean() for tile in lowered.rows])
    assert together > 0.5  # of two rows of a tile; 1 / 64 where rows stand as they are
    assert lowered.waste < 0.85


MIXED = [
    sr.Local(128) | sr.Strided(128),
    sr.Lookback(16) | sr.Dilated(100, 8),
    sr.Window(9) | sr.Summary(64, 3),
]


@pytest.mark.parametrize("p", MIXED)
def test_windows_and_strided_keys_together_come_apart_where_that_takes_fewer_chunks(p):
    lowered = sr.plan(p, 2048)
    assert lowered.nnz == sr.nnz(p, 2048)
    assert (lowered.csr().indices == sr.csr(p, 2048).indices).all()
    assert (mask_of_plan(lowered) == mask(p, 2048)).all()
    if len(lowered.parts) > 1:
        unions = [mask(p, 2048)[tile].any(axis=0).sum() for tile in np.arange(2048).reshape(-1, 64)]
        assert lowered.chunks < sum(unions) / 64
    assert (len(lowered.parts) > 1) == (p != sr.Window(9) | sr.Summary(64, 3))


def test_full_chunks_of_consecutive_keys_take_16_bytes():
    lowered = sr.plan(sr.Causal(), 65_536)
    assert len(lowered.keys) == 0
    assert len(lowered.words) == 1024
    assert lowered.nbytes < 16 * lowered.chunks + 1024 * (64 * 8 + 64 * 4 + 8) + 100


def test_chunks_at_the_end_shift_back_so_that_they_are_consecutive():
    lowered = sr.plan(sr.Full(), 100)
    assert lowered.start.tolist() == [0, 36, 0, 36]
    assert (mask_of_plan(lowered) == 1).all()


def test_the_repr_of_a_plan_counts_tiles_chunks_and_bytes():
    assert repr(sr.plan(sr.Causal(), 128)) == (
        "Plan(shape=(128, 128), nnz=8,256, 2 tiles, 3 chunks, 33% full, 0% gathered, "
        "33% padding waste, 1,608 bytes)"
    )


def cells(html):
    """The (label, number) rows of an HTML table."""
    return re.findall(r"<tr><th[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td></tr>", html)


def test_the_table_of_a_plan_labels_its_numbers_in_words():
    assert cells(sr.plan(sr.Causal(), 128)._repr_html_()) == [
        ("queries × keys", "128 × 128"),
        ("connected pairs", "8,256"),
        ("tiles of 64 queries", "2"),
        ("chunks of 64 keys", "3"),
        ("full chunks: every query of the tile attends to every key", "33%"),
        ("gathered chunks: the keys are not consecutive", "0%"),
        ("padding waste: cells of the chunks without a connected pair", "33%"),
        ("bytes", "1,608"),
    ]


def test_the_table_of_a_csr_labels_its_numbers_in_words():
    assert cells(sr.csr(sr.Strided(2), 4)._repr_html_()) == [
        ("queries × keys", "4 × 4"),
        ("connected pairs", "6"),
        ("density: share of pairs that are connected", "37.50%"),
        ("keys per query, fewest to most", "1 to 2"),
        ("bytes", "64"),
    ]
    assert ("keys per query, fewest to most", "no queries") in cells(
        sr.csr(sr.Causal(), 0)._repr_html_()
    )


@given(st.lists(st.integers(0, 2**64 - 1), min_size=64, max_size=64))
def test_words_turn_over_their_diagonal(words):
    turned = np.array(words, np.uint64)
    transpose_bits(turned)
    bits = [[word >> b & 1 for b in range(64)] for word in words]
    assert [[int(word) >> b & 1 for b in range(64)] for word in turned] == [
        list(column) for column in zip(*bits)
    ]


@given(st.lists(st.integers(-5, 5) | st.integers(-(2**40), 2**40)))
def test_argsort_is_the_ascending_order(numbers):
    x = np.array(numbers, np.int64)
    places = argsort(x)
    assert sorted(places.tolist()) == list(range(len(x)))
    assert x[places].tolist() == sorted(numbers)


places = st.integers(0, 300)


@given(
    st.sets(places, min_size=1, max_size=64), places, st.integers(1, 9), st.integers(1, 9), places
)
def test_a_word_has_a_bit_for_each_key_in_a_run(keys, start, step, width, stop):
    keys, width = np.array(sorted(keys)), min(width, step)
    table = np.array([[start, stop, step, width]])
    w = int(word_of(table, 0, int(step == 1), 1, keys, table))
    members = [(w >> b) & 1 == 1 for b in range(len(keys))]
    if step > 1 and not all((j - start) % step < width for j in keys):
        w = int(
            word_of(table, 0, 0, 1, keys, np.concatenate([table, table]))
        )  # the tile holds other keys, too
        members = [(w >> b) & 1 == 1 for b in range(len(keys))]
    assert members == [start <= j < stop and (j - start) % step < width for j in keys]
