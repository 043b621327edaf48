"""Random keys: the published generator and method, in plain Python; golden rows; how evenly; and
the memory that a row needs.
"""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sparse_ref as sr

FAR = 2**31 - 1
SIZES = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
SEEDS = st.integers(0, 2**64 - 1)


def philox(counter, key):
    """Four words of Philox-4x64-10 (Salmon, Moraes, Dror, Shaw 2011, sec. 3.3), the counter below
    2**64.
    """
    low, c, k = 2**64 - 1, [counter, 0, 0, 0], [key, 0]
    for _ in range(10):
        x, y = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [y >> 64 ^ c[1] ^ k[0], y & low, x >> 64 ^ c[3] ^ k[1], x & low]
        k = [k[0] + 0x9E3779B97F4A7C15 & low, k[1] + 0xBB67AE8584CAA73B & low]
    return c


def row(n, keys, seed, i):
    """Row i: for each m of n - keys, ..., n - 1 one of 0, ..., m, or m itself if that one is there
    (Bentley and Floyd 1987).
    """
    blocks = -(-keys // 4)
    words = [word for block in range(blocks) for word in philox(1 + i * blocks + block, seed)]
    chosen = set()
    for m, word in zip(range(n - keys, n), words):
        chosen.add(word % (m + 1) if word % (m + 1) not in chosen else m)
    return sorted(chosen)


@given(SIZES, SEEDS)
@example((1, 1), 0)
@example((40, 40), 2**64 - 1)
@example((40, 0), 3)
def test_rows_and_contains_are_the_documented_draw(size, seed):
    n, keys = size
    p, expected = sr.Random(n, keys, seed), [row(n, keys, seed, i) for i in range(n)]
    assert {len(each) for each in expected} == {keys}
    assert [p.row(i, n).tolist() for i in range(n)] == expected
    assert p.row(0, n).dtype == np.int64
    mask = [[j in each for j in range(n)] for each in expected]
    assert np.broadcast_to(p.contains(np.arange(n)[:, None], np.arange(n)), (n, n)).tolist() == mask
    assert [bool(p.contains(n - 1, j)) for j in range(n)] == mask[-1]


@given(SIZES, SEEDS, st.lists(st.integers(0, 39), max_size=9))
@example((40, 5), 0, [39, 0, 1, 2, 0, 20, 39])
@example((40, 5), 0, [])
def test_a_row_is_the_same_in_any_company_and_order(size, seed, asked):
    n, keys = size
    asked = [i for i in asked if i < n]
    rows = sr.Random(n, keys, seed).rows(np.array(asked, np.int64))
    assert rows.shape == (len(asked), keys)
    assert rows.tolist() == [row(n, keys, seed, i) for i in asked]


@pytest.mark.parametrize(
    ("p", "rows"),
    [
        (sr.Random(6, 2, 0), {0: [2, 4], 1: [3, 5], 5: [0, 2]}),
        (sr.Random(10, 3, 1), {0: [6, 7, 8], 1: [0, 4, 8], 9: [0, 3, 8]}),
        (
            sr.Random(1000, 5, 2**64 - 1),
            {0: [1, 46, 366, 891, 928], 999: [524, 683, 848, 938, 968]},
        ),
        (
            sr.Random(FAR, 4, 12345),
            {
                1: [381656152, 383712567, 593442484, 1884666293],
                FAR - 1: [233059245, 332165024, 483380357, 1321648259],
            },
        ),
    ],
)
def test_golden_rows_stay_as_they_are(p, rows):
    for i, keys in rows.items():
        assert p.row(i, p.n).tolist() == keys


def test_seed_length_and_number_of_keys_each_change_the_rows():
    drawn = [
        [p.row(i, p.n).tolist() for i in range(20)]
        for p in (sr.Random(40, 3, 0), sr.Random(40, 3, 1), sr.Random(41, 3, 0))
    ]
    assert all(a != b for t, a in enumerate(drawn) for b in drawn[:t])
    assert (
        len({tuple(keys) for keys in sr.Random(1000, 8, 0).rows(np.arange(1000)).tolist()}) == 1000
    ), "no two rows alike"


def test_keys_and_pairs_of_keys_are_drawn_evenly():
    """9000 rows of 4 among 10: chi-square of the 10 keys and of the 45 pairs, far below 100 where
    chance alone decides.
    """
    together = np.zeros((10, 10), int)
    for seed in range(900):
        held = np.zeros((10, 10), int)
        np.put_along_axis(held, sr.Random(10, 4, seed).rows(np.arange(10)), 1, axis=1)
        together += held.T @ held
    for counts, expected in (
        (np.diag(together), 9000 * 4 / 10),
        (together[np.triu_indices(10, 1)], 9000 * 12 / 90),
    ):
        assert counts.sum() == expected * len(counts)
        assert 0 < ((counts - expected) ** 2 / expected).sum() < 100


def test_every_lowering_holds_the_rows_at_n_5000():
    p = sr.Random(5000, 8, 3)
    sets = sr.csr(p, 5000)
    assert (sets.indptr == np.arange(5001) * 8).all()
    assert (sets.indices.reshape(5000, 8) == p.rows(np.arange(5000))).all()
    assert all(
        sets.indices[8 * i : 8 * i + 8].tolist() == row(5000, 8, 3, i) for i in range(0, 5000, 97)
    )
    assert sr.nnz(p, 5000) == 40_000


def test_distant_rows_need_no_memory_for_those_between():
    p = sr.Random(FAR, 7, 0)
    tracemalloc.start()
    rows = p.rows(np.array([FAR - 1, 0]))
    held = p.contains(np.array([[0], [FAR - 1]]), rows[::-1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held.all()
    assert rows.tolist() == [row(FAR, 7, 0, FAR - 1), row(FAR, 7, 0, 0)]
    assert peak < 10**6


def test_it_is_a_value_with_a_notation():
    p = sr.Random(np.int64(6), np.uint8(2), seed=0)
    assert p == sr.Random(6, 2, 0) == sr.parse(repr(p)) != sr.Random(6, 2, 1)
    assert hash(p) == hash(sr.Random(6, 2, 0))


@pytest.mark.parametrize(
    ("build", "error", "said"),
    [
        (lambda: sr.Random(-1, 0, 0), ValueError, "Random: n must be at least 0, got -1"),
        (
            lambda: sr.Random(2**31, 0, 0),
            ValueError,
            "Random: n must be at most 2147483647, got 2147483648",
        ),
        (lambda: sr.Random(4, 5, 0), ValueError, "Random: keys must be at most n = 4, got 5"),
        (lambda: sr.Random(4, -1, 0), ValueError, "Random: keys must be at least 0, got -1"),
        (lambda: sr.Random(4, 2, -1), ValueError, "Random: seed must be at least 0, got -1"),
        (
            lambda: sr.Random(4, 2, 2**64),
            ValueError,
            "Random: seed must be below 2**64, got 18446744073709551616",
        ),
        (lambda: sr.Random(4, 2, None), TypeError, "Random: seed must be an integer, got None"),
        (lambda: sr.Random(4, 2.0, 0), TypeError, "Random: keys must be an integer, got 2.0"),
        (lambda: sr.Random(4, 2, 0).row(0, 5), ValueError, "is stated for n = 4, got n = 5"),
        (lambda: sr.Random(4, 2, 0).row(4, 4), IndexError, "has rows 0 <= i < 4, got i = 4"),
        (lambda: sr.Random(0, 0, 0).row(0, 0), IndexError, "has rows 0 <= i < 0, got i = 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(build, error, said):
    with pytest.raises(error, match=re.escape(said)):
        build()
