"""Kernels and published sets: Routing Transformer's layer against its codes' masks, in float64."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import RoutingAttention
from sparse_ref.selection import cosine_scores


def drawn(seed, n=11, clusters=3, heads=2, d=6, e=4):
    rng = np.random.default_rng(seed)
    shapes = (heads, n, d), (heads, n, d), (heads, n, e), (heads, clusters, d)
    return tuple(rng.standard_normal(shape) for shape in shapes)


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)


def stated(q, k, v, mu, layer, null=None):
    """One head, cluster by cluster and query by query; the codes' masks are finite penalties."""
    google = layer.rule == "google"
    if google:
        q, k = layer_norm(q), layer_norm(k)
        score_q, score_k = q @ mu.T, k @ mu.T
    else:
        score_q, score_k = (x / np.linalg.norm(x, axis=1, keepdims=True) @ mu.T for x in (q, k))
        if layer.shared:
            k = k / np.linalg.norm(k, axis=1, keepdims=True)
    total, count = np.zeros((len(q), v.shape[1])), np.zeros(len(q))
    for c in range(len(mu)):
        queries, keys = (
            np.sort(np.argsort(-score[:, c], kind="stable")[: layer.size])
            for score in (score_q, score_k)
        )
        for t, i in enumerate(queries):
            logits = k[keys] @ q[i] * (1 if google else q.shape[1] ** -0.5)
            later = np.arange(len(keys)) > t if google else keys > i
            logits = np.where(later & layer.causal, -1e9, logits)
            if google:
                logits = np.where(~v[keys].any(axis=1), -1e9, logits)
            elif layer.shared:
                logits = np.where(keys == i, -5e4, logits)
            values = v[keys]
            if null is not None:
                logits = np.concatenate([null[0][c] @ q[i] * q.shape[1] ** -0.5, logits])
                values = np.concatenate([null[1][c], values])
            weights = np.exp(logits - logits.max())
            total[i] += weights @ values / weights.sum()
            count[i] += 1
    return total / (count[:, None] + (1e-2 if google else 1e-5))


@given(
    st.integers(0, 99),
    st.sampled_from(["google", "lucidrains"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 11),
    st.integers(0, 2),
)
def test_the_layer_is_its_codes_masks(seed, rule, causal, shared, size, nulls):
    q, k, v, mu = drawn(seed)
    k = q if shared else k
    layer = RoutingAttention(size, rule, causal, shared)
    null = None
    if rule == "lucidrains" and (nulls or (causal and not shared)):
        rng = np.random.default_rng(seed)
        null = tuple(rng.standard_normal((2, 3, max(nulls, 1), width)) for width in (6, 4))
    out = layer(q, k, v, layer.members(q, k, mu), null)
    for head in range(2):
        parts = [x[head] for x in (q, k, v, mu)]
        head_null = null and [part[head] for part in null]
        np.testing.assert_allclose(out[head], stated(*parts, layer, head_null), atol=1e-9)


@pytest.mark.parametrize("rule", ["google", "lucidrains"])
@pytest.mark.parametrize("shared", [False, True])
def test_gradients_are_the_differences(rule, shared):
    q, k, v, mu = drawn(3)
    layer = RoutingAttention(5, rule, causal=True, shared=shared)
    members = layer.members(q, k, mu)
    rng = np.random.default_rng(0)
    null = (
        None
        if shared or rule == "google"
        else (rng.standard_normal((2, 3, 2, 6)), np.ones((2, 3, 2, 4)))
    )
    arrays = [q, k, v, *(null or ())]
    grad = rng.standard_normal((2, 11, 4))

    def loss(arrays):
        return (grad * layer(*arrays[:3], members, null and tuple(arrays[3:]))).sum()

    gradients = layer.backward(grad, q, k, v, members, null)
    assert len(gradients) == len(arrays)
    for t, gradient in enumerate(gradients):
        step = 1e-5 * rng.standard_normal(arrays[t].shape)
        up, down = ([*arrays[:t], arrays[t] + s, *arrays[t + 1 :]] for s in (step, -step))
        assert (loss(up) - loss(down)) / 2 == pytest.approx((gradient * step).sum(), rel=1e-5)


def test_a_token_of_several_clusters_is_their_mean_and_one_of_none_is_0():
    q, k, v, _ = drawn(0, heads=1)
    layer = RoutingAttention(4)
    members = np.array([[[0, 1, 2, 3], [2, 3, 4, 5], [2, 6, 7, 8]]])
    out = layer(q, k, v, (members, members))[0]
    parts = [sr.attend(q[0, part], k[0, part], v[0, part], sr.Full()) for part in members[0]]
    np.testing.assert_allclose(out[2], (parts[0][2] + parts[1][0] + parts[2][0]) / (3 + 1e-5))
    np.testing.assert_allclose(out[6], parts[2][1] / (1 + 1e-5))
    assert not out[9:].any()
    google = replace(layer, rule="google")(q, k, v, (members, members))[0]
    centred = [layer_norm(x[0, members[0, 2]]) for x in (q, k)]
    one = sr.attend(*centred, v[0, members[0, 2]], sr.Full(), scale=1)
    np.testing.assert_allclose(google[6], one[1] / 1.01)


@pytest.mark.parametrize("rule", ["google", "lucidrains"])
def test_a_suffix_moves_no_earlier_output_bit_for_bit_while_the_members_stay(rule):
    q, _, v, mu = (x.astype(np.float32) for x in drawn(1, n=40))
    layer = RoutingAttention(12, rule, causal=True, shared=True)
    members = layer.members(q, q, mu)
    out = layer(q, q, v, members)
    for start in (1, 20, 39):
        x, w = q.copy(), v.copy()
        x[:, start:], w[:, start:] = 7, np.nan
        x[:, start:, 0] = 1
        assert layer(x, x, w, members)[:, :start].tobytes() == out[:, :start].tobytes()


def test_google_s_causal_mask_by_rank_leaks_if_keys_are_not_the_queries():
    """The published method: members of q and of k differ, so that a rank is not a position."""
    q, k, v, mu = drawn(1, n=40)
    layer = RoutingAttention(12, "google", causal=True)
    members = layer.members(q, k, mu)
    assert any(sr.nnz(p - sr.Causal(), 40) for p in layer.sets(members, 40))
    w = v.copy()
    w[:, 20:] += 1
    assert (layer(q, k, w, members) != layer(q, k, v, members))[:, :20].any()
    null = np.zeros((2, 3, 1, 6)), np.zeros((2, 3, 1, 4))
    sound = replace(layer, rule="lucidrains")
    assert not any(sr.nnz(p - sr.Causal(), 40) for p in sound.sets(members, 40))
    assert (sound(q, k, w, members, null) == sound(q, k, v, members, null))[:, :20].all()


def test_a_later_token_takes_the_place_of_an_earlier_member():
    """The published method again: who is a member depends on later positions."""
    q, _, v, mu = drawn(1, n=40, heads=1)
    layer = RoutingAttention(12, causal=True, shared=True)
    x = q.copy()
    x[:, 20:] = mu[:, 0, None]
    before, after = (layer(y, y, v, layer.members(y, y, mu))[0, :20] for y in (q, x))
    assert (before != after).any()
    assert (cosine_scores(x, mu)[0, :, :20] == cosine_scores(q, mu)[0, :, :20]).all()


def test_a_value_of_zeros_is_padding_for_google_and_a_key_for_lucidrains():
    q, k, v, _ = drawn(2, heads=1)
    v[0, 3] = 0
    members = np.array([[[1, 3, 5]]])
    google = RoutingAttention(3, "google")(q, k, v, (members, members))[0, 1]
    rest = [layer_norm(q[0, [1]]), layer_norm(k[0, [1, 5]]), v[0, [1, 5]]]
    np.testing.assert_allclose(google, sr.attend(*rest, sr.Full(), scale=1)[0] / 1.01)
    both = RoutingAttention(3)(q, k, v, (members, members))[0, 1]
    part = [x[0, [1, 3, 5]] for x in (q, k, v)]
    np.testing.assert_allclose(both, sr.attend(*part, sr.Full())[0] / (1 + 1e-5))


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (
            lambda q, k, v, m: RoutingAttention(2, causal=True)(q, k, v, m),
            r"null must be given if causal and not shared \(routing-transformer",
        ),
        (
            lambda q, k, v, m: RoutingAttention(2, "google")(q, k, v, m, (q, v)),
            r"null must be None \(google has no null keys\)",
        ),
        (
            lambda q, k, v, m: RoutingAttention(2)(q[0], k[0], v[0], m),
            r"three axes, heads first, got \(11, 6\), \(11, 6\), \(11, 4\), \(2, 3, 2\)",
        ),
        (
            lambda q, k, v, m: RoutingAttention(12, "google").members(q, k, q[:, :3]),
            "n of at least size = 12",
        ),
        (
            lambda q, k, v, m: RoutingAttention(2, "paper"),
            "rule must be one of 'google', 'lucidrains', got 'paper'",
        ),
    ],
)
def test_refusals(refused, message):
    q, k, v, mu = drawn(0)
    members = RoutingAttention(2).members(q, k, mu)
    with pytest.raises(ValueError, match=message):
        refused(q, k, v, members)
