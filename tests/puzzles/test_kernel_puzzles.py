"""Puzzles 19 to 26: references against the library, and the names of plausible wrong answers."""

from itertools import combinations, pairwise

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.kernels import reference
from sparse_ref.puzzles import find
from sparse_ref.puzzles.thirty import tile_rows

rng = np.random.default_rng(0)


def answer_to(name):
    return find(name).reference


def mistake_of(answer):
    """The mistake that the checker names; the answer must be wrong."""
    verdict = sr.puzzles.check(answer)
    assert not verdict
    return verdict.mistake


# References against the library


@pytest.mark.parametrize("n", [0, 1, 4, 6, 41])
def test_block_csr_is_the_library_s(n):
    indptr, indices = answer_to("block_csr")(n)
    wanted = sr.csr(sr.Block(4), n)
    assert indptr.tolist() == wanted.indptr.tolist()
    assert indices.tolist() == wanted.indices.tolist()


def test_no_order_of_twelve_rows_has_fewer_tiles():
    """Exhaustive: neither the order in a tile nor the order of tiles changes the count."""
    counts = [tile_rows.tile_count(order) for order in orders_of_twelve()]
    assert len(counts) == 5775
    assert min(counts) == tile_rows.fewest_tiles(12) == 3
    assert counts.count(3) == 1


def orders_of_twelve():
    """Each way to put 12 rows into three tiles of 4."""
    for first in combinations(range(1, 12), 3):
        others = [i for i in range(1, 12) if i not in first]
        for second in combinations(others[1:], 3):
            third = [i for i in others[1:] if i not in second]
            yield np.array([0, *first, others[0], *second, *third])


def test_tiles_in_the_old_order_are_as_the_question_says():
    mask = sr.Strided(3).mask(24)
    pairs = mask.reshape(6, 4, 6, 4)
    tiles = pairs.sum(axis=(1, 3))
    assert ((tiles > 0) == np.tri(6, dtype=bool)).all()
    assert (tiles > 0).sum() == tile_rows.tile_count(np.arange(24)) == 21
    assert tiles.max() < 8


def test_exchanges_never_lower_the_tiles_of_the_reference():
    """Negative control too: nearly every exchange of two rows of different tiles costs tiles."""
    best = answer_to("row_order")(36)
    assert tile_rows.tile_count(best) == tile_rows.fewest_tiles(36) == 18
    counts = []
    for a, b in zip(*np.triu_indices(36, 1)):
        order = best.copy()
        order[[a, b]] = order[[b, a]]
        counts.append(tile_rows.tile_count(order))
    assert min(counts) == 18 < max(counts)


def test_a_gathered_tile_is_attention_of_its_rows():
    """Rows 1, 4, 7, 10 of Strided(3), whose keys are 1, 4, 7, 10."""
    q, k, v = rng.normal(size=(3, 12, 4))
    rows = np.arange(1, 12, 3)
    keys = np.append(rows, 0)  # filled up with key 0
    mask = np.tri(4, 5, dtype=bool)
    out = answer_to("gathered_tile")(q[rows], k, v, keys, mask)
    wanted = sr.attend(q, k, v, sr.Strided(3))
    assert np.allclose(out, wanted[rows], rtol=1e-12)


def test_online_updates_give_attention():
    x = 30 * rng.normal(size=20)
    v = rng.normal(size=(20, 3))
    state = -np.inf, 0.0, np.zeros(3)
    for start, stop in pairwise((0, 7, 8, 15, 20)):
        state = answer_to("online_update")(*state, x[start:stop], v[start:stop])
    m, l, o = state
    q, k = np.ones((1, 1)), x[:, None]
    out, lse = reference.attend(q, k, v, np.ones((1, 20), bool), 1.0)
    assert np.allclose(o / l, out[0], rtol=1e-12)
    assert np.isclose(m + np.log(l), lse[0], rtol=1e-12)


def test_merge_is_the_library_s():
    out_a, out_b = rng.normal(size=(2, 5, 3))
    lse_a, lse_b = rng.uniform(-3, 3, size=(2, 5))
    lse_a[2] = -np.inf
    out_a[2] = 0
    wanted = sr.merge([(out_a, lse_a), (out_b, lse_b)])
    for x, y in zip(answer_to("merge_halves")(out_a, lse_a, out_b, lse_b), wanted):
        assert np.allclose(x, y, rtol=1e-12)


def test_a_dead_row_is_the_library_s():
    q, k, v = rng.normal(size=(3, 9, 4))
    p = sr.Summary(3, 1)  # rows 0 and 1 have no keys
    logits = q @ k.T / 2
    x = np.where(p.mask(9), logits, -np.inf)
    out = answer_to("masked_attention")(x, v)
    assert np.allclose(out, sr.attend(q, k, v, p), rtol=1e-12)
    assert (out[:2] == 0).all()


def test_the_gradient_of_values_is_the_library_s():
    q, k, v, g = rng.normal(size=(4, 6, 2))
    p = sr.Causal()
    out, lse = sr.attend_with_lse(q, k, v, p)
    weights = sr.attend(q, k, np.eye(6), p)
    _, _, dv = sr.attend_backward(g, q, k, v, out, lse, p)
    assert np.allclose(answer_to("value_gradient")(weights, g), dv, rtol=1e-12)


@pytest.mark.parametrize("budget", [1, 2, 3, 9])
def test_top_blocks_are_those_of_moba(budget):
    scores = rng.integers(0, 3, size=(27, 7)).astype(float)
    wanted = sr.published.moba.choice(scores, block=4, top_k=budget)
    mask = wanted.mask((27, 7))
    assert (answer_to("top_blocks_with_ties")(scores, budget) == mask).all()
    if budget == 2:
        assert (answer_to("top_blocks")(scores) == mask).all()


# Answers that nobody stored


def test_a_loop_over_rows_is_named():
    def block_csr(n):
        rows = [np.arange(i - i % 4, i + 1) for i in range(n)]
        counts = [len(row) for row in rows]
        indices = np.concatenate([[], *rows])
        return np.append(0, np.cumsum(counts)), indices.astype(int)

    mistake = mistake_of(block_csr)
    assert mistake.startswith("a loop in Python, `[np.arange(i - i % 4, i + 1) for i in range(n)]`")


def test_a_mask_of_all_pairs_is_named():
    def block_csr(n):
        i, j = np.arange(n)[:, None], np.arange(n)
        rows, keys = np.nonzero((j <= i) & (i // 4 == j // 4))
        return np.searchsorted(rows, np.arange(n + 1)), keys

    mistake = mistake_of(block_csr)
    assert "it allocates an array of all pairs" in mistake
    assert "n = 2000" in mistake


I = np.arange(6)
ROWS = np.array([0, 1, 3, 6, 10, 11, 13])
FALLING_ROWS = np.array([0, 1, 3, 2, 10, 11, 13])
KEYS = np.array([0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 4, 4, 5])


@pytest.mark.parametrize(("rows", "mistake"), [
    ((ROWS, np.append(KEYS[:-1], 6)), "row 5 has key 6, but keys are from 0 to 5"),
    ((ROWS, KEYS[::-1]), "row 1 must ascend, each key once, got [4, 4]"),
    ((ROWS - 1, KEYS), "indptr must begin with 0, got -1"),
    ((np.append(ROWS[:-1], 12), KEYS), "indptr must end at len(indices) = 13, got 12"),
    ((FALLING_ROWS, KEYS), "indptr must never fall: row 2 ends at 2"),
    ((ROWS[1:-1], KEYS), "indptr must have n + 1 = 7 entries, got 5"),
    ((ROWS / 1, KEYS), "indptr must be a vector of integers, got float64 of shape (7,)"),
    (ROWS, "the answer must be (indptr, indices)"),
    (tile_rows._rows(0 * I, I + 1), "you wrote Causal(): "),
    (tile_rows._rows(I, 0 * I + 1), "you wrote Window(0): up to 3 keys missing at the left edge"),
    (tile_rows._rows(I // 3 * 3, I % 3 + 1), "you wrote Block(3): one key too many at the left"),
])  # fmt: skip
def test_rows_of_another_form_or_set_are_named(rows, mistake):
    def block_csr(n):
        return rows if n == 6 else (np.arange(n + 1), np.arange(n))

    assert mistake_of(block_csr).startswith(mistake)


def test_another_way_to_the_same_arrays_is_right():
    def block_csr(n):
        place = np.arange(n) % 4
        indptr = np.zeros(n + 1, int)
        np.cumsum(place + 1, out=indptr[1:])
        t = np.arange(indptr[-1])
        row = np.searchsorted(indptr, t, side="right") - 1
        return indptr, row - place[row] + t - indptr[row]

    assert sr.puzzles.check(block_csr)


def test_any_order_with_the_fewest_tiles_is_right():
    def row_order(n):
        i = np.arange(n)
        return np.lexsort((-i, -(i % 3)))

    assert sr.puzzles.check(row_order)


def shifted_order(n):
    rows = np.arange(n).reshape(-1, 3)
    return np.roll(rows.T.ravel(), 2)


@pytest.mark.parametrize(("order", "mistake"), [
    (lambda n: np.zeros(n, int), "the order must have each row once, but row 0 stands there 24"),
    (lambda n: np.arange(1, n + 1), "the order must have each row once, but row 0 is missing"),
    (lambda n: np.arange(n) % 3 / 1, "the order must be 24 integers, got float64"),
    (shifted_order, "tiles have a pair in this"),
])  # fmt: skip
def test_orders_that_are_none_are_named(order, mistake):
    def row_order(n):
        values = order(n)
        return values.copy()

    assert mistake in mistake_of(row_order)


def test_an_update_by_logaddexp_is_right():
    def online_update(m, l, o, x, v):
        logits = np.append(m, x)
        top = np.max(logits)
        w = np.exp(logits - top)
        values = np.vstack([o, v])
        weights = np.append(w[0], w[1:])
        return top, w[0] * l + w[1:].sum(), weights @ values

    assert sr.puzzles.check(online_update)


def test_an_update_that_fails_at_the_first_block_is_named_by_its_line():
    def online_update(m, l, o, x, v):
        top = max(m, x.max())
        decay = np.exp(m) / np.exp(top)
        p = np.exp(x) / np.exp(top)
        return top, decay * l, decay * o + p @ v

    assert mistake_of(online_update).startswith("l: ")
