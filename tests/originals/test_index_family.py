"""Originals: the index family of transformers, executed, recovers the sets that are defined here,
up to equal scores, its outputs, and its gradients with the sets constant.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.published import csa, dsa, hca, indexshare, kpool, msa, qsa

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
pytest.importorskip("transformers", reason="transformers is missing: make test-originals")
layers = pytest.importorskip("index_layers")

pytestmark = pytest.mark.originals

LENGTHS, SEEDS = st.integers(2, 24), st.integers(0, 999)
BLOCKS, FEW = st.integers(1, 5), st.integers(1, 4)
drawn = settings(max_examples=25)


def close(x, y):
    np.testing.assert_allclose(x, y, rtol=2e-4, atol=2e-4)


def rows_of_one_choice(mask, chosen, scores):
    """The rows in which both have the same keys, bool (H, n).

    In the others they must have as many, and where they differ, keys of equal score.

    mask : bool (H, n, m), what the original attends to. chosen : a pattern per head. scores :
    (H, n, m) or (n, m), of the atom of each key.
    """
    sets = np.stack([sr.dense(p, mask.shape[1:]) for p in chosen])
    mask = np.broadcast_to(mask, sets.shape)
    assert (mask.sum(axis=2) == sets.sum(axis=2)).all()
    values = np.broadcast_to(scores, sets.shape)
    for place in np.argwhere((mask != sets).any(axis=2)):
        row = tuple(place)
        numbers = values[row][mask[row] != sets[row]]
        assert np.ptp(numbers) <= 1e-5 * np.abs(numbers).max(initial=1)
    is_same = (mask == sets).all(axis=2)
    return is_same


def heads_of(p, run):
    """One pattern for each head of the original's output."""
    return p if isinstance(p, tuple) else (p,) * len(run.out)


def assert_agree(run, chosen, scores, out, gradients):
    """The choice up to ties; output, and if no row is a tie the gradients too."""
    is_same = rows_of_one_choice(run.mask, heads_of(chosen, run), scores)
    close(out[is_same], run.out[is_same])
    if is_same.all():
        for slope, expected in zip(gradients, run.slopes[:3], strict=True):
            close(slope, expected)


def scores_of_tokens(scores, block, n):
    """The score of each token's pool; 0 for a tail, which both have."""
    values = np.asarray(scores)
    by_token = np.repeat(values, block, axis=-1)[..., :n]
    missing = n - by_token.shape[-1]
    return np.pad(by_token, [(0, 0)] * (values.ndim - 1) + [(0, missing)])


@pytest.mark.parametrize("name", ["deepseek_v32", "glm_moe_dsa"])
@given(LENGTHS, st.integers(1, 12), st.integers(3, 6), SEEDS)
@drawn
def test_dsa(name, n, top_k, heads, seed):
    run = layers.dsa(name, n, top_k, heads, seed)
    index = run.arrays["q"], run.arrays["k"], run.arrays["w"]
    options = {"top_k": top_k}
    out = dsa.attention(run.q, run.k, run.v, index, **options)
    gradients = dsa.backward(run.slopes[3], run.q, run.k, run.v, index, **options)
    assert_agree(run, dsa.sets(*index, **options), dsa.scores(*index), out, gradients)


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 8))
@drawn
def test_the_layers_that_share(frequency, offset, count):
    config = layers.modeling("glm_moe_dsa").GlmMoeDsaConfig
    original = config(
        num_hidden_layers=count, index_topk_freq=frequency, index_skip_topk_offset=offset
    )
    types = indexshare.layer_types(count, frequency=frequency, offset=offset)
    assert list(types) == original.indexer_types


@given(LENGTHS, st.integers(1, 6), st.sampled_from(["F", "FS", "FSS", "FFSFS"]), SEEDS)
@drawn
def test_indexshare(n, top_k, types, seed):
    runs = layers.indexshare(n, top_k, types, seed)
    indexes = [run.arrays and tuple(run.arrays.values()) for run in runs]
    indexes = [index or None for index in indexes]
    patterns = indexshare.sets(indexes, top_k=top_k)
    scores = None
    for run, chosen, index, kind in zip(runs, patterns, indexes, types, strict=True):
        assert (index is None) == (kind == "S")
        scores = dsa.scores(*index) if index else scores
        out = indexshare.attention(run.q, run.k, run.v, chosen)
        gradients = indexshare.backward(run.slopes[3], run.q, run.k, run.v, chosen)
        assert_agree(run, chosen, scores, out, gradients)


def test_a_first_layer_that_shares_is_refused_by_both():
    with pytest.raises(ValueError, match="Shared DSA layers require"):
        layers.indexshare(5, 2, "SF", 0)
    with pytest.raises(ValueError, match="glm_moe_dsa"):
        indexshare.sets([None], top_k=2)


@given(LENGTHS, st.integers(1, 3), BLOCKS, SEEDS)
@drawn
def test_kpool_with_its_tail(n, pools, block, seed):
    options = {"top_k": pools * block, "block": block}
    run = layers.kpool(n, *options.values(), True, seed)
    index = tuple(run.arrays.values())
    scores = kpool.scores(*index, block=block)
    out = kpool.attention(run.q, run.k, run.v, index, **options)
    gradients = kpool.backward(run.slopes[3], run.q, run.k, run.v, index, **options)
    by_token = scores_of_tokens(scores, block, n)
    assert_agree(run, kpool.sets(*index, **options), by_token, out, gradients)


@given(LENGTHS, st.integers(1, 3), BLOCKS, SEEDS)
@drawn
def test_kpool_without_its_tail_and_the_mean_that_eager_gives_empty_rows(n, pools, block, seed):
    options = {"top_k": pools * block, "block": block, "tail": False}
    run = layers.kpool(n, *options.values(), seed)
    index = tuple(run.arrays.values())
    chosen = heads_of(kpool.sets(*index, **options), run)
    by_token = scores_of_tokens(kpool.scores(*index, block=block), block, n)
    is_same = rows_of_one_choice(run.mask, chosen, by_token)
    out = kpool.attention(run.q, run.k, run.v, index, **options)
    is_empty = np.arange(n) < block - 1
    assert (~run.mask.any(axis=2) == is_empty).all()
    close(out[is_same & ~is_empty], run.out[is_same & ~is_empty])
    assert not out[:, is_empty].any()
    means = np.broadcast_to(run.v.mean(axis=1, keepdims=True), run.out.shape)
    close(run.out[:, is_empty], means[:, is_empty])


@given(LENGTHS, FEW, BLOCKS, SEEDS)
@drawn
def test_qsa(n, pools, block, seed):
    options = {"top_k": pools * block, "block": block}
    run = layers.qsa(n, *options.values(), seed)
    index = run.arrays["q"], run.arrays["k"]
    out = qsa.attention(run.q, run.k, run.v, index, **options)
    gradients = qsa.backward(run.slopes[3], run.q, run.k, run.v, index, **options)
    by_token = scores_of_tokens(qsa.scores(*index), block, n)
    assert_agree(run, qsa.sets(*index, **options), by_token, out, gradients)


@given(LENGTHS, st.sampled_from([(2, 1), (4, 2), (4, 4), (6, 3)]), FEW, BLOCKS, FEW, SEEDS)
@drawn
def test_msa(n, heads, top_k, block, local, seed):
    query_heads, index_heads = heads
    local = min(local, top_k)  # beyond, the blocks that tie are torch's to choose
    options = {"top_k": top_k, "block": block, "local": local}
    run = layers.msa(n, query_heads, index_heads, *options.values(), seed)
    index = run.arrays["q"], run.arrays["k"]
    chosen = msa.sets_of_heads(msa.sets(*index, **options), query_heads)
    scores = np.repeat(msa.scores(*index, block=block), query_heads // index_heads, axis=0)
    out = msa.attention(run.q, run.k, run.v, index, **options)
    gradients = msa.backward(run.slopes[3], run.q, run.k, run.v, index, **options)
    assert_agree(run, chosen, scores_of_tokens(scores, block, n), out, gradients)


def entries_of(run, n):
    """(kv, entries), which the original has as one array."""
    return run.k[0, :n], run.k[0, n:]


def assert_agree_on_entries(run, n, chosen, out, gradients):
    """Output and gradients, over tokens and entries as one array there."""
    close(out, run.out)
    dq, dkv, dentries, dsink = gradients
    close(dq, run.slopes[0])
    close(np.concatenate([dkv, dentries]), run.slopes[1][0])
    close(dsink, run.arrays["dsink"])


def assert_pool_agrees(method, run, block):
    """What the compressor pools, and the slopes that it hands on."""
    arrays = run.arrays
    if "pools" not in arrays:
        return
    close(method.pool(arrays["kv"], arrays["gates"], block=block), arrays["pools"])
    slopes = method.pool_backward(arrays["dpools"], arrays["kv"], arrays["gates"], block=block)
    close(slopes[0], arrays["dkv"])
    close(slopes[1], arrays["dgates"])


@given(LENGTHS, BLOCKS, st.integers(1, 8), SEEDS)
@drawn
def test_hca(n, block, keys, seed):
    run = layers.v4("hca", n, 1, block, keys, seed)
    chosen = hca.sets(block=block, keys=keys)
    window, entries = (sr.dense(p, (n, m)) for p, m in zip(chosen, (n, n // block)))
    assert np.array_equal(np.hstack([window, entries]), run.mask[0])
    given_arrays = run.q, *entries_of(run, n), run.arrays["sink"]
    out = hca.attention(*given_arrays, block=block, keys=keys)
    gradients = hca.backward(run.slopes[3], *given_arrays, chosen)
    assert_agree_on_entries(run, n, chosen, out, gradients)
    assert_pool_agrees(hca, run, block)


@given(LENGTHS, FEW, BLOCKS, st.integers(1, 8), SEEDS)
@drawn
def test_csa(n, top_k, block, keys, seed):
    run = layers.v4("csa", n, top_k, block, keys, seed)
    index = [run.arrays[f"index_{name}"] for name in "qkw"]
    options = {"top_k": top_k, "block": block, "keys": keys}
    chosen = csa.sets(*index, **options)
    assert np.array_equal(run.mask[0, :, :n], sr.dense(chosen.window, n))
    is_same = rows_of_one_choice(run.mask[:, :, n:], [chosen.entries], csa.scores(*index))[0]
    kv, entries = entries_of(run, n)
    sink = run.arrays["sink"]
    out = csa.attention(run.q, kv, entries, index, sink, **options)
    close(out[:, is_same], run.out[:, is_same])
    if is_same.all():
        gradients = csa.backward(run.slopes[3], run.q, kv, entries, sink, chosen)
        assert_agree_on_entries(run, n, chosen, out, gradients)
    assert_pool_agrees(csa, run, block)
