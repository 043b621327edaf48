"""The small local layer against its definition in float64, position by position; its gradients
against differences; non-influence.
"""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import LocalAttention, LocalWeights

E = 5


def layer(window_size, seed=0, dtype=np.float64):
    """A layer whose biases are not 0."""
    rng = np.random.default_rng(seed)
    matrices, biases = rng.standard_normal((4, E, E)), rng.standard_normal((4, E))
    weights = LocalWeights(*matrices.astype(dtype), *biases.astype(dtype))
    return LocalAttention(E, window_size, weights)


def stated(X, model):
    """Row after row: softmax over the positions at most (window_size - 1) // 2 away."""
    w, reach = model.weights, (model.window_size - 1) // 2
    out = np.zeros_like(X)
    for i, x in enumerate(X):
        near = X[max(i - reach, 0) : i + reach + 1]
        logits = (near @ w.W_k + w.b_k) @ (x @ w.W_q + w.b_q) / np.sqrt(E)
        weights = np.exp(logits - logits.max())
        y = weights / weights.sum() @ (near @ w.W_v + w.b_v)
        out[i] = y @ w.W_o + w.b_o
    return out


def drawn(n, seed=1, batch=()):
    return np.random.default_rng(seed).standard_normal((*batch, n, E))


@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 99))
def test_the_layer_is_its_definition(n, window_size, seed):
    X, model = drawn(n, seed), layer(window_size, seed)
    np.testing.assert_allclose(model(X), stated(X, model), atol=1e-12)


@pytest.mark.parametrize("half", range(1, 6))
def test_an_even_window_size_is_the_odd_one_below(half):
    X, even, odd = drawn(14), layer(2 * half), layer(2 * half - 1)
    assert even.pattern == odd.pattern == sr.Window(half - 1)
    assert even(X).tobytes() == odd(X).tobytes()
    assert even(X).tobytes() != layer(2 * half + 1)(X).tobytes()
    keys = [len(even.pattern.row(i, 14)) for i in range(14)]
    assert max(keys) == 2 * half - 1


def test_position_after_position_by_eye():
    assert sr.picture(LocalAttention(4, 5).pattern, 6).split() == [
        "███···",
        "████··",
        "█████·",
        "·█████",
        "··████",
        "···███",
    ]
    assert sr.picture(LocalAttention(4, 2).pattern, 3).split() == ["█··", "·█·", "··█"]


@given(st.integers(1, 9), st.integers(1, 6), st.sampled_from([(), (2,), (2, 3)]))
def test_gradients_agree_with_differences(n, window_size, batch):
    X, model, step = drawn(n, batch=batch), layer(window_size), 1e-6
    g = drawn(n, seed=2, batch=batch)
    dX, slopes = model.backward(g, X)
    assert dX.shape == X.shape
    at = tuple(size // 2 for size in X.shape)
    ends = []
    for sign in (1, -1):
        moved = X.copy()
        moved[at] += sign * step
        ends.append((g * model(moved)).sum())
    assert abs((ends[0] - ends[1]) / (2 * step) - dX[at]) < 1e-6 * (1 + abs(dX[at]))
    for field in fields(LocalWeights):
        slope = getattr(slopes, field.name)
        place = (1, 3)[: slope.ndim]
        ends = []
        for sign in (1, -1):
            arrays = {f.name: getattr(model.weights, f.name).copy() for f in fields(LocalWeights)}
            arrays[field.name][place] += sign * step
            moved = LocalAttention(E, window_size, LocalWeights(**arrays))
            ends.append((g * moved(X)).sum())
        difference = (ends[0] - ends[1]) / (2 * step)
        assert abs(difference - slope[place]) < 1e-6 * (1 + abs(difference)), field.name


def test_a_batch_is_its_sequences_forward_and_backward():
    X, g, model = drawn(9, batch=(3,)), drawn(9, seed=2, batch=(3,)), layer(4)
    out, (dX, slopes) = model(X), model.backward(g, X)
    own = [model.backward(*pair) for pair in zip(g, X)]
    for b in range(3):
        np.testing.assert_allclose(out[b], model(X[b]), atol=1e-13)
        np.testing.assert_allclose(dX[b], own[b][0], atol=1e-13)
    for field in fields(LocalWeights):
        total = sum(getattr(own_slopes, field.name) for _, own_slopes in own)
        np.testing.assert_allclose(getattr(slopes, field.name), total, atol=1e-12)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_out_of_reach_moves_nothing_bit_for_bit(poison):
    X, model = drawn(20).astype(np.float32), layer(5, dtype=np.float32)
    Y = X.copy()
    Y[7] = poison
    with np.errstate(invalid="ignore"):  # inf - inf in the projections of the row itself
        moved = model(Y)
    apart = np.abs(np.arange(20) - 7) > 2
    assert moved[apart].tobytes() == model(X)[apart].tobytes()
    assert not np.isfinite(moved[~apart]).all(axis=1).any()


def test_random_weights_are_those_of_the_seed():
    X = drawn(9).astype(np.float32)
    default = LocalAttention(E, 3)
    assert default(X).dtype == np.float32
    assert default(X).tobytes() == LocalAttention(E, 3, LocalWeights.random(E, seed=0))(X).tobytes()
    assert default(X).tobytes() != LocalAttention(E, 3, LocalWeights.random(E, seed=1))(X).tobytes()
    assert repr(default) == "LocalAttention(d_model=5, window_size=3)"


WEIGHTS = LocalWeights.random(4)


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (lambda: LocalAttention(0, 3), ValueError, "LocalAttention: d_model must be at least 1"),
        (lambda: LocalAttention(4, 0), ValueError, "LocalAttention: window_size must be at least"),
        (lambda: LocalAttention(4, 3.0), TypeError, "LocalAttention: window_size must be an int"),
        (lambda: LocalAttention(5, 3, WEIGHTS), ValueError, r"weights.W_q must be .5, 5., got"),
        (lambda: layer(3)(np.zeros((3, 4))), ValueError, r"X must have shape \(..., n, 5\), got"),
        (lambda: layer(3)(np.zeros(5)), ValueError, r"X must have shape .*, got \(5,\)"),
        (
            lambda: layer(3).backward(np.zeros((3, 5)), np.zeros((4, 5))),
            ValueError,
            r"grad_out must have the shape of X, \(4, 5\), got \(3, 5\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, problem):
    with pytest.raises(error, match=problem):
        call()
