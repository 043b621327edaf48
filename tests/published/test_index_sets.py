"""What the index family chooses: golden rows of executed originals, statements in plain Python with
exact ties, rows that lose their own token or have none, and what is refused.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import csa, dsa, hca, indexshare, kpool, msa, qsa

ROWS = json.loads(Path(__file__).with_name("index_rows.json").read_text())
HEADS, WIDTH = 4, 4  # roots that are exact, so that integers make exact scores, and ties
LENGTHS, COUNTS = st.integers(0, 12), st.integers(0, 5)
BLOCKS = st.sampled_from([1, 2, 4])  # means of integers are exact
SEEDS = st.integers(0, 10**6)


def rows_of(p, n, m=None):
    """The keys of each of n queries among m."""
    return [p.row(i, n if m is None else m).tolist() for i in range(n)]


def integers(seed, *shapes):
    """Arrays of small integers as floats: many dot products are equal, many are 0."""
    rng = np.random.default_rng(seed)
    return [rng.integers(-2, 3, shape).astype(float) for shape in shapes]


def best(scores, atoms, count):
    """The atoms of the greatest scores, ties to the smallest."""
    return sorted(atoms, key=lambda e: (-scores[e], e))[:count]


def indexer_score(q, k, w, i, e):
    """H^(-1/2) sum_h w_ih max(d^(-1/2) q_ih . k_e, 0), in plain Python."""
    terms = [w[i, h] * max(float(q[h, i] @ k[e]) / 2, 0) for h in range(HEADS)]
    return sum(terms) / 2


def spread(pools, block, n):
    return {j for e in pools for j in range(e * block, min(e * block + block, n))}


def test_golden_rows_of_dsa():
    case = ROWS["dsa"]
    assert rows_of(dsa.choice(case["scores"], top_k=case["k"]), 12) == case["rows"]


@pytest.mark.parametrize(("name", "tail"), [("kpool_tail", True), ("kpool_no_tail", False)])
def test_golden_rows_of_kpool(name, tail):
    case = ROWS[name]
    pools = kpool.choice(case["scores"], top_k=4, block=case["pool"])
    assert rows_of(kpool.tokens(pools, block=4, tail=tail), 14) == case["rows"]


def test_golden_rows_of_hca():
    case = ROWS["hca"]
    window, entries = hca.sets(block=case["pool"], keys=3)
    assert rows_of(window, 18) == case["rows"]
    assert rows_of(entries, 18, 4) == case["atoms"]
    tokens = sr.Pooled(sr.Window(0), 4)
    assert {str(e): tokens.row(e, 18).tolist() for e in range(4)} == case["cover"]


def test_golden_rows_of_an_indexer_over_pools():
    case = ROWS["indexer_ratio4"]
    chosen = csa.choice(case["scores"], top_k=case["k"], block=case["pool"])
    assert rows_of(chosen, 14, 3) == case["rows"]


def test_scores_of_an_indexer_have_both_factors():
    q, k, w = integers(3, (HEADS, 5, WIDTH), (6, WIDTH), (5, HEADS))
    expected = [[indexer_score(q, k, w, i, e) for e in range(6)] for i in range(5)]
    for method in (dsa, csa):
        assert np.asarray(method.scores(q, k, w)).tolist() == expected
    pooled = np.asarray(kpool.scores(q, k, w, 0 * k, block=1))
    assert pooled.tolist() == expected
    one = np.asarray(dsa.scores(np.full((1, 1, 1), 2.0), np.full((1, 1), 3.0), np.ones((1, 1))))
    assert one.tolist() == [[6]]


@given(LENGTHS, COUNTS, SEEDS)
def test_dsa_is_its_sentence(n, top_k, seed):
    q, k, w = integers(seed, (HEADS, n, WIDTH), (n, WIDTH), (n, HEADS))
    for i, row in enumerate(rows_of(dsa.sets(q, k, w, top_k=top_k), n)):
        scores = [indexer_score(q, k, w, i, j) for j in range(i + 1)]
        assert row == sorted(best(scores, range(i + 1), top_k))


@given(LENGTHS, COUNTS, BLOCKS, st.booleans(), SEEDS)
def test_kpool_is_its_sentence(n, pools, block, tail, seed):
    q, k, w = integers(seed, (HEADS, n, WIDTH), (n, WIDTH), (n, HEADS))
    p = kpool.sets(q, k, w, 0 * k, top_k=pools * block, block=block, tail=tail)
    means = [k[e : e + block].mean(axis=0) for e in range(0, n - n % block, block)]
    for i, row in enumerate(rows_of(p, n)):
        full = (i + 1) // block
        scores = [indexer_score(q, means, w, i, e) for e in range(full)]
        rest = range(full * block, i + 1) if tail else ()
        assert set(row) == spread(best(scores, range(full), pools), block, n) | set(rest)


@given(LENGTHS, COUNTS, BLOCKS, SEEDS)
def test_qsa_is_its_sentence(n, pools, block, seed):
    q, k = integers(seed, (HEADS, n, WIDTH), (n // block, WIDTH))
    ones = np.ones((n, HEADS))
    p = qsa.sets(q, k, top_k=pools * block, block=block)
    for i, row in enumerate(rows_of(p, n)):
        full = (i + 1) // block
        scores = [indexer_score(q, k, ones, i, e) for e in range(full)]
        tokens = spread(best(scores, range(full), pools), block, n)
        assert set(row) == tokens | set(range(full * block, i + 1))


@given(LENGTHS, COUNTS, st.integers(1, 5), st.integers(0, 3), SEEDS)
def test_msa_is_its_sentence(n, top_k, block, local, seed):
    q, k = integers(seed, (2, n, WIDTH), (n, WIDTH))
    patterns = msa.sets(q, k, top_k=top_k, block=block, local=local)
    for head, p in enumerate(patterns):
        for i, row in enumerate(rows_of(p, n)):
            own = i // block
            begun = range(own + 1)
            scores = [
                np.inf
                if e > own - local
                else max(float(q[head, i] @ k[j]) for j in spread([e], block, i + 1))
                for e in begun
            ]
            assert set(row) == spread(best(scores, begun, top_k), block, i + 1)


@given(LENGTHS, COUNTS, st.integers(1, 5), st.integers(1, 4), SEEDS)
def test_csa_is_its_sentence(n, top_k, block, keys, seed):
    m = n // block
    q, k, w = integers(seed, (HEADS, n, WIDTH), (m, WIDTH), (n, HEADS))
    window, entries = csa.sets(q, k, w, top_k=top_k, block=block, keys=keys)
    for i, row in enumerate(rows_of(entries, n, m)):
        full = (i + 1) // block
        scores = [indexer_score(q, k, w, i, e) for e in range(full)]
        assert row == sorted(best(scores, range(full), top_k))
        assert window.row(i, n).tolist() == list(range(max(0, i - keys + 1), i + 1))


def test_dsa_loses_its_own_token_when_others_score_more():
    assert rows_of(dsa.choice([[1, 0], [1, 0]], top_k=1), 2) == [[0], [0]]
    assert rows_of(dsa.choice([[-1, 0], [-1, -2]], top_k=1), 2) == [[0], [0]]  # below 0 still wins


def test_kpool_and_qsa_lose_their_own_token_only_when_a_pool_becomes_full():
    """By what is not visible, not by the mask: the tail of such a row is empty."""
    n, block = 12, 3
    first_pool_best = np.tile([3.0, 2, 1, 0], (n, 1))
    pools = kpool.choice(first_pool_best, top_k=3, block=block)
    sets = kpool.tokens(pools, block=block)
    without_own = [i for i in range(n) if not sets.contains(i, i)]
    assert without_own == [5, 8, 11]  # row 2 has its own pool, the only one
    q, k = np.ones((1, n, 1)), first_pool_best[0][:, None]
    assert sets == qsa.sets(q, k, top_k=3, block=block)


def test_kpool_without_its_tail_has_empty_rows_and_unseen_tokens():
    n, block = 8, 3
    sets = kpool.tokens(
        kpool.choice(np.zeros((n, 2)), top_k=3, block=block), block=block, tail=False
    )
    assert [i for i in range(n) if not len(sets.row(i, n))] == [0, 1]
    assert not sr.dense(sets, n)[:, 6:].any()


def test_msa_with_fewer_blocks_than_local_ones_can_lose_the_own_block():
    q, k = np.zeros((1, 9, 1)), np.zeros((9, 1))
    (p,) = msa.sets(q, k, top_k=1, block=4, local=2)
    assert p.row(8, 9).tolist() == [4, 5, 6, 7]
    (p,) = msa.sets(q, k, top_k=2, block=4, local=2)
    assert p.row(8, 9).tolist() == [4, 5, 6, 7, 8]


def test_sequences_shorter_than_a_block():
    n, block = 3, 8
    q, k, w = integers(0, (HEADS, n, WIDTH), (n, WIDTH), (n, HEADS))
    causal = rows_of(sr.Causal(), n)
    assert rows_of(kpool.sets(q, k, w, k, top_k=block, block=block), n) == causal
    assert rows_of(qsa.sets(q, k[:0], top_k=block, block=block), n) == causal
    assert [rows_of(p, n) for p in msa.sets(q, k, top_k=1, block=block)] == [causal] * HEADS
    window, entries = csa.sets(q, k[:0], w, top_k=1, block=block, keys=2)
    assert rows_of(window, n) == [[0], [0, 1], [1, 2]]
    assert rows_of(entries, n, 0) == [[], [], []]


def test_the_layers_that_share_take_the_last_full_set():
    indexes = [tuple(integers(seed, (4, 6, 4), (6, 4), (6, 4))) for seed in (0, 1)]
    first, second, third, last = indexshare.sets([indexes[0], None, None, indexes[1]], top_k=2)
    assert second is first
    assert third is first
    assert last == dsa.sets(*indexes[1], top_k=2) != first


@pytest.mark.parametrize(
    ("frequency", "offset", "letters"),
    [(1, 2, "fffffffff"), (4, 2, "ffsssfsss"), (4, 0, "sssfsssfs"), (2, 3, "fffsfsfsf")],
)
def test_which_layers_share(frequency, offset, letters):
    types = indexshare.layer_types(9, frequency=frequency, offset=offset)
    assert "".join(kind[0] for kind in types) == letters
    assert indexshare.layer_types(0, frequency=frequency, offset=offset) == ()


def test_the_query_heads_of_an_indexer_head_are_a_run():
    first, second = sr.Causal(), sr.Lookback(1)
    assert msa.sets_of_heads((first, second), 4) == (first, first, second, second)
    assert msa.sets_of_heads((first,), 1) == (first,)


def nine(*shape):
    return np.zeros((*shape, 9))


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: dsa.choice(nine(9), top_k=-1), "top_k must be at least 0, got -1"),
        (lambda: dsa.choice(np.full((2, 2), np.nan), top_k=1), "head 0, query 0, atom 0"),
        (lambda: dsa.scores(nine(9), nine(9), nine(9)), r"q must have shape \(H_I, n, d_I\)"),
        (lambda: dsa.scores(nine(0, 2), nine(2), nine(2)), r"q must have shape \(H_I, n, d_I\)"),
        (lambda: qsa.scores(nine(9), nine(9)), r"q must have shape \(H_I, n, d_I\)"),
        (
            lambda: kpool.choice(nine(9), top_k=4, block=3),
            "top_k must be a multiple of block = 3, as glm5_next requires, got 4",
        ),
        (
            lambda: qsa.choice(nine(9), top_k=4, block=3),
            "top_k must be a multiple of block = 3, as qwen4_exp requires, got 4",
        ),
        (
            lambda: kpool.choice(nine(9), top_k=3, block=3),
            "over the 3 full pools of n = 9 tokens, block = 3, or the 3 that have begun",
        ),
        (lambda: csa.choice(nine(2, 9), top_k=1, block=1), r"shape \(n, m\) over the 9 full"),
        (lambda: msa.choice(nine(9), top_k=1, block=1), r"scores must have shape \(H_I, n, m\)"),
        (lambda: msa.choice(nine(1, 9), top_k=1, block=2), "over the m = 5 blocks of n = 9"),
        (lambda: msa.choice(nine(1, 9), top_k=1, block=1, local=-1), "local must be at least 0"),
        (
            lambda: msa.sets_of_heads((sr.Causal(),) * 2, 3),
            "multiple of the H_I = 2 indexer heads, as minimax_m3_vl requires, got 3",
        ),
        (lambda: indexshare.sets([None], top_k=1), "glm_moe_dsa has no set for a first layer"),
        (lambda: indexshare.layer_types(3, frequency=0), "frequency must be at least 1, got 0"),
        (lambda: hca.sets(block=0, keys=1), "^block must be at least 1, got 0"),
        (lambda: msa.scores(nine(1, 9), nine(9), block=0), "^block must be at least 1, got 0"),
        (
            lambda: kpool.scores(nine(1, 9), nine(9), nine(9), nine(9), block=0),
            "^block must be at least 1, got 0",
        ),
        (lambda: hca.sets(block=2, keys=0), "keys must be at least 1, got 0"),
    ],
)
def test_what_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()


def test_a_flag_is_a_bool():
    with pytest.raises(TypeError, match="tail must be True or False, got 1"):
        kpool.tokens(sr.Causal(), block=2, tail=1)
