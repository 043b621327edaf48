"""Paths, walked by a model: x_j influences the rows that the layers' sets let j reach.

The expected sets are Boolean products of masks written out here; the equations are stated again in
float64.
"""

from dataclasses import dataclass

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import Transformer, Weights, attention, norm, resblock

N, WIDTH, HEADS = 18, 8, 2
I, J = np.arange(N)[:, None], np.arange(N)[None, :]
STRIDED = [(J <= I) & (I - J <= 4), (J <= I) & ((I - J) % 4 == 0)]
FIXED = [(J <= I) & (I // 4 == J // 4), (J <= I) & (J % 4 == 3)]


@dataclass(frozen=True)
class PerHead:
    """The same patterns, one for each head, in every layer."""

    patterns: tuple

    def at(self, layer, head):
        return self.patterns[head]


def rows(n=N, width=WIDTH, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((n, width)).astype(dtype)


def moved(model, X, seed=1):
    """[i, j] = row i of the model's output is not the same bits when x_j is another."""
    n = len(X)
    others = np.repeat(X[None], n + 1, axis=0)  # in the last, nothing is another
    others[np.arange(n), np.arange(n)] = rows(*X.shape, dtype=X.dtype, seed=seed)
    out = model(others)
    return (out[:n] != out[n]).any(axis=-1).T


def through(masks):
    """The Boolean product of layers from below, each with its residual edge."""
    found = np.eye(N, dtype=int)
    for mask in masks:
        found = ((mask | np.eye(N, dtype=bool)).astype(int) @ found > 0).astype(int)
    return found > 0


MODELS = {
    "strided, interleaved": (sr.Interleaved(sr.strided(4)), lambda layer: STRIDED[layer % 2]),
    "fixed, interleaved": (sr.Interleaved(sr.fixed(4)), lambda layer: FIXED[layer % 2]),
    "fixed, the other way round": (
        sr.Interleaved(sr.Factorized(sr.fixed(4).steps[::-1])),
        lambda layer: FIXED[1 - layer % 2],
    ),
    "strided, merged": (sr.Merged(sr.strided(4)), lambda layer: STRIDED[0] | STRIDED[1]),
    "strided, a head for each step": (
        sr.MultiHead(sr.strided(4)),
        lambda layer: STRIDED[0] | STRIDED[1],
    ),
    "the published fixed, heads 2 and 3": (
        PerHead(sr.openai_fixed(4, 1, num_verts=4)[2:]),
        lambda layer: FIXED[0] | ((J <= I) & ((J % 4 == 0) | (J % 4 == 1))),
    ),
}


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_what_moves_is_what_the_sets_let_through(name, layers):
    scheme, mask = MODELS[name]
    model = Transformer.random(width=WIDTH, layers=layers, heads=HEADS, scheme=scheme)
    assert (moved(model, rows()) == through([mask(layer) for layer in range(layers)])).all()


def test_the_models_tell_the_theorems_apart():
    """The test above can fail: strided and fixed reach all after j, fixed reversed does not."""
    causal = J <= I
    assert (through(STRIDED) == causal).all()
    assert (through(FIXED) == causal).all()
    assert not (through(FIXED[::-1]) == causal).all()


@pytest.mark.parametrize("name", MODELS)
def test_nothing_before_a_position_moves_bit_for_bit(name):
    model = Transformer.random(
        width=WIDTH, layers=3, heads=HEADS, scheme=MODELS[name][0], dtype=np.float32
    )
    assert not (moved(model, rows(dtype=np.float32)) & (J > I)).any()


def stated_block(H, weights, masks):
    """H + a(H) + b(H) as eq. 2-5, 10, 12-14 have it, one position and head at a time."""

    def normed(x):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)

    X, d = normed(H), H.shape[1] // len(masks)
    attended = np.zeros_like(H)
    for i in range(len(H)):
        for head, mask in enumerate(masks):
            part, S = slice(head * d, (head + 1) * d), np.flatnonzero(mask[i])
            if len(S):
                K, V = X[S] @ weights.W_k[:, part], X[S] @ weights.W_v[:, part]
                x = K @ (X[i] @ weights.W_q[:, part]) / np.sqrt(d)
                attended[i, part] = np.exp(x) / np.exp(x).sum() @ V
    a = attended @ weights.W_p
    inner = normed(H + a) @ weights.W_1 + weights.b_1
    return H + a + inner / (1 + np.exp(-1.702 * inner)) @ weights.W_2 + weights.b_2


@pytest.mark.parametrize(
    ("name", "masks"),
    [("fixed, interleaved", [FIXED[1]] * 2), ("strided, a head for each step", STRIDED)],
)
def test_a_block_is_its_equations(name, masks):
    """Layer 1, where fixed has rows without keys; biases that are not 0, so that each is seen."""
    drawn = Weights.random(WIDTH, 2, 3, np.float64)
    rng = np.random.default_rng(4)
    weights = Weights(
        **{**vars(drawn), "b_1": rng.standard_normal(4 * WIDTH), "b_2": rng.standard_normal(WIDTH)}
    )
    H, scheme = rows(seed=5), MODELS[name][0]
    S = [scheme.at(1, head) for head in range(HEADS)]
    np.testing.assert_allclose(
        H + resblock(H, S, weights, HEADS), stated_block(H, weights, masks), atol=1e-13
    )


def test_a_model_is_its_blocks_one_after_another():
    model = Transformer.random(
        width=WIDTH, layers=2, heads=HEADS, scheme=sr.Interleaved(sr.fixed(4)), dtype=np.float64
    )
    expected = stated_block(
        stated_block(rows(), model.blocks[0], [FIXED[0]] * 2), model.blocks[1], [FIXED[1]] * 2
    )
    np.testing.assert_allclose(model(rows()), expected, atol=1e-13)


def test_a_batch_is_its_parts_and_a_seed_is_a_model():
    def model(seed):
        return Transformer.random(
            width=WIDTH,
            layers=2,
            heads=HEADS,
            scheme=sr.Merged(sr.strided(4)),
            seed=seed,
            dtype=np.float64,
        )

    batch = np.stack([rows(seed=s) for s in range(3)])
    out = model(0)(batch)
    assert out.shape == batch.shape
    for part, alone in zip(out, batch, strict=True):
        np.testing.assert_allclose(part, model(0)(alone), rtol=1e-12)
    assert np.abs(model(1)(batch) - out).max() > 0.1
    assert (
        Transformer.random(width=8, layers=1, heads=2, scheme=sr.Merged(sr.fixed(4)))(
            rows(dtype=np.float32)
        ).dtype
        == np.float32
    )


def test_no_positions_and_one():
    model = Transformer.random(
        width=WIDTH, layers=2, heads=HEADS, scheme=sr.Interleaved(sr.fixed(4))
    )
    for n in (0, 1):
        assert model(rows(n, dtype=np.float32)).shape == (n, WIDTH)


def test_initial_scales():
    """W_p and W_2 are smaller by sqrt(2 N), so that the sum of N blocks keeps its scale."""
    w = Weights.random(128, 8, 0)
    for name, fan_in, deep in (
        ("W_q", 128, 1),
        ("W_v", 128, 1),
        ("W_1", 128, 1),
        ("W_p", 128, 4),
        ("W_2", 512, 4),
    ):
        assert getattr(w, name).std() == pytest.approx(1 / np.sqrt(fan_in) / deep, rel=0.05), name
    assert norm(rows()).std() == pytest.approx(1, abs=1e-3)


def test_refusals():
    scheme, w = sr.Interleaved(sr.strided(4)), Weights.random(WIDTH, 1, 0)
    with pytest.raises(ValueError, match=r"X must have shape \(\.\.\., n, 8\), got \(18, 6\)"):
        attention(rows(width=6), sr.Causal(), w, 2)
    with pytest.raises(
        ValueError, match="heads must be an integer of at least 1 that divides E = 8, got 3"
    ):
        attention(rows(), sr.Causal(), w, 3)
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        Transformer.random(width=8, layers=0, heads=2, scheme=scheme)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        Transformer.random(width=0, layers=1, heads=2, scheme=scheme)
    with pytest.raises(
        TypeError,
        match=r"scheme must have at\(layer, head\), as sr\.Interleaved has, got Causal\(\)",
    ):
        Transformer((w,), 2, sr.Causal())
    with pytest.raises(ValueError, match="pattern must be one for each of heads = 2, got 1"):
        attention(rows(), [sr.Causal()], w, 2)
