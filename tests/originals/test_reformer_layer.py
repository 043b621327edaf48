"""Originals: Reformer's LSH attention of transformers and reformer-pytorch: buckets, sets with
their multiplicities, outputs, gradients; their defects.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import ReformerAttention, bucket_factors
from sparse_ref.selection import angular_buckets

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
hf = pytest.importorskip(
    "transformers.models.reformer.modeling_reformer",
    reason="transformers is missing: make test-originals",
)
lucidrains = pytest.importorskip(
    "reformer_pytorch.reformer_pytorch",
    reason="reformer-pytorch is missing: make test-originals",
)

pytestmark = pytest.mark.originals
SEEDS = range(20)


def weights_of(p, x, k):
    """The mixing matrix of one head by its definition: multiplicities times exponentials, float64.

    The logits are those of the reference: nothing here but NumPy and `sr.multiplicity`.
    """
    n, d = x.shape
    patterns = p if isinstance(p, sr.Branches) else sr.Branches((p,))
    m = sr.multiplicity(patterns, n)
    logits = x.astype(float) @ k.astype(float).T / np.sqrt(d)
    top = np.where(m > 0, logits, -np.inf).max(axis=1, keepdims=True)
    weights = m * np.exp(np.minimum(logits - top, 0))
    return weights / weights.sum(axis=1, keepdims=True)


def transformers_setting(seed):
    """(layer, config, hidden states): chunks, rounds, neighbours and heads are drawn."""
    rng = np.random.default_rng(seed)
    keys = int(rng.choice([2, 4, 8]))
    heads, width = int(rng.integers(1, 4)), int(rng.choice([4, 8]))
    config = hf.ReformerConfig(
        hidden_size=heads * width,
        num_attention_heads=heads,
        attention_head_size=width,
        attn_layers=["lsh"],
        lsh_attn_chunk_length=keys,
        lsh_num_chunks_before=int(rng.integers(0, 3)),
        lsh_num_chunks_after=int(rng.integers(0, 2)),
        num_hashes=int(rng.integers(1, 4)),
        is_decoder=bool(rng.integers(2)),
        hash_seed=int(rng.integers(1000)),
        num_buckets=[None, None, 4, [2, 4]][rng.integers(4)],
        lsh_attention_probs_dropout_prob=0.0,
    )
    torch.manual_seed(seed)
    layer = hf.LSHSelfAttention(config, 0).eval().double()
    n = keys * int(rng.integers(1, 7))
    return layer, config, torch.randn(2, n, heads * width, dtype=torch.float64)


def heads_of(x, config):
    """(batch, n, E) -> (batch, heads, n, d), NumPy."""
    batch, n, _ = x.shape
    heads = x.detach().reshape(batch, n, config.num_attention_heads, -1)
    return np.ascontiguousarray(heads.permute(0, 2, 1, 3).numpy())


def ours(config):
    return ReformerAttention(
        config.lsh_attn_chunk_length,
        "hf",
        config.lsh_num_chunks_before,
        config.lsh_num_chunks_after,
        causal=config.is_decoder,
    )


def rotations_of(config, width, total):
    """What transformers draws after torch.manual_seed(hash_seed), as (heads, rounds, d, b / 2)."""
    torch.manual_seed(config.hash_seed)
    shape = (config.num_attention_heads, width, config.num_hashes, total // 2)
    return torch.randn(shape, dtype=torch.float64).permute(0, 2, 1, 3).numpy()


@pytest.mark.parametrize("seed", SEEDS)
def test_transformers_buckets_outputs_and_gradients(seed):
    layer, config, states = transformers_setting(seed)
    states.requires_grad_()
    with torch.no_grad():
        x, v = (heads_of(part(states), config) for part in (layer.query_key, layer.value))
    batch, heads, n, width = x.shape
    rounds, keys = config.num_hashes, config.lsh_attn_chunk_length
    result = layer(states)
    if n <= keys:
        buckets = np.zeros((batch, heads, rounds, n), int)
        assert result.buckets is None
    else:
        factors = np.atleast_1d(layer.num_buckets).tolist()
        if transformers_setting(seed)[1].num_buckets is None:
            limit = config.max_position_embeddings
            assert factors == list(bucket_factors(n, keys, "hf", max_positions=limit))
        rotations = rotations_of(config, width, sum(factors))
        buckets = angular_buckets(x, rotations, factors)
        offsets = np.arange(rounds)[:, None] * np.prod(factors)
        assert (result.buckets.reshape(buckets.shape).numpy() - offsets == buckets).all()
    model = ours(config)
    out = heads_of(result.hidden_states, config)
    np.testing.assert_allclose(model(x, v, buckets), out, atol=1e-9)

    grad = torch.randn(result.hidden_states.shape, dtype=torch.float64)
    result.hidden_states.backward(grad)
    dx, dv = model.backward(heads_of(grad, config), x, v, buckets)
    dx, dv = (np.moveaxis(part, 1, 2).reshape(states.shape) for part in (dx, dv))
    expected = dx @ layer.query_key.weight.detach().numpy()
    expected += dv @ layer.value.weight.detach().numpy()
    np.testing.assert_allclose(states.grad.numpy(), expected, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_transformers_sets_and_multiplicities(seed):
    """With V = 1 the output is the mixing matrix: nothing but the keys of the sets is in it."""
    rng = np.random.default_rng(seed)
    keys, chunks = int(rng.choice([1, 2, 4])), int(rng.integers(1, 6))
    n = 2 * keys * chunks
    config = hf.ReformerConfig(
        hidden_size=n,
        num_attention_heads=1,
        attention_head_size=n,
        attn_layers=["lsh"],
        lsh_attn_chunk_length=keys,
        lsh_num_chunks_before=int(rng.integers(0, 4)),
        lsh_num_chunks_after=int(rng.integers(0, 3)),
        num_hashes=int(rng.integers(1, 4)),
        is_decoder=bool(rng.integers(2)),
        num_buckets=4,
        lsh_attention_probs_dropout_prob=0.0,
    )
    layer = hf.LSHSelfAttention(config, 0).eval().double()
    x = rng.standard_normal((n, n)) / 2
    with torch.no_grad():
        layer.query_key.weight.copy_(torch.tensor(x.T))
        layer.value.weight.copy_(torch.eye(n))
        result = layer(torch.eye(n, dtype=torch.float64)[None])
    buckets = result.buckets.reshape(config.num_hashes, n).numpy()
    sets = ours(config).sets(buckets)
    weights = result.hidden_states[0].numpy()
    k = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(weights, weights_of(sets, x, k), atol=1e-9)
    assert ((weights > 0) == (sr.multiplicity(sets, n) > 0)).all()


def lucidrains_setting(seed, same_bucket=False, duplicates=True):
    """(layer, qk, v) of reformer-pytorch's attention, which wants qk as wide as v."""
    rng = np.random.default_rng(seed)
    keys, rounds = int(rng.choice([1, 2, 4])), int(rng.integers(1, 4))
    n = 2 * keys * int(rng.integers(1, 6))
    layer = lucidrains.LSHAttention(
        bucket_size=keys,
        n_hashes=rounds,
        causal=bool(rng.integers(2)),
        attend_across_buckets=not same_bucket,
        allow_duplicate_attention=duplicates,
        random_rotations_per_head=bool(rng.integers(2)),
    ).eval()
    torch.manual_seed(seed)
    return layer, torch.randn(2, n, n, dtype=torch.float64), torch.eye(n).double().repeat(2, 1, 1)


def rule_of(layer):
    return ReformerAttention(
        layer.bucket_size,
        "lucidrains",
        causal=layer.causal,
        same_bucket=not layer._attend_across_buckets,
        duplicates=layer._allow_duplicate_attention,
    )


def buckets_of(layer, found, n):
    """(batch, rounds, n) of what the layer returns, whose rounds have numbers of their own."""
    table = found.reshape(len(found), layer.n_hashes, n).numpy()
    return table - np.arange(layer.n_hashes)[:, None] * (n // layer.bucket_size)


@pytest.mark.parametrize("same_bucket", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_reformer_pytorch_buckets_sets_outputs_and_gradients(seed, same_bucket):
    layer, qk, v = lucidrains_setting(seed, same_bucket)
    qk.requires_grad_()
    v.requires_grad_()
    n = qk.shape[1]
    torch.manual_seed(seed)
    out, _, found = layer(qk, v)
    x, buckets = qk.detach().numpy(), buckets_of(layer, found, n)
    torch.manual_seed(seed)
    drawn = 2 if layer._random_rotations_per_head else 1
    half = bucket_factors(n, layer.bucket_size, "lucidrains")[0] // 2
    rotations = torch.randn(drawn, n, layer.n_hashes, half, dtype=torch.float64)
    rotations = np.broadcast_to(rotations.permute(0, 2, 1, 3).numpy(), (2, layer.n_hashes, n, half))
    assert (angular_buckets(x, rotations) == buckets).all()

    model, weights = rule_of(layer), out.detach().numpy()
    for head in range(2):
        sets = model.sets(buckets[head])
        k = x[head] / np.linalg.norm(x[head], axis=1, keepdims=True)
        np.testing.assert_allclose(weights[head], weights_of(sets, x[head], k), atol=1e-9)
        assert ((weights[head] > 0) == (sr.multiplicity(sets, n) > 0)).all()
    np.testing.assert_allclose(model(x, np.tile(np.eye(n), (2, 1, 1)), buckets), weights, atol=1e-9)

    grad = torch.randn(out.shape, dtype=torch.float64)
    out.backward(grad)
    dx, dv = model.backward(grad.numpy(), x, v.detach().numpy(), buckets)
    np.testing.assert_allclose(dx, qk.grad.numpy(), atol=1e-8)
    np.testing.assert_allclose(dv, v.grad.numpy(), atol=1e-8)


def wrapped(layer, buckets):
    """The queries that are first in some round, and see the last chunk of the round before."""
    n = buckets.shape[1]
    order = np.argsort(buckets, axis=1, kind="stable")
    return np.isin(np.arange(n), order[:, : layer.bucket_size])


@pytest.mark.parametrize("same_bucket", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_reformer_pytorch_counts_duplicates_except_over_the_seam(seed, same_bucket):
    """Its -log N_ij makes the rounds one set. A key that chunk 0 of a round meets in the round
    before has N = 0 there and gains 20.7: a defect, in rows that such a chunk contains.
    """
    layer, qk, v = lucidrains_setting(seed, same_bucket, duplicates=False)
    out, _, found = layer(qk, v)
    buckets, x = buckets_of(layer, found, qk.shape[1]), qk.numpy()
    expected = rule_of(layer)(x, v.numpy(), buckets)
    for head in range(2):
        seam = wrapped(layer, buckets[head])
        sound = ~seam if layer.n_hashes > 1 and not same_bucket else np.ones_like(seam)
        np.testing.assert_allclose(out[head, sound].numpy(), expected[head, sound], atol=1e-7)


def test_defect_reformer_pytorch_prefers_keys_over_the_seam():
    seed = 4
    layer, qk, v = lucidrains_setting(seed, duplicates=False)
    out, _, found = layer(qk, v)
    buckets, x = buckets_of(layer, found, qk.shape[1]), qk.numpy()
    expected = rule_of(layer)(x, v.numpy(), buckets)
    wrong = np.abs(out.numpy() - expected).max(axis=2) > 0.1
    for head in range(2):
        assert not wrong[head, ~wrapped(layer, buckets[head])].any()
    assert wrong.any(), "reformer-pytorch now counts duplicates over the seam: mend differs.md"


def test_reformer_pytorch_wants_two_chunks_and_takes_no_other_length():
    layer = lucidrains.LSHAttention(bucket_size=4, n_hashes=1)
    with pytest.raises(AssertionError, match="divisible by target bucket size  x 2"):
        layer(torch.randn(1, 12, 8), torch.randn(1, 12, 8))
    with pytest.raises(ValueError, match=r"n must be a multiple of 2 keys = 8 \(lucidrains\)"):
        ReformerAttention(4, "lucidrains").sets(np.zeros((1, 12), int))
