"""Whole layers: their sets are read out of their outputs by one-hot values, and judged."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import dsa, moba, msa, topk
from sparse_ref.verify import assert_selection, indexer_mistakes, probe, selection

N, HEADS, D, BLOCK = 16, 2, 8, 4
OWN = sr.Blockwise(sr.Window(0), (BLOCK, 1))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


Q, K = normal(2, HEADS, N, D)
INDEX = normal(3, N, 4, seed=1), normal(N, 4, seed=2), normal(N, 3, seed=3)


def mask_of(attention, *given, **options):
    """The sets of a layer at Q and K, (heads, N, N)."""

    def fn(q, k, v):
        return attention(q, k, v, *given, **options)

    return probe(fn, N, heads=HEADS, q=Q, k=K).mask


def blocks_of(mask):
    """The blocks that a mask has a token of, (heads, N, N / BLOCK)."""
    return mask.reshape(HEADS, N, -1, BLOCK).any(axis=-1)


def test_the_keys_of_top_k_attention():
    mask = mask_of(topk.attention, top_k=5)
    assert_selection(mask, sr.selection.dot(Q, K), 5, sr.Causal())
    report = selection(mask, sr.selection.dot(Q, K), 4, sr.Causal())
    assert report.mistakes == ("k is off by one: it is 5",)


def test_the_blocks_of_moba():
    means = sr.selection.mean_pool(K, BLOCK)
    scores = sr.selection.dot(Q, means)
    blocks = blocks_of(mask_of(moba.attention, block=BLOCK, top_k=2))
    assert_selection(blocks, scores, 2, sr.Started(BLOCK), forced=OWN)
    on_top = dict(forced=OWN, forced_in_budget=False)
    report = selection(blocks, scores, 2, sr.Started(BLOCK), **on_top)
    assert report.mistakes[0] == "forced atoms count inside k, not on top"
    report = selection(blocks, scores, 2, sr.Complete(BLOCK))
    assert not report.passed


def test_the_tokens_of_an_indexer_are_one_set_for_all_heads():
    mask = mask_of(dsa.attention, INDEX, top_k=5)
    np.testing.assert_array_equal(mask[0], mask[1])
    scores = sr.selection.weighted_relu(*INDEX)
    assert_selection(mask[0], scores, 5, sr.Causal())
    wrong = indexer_mistakes(*INDEX)["without the ReLU"]
    report = selection(mask[0], wrong, 5, sr.Causal(), alternatives={"with the ReLU": scores})
    assert report.mistakes == ("with the ReLU",)


@pytest.mark.parametrize("heads", [1, 2])
def test_the_blocks_of_index_heads(heads):
    q, k = normal(heads, N, 4, seed=4), normal(N, 4, seed=5)
    blocks = blocks_of(mask_of(msa.attention, (q, k), top_k=2, block=BLOCK))
    scores = np.asarray(msa.scores(q, k, block=BLOCK))
    visible = sr.Started(BLOCK)
    assert_selection(blocks[:heads], scores, 2, visible, forced=OWN)
    if heads == 2:
        report = selection(blocks[0], scores, 2, visible, forced=OWN)
        assert report.mistakes == ("one set for all heads: that of head 0",)
        report = selection(blocks[::-1], scores, 2, visible, forced=OWN)
        assert report.mistakes == ("heads are mixed up: heads 0, 1 have the sets of heads 1, 0",)
