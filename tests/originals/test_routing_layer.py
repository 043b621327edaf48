"""Originals: routing-transformer's attention: members, sets, outputs, gradients, averages."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import RoutingAttention
from sparse_ref.selection import cosine_scores, move_centroids, nearest_cluster

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
original = pytest.importorskip(
    "routing_transformer.routing_transformer",
    reason="routing-transformer is missing: make test-originals",
)

pytestmark = pytest.mark.originals
SEEDS = range(20)


def setting(seed):
    """(layer, q, k, v): two sequences, V = 1, so that the output is the mixing matrix."""
    rng = np.random.default_rng(seed)
    size, clusters, heads = (int(rng.integers(1, most)) for most in (6, 5, 4))
    n = int(rng.integers(max(size - 1, 1), 15))
    causal, shared = (bool(rng.integers(2)) for _ in range(2))
    torch.manual_seed(seed)
    layer = original.KmeansAttention(
        clusters,
        size,
        heads,
        n,
        causal=causal,
        shared_qk=shared,
        num_mem_kv=int(rng.integers(0, 3)),
    )
    layer = layer.eval().double()
    q, k = torch.randn(2, 2, heads, n, n, dtype=torch.float64)
    return layer, q, q if shared else k, torch.eye(n, dtype=torch.float64).expand(2, heads, n, n)


def ours(layer):
    return RoutingAttention(layer.window_size, causal=layer.causal, shared=layer.shared_qk)


def null_of(layer):
    """The null keys and values, if there are any."""
    parts = layer.mem_key, layer.mem_value
    return tuple(part.detach().numpy() for part in parts) if layer.num_mem_kv else None


def token_weights(members, model, n):
    """Which (query, key) the sets of each head connect, bool (H, n, n)."""
    return np.stack([sr.dense(p, n) for p in model.sets(members, n)])


@pytest.mark.parametrize("seed", SEEDS)
def test_members_sets_outputs_and_gradients(seed):
    layer, *qkv = setting(seed)
    q, k, v = (x.clone().requires_grad_() for x in qkv)
    if layer.shared_qk:
        k = q
    out, _ = layer(q, k, v)
    model, null = ours(layer), null_of(layer)
    means = layer.kmeans.means.numpy()
    grad = torch.randn(out.shape, dtype=torch.float64)
    out.backward(grad)
    sums = [0, 0]
    for b in range(2):
        arrays = [x[b].detach().numpy() for x in (q, k, v)]
        members = model.members(*arrays[:2], means)
        np.testing.assert_allclose(model(*arrays, members, null), out[b].detach(), atol=1e-9)
        if null is None:
            assert (
                token_weights(members, model, q.shape[2]) == (out[b].detach().numpy() > 0)
            ).all()
        dq, dk, dv, *nulls = model.backward(grad[b].numpy(), *arrays, members, null)
        if layer.shared_qk:
            dq = dq + dk
        else:
            np.testing.assert_allclose(dk, k.grad[b], atol=1e-8)
        np.testing.assert_allclose(dq, q.grad[b], atol=1e-8)
        np.testing.assert_allclose(dv, v.grad[b], atol=1e-8)
        sums = [total + part for total, part in zip(sums, nulls)]
    for total, part in zip(sums, (layer.mem_key, layer.mem_value)):
        if null is not None:
            np.testing.assert_allclose(total, part.grad, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_centroids_move_as_theirs(seed):
    layer, q, k, _ = setting(seed)
    kmeans = layer.kmeans
    x = q if layer.shared_qk else torch.cat((q, k), dim=2)
    kmeans.init(x)
    before = kmeans.means.clone()
    scores, _ = kmeans(x, update_means=True)
    kmeans.update()
    found = cosine_scores(x.numpy(), before.numpy())
    np.testing.assert_allclose(found, scores.transpose(-1, -2).numpy(), atol=1e-12)
    moved = move_centroids(before.numpy(), x.numpy(), kmeans.ema_decay)
    np.testing.assert_allclose(moved, kmeans.means.numpy(), atol=1e-12)
    buckets = original.dists_and_buckets(torch.nn.functional.normalize(x, dim=-1), before)[1]
    assert (nearest_cluster(found) == buckets.numpy()).all()


def test_tokens_in_no_cluster_are_0_and_there_are_some():
    """A defect by design: top-w members of each cluster leave tokens out."""
    lost = 0
    for seed in SEEDS:
        layer, q, k, v = setting(seed)
        with torch.no_grad():
            out = layer(q, k, v)[0].numpy()
        means = layer.kmeans.means.numpy()
        for b in range(2):
            members, _ = ours(layer).members(q[b].numpy(), k[b].numpy(), means)
            for head, queries in enumerate(members):
                left = np.setdiff1d(np.arange(q.shape[2]), queries)
                assert not out[b, head, left].any()
                lost += len(left)
    assert lost > 0
