"""One test for each row of docs/differs.md on Neighborhoods, axes, images."""

import numpy as np
from strategies import brute, qkv

import sparse_ref as sr


def test_a_neighborhood_is_moved_where_a_window_is_cut():
    for n, r in [(9, 1), (12, 3), (7, 3)]:
        moved, cut = brute(sr.natten(n, 2 * r + 1), n), brute(sr.Window(r), n)
        assert not (cut & ~moved).any()
        assert (moved ^ cut).sum(axis=1).tolist() == [
            max(r - i, 0) + max(r - (n - 1 - i), 0) for i in range(n)
        ]


def test_a_causal_stride_keeps_fewer_than_k_keys():
    for n, k, s in [(12, 4, 2), (12, 4, 4), (15, 5, 3)]:
        strided, each = brute(sr.natten(n, k, s, causal=True), n), brute(sr.Lookback(k), n)
        assert not (strided & ~each).any()
        assert (each & ~strided).sum(axis=1)[k - 1 :].tolist() == [
            s - 1 - i % s for i in range(k - 1, n)
        ]


def attn_gym_natten(canvas_w, canvas_h, kernel_w, kernel_h):
    """attn-gym 0.0.17's set, pair by pair: x is the row of a position, y its column."""

    def near(query, key, keys, side):
        centre = min(max(query, keys // 2), side - 1 - keys // 2)
        return abs(centre - key) <= keys // 2

    n = canvas_w * canvas_h
    return np.array(
        [
            [
                near(i // canvas_w, j // canvas_w, kernel_w, canvas_w)
                and near(i % canvas_w, j % canvas_w, kernel_h, canvas_h)
                for j in range(n)
            ]
            for i in range(n)
        ]
    )


def test_attn_gym_keeps_one_key_more_of_an_even_kernel():
    gym = attn_gym_natten(6, 6, 4, 4)
    assert (gym == brute(sr.natten_nd((6, 6), 5), 36)).all()
    assert not (brute(sr.natten_nd((6, 6), 4), 36) & ~gym).any()
    assert set(gym.sum(axis=1)) == {25}
    assert set(brute(sr.natten_nd((6, 6), 4), 36).sum(axis=1)) == {16}


def test_attn_gym_takes_rows_for_columns():
    assert (attn_gym_natten(6, 6, 5, 3) == brute(sr.natten_nd((6, 6), (5, 3)), 36)).all()
    assert (attn_gym_natten(6, 6, 5, 3) != brute(sr.natten_nd((6, 6), (3, 5)), 36)).any()
    assert set(attn_gym_natten(7, 4, 3, 3).sum(axis=1)) == {6, 9}


def test_summed_axes_are_no_union():
    shape, n = (3, 4), 12
    lines = [sr.axial(shape, axis) for axis in (0, 1)]
    q, k, v = qkv((n, n))
    summed = sum(sr.attend(q, k, v, line) for line in lines)
    for one_softmax in (sr.Branches(lines), lines[0] | lines[1]):
        assert np.abs(summed - sr.attend(q, k, v, one_softmax)).max() > 0.1
    assert (np.diag(sr.multiplicity(sr.Branches(lines), n)) == 2).all()


def test_swin_does_not_shift_a_grid_no_longer_than_its_window():
    assert brute(sr.swin((4, 4), 4), 16).all()
    assert brute(sr.swin((4, 4), 4, shift=2), 16).sum() == 4 * 4**2
    assert (
        brute(sr.swin((3, 6), min(3, 6)), 18)
        == brute(sr.Grid((3, 6), (sr.Full(), sr.Chunk(3))), 18)
    ).all()


def test_swin_pads_to_whole_windows():
    inside = np.pad(np.ones((4, 5), bool), ((0, 2), (0, 1))).ravel()
    for shift in (0, 1):
        padded = brute(sr.swin((6, 6), 3, shift), 36)
        assert (padded[np.ix_(inside, inside)] == brute(sr.swin((4, 5), 3, shift), 20)).all()
        assert padded[np.ix_(inside, ~inside)].any()


def test_tensor2tensor_remembers_one_block():
    n, block = 20, 4
    theirs = np.array(
        [
            [j <= i and j // block in (i // block - 1, i // block) for j in range(n)]
            for i in range(n)
        ]
    )
    assert (brute(sr.image_local(block, block), n) == theirs).all()
    assert [
        np.flatnonzero(row).tolist() for row in theirs & ~brute(sr.image_local(block, 1), n)
    ] == [
        list(range(i // block * block - block, i // block * block - 1)) if i >= block else []
        for i in range(n)
    ]


def test_blocks_are_generated_before_the_rows_below_them():
    p = sr.image_local_2d((2, 4), (2, 2), (0, 2))
    later = brute(p - sr.Causal(), 8)
    assert [np.flatnonzero(row).tolist() for row in later] == [
        [],
        [],
        [4, 5],
        [4, 5],
        [],
        [],
        [],
        [],
    ]
