"""Ties and algebra: balancing, choices and sorted blocks against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import (
    one_hot,
    sinkhorn,
    sinkhorn_backward,
    sinkhorn_sets,
    sort_blocks,
    top_shares,
)


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


@given(st.integers(0, 99), st.integers(1, 6), st.integers(0, 9))
def test_balancing_divides_rows_then_columns_by_their_sums(seed, blocks, turns):
    scores = drawn(seed, 2, blocks, blocks)
    expected = np.exp(scores)
    for _ in range(turns):
        expected /= expected.sum(axis=-1, keepdims=True)
        expected /= expected.sum(axis=-2, keepdims=True)
    np.testing.assert_allclose(sinkhorn(scores, turns), expected, atol=1e-12)


def test_balancing_ends_doubly_stochastic_and_takes_large_scores():
    matrix = sinkhorn(1e4 * drawn(0, 5, 5), 8)
    assert np.isfinite(matrix).all()
    matrix = sinkhorn(drawn(0, 5, 5), 200)
    np.testing.assert_allclose(matrix.sum(axis=0), 1)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert sinkhorn(np.full((2, 2), -np.inf)).tolist() == [[0, 0], [0, 0]]
    assert sinkhorn(np.zeros((1, 1))).tolist() == [[1]]
    assert sinkhorn(np.zeros((2, 2), np.float32)).dtype == np.float32


@given(st.integers(0, 99), st.integers(1, 6))
def test_causal_balancing_divides_by_the_sums_so_far(seed, blocks):
    scores = drawn(seed, blocks, blocks)
    expected = np.tril(np.exp(scores), -1)
    for _ in range(3):
        expected /= np.maximum(expected.sum(axis=1, keepdims=True), 1e-300)
        expected /= np.maximum(expected.cumsum(axis=0), 1e-300)
    np.testing.assert_allclose(sinkhorn(scores, 3, causal=True), expected, atol=1e-12)


@given(st.integers(0, 99), st.integers(1, 5), st.integers(0, 4), st.booleans(), st.booleans())
def test_gradients_of_balancing_are_the_differences(seed, blocks, turns, causal, masked):
    scores, grad, step = drawn(seed, 3, 2, blocks, blocks)
    if masked:
        scores = np.where(np.tri(blocks, dtype=bool), scores, -np.inf)
    gradient = sinkhorn_backward(grad, scores, turns, causal=causal)
    up, down = (sinkhorn(scores + s * 1e-5 * step, turns, causal=causal) for s in (1, -1))
    np.testing.assert_allclose(
        (grad * (up - down)).sum() / 2e-5, (gradient * step).sum(), rtol=1e-6, atol=1e-9
    )


def test_causal_balancing_leaks_nothing_and_scores_masked_by_hand_do():
    scores, later = drawn(1, 6, 6), drawn(2, 6, 6)
    moved = np.where(np.arange(6)[:, None] < 4, scores, later)
    past = np.tri(6, k=-1, dtype=bool)
    causal, masked = (
        [balance(x)[:4] for x in (scores, moved)]
        for balance in (
            lambda x: sinkhorn(x, 4, causal=True),
            lambda x: sinkhorn(np.where(past, x, -np.inf), 1),
        )
    )
    assert causal[0].tobytes() == causal[1].tobytes()
    assert np.abs(masked[0] - masked[1]).max() > 0.01


@given(st.integers(0, 99), st.integers(1, 5), st.sampled_from([0.5, 1, 3]), st.data())
def test_shares_are_the_softmax_of_what_is_left_at_its_greatest(seed, blocks, temperature, data):
    scores = data.draw(st.sampled_from([drawn(seed, 3, blocks), np.zeros((3, blocks))]))
    count = data.draw(st.integers(1, blocks))
    rows = top_shares(scores, count, temperature).reshape(3, count, blocks)
    for row, choices in zip(scores, rows):
        left = list(range(blocks))
        for choice in choices:
            best = min(left, key=lambda c: (-row[c], c))
            weights = np.exp(row[left] / temperature)
            share = np.exp(row[best] / temperature) / weights.sum()
            np.testing.assert_allclose(choice, share * (np.arange(blocks) == best), atol=1e-12)
            left.remove(best)


def test_a_row_with_nothing_to_choose_is_zeros():
    shares = top_shares([[0, -np.inf, -np.inf], [-np.inf] * 3], count=2)
    assert shares.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert one_hot([[1, 2, 2], [0, 0, 0]]).tolist() == [[False, True, False], [True, False, False]]


def test_a_permutation_sorts_blocks_whole_and_a_soft_one_mixes_them():
    x = np.arange(12.0).reshape(6, 2)
    permutation = np.eye(3)[[2, 0, 1]]
    assert (sort_blocks(x, permutation, 2) == x.reshape(3, 2, 2)[[2, 0, 1]].reshape(6, 2)).all()
    soft = sinkhorn(drawn(0, 3, 3))
    mixed = sort_blocks(x, soft, 2)
    np.testing.assert_allclose(mixed[1], sum(soft[0, b] * x[2 * b + 1] for b in range(3)))
    assert (sort_blocks(x, one_hot(soft), 2).reshape(3, 4) == x.reshape(3, 4)[soft.argmax(1)]).all()
    assert (sort_blocks(x, np.eye(6), 1) == x).all()


def test_the_sets_are_whole_blocks_with_two_rows_of_choices_each():
    shares = top_shares([[0, 5, 3, 1], [9, 5, 3, 1], [0, 0, 1, 0], [0, 0, 0, 1]], count=2)
    assert str(sr.picture(sinkhorn_sets(shares, 1), 4)).split() == ["·██·", "██··", "█·█·", "█··█"]
    assert str(sr.picture(sinkhorn_sets(np.eye(2)[::-1], 2), 4)).split() == [
        "··██",
        "··██",
        "██··",
        "██··",
    ]


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: sinkhorn(np.ones((2, 3))), r"scores must have shape \(..., B, B\), got \(2, 3\)"),
        (lambda: sinkhorn(np.ones((2, 2)), -1), "iterations must be at least 0, got -1"),
        (lambda: sinkhorn([[0, np.nan], [0, 0]]), r"must be below inf, got nan at \(0, 1\)"),
        (lambda: sinkhorn([[0, np.inf], [0, 0]]), r"must be below inf, got inf at \(0, 1\)"),
        (lambda: top_shares(np.ones((2, 3)), 4), r"B at least count = 4, got \(2, 3\)"),
        (lambda: top_shares([[np.nan]]), "top_shares: scores must be below inf"),
        (
            lambda: sort_blocks(np.ones((5, 1)), np.ones((2, 2)), 2),
            r"n must be a multiple of block = 2 \(Sinkhorn, whole blocks\), got 5",
        ),
        (
            lambda: sort_blocks(np.ones((6, 1)), np.ones((2, 2)), 2),
            r"a column for each of the n / block = 3 blocks, got \(2, 2\)",
        ),
        (lambda: sinkhorn_sets(np.ones((3, 2)), 2), r"shape \(B count, B\), B = 2, got \(3, 2\)"),
    ],
)
def test_refusals(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()
