"""One test for each row of docs/differs.md on the Sparse Transformer."""

import numpy as np
from strategies import brute, qkv

import sparse_ref as sr


def test_the_paper_keeps_one_local_key_more_than_its_code():
    for l in (1, 3, 8):
        differs = brute(sr.Local(l) - sr.Lookback(l), 20)
        assert [np.flatnonzero(row).tolist() for row in differs] == [
            [i - l] if i >= l else [] for i in range(20)
        ]
        assert not brute(sr.Lookback(l) - sr.Local(l), 20).any()


def test_residue_l_does_not_occur():
    """{t, ..., l} with t = l - c, as printed, is the same set as {l - c, ..., l - 1}."""
    for l, c in [(4, 1), (4, 4), (7, 3)]:
        printed = [[j <= i and j % l in range(l - c, l + 1) for j in range(30)] for i in range(30)]
        assert brute(sr.Summary(l, c), 30).tolist() == printed


def test_the_first_rows_of_a_summary_are_empty():
    p = sr.Summary(8, 3)
    empty = ~brute(p, 30).any(axis=1)
    assert np.flatnonzero(empty).tolist() == list(range(8 - 3))
    out, lse = sr.attend_with_lse(*qkv((30, 30)), p)
    assert (out[0, empty] == 0).all()
    assert (lse[0, empty] == -np.inf).all()


def test_head_0_of_the_code_is_the_merged_paper_and_the_others_are_not():
    heads = sr.openai_fixed(8, 2, num_verts=3)
    merged = brute(sr.Merged(sr.fixed(8, 2)).at(0, 0), 40)
    assert (brute(heads[0], 40) == merged).all()
    assert heads[0] == sr.Merged(sr.fixed(8, 2)).at(0, 0)
    for h in (1, 2):
        assert (brute(heads[h], 40) != merged).any()
        assert (brute(heads[h] | sr.Block(8), 40) == brute(heads[h], 40)).all()


def test_the_phase_of_interleaving_matters_for_fixed():
    scheme = sr.Interleaved(sr.fixed(8, 1))
    layers = [scheme.at(layer, 0) for layer in range(2)]
    causal = np.tril(np.ones((64, 64), bool))
    assert layers == [sr.Block(8), sr.Summary(8, 1)]
    assert (sr.paths.reach(layers, 64) == causal).all()
    assert (causal & ~sr.paths.reach(layers[::-1], 64)).sum() == 1568


def test_fixed_needs_the_residual_edge():
    causal = np.tril(np.ones((64, 64), bool))
    assert (sr.paths.reach(sr.strided(8), 64, residual=False) == causal).all()
    assert (causal & ~sr.paths.reach(sr.fixed(8, 1), 64, residual=False)).sum() == 224
    assert (sr.paths.reach(sr.fixed(8, 1), 64, residual=True) == causal).all()


def test_attention_impl_takes_the_mode_its_original_refuses():
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 2, 24, 8))
    out = sr.published.openai.attention_impl(q, k, v, 2, "fixed", 6, c=2)
    heads = [x.reshape(2, 24, 2, 4).transpose(0, 2, 1, 3) for x in (q, k, v)]
    expected = (
        sr.attend(*heads, sr.Block(6) | sr.Summary(6, 2)).transpose(0, 2, 1, 3).reshape(2, 24, 8)
    )
    assert out.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_the_permutation_computes_the_strided_set():
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 2, 48, 8))
    direct = sr.published.openai.attention_impl(q, k, v, 2, "strided", 6)
    assert np.abs(sr.published.openai.strided_by_permutation(q, k, v, 2, 6) - direct).max() < 1e-14
