"""One test for each row of docs/differs.md on Longformer, ETC, LongT5."""

import numpy as np
from strategies import brute, qkv

import sparse_ref as sr


def test_longformers_window_counts_both_sides_in_the_paper_and_one_in_its_code():
    for w in (2, 4, 8):
        paper, code = brute(sr.longformer(w // 2), 30), brute(sr.longformer(w), 30)
        assert (paper.sum(axis=1)[w:-w] == w + 1).all()
        assert (code.sum(axis=1)[w:-w] == 2 * w + 1).all()
        assert (code & ~paper).tolist() == [
            [w // 2 < abs(i - j) <= w for j in range(30)] for i in range(30)
        ]
        assert not (paper & ~code).any()


def test_a_dilated_window_counts_keys_or_positions():
    for w, d in ((4, 2), (6, 3), (5, 2)):
        keys, positions = (
            brute(sr.longformer(w, dilation=d), 60),
            brute(sr.Window(w) & sr.Dilated(w, d), 60),
        )
        further = [
            [w < abs(i - j) <= w * d and (i - j) % d == 0 for j in range(60)] for i in range(60)
        ]
        assert (keys & ~positions).tolist() == further
        assert not (positions & ~keys).any()


def test_longformers_layer_is_not_autoregressive():
    for w in (1, 5):
        both, causal = brute(sr.longformer(w), 20), brute(sr.longformer_causal(w), 20)
        assert (causal == np.tril(both)).all()
        assert np.triu(both, 1).sum() == sum(min(w, 19 - i) for i in range(20))


def test_longformers_global_edges_are_symmetric_and_their_projections_are_not():
    sets = brute(sr.longformer(1, globals=(3,)), 8)
    assert (sets == sets.T).all()
    s, g, other = (sr.published.Projections.random(8, seed) for seed in range(3))
    X, G = np.random.default_rng(0).standard_normal((8, 8), dtype=np.float32), np.arange(8) == 3
    out, other_g, other_s = (
        sr.published.LongformerAttention(*each, heads=2, radius=1)(X, G)
        for each in ((s, g), (s, other), (other, g))
    )
    assert np.flatnonzero((out != other_g).any(axis=1)).tolist() == [3]
    assert np.flatnonzero((out != other_s).any(axis=1)).tolist() == [0, 1, 2, 4, 5, 6, 7]


def test_longformer_without_overlap_is_wider_than_its_window():
    for w in (1, 4, 6):
        blocks, window = brute(sr.longformer_no_overlap(w), 5 * w), brute(sr.longformer(w), 5 * w)
        assert (blocks[w:-w].sum(axis=1) == 3 * w).all()
        extra = [
            [abs(i - j) > w and abs(i // w - j // w) == 1 for j in range(5 * w)]
            for i in range(5 * w)
        ]
        assert (blocks & ~window).tolist() == extra
        assert not (window & ~blocks).any()


def test_etc_is_longformer_with_its_globals_in_front():
    for g, r in ((0, 2), (1, 0), (3, 4)):
        assert (brute(sr.etc(g, r), 20) == brute(sr.longformer(r, range(g)), 20)).all()


def test_transient_global_keys_in_either_order_are_one_softmax():
    n, g, r = 20, 3, 4
    front, behind = brute(sr.longt5_tglobal(g, r), (n, g + n)), brute(sr.Window(r), n)
    assert (front == np.hstack([np.ones((n, g), bool), behind])).all()
    q, k, v = qkv((n, g + n))
    order = np.r_[g : g + n, :g]
    turned = sr.Listed.of_rows([np.flatnonzero(row) for row in front[:, order]])
    out = sr.attend(q, k[:, order], v[:, order], turned)
    assert np.abs(out - sr.attend(q, k, v, sr.longt5_tglobal(g, r))).max() < 1e-6
