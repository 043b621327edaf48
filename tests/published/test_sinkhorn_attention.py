"""Kernels and published sets: Sinkhorn layers against one softmax over keys written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import SinkhornAttention, SinkhornCausalAttention
from sparse_ref.selection import sinkhorn, top_shares


def drawn(seed, blocks=4, block=3, heads=2, d=5, e=5):
    rng = np.random.default_rng(seed)
    q, k, v = (rng.standard_normal((heads, blocks * block, width)) for width in (d, d, e))
    return q, k, v, rng.standard_normal((heads, blocks, blocks))


def softmax(logits, values):
    weights = np.exp(logits - logits.max())
    return weights @ values / weights.sum()


def stated(q, k, v, r, layer):
    """One head, query by query: the keys and values of its block, sorted and own, in one list."""
    b, B = layer.block, len(k) // layer.block
    out = np.zeros_like(v)
    for i in range(len(q)):
        u, count = i // b, len(r) // B
        rows = r[: layer.cut] if layer.cut else r[u * count : (u + 1) * count]
        keys, values = [], []
        for row in rows:
            for t in range(b):
                if row.any():
                    keys.append(sum(row[c] * k[c * b + t] for c in range(B)))
                    value = k if layer.rule == "lucidrains" and not layer.cut else v
                    values.append(sum(row[c] * value[c * b + t] for c in range(B)))
        for j in range(u * b, (u + 1) * b):
            if not (layer.cut and layer.rule == "paper") and (j <= i or not layer.causal):
                keys.append(k[j])
                values.append(v[j])
        if keys:
            out[i] = softmax(np.array(keys) @ q[i] / np.sqrt(q.shape[1]), np.array(values))
    return out


@pytest.mark.parametrize("rule", ["paper", "lucidrains"])
def test_an_empty_sequence_has_an_empty_output(rule):
    x, r = np.zeros((2, 0, 4)), np.zeros((2, 0, 0))
    layer = SinkhornAttention(3, rule=rule)
    assert layer(x, x, x, r).shape == x.shape
    assert [grad.shape for grad in layer.backward(x, x, x, x, r)] == [x.shape] * 3 + [r.shape]
    assert sr.dense(layer.sets(r[0]), 0).shape == (0, 0)


def test_an_empty_sequence_is_causal():
    layer, x, null = SinkhornCausalAttention(3, 1), np.zeros((2, 0, 4)), np.ones((2, 4))
    r = layer.sort(x, x)
    assert layer(x, x, x, r, null, null).shape == x.shape
    assert layer.backward(x, x, x, x, r, null, null)[0].shape == x.shape


@given(
    st.integers(0, 99),
    st.sampled_from([(1, 3), (4, 1), (3, 2), (4, 3)]),
    st.sampled_from(["paper", "lucidrains"]),
    st.sampled_from(["soft", "top", "hard", "causal"]),
    st.integers(0, 2),
)
def test_the_layer_is_one_softmax_over_sorted_and_own_blocks(seed, shape, rule, kind, cut):
    blocks, block = shape
    q, k, v, scores = drawn(seed, blocks, block)
    causal = kind == "causal"
    r = {
        "soft": lambda: sinkhorn(scores),
        "hard": lambda: sr.selection.one_hot(scores).astype(float),
        "top": lambda: top_shares(scores, min(2, blocks)),
        "causal": lambda: sinkhorn(scores, causal=True),
    }[kind]()
    if causal:
        rule, cut = "paper", 0
    layer = SinkhornAttention(block, rule, cut=min(cut, blocks), causal=causal)
    out = layer(q, k, v, r)
    for head in range(2):
        parts = [x[head] for x in (q, k, v, r)]
        np.testing.assert_allclose(out[head], stated(*parts, layer), atol=1e-11)


def loss_gradients(layer, grad, arrays, more=()):
    """Each array's change along a random step, by differences and by the layer's gradient."""
    rng = np.random.default_rng(7)
    for t, gradient in enumerate(layer.backward(grad, *arrays, *more)):
        step = 1e-5 * rng.standard_normal(arrays[t].shape) * (arrays[t] != 0)
        up, down = ([*arrays[:t], arrays[t] + s, *arrays[t + 1 :]] for s in (step, -step))
        change = (grad * (layer(*up) - layer(*down))).sum() / 2
        yield change, (gradient * step).sum()


@pytest.mark.parametrize(
    "layer",
    [
        SinkhornAttention(3),
        SinkhornAttention(3, cut=2),
        SinkhornAttention(3, causal=True),
        SinkhornAttention(3, "lucidrains"),
        SinkhornAttention(3, "lucidrains", cut=1),
    ],
    ids=repr,
)
def test_gradients_are_the_differences(layer):
    q, k, v, scores = drawn(1)
    r = sinkhorn(scores, causal=layer.causal)
    for change, expected in loss_gradients(layer, drawn(2)[2], [q, k, v, r]):
        assert change == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_gradients_of_the_causal_layer_are_the_differences():
    q, k, v, _ = drawn(3, heads=3)
    layer = SinkhornCausalAttention(3, 2)
    nulls = [x[:, 0] for x in drawn(4, heads=3)[:2]]
    arrays = [q, k, v, layer.sort(q, k), *nulls]
    for change, expected in loss_gradients(layer, drawn(5, heads=3)[2], arrays):
        assert change == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_the_paper_s_causal_layer_leaks_nothing_bit_for_bit_with_sums_up_to_each_block():
    """The sorting scores are of blocks before: block u scores by what comes before it."""

    def layer(q, k, v):
        starts = np.cumsum(k, axis=1)[:, ::3]
        before = np.concatenate([0 * starts[:, :1], np.cumsum(k, axis=1)[:, 2:-1:3]], axis=1)
        scores = before @ starts.swapaxes(1, 2)
        return SinkhornAttention(3, causal=True)(q, k, v, sinkhorn(scores, causal=True))

    q, k, v = (x.astype(np.float32) for x in drawn(6, blocks=6)[:3])
    out = layer(q, k, v)
    for start in (1, 7, 9, 17):
        moved = [x.copy() for x in (q, k, v)]
        for x in moved:
            x[:, start:] *= -2
        assert layer(*moved)[:, :start].tobytes() == out[:, :start].tobytes()


@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2])
def test_the_rotated_causal_layer_leaks_nothing_bit_for_bit(heads, count):
    """Sorting included. Rotated heads join blocks at b - 1, and the last one ends at b - 2."""
    q, k, v = (x.astype(np.float32) for x in drawn(7, blocks=5, heads=heads)[:3])
    layer = SinkhornCausalAttention(3, count)
    nulls = q[:, 0], v[:, 0]
    out = layer(q, k, v, layer.sort(q, k), *nulls)
    for start in (1, 2, 3, 5, 11, 14):
        moved = [x.copy() for x in (q, k, v)]
        for x in moved:
            x[:, start:] *= -2
        again = layer(*moved, layer.sort(*moved[:2]), *nulls)
        assert again[:, :start].tobytes() == out[:, :start].tobytes()


def test_the_sets_are_what_weights_are_above_zero():
    q, k, _, scores = drawn(8)
    eye = np.tile(np.eye(12), (2, 1, 1))
    for layer in (SinkhornAttention(3), SinkhornAttention(3, cut=1)):
        r = top_shares(scores)
        weights = layer(q, k, eye, r)
        for head in range(2):
            assert ((weights[head] > 0) == sr.dense(layer.sets(r[head]), 12)).all()
    causal = SinkhornAttention(3, causal=True)
    r = sinkhorn(scores, causal=True)
    weights = causal(q, k, eye, r)
    assert ((weights[0] > 0) == sr.dense(causal.sets(r[0]), 12)).all()
    assert not sr.nnz(causal.sets(r[0]) - sr.Causal(), 12)


def test_equal_choices_are_full_attention_of_two_blocks():
    """R the identity: the own block twice, which weighs as once."""
    q, k, v, _ = drawn(9)
    twice = SinkhornAttention(3)(q, k, v, np.tile(np.eye(4), (2, 1, 1)))
    np.testing.assert_allclose(twice, sr.attend(q, k, v, sr.Chunk(3)), atol=1e-12)
    one = SinkhornAttention(12)(q, k, v, np.zeros((2, 1, 1)))
    np.testing.assert_allclose(one, sr.attend(q, k, v, sr.Full()), atol=1e-12)


def test_no_positions_are_no_rows():
    x, none = np.zeros((2, 0, 4)), np.zeros((2, 0, 0))
    for layer in (SinkhornAttention(3), SinkhornAttention(3, causal=True)):
        assert layer(x, x, x, sinkhorn(none)).shape == (2, 0, 4)
        assert [part.shape for part in layer.backward(x, x, x, x, none)][3] == (2, 0, 0)
    causal = SinkhornCausalAttention(3, 1)
    assert causal(x, x, x, causal.sort(x, x), np.ones((2, 4)), np.ones((2, 4))).shape == (2, 0, 4)
    assert sr.nnz(SinkhornAttention(3).sets(none[0]), 0) == 0


def test_batches_are_their_heads():
    q, k, v, scores = (x.reshape(2, 3, *x.shape[1:]) for x in drawn(10, heads=6))
    r, layer = sinkhorn(scores), SinkhornAttention(3)
    out = layer(q, k, v, r)
    dr = layer.backward(out, q, k, v, r)[3]
    for place in np.ndindex(2, 3):
        parts = [x[place] for x in (q, k, v, r)]
        assert out[place].tobytes() == layer(*parts).tobytes()
        np.testing.assert_allclose(dr[place], layer.backward(out[place], *parts)[3], atol=1e-12)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda q, k, v, r: SinkhornAttention(3, "code"), "rule must be 'paper' or 'lucidrains'"),
        (lambda q, k, v, r: SinkhornAttention(3, cut=1, causal=True), "causal must be False with"),
        (
            lambda q, k, v, r: SinkhornAttention(5)(q, k, v, r),
            r"n must be a multiple of block = 5 \(Sinkhorn, whole blocks\), got 12",
        ),
        (
            lambda q, k, v, r: SinkhornAttention(3, causal=True)(q, k, v, r),
            "matrix must be 0 on and above the diagonal",
        ),
        (
            lambda q, k, v, r: SinkhornAttention(3)(q[:, :6], k, v, r),
            r"q must have 4 blocks of 3, as k has \(Sinkhorn, whole blocks\), got 6 queries",
        ),
        (
            lambda q, k, v, r: SinkhornAttention(3)(q, k, v, r[:, :3]),
            "matrix must have a multiple of 4 rows, got 3",
        ),
        (
            lambda q, k, v, r: SinkhornAttention(3, cut=5)(q, k, v, r),
            "matrix must have at least cut = 5 rows, got 4",
        ),
        (
            lambda q, k, v, r: SinkhornAttention(3)(q, k, v, r[:1]),
            "must agree in their leading axes",
        ),
        (
            lambda q, k, v, r: SinkhornCausalAttention(5).sort(q, k),
            r"n must be a multiple of block = 5 \(Sinkhorn, whole blocks\), got 12",
        ),
        (
            lambda q, k, v, r: SinkhornCausalAttention(3)(q, k, v, r[:, :, :1], q[:, 0], v[:, 0]),
            "a column for each of the n / block = 6 blocks",
        ),
    ],
)
def test_refusals(refused, message):
    q, k, v, scores = drawn(0)
    with pytest.raises(ValueError, match=message):
        refused(q, k, v, sinkhorn(scores))
