"""One test for each row of docs/differs.md on the indexers of transformers 5.24.0."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import csa, dsa, hca, kpool, msa, qsa


def normal(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in shapes]


def test_the_text_of_dsa_leaves_out_its_relu():
    n = 12
    q, k, w = normal((3, n, 4), (n, 4), (n, 3))
    as_coded = dsa.sets(q, k, w, top_k=3)
    products = np.einsum("hid,jd,ih->ij", q, k, w)
    as_told = dsa.choice(products, top_k=3)
    rows = [i for i in range(n) if not np.array_equal(as_coded.row(i, n), as_told.row(i, n))]
    assert rows == [4, 5, 7, 9]  # of 3 to 11, which have a choice
    # one head and one weight above 0: the ReLU only ties what is below 0
    first_only = dsa.sets(q[:1], k, np.abs(w[:, :1]), top_k=1)
    told = dsa.choice(q[0] @ k.T, top_k=1)
    is_positive = (q[0] @ k.T).max(axis=1, where=np.tri(n, dtype=bool), initial=0) > 0
    for i in np.flatnonzero(is_positive):
        assert first_only.row(i, n) == told.row(i, n)


def test_kpool_adds_a_tail_shorter_than_a_pool_to_its_budget():
    n, block = 24, 4
    pools = kpool.choice(np.zeros((n, n // block)), top_k=8, block=block)
    counts = [len(kpool.tokens(pools, block=block).row(i, n)) for i in range(n)]
    assert max(counts) == 8 + block - 1  # not 2 * 8 - 1
    assert counts[-4:] == [8 + 1, 8 + 2, 8 + 3, 8]


def test_the_tail_that_is_always_selected_is_empty_when_a_pool_becomes_full():
    n, block = 12, 4
    first_best = np.tile([2.0, 1, 0], (n, 1))
    for method in (kpool, qsa):
        pools = method.choice(first_best, top_k=block, block=block)
        sets = kpool.tokens(pools, block=block)
        assert [i for i in range(n) if not sets.contains(i, i)] == [7, 11]


def test_kpool_without_a_tail_gives_its_first_rows_0():
    n, block = 6, 3
    q, k, v, index_q, index_k, index_w = normal(
        (1, n, 4), (1, n, 4), (1, n, 4), (2, n, 4), (n, 4), (n, 2)
    )
    index = index_q, index_k, index_w, index_k
    out = kpool.attention(q, k, v, index, top_k=3, block=block, tail=False)
    assert not out[:, : block - 1].any()
    assert out[:, block - 1 :].all()


def test_an_entry_of_deepseek_v4_is_seen_once_its_block_is_full():
    _, entries = hca.sets(block=8, keys=4)
    told = [t for t in range(20) if t > 1 * 8]
    coded = [t for t in range(20) if entries.contains(t, 1)]
    assert told[0] == 9
    assert coded[0] == 15


@pytest.mark.parametrize("n", [20, 23])
def test_entry_4_of_csa_pools_8_tokens(n):
    kv, gates = normal((n, 2), (n, 2))
    pools = csa.pool(kv, gates, block=4)
    heard = []
    for j in range(n):
        moved = kv.copy()
        moved[j] += 1
        if (csa.pool(moved, gates, block=4)[4] != pools[4]).any():
            heard.append(j)
    assert heard == [*range(12, 20)]  # not 12 to 16


def test_the_local_blocks_of_msa_begin_with_the_own_one():
    q, k = np.zeros((1, 12, 1)), np.zeros((12, 1))
    (p,) = msa.sets(q, k, top_k=1, block=3, local=1)
    own_block = sr.Block(3) & sr.Causal()
    assert np.array_equal(sr.dense(p, 12), sr.dense(own_block, 12))


def test_the_local_blocks_of_msa_are_inside_its_budget():
    (scores,) = normal((1, 20, 5))
    for local in (0, 1, 2, 3):
        (blocks,) = msa.choice(scores, top_k=3, block=4, local=local)
        assert [len(blocks.row(i, 5)) for i in range(0, 20, 4)] == [1, 2, 3, 3, 3]


def test_the_heads_of_msa_s_indexer_need_not_be_its_key_heads():
    sets = msa.sets_of_heads((sr.Causal(), sr.Lookback(1), sr.Lookback(2)), 6)
    assert [repr(p) for p in sets[::2]] == ["Causal()", "Lookback(1)", "Lookback(2)"]
    q, kv, v, index_q, index_k = normal((6, 9, 4), (2, 9, 4), (2, 9, 4), (3, 9, 4), (9, 4))
    index = index_q, index_k
    out = msa.attention(q, kv, v, index, top_k=1, block=3)
    first, second, third = msa.sets(*index, top_k=1, block=3)
    by_head = (first, first, second, second, third, third)
    assert (out == sr.attend(q, kv, v, by_head)).all()
