"""Golden pictures and ties: members of clusters and their sets, against sorting and comparison."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import (
    average_centroids,
    cluster_members,
    cluster_rows,
    cluster_sets,
    cosine_scores,
    move_centroids,
    nearest_cluster,
)


@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 12), st.booleans(), st.data())
def test_members_are_the_greatest_scores_and_of_ties_the_first(seed, clusters, n, tied, data):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, (clusters, n)) if tied else rng.standard_normal((clusters, n))
    size = data.draw(st.integers(1, n))
    expected = [sorted(sorted(range(n), key=lambda j: (-row[j], j))[:size]) for row in scores]
    assert cluster_members(scores, size).tolist() == expected
    assert (cluster_members(np.stack([scores, scores]), size)[1] == expected).all()


@given(
    st.integers(0, 99),
    st.sampled_from([None, "position", "rank"]),
    st.sampled_from(["member", "last", "never"]),
    st.booleans(),
)
def test_rows_are_their_comparisons(seed, causal, own, has_absent):
    rng = np.random.default_rng(seed)
    clusters, w, u, n = rng.integers(1, 5, 4)
    n += 5
    queries, keys = (
        np.sort([rng.permutation(n)[:size] for _ in range(clusters)], axis=1) for size in (w, u)
    )
    absent = rng.random(n) < 0.3 if has_absent else None
    rows = cluster_rows(queries, keys, causal, own=own, absent=absent)
    for c in range(clusters):
        for t, i in enumerate(queries[c]):
            found = [
                j
                for place, j in enumerate(keys[c])
                if (causal != "position" or j <= i)
                and (causal != "rank" or place <= t)
                and not (has_absent and absent[j])
            ]
            others = [j for j in found if j != i]
            expected = {"member": found, "last": others or found, "never": others}[own]
            columns = rows.row(c * w + t, clusters * u)
            assert (columns // u == c).all()
            assert keys.ravel()[columns].tolist() == expected


def test_the_sets_of_tokens_are_the_union_over_their_clusters():
    """Token 3 is in both clusters, 0 and 6 in none."""
    members = [[1, 3, 5], [2, 3, 4]]
    rows = cluster_rows(members, members, "position", own="last")
    assert str(sr.picture(cluster_sets(rows, members, members, 7), 7)).split() == [
        "·······",
        "·█·····",
        "··█····",
        "·██····",
        "··██···",
        "·█·█···",
        "·······",
    ]


def test_ranks_are_positions_only_if_queries_and_keys_are_the_same_members():
    """The original code's lower triangle by rank: query 0 has rank 0 and sees key 9 of rank 0."""
    members = np.array([[0, 4, 9]])
    by_rank, by_position = (cluster_rows(members, members, rule) for rule in ("rank", "position"))
    assert by_rank == by_position
    later = [[9, 10, 11]]
    assert str(sr.picture(cluster_rows(members, later, "rank"), 3)).split() == ["█··", "██·", "███"]
    assert str(sr.picture(cluster_rows(members, later, "position"), 3)).split() == [
        "···",
        "···",
        "█··",
    ]


def test_an_empty_cluster_has_members_and_a_centroid_that_stays():
    """Nothing is nearest to centroid 1: it takes w members all the same."""
    x = np.array([[1.0, 0], [2, 0], [1, 0.1]])
    mu = np.array([[1.0, 0], [0, -1]])
    scores = cosine_scores(x, mu)
    assert nearest_cluster(scores).tolist() == [0, 0, 0]
    assert cluster_members(scores, 2).tolist() == [[0, 1], [0, 1]]
    moved = move_centroids(mu, x, decay=0.75)
    assert moved[1].tolist() == [0, -1]
    total = (x / np.linalg.norm(x, axis=1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(moved[0], 0.75 * mu[0] + 0.25 * total / np.linalg.norm(total))
    assert (move_centroids(mu, np.stack([x, x]), 0.75) == moved).all()


def test_zeros_and_duplicates_score_alike():
    x = np.array([[0.0, 0], [3, 4], [0, 0], [3, 4]])
    scores = cosine_scores(x, [[1.0, 0]])
    assert scores.tolist() == [[0, 0.6, 0, 0.6]]
    assert cluster_members(scores, 3).tolist() == [[0, 1, 3]]


def test_averages_of_counts_and_sums_are_means_when_they_have_settled():
    """With decay 0 the centroid is the mean of its vectors, but for e; zeros count nowhere."""
    x = np.array([[1.0, 1], [3, 1], [0, 0], [-2, 0]])
    mu = np.array([[1.0, 0], [-1, 0], [0, -9]])
    counts, sums, centroids = average_centroids([5, 5, 5], np.ones((3, 2)), x, mu, decay=0)
    assert counts.tolist() == [2, 1, 0]
    assert sums.tolist() == [[4, 2], [-2, 0], [0, 0]]
    np.testing.assert_allclose(centroids, [[2, 1], [-2, 0], [0, 0]], atol=1e-4)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (
            lambda: cluster_members(np.ones((2, 3)), 4),
            r"n of at least size = 4 \(Routing Transformer, top-w members\), got \(2, 3\)",
        ),
        (lambda: cluster_members(np.ones((2, 3)), 0), "size must be at least 1, got 0"),
        (lambda: cluster_members([[0, np.nan]], 1), r"above -inf, got nan at \(0, 1\)"),
        (lambda: cluster_members([[0, -np.inf]], 1), r"above -inf, got -inf at \(0, 1\)"),
        (
            lambda: cluster_rows([[0]], [[0], [1]]),
            r"shape \(clusters, members\), got \(1, 1\) and \(2, 1\)",
        ),
        (
            lambda: cluster_rows([[0]], [[0]], "past"),
            "causal must be None, 'position' or 'rank', got 'past'",
        ),
    ],
)
def test_refusals(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()
