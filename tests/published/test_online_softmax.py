"""Kernels, in their teaching form: the online softmax against the float64 statement, for any
pattern, by rows and by tiles.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns

import sparse_ref as sr
from sparse_ref.published import (
    absorb,
    empty_rows,
    online_softmax,
    online_softmax_backward,
    rows_output,
)


def drawn(n_q, n_k, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n_q, 4)),
        rng.standard_normal((n_k, 4)),
        rng.standard_normal((n_k, 3)),
    )


lengths = st.integers(0, 20)


@given(patterns(most=8), lengths, lengths, st.integers(1, 9), st.sampled_from([None, 3.0]))
def test_rows_in_blocks_are_the_statement(p, n_q, n_k, block, scale):
    q, k, v = drawn(n_q, n_k)
    out, lse = online_softmax(q, k, v, p, block=block, scale=scale)
    expected = sr.attend_with_lse(q, k, v, p, scale=scale, device="reference")
    np.testing.assert_allclose(out, expected[0], atol=1e-12)
    np.testing.assert_allclose(lse, expected[1], atol=1e-12)


@given(patterns(most=8), lengths, lengths, st.integers(1, 6), st.integers(1, 6))
def test_tiles_of_rows_and_keys_are_the_statement(p, n_q, n_k, rows, keys):
    q, k, v = drawn(n_q, n_k)
    logits = np.where(mask(p, (n_q, n_k)), q @ k.T / 2, -np.inf)
    expected = sr.attend_with_lse(q, k, v, p, device="reference")
    for i in range(0, n_q, rows):
        tile = slice(i, i + rows)
        state = empty_rows(len(q[tile]), 3)
        for j in range(0, n_k, keys):
            state = absorb(state, logits[tile, j : j + keys], v[j : j + keys])
        out, lse = rows_output(state)
        np.testing.assert_allclose(out, expected[0][tile], atol=1e-12)
        np.testing.assert_allclose(lse, expected[1][tile], atol=1e-12)


@given(patterns(most=8), lengths, lengths)
def test_gradients_are_those_of_attend(p, n_q, n_k):
    q, k, v = drawn(n_q, n_k)
    grad = np.random.default_rng(1).standard_normal((n_q, 3))
    result = online_softmax(q, k, v, p)
    mine = online_softmax_backward(grad, q, k, v, result, p)
    expected = sr.attend_backward(grad, q, k, v, *result, p, device="reference")
    for dx, expected_dx in zip(mine, expected, strict=True):
        np.testing.assert_allclose(dx, expected_dx, atol=1e-12)


@pytest.mark.parametrize("block", [1, 3, 64])
def test_only_members_matter_and_great_logits_stay_finite(block):
    q, k, v = drawn(9, 9)
    p = sr.Strided(3)
    out, lse = online_softmax(1e4 * q, k, v, p, block=block)
    assert np.isfinite(out).all()
    k[8], v[8] = np.nan, np.inf
    moved, moved_lse = online_softmax(1e4 * q, k, v, p, block=block)
    assert moved[:8].tobytes() == out[:8].tobytes()
    assert moved_lse[:8].tobytes() == lse[:8].tobytes()
    assert np.isnan(moved[8]).all()


def test_a_later_greater_logit_rescales_what_came_before():
    state = absorb(empty_rows(1, 1), np.array([[0.0, 0.0]]), np.array([[1.0], [3.0]]))
    assert (state.m[0], state.l[0], state.o[0, 0]) == (0, 2, 4)
    state = absorb(state, np.array([[np.log(2)]]), np.array([[5.0]]))
    np.testing.assert_allclose([state.l[0], state.o[0, 0]], [2, 7])
    assert absorb(state, np.array([[-np.inf]]), np.array([[9.0]])).o[0, 0] == state.o[0, 0]


@pytest.mark.parametrize(("refused", "said"), [
    (lambda: online_softmax(*np.ones((3, 2, 2)), sr.Full(), block=0), "block must be at least 1"),
    (lambda: online_softmax(*np.ones((3, 1, 2, 2)), sr.Full()), r"q, k, v must be \(n_q, d\)"),
    (lambda: online_softmax(np.ones((2, 2)), np.ones((3, 2)), np.ones((2, 2)), sr.Full()),
     "v must have one row for each key, 3, got 2"),
])  # fmt: skip
def test_refusals(refused, said):
    with pytest.raises(ValueError, match=said):
        refused()
