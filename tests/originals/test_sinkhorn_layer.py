"""Originals: sinkhorn-transformer's layers: sorting, sets, outputs, gradients, the value defect."""

from unittest.mock import patch

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import SinkhornAttention, SinkhornCausalAttention
from sparse_ref.selection import sinkhorn, sinkhorn_backward, top_shares

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
original = pytest.importorskip(
    "sinkhorn_transformer.sinkhorn_transformer",
    reason="sinkhorn-transformer is missing: make test-originals",
)

pytestmark = pytest.mark.originals
SEEDS = range(20)


def setting(seed, cut=0):
    """(layer, q, k, v) of two sequences; V = 1, so that the output is the mixing matrix."""
    rng = np.random.default_rng(seed)
    block, blocks, heads = (int(rng.integers(1, most)) for most in (5, 6, 4))
    n, count = block * blocks, int(rng.integers(1, 4))
    torch.manual_seed(seed)
    layer = original.SinkhornAttention(
        block,
        n * heads,
        n,
        heads,
        n,
        temperature=float(rng.uniform(0.5, 1)),
        non_permutative=True,
        n_sortcut=min(cut, blocks),
        n_top_buckets=count,
        use_simple_sort_net=bool(rng.integers(2)) and not cut,
    )
    q, k = torch.randn(2, 2, heads, n, n, dtype=torch.float64)
    eye = torch.eye(n, dtype=torch.float64).repeat(2, heads, 1, 1)
    return layer.eval().double(), q, k, eye


def matrix_of(layer, q, k):
    """R as the layer's own sort net gives it, (batch, heads, m, B)."""
    count = min(layer.n_top_buckets, k.shape[2] // layer.kv_bucket_size)
    flat = [x.flatten(0, 1) for x in (q, k)]
    return layer.sort_net(*flat, topk=count).unflatten(0, q.shape[:2])


@pytest.mark.parametrize("cut", [0, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_sets_outputs_and_gradients(seed, cut):
    layer, q, k, v = setting(seed, cut)
    r = matrix_of(layer, q, k).detach().requires_grad_()
    arrays = [x.clone().requires_grad_() for x in (q, k, v)]
    with patch.object(layer.sort_net, "forward", lambda *_, **__: r.flatten(0, 1)):
        out = layer(*arrays)
    model = SinkhornAttention(layer.bucket_size, "lucidrains", cut=layer.n_sortcut)
    numbers = [x.detach().numpy() for x in (*arrays, r)]
    np.testing.assert_allclose(model(*numbers), out.detach(), atol=1e-9)
    if cut:
        for place in np.ndindex(*q.shape[:2]):
            mask = sr.dense(model.sets(numbers[3][place]), q.shape[2])
            assert ((out[place].detach().numpy() > 0) == mask).all()
    grad = torch.randn(out.shape, dtype=torch.float64)
    out.backward(grad)
    gradients = model.backward(grad.numpy(), *numbers)
    for ours, theirs in zip(gradients, (*arrays, r), strict=True):
        np.testing.assert_allclose(ours, 0 if theirs.grad is None else theirs.grad, atol=1e-8)


def test_defect_the_values_of_sorted_blocks_are_their_keys():
    """The output is not 0 though V is; with SortCut it is."""
    layer, q, k, v = setting(3)
    assert layer(q, k, 0 * v).abs().max() > 0.01, "sinkhorn-transformer sorts values: mend differs"
    layer, q, k, v = setting(3, cut=1)
    assert not layer(q, k, 0 * v).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_choices_and_balancing(seed):
    rng = np.random.default_rng(seed)
    blocks = int(rng.integers(1, 8))
    count, temperature = int(rng.integers(1, blocks + 1)), float(rng.uniform(0.3, 2))
    scores = rng.standard_normal((3, blocks, blocks))
    theirs = original.differentiable_topk(torch.tensor(scores), count, temperature)
    np.testing.assert_allclose(top_shares(scores, count, temperature), theirs, atol=1e-12)
    turns = int(rng.integers(0, 9))
    leaf = torch.tensor(scores).requires_grad_()
    balanced = original.sinkhorn_sorting_operator(leaf, turns)
    np.testing.assert_allclose(sinkhorn(scores, turns), balanced.detach(), atol=1e-12)
    grad = rng.standard_normal(scores.shape)
    balanced.backward(torch.tensor(grad))
    np.testing.assert_allclose(sinkhorn_backward(grad, scores, turns), leaf.grad, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_balanced_layer_without_its_noise(seed):
    """non_permutative=False balances log(relu(scores) + 1e-6) and noise, in evaluation too."""
    layer, q, k, v = setting(seed)
    net = layer.sort_net
    net.non_permutative, net.sinkhorn_iter = False, 5
    with patch.object(original, "sample_gumbel", lambda *a, **b: 0):
        r = matrix_of(layer, q, k)
        out = layer(q, k, v)
    model = SinkhornAttention(layer.bucket_size, "lucidrains")
    parts = [x.detach().numpy() for x in (q, k, v, r)]
    np.testing.assert_allclose(model(*parts), out.detach(), atol=1e-9)
    np.testing.assert_allclose(parts[3].sum(axis=-2), 1, atol=1e-12)
    first, second = (layer(q, k, v) for _ in range(2))
    assert q.shape[2] == layer.bucket_size or (first != second).any()


def causal_setting(seed):
    rng = np.random.default_rng(seed)
    block, blocks, heads = (int(rng.integers(1, most)) for most in (5, 6, 5))
    n = block * blocks
    torch.manual_seed(seed)
    layer = original.SinkhornCausalAttention(
        block, n * heads, n, heads, n, n_top_buckets=int(rng.integers(1, blocks + 1))
    )
    q, k = torch.randn(2, 1, heads, n, n, dtype=torch.float64)
    v = torch.eye(n, dtype=torch.float64).repeat(1, heads, 1, 1)
    return layer.eval().double(), q, k, v


@pytest.mark.parametrize("seed", SEEDS)
def test_the_causal_layer_sorts_attends_and_goes_back(seed):
    layer, *qkv = causal_setting(seed)
    arrays = [x.clone().requires_grad_() for x in qkv]
    model = SinkhornCausalAttention(layer.bucket_size, layer.n_top_buckets)
    q, k, v = (x[0].numpy() for x in qkv)
    matrix = model.sort(q, k)
    r = torch.tensor(matrix).requires_grad_()
    found = []
    net = layer.sort_net.forward

    def sort(*arguments, **options):
        found.append(net(*arguments, **options))
        return r

    with patch.object(layer.sort_net, "forward", sort):
        out = layer(*arrays)
    theirs = found[0].detach().numpy()
    null = slice(layer.n_top_buckets)  # alike, so that which of them is chosen is a tie
    np.testing.assert_allclose(matrix[..., null].sum(-1), theirs[..., null].sum(-1), atol=1e-12)
    past = slice(layer.n_top_buckets, None)
    np.testing.assert_allclose(matrix[..., past], theirs[..., past], atol=1e-12)
    nulls = [x.detach().numpy()[:, 0] for x in (layer.null_keys, layer.null_values)]
    np.testing.assert_allclose(model(q, k, v, matrix, *nulls), out[0].detach(), atol=1e-9)
    grad = torch.randn(out.shape, dtype=torch.float64)
    out.backward(grad)
    gradients = model.backward(grad[0].numpy(), q, k, v, matrix, *nulls)
    nulls = layer.null_keys, layer.null_values
    expected = [*(x.grad[0] for x in arrays), r.grad, *(x.grad[:, 0] for x in nulls)]
    for ours, gradient in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours, gradient, atol=1e-8)
