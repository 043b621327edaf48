"""Exercises of lessons 4 to 8: each reference against what the library finds by walking paths."""

from itertools import combinations, product

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.puzzles.lessons import (
    far_with_few,
    global_and_random,
    images_and_video,
    paths_and_proofs,
    scheme_exercises,
)


def test_own_keys_of_three_layers_are_named_whatever_holds_the_layers():
    middle = sr.Strided(4) & sr.Lookback(13)
    digits = sr.Lookback(4), middle, sr.Strided(16)
    for layers in (digits, list(digits), sr.Factorized(digits)):
        assert scheme_exercises.judge_layers(layers) == scheme_exercises.OWN_KEYS


def test_the_stop_lies_on_a_path():
    for l in range(1, 6):
        for i, j in np.argwhere(np.tri(14)):
            a = paths_and_proofs.swapped_stop(i, j, l)
            assert sr.Strided(l).contains(a, j)
            assert sr.Lookback(l).contains(i, a)


SINK = sr.Sinks(1) | sr.Lookback(4)


@pytest.mark.parametrize(
    ("layers", "answer"),
    [
        ((sr.Lookback(3), sr.Strided(4)), paths_and_proofs.narrow_window()),
        ((SINK, SINK), global_and_random.sink_as_hub()),
    ],
    ids=["window and stride", "sink"],
)
def test_the_counterexample_is_the_smallest(layers, answer):
    n, j, i = answer
    pairs = n * (n - 1) // 2  # j <= i < n - 1
    assert sr.paths.reach(layers, n - 1).sum() == pairs
    assert not sr.paths.reach(layers, n)[i, j]


def test_layers_of_windows():
    for n, keys in product(range(1, 20), range(2, 6)):
        layers = sr.paths.diameter([sr.Lookback(keys)], n)
        assert paths_and_proofs.window_layers(n, keys) == layers


def test_the_star_is_one_and_has_no_pair_to_spare():
    i, j = np.indices((9, 9))
    star = global_and_random.star_around(i, j, 4)
    assert sr.paths.contains_star(sr.interop.from_allowed_mask(star), 9)
    star[4, 4] = False  # the paper's centre need not attend to itself
    for query, key in np.argwhere(star):
        broken = star.copy()
        broken[query, key] = False
        assert not sr.paths.contains_star(sr.interop.from_allowed_mask(broken), 9)


@pytest.mark.parametrize(("n", "keys"), [(3, 1), (4, 2), (4, 4)])
def test_unread_tokens_are_those_of_all_draws(n, keys):
    rows = list(combinations(range(n), keys))
    counts = []
    for draw in product(rows, repeat=n):
        read = {j for i, row in enumerate(draw) for j in row if j != i}
        counts.append(n - len(read))
    assert np.isclose(global_and_random.unread_tokens(n, keys), np.mean(counts))


def test_the_mended_window_connects_all():
    i, j = np.indices((20, 20))
    mended = sr.interop.from_allowed_mask(far_with_few.mended_dilation(i, j))
    hops = sr.paths.hops([mended], 20)
    assert (hops[j <= i] >= 0).all()


def test_hops_of_powers_of_two():
    logsparse = sr.paths.hops([sr.LogSparse()], 64)
    causal_butterfly = sr.butterfly(6) & sr.Causal()
    butterfly = sr.paths.hops([causal_butterfly], 64)
    for i, j in np.argwhere(np.tri(64)).tolist():
        assert far_with_few.logsparse_layers(i, j) == logsparse[i, j]
        assert far_with_few.causal_butterfly(i, j) == (butterfly[i, j] >= 0)


def tile_order(rows, columns, side):
    positions = np.arange(rows * columns * side * side)
    split = positions.reshape(rows, side, columns, side)
    return split.transpose(0, 2, 1, 3).ravel()


def test_places_in_tile_order():
    width = 9
    for place, position in enumerate(tile_order(2, 3, 3).tolist()):
        row, column = divmod(position, width)
        assert images_and_video.tile_place(row, column, width, 3) == place


@pytest.mark.parametrize("radius", range(10))
def test_full_tiles_are_those_of_the_mask(radius):
    tiles, side = 3, 3
    order = tile_order(tiles, tiles, side)
    near = sr.Window(radius)
    mask = sr.Grid((9, 9), (near, near)).mask(81)
    pairs = mask[np.ix_(order, order)].reshape(9, 9, 9, 9)
    is_full = pairs.all(axis=(1, 3))
    assert images_and_video.full_tiles(tiles, side, radius) == is_full.sum()
