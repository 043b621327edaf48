"""Longformer's layer against its definition in float64, by position and head; non-influence."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import LongformerAttention, Projections

E, HEADS = 8, 2


def projections(seed, dtype=np.float64):
    """Random ones, with biases that are not 0, so that each is seen."""
    rng = np.random.default_rng(seed)
    drawn = Projections.random(E, seed, dtype)
    return replace(
        drawn, **{name: rng.standard_normal(E).astype(dtype) for name in ("b_q", "b_k", "b_v")}
    )


def layer(radius=2, dilation=1, dtype=np.float64):
    return LongformerAttention(
        projections(0, dtype), projections(1, dtype), HEADS, radius, dilation
    )


def sequences(B, n, dtype=np.float64, seed=5):
    return np.random.default_rng(seed).standard_normal((B, n, E)).astype(dtype)


def at(n, *positions):
    return np.isin(np.arange(n), positions)


def stated(X, model, G, P, dilations):
    """Outside G: softmax over window and global keys by s; in G: over all by g; padding is 0."""
    out, d = np.zeros_like(X), E // HEADS
    for i in range(len(X)):
        for head, dilation in enumerate(dilations):
            part, w = slice(head * d, (head + 1) * d), model.g if G[i] else model.s
            window = {i + dilation * m for m in range(-model.radius, model.radius + 1)}
            keys = [j for j in range(len(X)) if not P[j] and (G[i] or G[j] or j in window)]
            if not P[i]:
                q = (X[i] @ w.W_q + w.b_q)[part]
                K, V = (X[keys] @ w.W_k + w.b_k)[:, part], (X[keys] @ w.W_v + w.b_v)[:, part]
                p = np.exp(K @ q / np.sqrt(d))
                out[i, part] = p / p.sum() @ V
    return out


@given(st.integers(0, 12), st.integers(0, 4), st.sampled_from([1, 3, (1, 2)]), st.data())
def test_the_layer_is_its_sentences(n, radius, dilation, data):
    kinds = data.draw(st.lists(st.sampled_from("...gp"), min_size=n, max_size=n))
    G, P = (np.array([kind == mark for kind in kinds], bool) for mark in "gp")
    X, model = sequences(1, n)[0], layer(radius, dilation)
    each = dilation if isinstance(dilation, tuple) else (dilation,) * HEADS
    np.testing.assert_allclose(model(X, G, P), stated(X, model, G, P, each), atol=1e-12)


def test_a_batch_is_its_sequences_each_with_its_own_globals_and_padding():
    X, model = sequences(3, 9), layer()
    G = np.stack([at(9, 0), at(9, 2, 7), at(9)])
    P = np.stack([at(9), at(9, 8), at(9, 0, 1)])
    assert all(
        (whole == model(x, g, p)).all()
        for whole, x, g, p in zip(model(X, G, P), X, G, P, strict=True)
    )
    assert (model(X, at(9, 4)) == model(X, np.stack([at(9, 4)] * 3))).all()
    assert model(X[:0]).shape == (0, 9, E)
    assert model(sequences(2, 0)).shape == (2, 0, E)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30])
def test_padding_moves_nothing_bit_for_bit(poison):
    X, model, P = sequences(1, 10, np.float32)[0], layer(dtype=np.float32), at(10, 3, 9)
    Y = np.where(P[:, None], np.float32(poison), X)
    with np.errstate(invalid="ignore"):  # inf - inf in the projections of the padding
        moved = model(Y, at(10, 0, 6), P)
    assert moved.tobytes() == model(X, at(10, 0, 6), P).tobytes()
    assert not moved[P].any()


def test_a_row_has_the_one_kind_of_projection_or_the_other():
    """Symmetric sets, but the edge onto a global position is K_s, V_s, the edge back K_g, V_g."""
    X, model, G = sequences(1, 10)[0], layer(), at(10, 0, 6)
    out = model(X, G)
    for other in (
        replace(model, g=projections(2)),
        replace(model, g=replace(model.g, W_v=2 * model.g.W_v)),
    ):
        assert (other(X, G) != out).any(axis=1).tolist() == G.tolist()
    assert (replace(model, s=projections(2))(X, G) != out).any(axis=1).tolist() == (~G).tolist()


def test_with_one_projection_for_both_the_layer_is_attention_over_the_set():
    X, one = sequences(1, 12)[0], projections(0)
    out = LongformerAttention(one, one, HEADS, 2)(X, at(12, 0, 7), at(12, 11))
    q, k, v = (x.reshape(12, HEADS, -1).swapaxes(0, 1) for x in (one.q(X), *one.kv(X)))
    expected = sr.attend(q, k, v, (sr.Window(2) | sr.GlobalAt((0, 7))) - sr.GlobalAt((11,)))
    np.testing.assert_allclose(out, expected.swapaxes(0, 1).reshape(12, E), atol=1e-14)


def test_random_projections_are_a_function_of_their_seed():
    one, again, other = (Projections.random(64, seed) for seed in (0, 0, 1))
    assert (one.W_k == again.W_k).all()
    assert (one.W_k != other.W_k).any()
    assert one.W_q.std() == pytest.approx(1 / 8, rel=0.05)
    assert one.W_q.dtype == one.b_v.dtype == np.float32
    assert not one.b_q.any()


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (lambda: layer(-1), ValueError, "longformer: radius must be at least 0, got -1"),
        (lambda: layer(2, 0), ValueError, "longformer: dilation must be at least 1, got 0"),
        (
            lambda: layer(2, (1, 2, 3))(sequences(1, 5)),
            ValueError,
            "pattern must be one for each of heads = 2, got 3",
        ),
        (
            lambda: replace(layer(), heads=3)(sequences(1, 5)),
            ValueError,
            "heads must be .* that divides E = 8, got 3",
        ),
        (
            lambda: layer()(np.zeros((5, 7))),
            ValueError,
            r"X must have shape \(B, n, 8\) or \(n, 8\), got \(5, 7\)",
        ),
        (
            lambda: layer()(sequences(1, 5), [0, 1, 0, 0, 0]),
            TypeError,
            "globals must be bool, .*, got int64",
        ),
        (
            lambda: layer()(sequences(2, 5), at(4)),
            ValueError,
            r"globals must have shape \(2, 5\) or \(5,\), got \(4,\)",
        ),
        (
            lambda: layer()(sequences(2, 5), None, [[True] * 5]),
            ValueError,
            r"padding must have shape \(2, 5\) or \(5,\), got \(1, 5\)",
        ),
        (
            lambda: layer()(sequences(2, 5), at(5, 3), at(5, 3)),
            ValueError,
            r"globals must not be padding, got both at \(0, 3\)",
        ),
    ],
)
def test_refusals(refused, error, said):
    with pytest.raises(error, match=said):
        refused()
