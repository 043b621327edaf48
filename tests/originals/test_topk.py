"""Originals: x-transformers' explicit top-k, attn-gym's indexer and its gathered attention: sets up
to ties, outputs within rounding.
"""

import numpy as np
import pytest

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
attend = pytest.importorskip(
    "x_transformers.attend", reason="x-transformers is missing: make test-originals"
)
sparse = pytest.importorskip("attn_gym.sparse", reason="attn-gym is missing: make test-originals")

pytestmark = pytest.mark.originals

topk = sr.published.topk
SETTINGS = [(n, k) for n in (1, 2, 5, 9, 16, 23) for k in (1, 2, 4, 9) if k <= n]
HEADS, d = 3, 4


def arrays(n, seed, whole):
    """q, k, v float32; whole numbers make ties."""
    rng = np.random.default_rng([n, seed])
    x = rng.standard_normal((3, HEADS, n, d)).astype(np.float32)
    return np.round(x) if whole else x


@pytest.mark.parametrize("whole", [False, True], ids=["no ties", "ties"])
@pytest.mark.parametrize(("n", "top_k"), SETTINGS)
def test_x_transformers_keeps_all_that_tie_with_the_kth(n, top_k, whole):
    q, k, v = arrays(n, 0, whole)
    layer = attend.Attend(causal=True, heads=HEADS, sparse_topk=top_k, dropout=0.0)
    theirs, _ = layer(*(torch.tensor(x)[None] for x in (q, k, v)))
    ours = topk.attention(q, k, v, top_k=top_k, ties=True)
    assert np.allclose(ours, theirs[0].numpy(), atol=1e-6)


@pytest.mark.parametrize("whole", [False, True], ids=["no ties", "ties"])
@pytest.mark.parametrize(("n", "top_k"), SETTINGS)
def test_the_indexer_of_attn_gym_takes_the_best_or_their_equals(n, top_k, whole):
    q, k, w = arrays(n, 1, whole)
    weights = w[:, :, 0].T
    theirs = sparse.lightning_indexer(
        torch.tensor(np.moveaxis(q, 0, 1))[None], torch.tensor(k[0])[None],
        torch.tensor(weights)[None], top_k, causal=True, impl="reference",
    )[0].numpy()  # fmt: skip
    scale = (HEADS * d) ** -0.5
    scores = np.asarray(sr.selection.weighted_relu(q, k[0], scale * weights))
    ours = sr.selection.top_k(scores, top_k, sr.Causal())
    for i, row in enumerate(theirs):
        mine, chosen = ours.row(i, n), row[row >= 0]
        assert len(set(chosen)) == len(mine) == min(top_k, i + 1)
        assert np.allclose(np.sort(scores[i, chosen]), np.sort(scores[i, mine]), atol=1e-5)


@pytest.mark.parametrize("n", range(4, 25))
def test_gathered_attention_is_attend_over_window_and_atoms(n):
    """One softmax over two sets of keys: two attends merged."""
    ratio, keys, top_k = 3, 4, 2
    q, kv, _ = arrays(n, 2, False)
    atoms = sr.selection.mean_pool(kv[0], ratio)[: n // ratio]
    scores = sr.selection.dot(q[0], atoms)
    chosen = sr.selection.top_k(scores, top_k, sr.Complete(ratio))
    indices = np.full((n, top_k), -1)
    for i in range(n):
        row = chosen.row(i, len(atoms))
        indices[i, : len(row)] = row
    theirs = sparse.gather_attn(
        torch.tensor(q)[None], torch.tensor(kv[:1])[None], torch.tensor(atoms)[None, None],
        torch.tensor(indices)[None], sliding_window_size=keys, impl="reference",
    )  # fmt: skip
    parts = [
        sr.attend_with_lse(q, kv[:1], kv[:1], sr.Lookback(keys)),
        sr.attend_with_lse(q, atoms[None], atoms[None], chosen),
    ]
    assert np.allclose(sr.merge(parts)[0], theirs[0].numpy(), atol=1e-6)
