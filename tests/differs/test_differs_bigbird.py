"""One test for each row of docs/differs.md on BigBird."""

import numpy as np
from strategies import brute

import sparse_ref as sr


def test_bigbird_gives_a_block_of_queries_what_the_paper_gives_a_query():
    ends, drawn = (0, 11), [sr.Random(12, 2, 0).row(i, 12).tolist() for i in range(12)]
    section_2 = [
        [
            i in ends or j in ends or i - 2 // 2 <= j <= i + 2 // 2 or j in drawn[i]
            for j in range(12)
        ]
        for i in range(12)
    ]
    assert brute(sr.bigbird(12, 1, 2, 0), 12).tolist() == section_2
    p = brute(sr.bigbird(36, 3, 2, 0), 36)
    assert (p == np.kron(section_2, np.ones((3, 3), bool))).all()


def test_the_random_blocks_of_the_bigbird_codes_lie_at_the_head_of_the_sequence():
    def random_keys(branches, n):
        return {int(key) for p in branches for i in range(0, n, 64) for key in p.row(i, n)}

    anywhere = random_keys([sr.Blockwise(sr.Random(64, 3, seed=0), 64)], 4096)
    paper, drawn = sr.bigbird(4096, 64, 3, 0), sr.Random(64, 3, 0)
    assert all(set(paper.row(64 * row, 4096) // 64) >= set(drawn.row(row, 64)) for row in range(64))
    assert max(anywhere) == 4095
    for n, bound in (2048, 1024), (4096, 1024), (8192, (2 * 3 + 5) * 64):
        drawn = random_keys(sr.bigbird_google(n, 64, 3, layer=0).patterns[1:], n)
        assert bound // 2 < max(drawn) < bound


def test_a_global_block_that_bigbird_draws_weighs_double():
    counts = [
        sr.multiplicity(sr.bigbird_google(1024, 64, 3, layer=0, head=head), 1024)
        for head in range(3)
    ]
    assert {int(m[:, :-64].max()) for m in counts} == {1}
    assert max(int(m[:, -64:].max()) for m in counts) == 2


def test_at_4096_bigbird_google_is_a_set():
    for head in range(12):
        branches = sr.bigbird_google(4096, 64, 3, layer=0, head=head)
        for i in range(0, 4096, 64):
            keys = np.concatenate([p.row(i, 4096) for p in branches])
            assert len(np.unique(keys)) == len(keys)


def test_bigbird_s_codes_draw_alike_except_at_2048():
    for n in (1024, 1536, 2048, 3072, 4096, 5120):
        google, hf = (
            sr.bigbird_google(n, 64, 3, layer=1),
            sr.bigbird_hf(n, 64, 3, layer=1, training=True),
        )
        assert (google == hf) == (n != 2048)


def test_bigbird_hf_in_evaluation_counts_block_0_again_and_draws_nothing():
    n, block, random = 48, 4, 2
    near = sr.multiplicity(sr.bigbird(n, block, 0, 0), n)
    expected = near + random * np.outer(
        (np.arange(n) >= block) & (np.arange(n) < n - block), np.arange(n) < block
    )
    for layer in range(3):
        assert (
            sr.multiplicity(sr.bigbird_hf(n, block, random, layer, training=False), n) == expected
        ).all()
        assert (
            sr.multiplicity(sr.bigbird_hf(n, block, random, layer, training=True), n) != expected
        ).any()


def test_bigbird_hf_is_full_attention_for_short_inputs():
    for training in (False, True):
        assert (sr.multiplicity(sr.bigbird_hf((5 + 2 * 3) * 4, 4, 3, 0, training), 44) == 1).all()
        assert len(sr.bigbird_hf((6 + 2 * 3) * 4, 4, 3, 0, training)) == 4
