"""Originals: h-transformer-1d 0.1.9 computes what is stated here, which is not H-Transformer-1D."""

import math

import numpy as np
import pytest
from strategies import mask

from sparse_ref.published import HTransformer1D, package_level_sets

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
package = pytest.importorskip(
    "h_transformer_1d.h_transformer_1d", reason="h-transformer-1d is missing: make test-originals"
)

pytestmark = pytest.mark.originals

NOT_CAUSAL = [(n, b, False) for b in (1, 2, 4, 8) for n in (16, 32, 64) if n >= 4 * b]
SETTINGS = NOT_CAUSAL + [(n, b, True) for b in (1, 2, 4, 8) for n in (16, 32, 64)]


def output(q, k, v, block, causal):
    """The package on given queries, keys and values (n, n): its projections pick them apart."""
    n = len(v)
    kind = package.CausalHAttention1D if causal else package.HAttention1D
    options = {"max_seq_len": n} if causal else {}
    layer = kind(3 * n, heads=1, dim_head=n, block_size=block, **options)
    with torch.no_grad():
        layer.to_qkv.weight.copy_(torch.eye(3 * n))
        layer.to_out.weight.zero_()
        layer.to_out.weight[:n].copy_(torch.eye(n))
        layer.to_out.bias.zero_()
        x = torch.tensor(np.concatenate([q, k, v], axis=1), dtype=torch.float32)
        return layer(x[None])[0, :, :n].numpy()


def weights(n, block, causal):
    """What each query takes from each position, all logits 0."""
    nothing = np.zeros((n, n))
    return output(nothing, nothing, np.eye(n), block, causal)


def stated(q, k, v, block, causal):
    """The sum over levels; each level subtracts its own maximum, and counts a group of 2^t as 1."""
    n = len(q)
    total, partition = np.zeros(v.shape), np.zeros(n)
    shift = 0 if not causal else 1
    for place, p in enumerate(package_level_sets(n, block, causal)):
        level = max(place - 1 + shift, 0) if place else 0
        g = 2**level
        means = [x.reshape(n // g, g, -1).mean(axis=1) for x in (q, k)]
        logits = (means[0] @ means[1].T / math.sqrt(q.shape[1])).repeat(g, 0).repeat(g, 1)
        members = mask(p, n)
        for i in np.flatnonzero(members.any(axis=1)):
            row = np.exp(logits[i] - logits[i, members[i]].max()) * members[i]
            total[i] += row @ v
            partition[i] += row.sum() / g
    return total / (partition[:, None] + 1e-8)


@pytest.mark.parametrize(("n", "block", "causal"), SETTINGS)
def test_it_attends_to_siblings_of_a_binary_tree(n, block, causal):
    levels = [mask(p, n) for p in package_level_sets(n, block, causal)]
    found = weights(n, block, causal)
    assert np.array_equal(found > 0, np.any(levels, axis=0))
    rng = np.random.default_rng(n + block)
    q, k, v = rng.standard_normal((3, n, n))
    np.testing.assert_allclose(
        output(q, k, v, block, causal), stated(q, k, v, block, causal), atol=1e-5
    )


def test_defect_weights_sum_to_more_than_1():
    sums = weights(64, 4, False).sum(axis=1)
    assert sums.min() >= 2
    sums = weights(64, 4, True).sum(axis=1)
    assert sums.min() == pytest.approx(1)
    assert sums.max() > 4


def test_defect_the_first_half_never_sees_the_second():
    for n, block in (16, 4), (64, 4), (64, 2):
        found = weights(n, block, False) > 0
        half = n // 2
        assert not found[:half, half:].any()
        assert not found[half:, :half].any()
        levels = HTransformer1D(block).level_sets(n)
        assert all(np.any([mask(p, n) for p in levels], axis=0).ravel())


def test_defect_causal_most_of_the_past_is_missing():
    found = weights(64, 4, True) > 0
    past = np.tril(np.ones((64, 64), bool))
    assert not (found & ~past).any(), "a leak of the future"
    assert (past & ~found).sum() == 1536
    assert past.sum() == 2080
    own_block = mask(package_level_sets(64, 4, True)[0], 64)
    assert (found == own_block).all(axis=1).sum() > 32


def test_defect_a_level_of_small_logits_weighs_as_one_of_great_ones():
    n = 16
    q, k = np.zeros((2, n, n))
    q[:, 0] = math.sqrt(n)
    k[2:4, 0] = 50  # the sibling of block 0; its own keys have logit 0
    found = output(q, k, np.eye(n), 2, False)
    assert found[0, :2].sum() == pytest.approx(found[0, 2:4].sum())
    exact = HTransformer1D(2, scale=1 / math.sqrt(n))(q, k, np.eye(n))
    assert exact[0, 2:4].sum() > 0.999


def test_defect_zeros_that_pad_are_keys():
    short = np.zeros((13, 13))
    layer = package.HAttention1D(39, heads=1, dim_head=13, block_size=4)
    with torch.no_grad():
        layer.to_qkv.weight.copy_(torch.eye(39))
        layer.to_out.weight.zero_()
        layer.to_out.weight[:13].copy_(torch.eye(13))
        layer.to_out.bias.zero_()
        x = torch.tensor(np.concatenate([short, short, np.eye(13)], axis=1), dtype=torch.float32)
        row = layer(x[None])[0, 12, :13].numpy()
    assert row[12] == pytest.approx(row.max())
    assert row.sum() == pytest.approx(5 / 8), (
        "four keys and the sibling's four, three of them zeros"
    )
