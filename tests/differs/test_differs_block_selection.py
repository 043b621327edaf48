"""One test for each row of docs/differs.md on blocks and keys that are chosen by scores."""

import json
from pathlib import Path

import numpy as np

import sparse_ref as sr

published = sr.published
nsa = published.nsa
DATA = Path(__file__).parents[1] / "published" / "data" / "selections.json"


def drawn(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


def rows(p, n_q, n_k=None):
    return [p.row(i, n_k or n_q).tolist() for i in range(n_q)]


def test_the_printed_signs_of_equation_9_count_from_1():
    """l = 32, d = 16, l' = 64: from 1, block 2 reads atoms 4 to 8, which are 3 to 7 from 0."""
    sizes = nsa.paper.Sizes(length=32, stride=16, block=64)
    weights = np.asarray(nsa.paper.block_scores(np.eye(9)[:, None], 2, sizes))[:, 0, 1]
    from_1 = np.zeros(10)
    for m in range(4):
        for n in range(2):
            from_1[4 * 2 - m - n] += 1
    assert weights.tolist() == from_1[1:].tolist() == [0, 0, 0, 1, 2, 2, 2, 1, 0]
    from_0 = [4 * 1 - m - n for m in range(4) for n in range(2)]
    assert min(from_0) == 0  # atoms 0 to 4: none of block 1 but its first


def test_fla_calls_blocks_always_selected_that_it_loses():
    shares = np.zeros((16, 4))
    blocks = [nsa.fla.choice(shares, block=4, top_k=top_k).row(15, 4).tolist() for top_k in (3, 2)]
    assert blocks == [[0, 2, 3], [0, 2]]


def test_nsa_forces_three_blocks_in_the_paper_and_the_own_in_lucidrains():
    """The same number, k = 4: four blocks, or four and the own one."""
    n, block = 32, 4
    q, atoms = drawn((1, n, 3), 0), drawn((1, n // block, 3), 1)
    paper = nsa.paper.Sizes(length=block, stride=block, block=block, top_k=4, keys=2)
    theirs = nsa.lucidrains.Sizes(stride=block, block=block, top_k=4, keys=2)
    (mine,) = nsa.paper.sets(q, atoms, paper).selected
    memory = np.zeros((1, 1, 3))
    with_memory = np.concatenate([memory, atoms], axis=1)
    (other,) = nsa.lucidrains.sets(q, with_memory, theirs).selected
    counts = [{j // block for j in p.row(n - 1, n).tolist()} for p in (mine, other)]
    assert [len(blocks) for blocks in counts] == [4, 5]
    assert {0, 6, 7} <= counts[0]


def test_nsa_sees_a_block_at_its_last_token_and_lucidrains_after_it():
    paper = nsa.paper.Sizes(length=4, stride=4, block=4).complete
    theirs = nsa.lucidrains.Sizes(stride=4, block=4, top_k=1, keys=2).past
    assert rows(paper, 9, 2)[3:5] == [[0], [0]]
    memory, first = 0, 1
    assert rows(theirs, 9, 3)[3:5] == [[memory], [memory, first]]


def test_moba_counts_the_own_block():
    q, k = drawn((12, 2), 0), drawn((12, 2), 1)
    for top_k in (1, 2, 3):
        last = published.moba.sets(q, k, block=2, top_k=top_k).row(11, 12)
        assert len(last) == 2 * top_k
        assert {10, 11} <= set(last.tolist())


def test_explicit_sparse_transformer_keeps_ties():
    q = np.ones((5, 1))
    exact, ties = (published.topk.sets(q, q, top_k=2, ties=t) for t in (False, True))
    assert rows(exact, 5)[2:] == [[0, 1]] * 3
    assert rows(ties, 5) == rows(sr.Causal(), 5)


def test_xattention_takes_a_block_too_many_in_its_first_chunk():
    scores = np.array([3.0, 5, 4, 2, 1, 6])[None].repeat(6, axis=0)
    blocks = [
        published.xattention.choice(scores, threshold=0.6, first_chunk=first).row(5, 6).tolist()
        for first in (1, 6)
    ]  # 9 of 12.6 are forced, or 6 of them
    assert blocks == [[0, 1, 5], [0, 1, 2, 5]]
    forced = published.xattention.choice(scores, threshold=0.4, first_chunk=1)
    assert forced.row(5, 6).tolist() == [0, 5]  # 9 of 8.4


def test_xattention_without_triton_loses_the_chunks_before_where_nothing_is_padded():
    """Its scores were recorded: a slice [-0:] covers every key with -inf."""
    case = json.loads(DATA.read_text())["xattention"]["full_chunks"]
    q, k = (np.array(case[name], np.float32) for name in "qk")
    sizes = {name: case[name] for name in ("block", "stride")}
    theirs = np.array(case["scores"])
    ours = published.xattention.block_scores(q, k, **sizes)
    assert not theirs[2:, :2].any()
    assert ours[2:, :2].all()
    assert np.allclose(theirs[:2], ours[:2], atol=2e-5)


def test_quest_can_lose_the_last_page_where_it_was_evaluated():
    q, k = np.ones((1, 1)), np.array([[3.0], [2], [1], [0]])
    sets = [published.quest.sets(q, k, page=1, pages=3, last=last) for last in (False, True)]
    assert [p.row(0, 4).tolist() for p in sets] == [[0, 1, 2], [0, 1, 3]]


def test_minference_forces_more_diagonals_where_it_runs():
    n = 140
    q, k = (3 * drawn((n, 2), seed) for seed in (0, 1))
    columns = {*range(30)}
    for near in (100, 30):
        sets = published.minference.sets(q, k, verticals=30, slashes=105, near=near)
        diagonals = [o for o in range(n) if o > n - 31 or sets.contains(n - 1, n - 1 - o)]
        assert set(range(near)) <= set(diagonals)
        assert columns <= set(sets.row(n - 1, n).tolist())
        if near == 30:
            assert not set(range(100)) <= set(diagonals)


def test_vsa_need_not_see_itself():
    scores = np.array([[0, 1], [1, 0]])
    plain, own = (published.vsa.choice(scores, top_k=1, own=own) for own in (False, True))
    assert rows(plain, 2) == [[1], [0]]
    assert rows(own, 2) == [[0], [1]]


def test_flexprefill_counts_lines_in_units_of_128():
    """Prompts of 200 tokens whose attention is even: at most 200 columns, so two blocks of 8."""
    q = np.zeros((1, 200, 2))
    (sets,) = published.flexprefill.sets(q, q, share=0.9, block=8)
    last = {j // 8 for j in sets.row(199, 200).tolist()}
    assert len(last) == 4  # two of columns, two of diagonals, of the 23 that hold nine tenths


def test_seer_can_leave_a_row_empty():
    scores = np.array([[1, 0], [0.5, 0.5]])
    plain, whole = (
        published.seer.threshold_choice(scores, 0.5, dense_last=last) for last in (False, True)
    )
    assert rows(plain, 2) == [[0], []]
    assert rows(whole, 2) == [[0], [0, 1]]
