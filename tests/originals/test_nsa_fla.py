"""Originals: flash-linear-attention's naive NSA, read by path with PyTorch in place of its kernels:
the blocks chosen up to ties, and the outputs of the whole layer within rounding.
"""

import os
from types import ModuleType

import numpy as np
import pytest
from by_path import by_path

import sparse_ref as sr

os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals

fla = sr.published.nsa.fla
HEADS, GROUPS, d = 32, 2, 8  # the original wants 16 query heads or more to a key head
SETTINGS = [
    (1, 4, 4, 2), (3, 4, 4, 0), (4, 4, 3, 3), (5, 4, 3, 1), (7, 3, 5, 2), (8, 4, 4, 8),
    (11, 2, 3, 4), (12, 5, 4, 0), (13, 3, 3, 2), (16, 4, 4, 3), (17, 4, 6, 1), (19, 2, 5, 30),
    (20, 3, 16, 2), (22, 4, 4, 5), (23, 1, 3, 1), (24, 6, 3, 7), (25, 4, 5, 0), (29, 3, 4, 4),
    (31, 2, 9, 2), (33, 8, 3, 9), (37, 3, 6, 3), (40, 4, 4, 4), (41, 5, 5, 6), (48, 4, 7, 2),
]  # fmt: skip  # n, block, top_k, keys


def attention_of_flash(q, k, v, causal, window_size):
    """What flash_attn computes on (B, n, H, d), by PyTorch."""
    i = torch.arange(q.shape[1])
    distance = i[:, None] - i
    mask = (distance >= 0) & (distance <= window_size[0])
    heads = [x.transpose(1, 2) for x in (q, k, v)]
    attend = torch.nn.functional.scaled_dot_product_attention
    return attend(*heads, attn_mask=mask, enable_gqa=True).transpose(1, 2)


def means(x, block, cu_seqlens=None):
    """What fla's kernel of mean pooling computes on (B, n, H, d), by PyTorch."""
    pools = [part.mean(dim=1) for part in x.split(block, dim=1)]
    return torch.stack(pools, dim=1)


def original():
    """The file `ops/nsa/naive.py`; its kernels for a GPU replaced."""
    names = "flash_attn", "fla", "fla.ops", "fla.ops.utils", "fla.ops.utils.pooling"
    flash, *packages, pooling = map(ModuleType, names)
    flash.flash_attn_func, flash.flash_attn_varlen_func = attention_of_flash, None
    pooling.mean_pooling = means
    packages[-1].prepare_chunk_offsets = None
    return by_path("fla", "ops/nsa/naive.py", flash, *packages, pooling)


NAIVE = original()


def arrays(n, seed):
    """q, k, v and the gates, float32."""
    rng = np.random.default_rng([n, seed])
    shapes = (HEADS, n, d), (GROUPS, n, d), (GROUPS, n, d)
    q, k, v = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    return q, k, v, rng.random((3, HEADS, n)).astype(np.float32)


def torch_of(x):
    """(H, n, ...) as (1, n, H, ...)."""
    return torch.tensor(np.moveaxis(x, 0, 1))[None]


@pytest.mark.parametrize(("n", "block", "top_k", "keys"), SETTINGS)
def test_the_layer_and_its_blocks_are_those_of_fla(n, block, top_k, keys):
    q, k, v, gates = arrays(n, 0)
    g_cmp, g_slc, g_swa = map(torch_of, gates)
    theirs, blocks = NAIVE.naive_nsa(
        *map(torch_of, (q, k, v)), g_cmp, g_slc, g_swa,
        block_counts=top_k, block_size=block, window_size=keys, return_block_indices=True,
    )  # fmt: skip
    if not keys:
        gates[2] = 0
    ours = fla.attention(q, k, v, gates, block=block, top_k=top_k, keys=keys)
    assert np.allclose(ours, np.moveaxis(theirs[0].numpy(), 1, 0), atol=2e-6)
    selected = fla.sets(q, k, block=block, top_k=top_k, keys=keys).selected
    for group in range(GROUPS):
        head = group * (HEADS // GROUPS)
        assert len(set(selected[head : head + HEADS // GROUPS])) == 1
        chosen = blocks[0, :, group].numpy()
        for i in range(n):
            members = selected[head].row(i, n)
            tokens = {j for j in range(i + 1) if j // block in chosen[i]}
            assert set(members.tolist()) == tokens, (head, i)


@pytest.mark.parametrize("top_k", [1, 2])
def test_defect_fewer_than_three_blocks_lose_one_that_is_called_always_selected(top_k):
    n, block = 24, 4
    q, k, _, _ = arrays(n, 1)
    theirs = NAIVE.naive_nsa_topk(
        torch_of(q), means(torch_of(k), block), top_k, block, d**-0.5
    )[0].numpy()  # fmt: skip
    late = theirs[2 * block :]
    own = (np.arange(2 * block, n) // block)[:, None, None]
    forced = (late == own) | (late == own - 1) | (late == 0)
    assert forced.all()  # places go to blocks of score 1, which ones is a tie
    assert not all((late == block_id).any(-1).all() for block_id in (0, own, own - 1)), (
        "fla keeps the own block now: take the row from docs/differs.md"
    )


def test_defect_a_lone_block_of_share_1_ties_with_those_forced():
    """Only block 0 is complete then, so the tie changes nothing: equal scores with other blocks
    would.
    """
    q, k, _, _ = arrays(7, 2)
    theirs = NAIVE.naive_nsa_topk(torch_of(q), means(torch_of(k), 4), 3, 4, d**-0.5)[0]
    assert {tuple(sorted(row)) for row in theirs[4:, 0].tolist()} == {(-1, 0, 1)}


@pytest.mark.parametrize("seed", range(3))
def test_the_gradients_are_those_of_the_original(seed):
    n, block, top_k = 18, 4, 3
    q, k, v, gates = arrays(n, 10 + seed)
    leaves = [torch_of(x).requires_grad_() for x in (q, k, v)]
    gate_leaves = [torch_of(x).requires_grad_() for x in gates]
    out = NAIVE.naive_nsa(
        *leaves, *gate_leaves, block_counts=top_k, block_size=block, window_size=3
    )
    rng = np.random.default_rng(seed)
    grad = rng.standard_normal((HEADS, n, d)).astype(np.float32)
    (out * torch_of(grad)).sum().backward()
    ours, dgates = fla.backward(grad, (q, k, v), gates, block=block, top_k=top_k, keys=3)
    for mine, leaf in zip(ours, leaves):
        assert np.allclose(mine, np.moveaxis(leaf.grad[0].numpy(), 1, 0), atol=2e-5)
    for mine, leaf in zip(dgates, gate_leaves):
        assert np.allclose(mine, leaf.grad[0].numpy().T, atol=2e-5)
