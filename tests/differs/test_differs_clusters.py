"""One test for each row of docs/differs.md on hashing, clustering and sorting."""

import numpy as np

import sparse_ref as sr
from sparse_ref.published import (
    ReformerAttention,
    RoutingAttention,
    SinkhornAttention,
    SinkhornCausalAttention,
    bucket_factors,
)
from sparse_ref.selection import lsh_sets, one_hot, sinkhorn, sinkhorn_sets, top_shares


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def test_reformer_s_codes_count_a_key_once_for_each_round():
    buckets = [[0, 0, 1, 1], [0, 0, 1, 1]]
    codes = ReformerAttention(2).sets(buckets)
    assert sr.multiplicity(codes, 4)[1].tolist() == [2, 0, 2, 2]
    paper = ReformerAttention(2, duplicates=False).sets(buckets)
    assert sr.dense(paper, 4)[1].tolist() == [True, False, True, True]


def test_reformer_s_codes_attend_across_buckets():
    buckets = [[0, 1, 0, 1, 0, 1]]
    codes, paper = (ReformerAttention(2, same_bucket=flag).sets(buckets) for flag in (False, True))
    across = sr.dense(codes.patterns[0] - paper.patterns[0], 6)
    i, j = np.nonzero(across)
    assert len(i) == 10 and ((i + j) % 2 == 1).all()


def test_a_reformer_round_looks_back_into_the_round_before():
    sets = lsh_sets([[0, 0, 0, 0], [1, 0, 1, 0]], keys=2)
    assert sets.patterns[0].row(1, 4).tolist() == [0, 2]  # chunk 01, after 13 02 of round 1
    assert sets.patterns[1].row(1, 4).tolist() == [2, 3]  # chunk 13, after 01 23 of round 0


def test_a_reformer_position_is_its_own_key_only_alone():
    sets = lsh_sets([[0, 0, 0, 0]], keys=2, causal=True)
    own = sr.dense(sets.patterns[0] & sr.Window(0), 4)
    assert np.diag(own).tolist() == [True, False, False, False]
    for penalty in (5e4, 1e5, 1e9):
        assert np.exp(-np.float64(penalty)) == 0  # so that the codes agree with leaving it out


def test_reformer_keys_have_the_length_that_their_code_gives_them():
    x = np.zeros((4, 16))
    x[:, 0] = [1, -1, 1e-3, 2]
    v, buckets = np.eye(4), [[0, 0, 0, 0]]
    codes = [ReformerAttention(2, rule)(x, v, buckets) for rule in ("trax", "hf", "lucidrains")]
    assert (codes[0] == codes[1]).all()
    logits = codes[0][3, 2] / codes[0][3, 0], codes[2][3, 2] / codes[2][3, 0]
    # key 2 is 1e-3 long: its mean square 6.25e-8 is below trax's 1e-6
    assert logits[0] < 0.8 < 0.99 < logits[1]


def test_reformer_s_codes_hash_into_other_numbers_of_buckets():
    numbers = [bucket_factors(96, 8, rule) for rule in ("trax", "hf", "lucidrains")]
    assert numbers == [(24,), (16,), (12,)]


def test_a_later_bucket_moves_the_chunks_of_earlier_positions():
    """Position 5 moves from the last bucket to the first: 2 is no longer in the chunk after 03."""
    before, after = (
        lsh_sets([[0, 1, 1, 0, 2, bucket]], keys=2, causal=True).patterns[0] for bucket in (3, 0)
    )
    assert before.row(2, 6).tolist() == [0, 1]
    assert after.row(2, 6).tolist() == [1]


def test_reformer_pytorch_takes_a_seam_for_a_count_of_0():
    """Its count: rounds r in which j is in the chunk of i or in the one before, mod all chunks."""
    buckets, keys = np.array([[0, 0, 0, 0], [0, 1, 1, 0]]), 2
    rounds, n = buckets.shape
    order = np.argsort(buckets, axis=1, kind="stable")
    chunk = np.empty((rounds, n), int)
    np.put_along_axis(chunk, order, np.arange(rounds * n).reshape(rounds, n) // keys, axis=1)
    ahead = (chunk + 1) % (rounds * n // keys)
    counts = sum(
        (chunk[r][:, None] == c[r][None]).astype(int) for r in range(rounds) for c in (chunk, ahead)
    )
    m = sr.multiplicity(ReformerAttention(keys).sets(buckets), n)
    seam = m > counts + np.eye(n)
    assert sorted(set(np.nonzero(seam)[0])) == [0, 1, 3]  # chunk 01 of round 0, 03 of round 1
    assert round(-np.log(0 + 1e-9), 1) == 20.7


def test_google_s_clusters_are_causal_by_rank():
    members = np.array([[[0, 4]]]), np.array([[[3, 9]]])
    google, code = (
        RoutingAttention(2, rule, causal=True).sets(members, 10)[0]
        for rule in ("google", "lucidrains")
    )
    assert google.row(0, 10).tolist() == [3]
    assert [code.row(i, 10).tolist() for i in (0, 4)] == [[], [3]]
    shared = members[0], members[0]
    alike = [
        RoutingAttention(2, rule, causal=True).sets(shared, 10)[0]
        for rule in ("google", "lucidrains")
    ]
    assert alike[0] == alike[1]


def test_a_token_of_one_cluster_is_scaled_by_the_codes_epsilon():
    x, members = normal(0, 1, 3, 4), np.array([[[0, 1, 2]]])
    ones = np.ones((1, 3, 2))
    google, code = (
        RoutingAttention(3, rule)(x, x, ones, (members, members))
        for rule in ("google", "lucidrains")
    )
    np.testing.assert_allclose(google, 1 / 1.01)
    np.testing.assert_allclose(code, 1 / 1.00001)


def test_google_s_layer_norm_takes_off_the_scale_of_its_queries():
    x, members = normal(1, 1, 5, 16), np.array([[np.arange(5)]])
    layer = RoutingAttention(5, "google")
    out = layer(x, x, x, (members, members))
    np.testing.assert_allclose(layer(x / 4, x, x, (members, members)), out, atol=1e-4)
    weights = layer(x, x, np.eye(5)[None], (members, members))
    assert (weights[0].argmax(axis=1) == np.arange(5)).all()
    assert np.diag(weights[0]).min() > 0.9  # a logit of 16 for itself, not of 4


def test_google_takes_a_value_of_zeros_for_padding():
    x, members = normal(2, 1, 3, 4), np.array([[[0, 1, 2]]])
    v = np.array([[[1.0], [0], [1]]])  # key 1 weighs something, or nothing
    google, code = (
        RoutingAttention(3, rule)(x, x, v, (members, members))[0]
        for rule in ("google", "lucidrains")
    )
    np.testing.assert_allclose(google, 1 / 1.01)
    assert (code < 0.99).all()


def test_a_shared_token_is_a_key_of_its_own_for_google_alone():
    members = np.array([[[0, 2, 5]]])
    google, code = (
        RoutingAttention(3, rule, causal=True, shared=True).sets((members, members), 6)[0]
        for rule in ("google", "lucidrains")
    )
    assert [google.row(i, 6).tolist() for i in (0, 2, 5)] == [[0], [0, 2], [0, 2, 5]]
    assert [code.row(i, 6).tolist() for i in (0, 2, 5)] == [[0], [0], [0, 2]]


def test_a_token_that_no_cluster_takes_is_0():
    """Members are the best of each cluster in both codes; the paper's sets are all of a cluster."""
    x = np.array([[[1.0, 0], [2, 0], [3, 0.1], [0, 1]]])
    layer = RoutingAttention(2)
    members = layer.members(x, x, np.array([[[1.0, 0], [0, 1]]]))
    assert members[0].tolist() == [[[0, 1], [2, 3]]]
    assert layer.members(x, x, np.array([[[1.0, 0]]]))[0].tolist() == [[[0, 1]]]
    out = layer(x, x, x, (np.array([[[0, 1]]]), np.array([[[0, 1]]])))
    assert not out[0, 2:].any()


def test_sinkhorn_transformer_sorts_keys_for_values():
    x, r = normal(3, 6, 4), np.eye(3)[[1, 2, 0]]
    paper, code = (SinkhornAttention(2, rule) for rule in ("paper", "lucidrains"))
    assert not paper(x, x, 0 * x, r).any()
    assert np.abs(code(x, x, 0 * x, r)).max() > 0.1
    assert (code(x, x, x, r) == paper(x, x, x, r)).all()  # keys that are the values


def test_sinkhorn_transformer_keeps_the_own_block_with_sortcut():
    paper, code = (SinkhornAttention(2, rule, cut=1) for rule in ("paper", "lucidrains"))
    r = np.eye(3)[[1, 0, 2]]
    sets = [sr.dense(layer.sets(r), 6) for layer in (paper, code)]
    assert (sets[0] == (np.arange(6) // 2 == 1)).all()
    assert (sets[1] == (sets[0] | sr.dense(sr.Chunk(2), 6))).all()


def test_sinkhorn_transformer_chooses_instead_of_balancing():
    scores = normal(4, 4, 4)
    balanced, choices = sinkhorn(scores), top_shares(scores)
    assert (balanced > 0).all()
    assert sr.nnz(sinkhorn_sets(choices, 1), 4) == 4
    assert ((choices > 0) == one_hot(scores)).all()
    assert choices.sum(axis=1).max() < 1  # keys and values are scaled by less than 1


def test_sinkhorn_transformer_s_causal_layer_rotates_half_its_heads():
    """Block 2, zero logits, no sorting from the past: own keys, and nulls for half."""
    layer, x = SinkhornCausalAttention(2, 1), np.zeros((2, 6, 6))
    r = np.tile(np.eye(3, 4) * 0, (2, 1, 1))
    r[:, :, 0] = 1
    null = np.zeros((2, 6))
    out = layer(x, x, np.tile(np.eye(6), (2, 1, 1)), r, null, null)
    own = [[np.flatnonzero(row).tolist() for row in head] for head in out]
    assert own[0] == [[0], [0, 1], [2], [2, 3], [4], [4, 5]]
    assert own[1] == [[0], [1], [1, 2], [3], [3, 4], [5]]
    assert out[0, 1].sum() == 0.5  # two own keys, two null ones
    assert out[1, 0].sum() == 1  # position 0 follows the seam and sees no null block


def test_causal_balancing_by_masked_scores_leaks():
    past = np.tri(4, k=-1, dtype=bool)
    scores, moved = normal(5, 4, 4), normal(5, 4, 4)
    moved[3] += [3, 0, 0, 0]
    masked = [sinkhorn(np.where(past, x, -np.inf), 1) for x in (scores, moved)]
    causal = [sinkhorn(x, 1, causal=True) for x in (scores, moved)]
    assert (masked[0][:3] != masked[1][:3]).any()
    assert (causal[0][:3] == causal[1][:3]).all()
