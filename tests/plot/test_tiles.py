"""Figures judged by their artists: `plot.tiles` draws the chunks of `sr.plan`, pair by pair."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of

import sparse_ref as sr

SKIPPED, UNUSED, USED, FULL = range(4)
PATTERNS = [
    sr.Strided(8),
    sr.Local(48) | sr.Sinks(4),
    sr.Causal(),
    sr.Full(),
    ~sr.Full(),
    sr.Window(3) - sr.Chunk(5),
]


def queries_of(plan):
    return np.concatenate([part.rows.ravel() for part in plan.parts])


@pytest.mark.parametrize("p", PATTERNS, ids=repr)
@pytest.mark.parametrize("n", [40, 64, 200, (130, 70)])
def test_what_is_used_is_the_set_in_the_order_of_the_plan(p, n):
    plan, dense = sr.plan(p, n), sr.dense(p, n)
    kinds = sr.plot.tiles(p, n).get_array()
    queries = queries_of(plan)
    assert kinds.shape == (64 * plan.tiles, dense.shape[1])
    real = queries >= 0
    assert np.array_equal(kinds[real] >= USED, dense[queries[real]])
    assert (kinds[~real] <= UNUSED).all()


@pytest.mark.parametrize("p", PATTERNS, ids=repr)
def test_what_is_computed_is_the_chunks_of_the_plan(p):
    """An independent reading: each chunk by itself, in Python."""
    plan = sr.plan(p, 200)
    expected = np.zeros((64 * plan.tiles, 200), int)
    for t in range(plan.tiles):
        for c in range(plan.ptr[t], plan.ptr[t + 1]):
            start = plan.start[c]
            keys = range(start, start + 64) if start >= 0 else plan.keys[-1 - start]
            tile = expected[64 * t : 64 * t + 64]
            for j in map(int, keys):
                tile[:, j] = np.maximum(tile[:, j], 1 + (plan.word[c] < 0))
    kinds = sr.plot.tiles(plan).get_array()
    assert np.array_equal(kinds > SKIPPED, expected > 0)
    is_real = queries_of(plan) >= 0
    assert np.array_equal(kinds[is_real] == FULL, expected[is_real] == 2)


def test_rows_are_labelled_by_their_queries():
    im = sr.plot.tiles(sr.Strided(8), 256)
    queries = queries_of(sr.plan(sr.Strided(8), 256))
    rows = im.axes.get_yticks()
    labels = texts_of(im.axes.get_yticklabels())
    assert labels == [str(query) for query in queries[rows]]
    assert labels[:4] == ["0", "128", "1", "129"]
    assert im.axes.get_ylabel() == "query i, in the plan's order"
    assert im.axes.get_xlabel() == "key j"


def test_a_row_that_fills_up_a_tile_has_no_label():
    im = sr.plot.tiles(sr.Causal(), 100)
    assert len(im.get_array()) == 128
    assert im.axes.get_yticks().max() < 100


def test_title_and_legend_have_the_numbers():
    plan = sr.plan(sr.Causal(), 512)
    im = sr.plot.tiles(sr.Causal(), 512)
    assert im.axes.get_title() == "Causal()\n8 tiles, 36 chunks, 89% used"
    assert round(1 - plan.waste, 2) == 0.89
    labels = legend_texts(im)
    assert labels == ["skipped", "computed, not used", "partial chunks (8)", "full chunks (28)"]
    assert sr.plot.tiles(plan, title="Fig. 2").axes.get_title() == "Fig. 2"
    assert sr.plot.tiles(~sr.Full(), 9).axes.get_title() == "~Full()\n1 tile, 0 chunks"


def test_lines_are_between_tiles():
    im = sr.plot.tiles(sr.Causal(), 256)
    assert [line.get_ydata()[0] for line in im.axes.lines] == [63.5, 127.5, 191.5]


@pytest.mark.parametrize(("p", "n"), [(sr.Local(200), 1000), (sr.Strided(16), (600, 520))])
def test_blocks_count_what_pairs_show(p, n):
    """Each chunk counted in its cells by itself; half or more partial is partial."""
    plan = sr.plan(p, n)
    im = sr.plot.tiles(p, n)
    columns = -(-plan.shape[1] // 4)
    counts = np.zeros((2, plan.tiles, columns), int)
    for t in range(plan.tiles):
        for c in range(plan.ptr[t], plan.ptr[t + 1]):
            start = plan.start[c]
            keys = np.arange(start, start + 64) if start >= 0 else plan.keys[-1 - start]
            np.add.at(counts[int(plan.word[c] < 0), t], keys // 4, 1)
    partial, full = counts
    expected = np.where(partial + full == 0, SKIPPED, np.where(partial >= full, UNUSED, FULL))
    assert np.array_equal(im.get_array(), expected)
    opacity = np.where(expected, 0.45 + 0.55 * np.minimum((partial + full) / 4, 1), 1)
    assert np.allclose(im.get_alpha(), opacity)
    assert im.axes.get_title().endswith("cells of 64 × 4 pairs")


def test_the_parts_of_a_plan_are_one_below_the_other():
    p = sr.Local(16) | sr.Strided(16)
    plan = sr.plan(p, 4096)
    assert len(plan.parts) == 2
    im = sr.plot.tiles(p, 4096)
    assert im.get_array().shape == (128, 256)
    borders = [line.get_ydata()[0] for line in im.axes.lines]
    assert borders == [4095.5]
    labels = texts_of(im.axes.get_yticklabels())
    assert labels.count("0") == 2


def test_a_million_queries():
    im = sr.plot.tiles(sr.Local(64) | sr.Sinks(4), 1_000_000)
    assert im.get_array().shape == (245, 245)
    assert (im.get_array()[:, 0] > SKIPPED).all()


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2, facecolor="black")
    im = sr.plot.tiles(sr.Causal(), 80, ax=axes[1])
    assert im.axes is axes[1]
    assert fig.axes == list(axes)
    assert sr.plot.tiles(sr.Causal(), 80).cmap(0.0) != im.cmap(0.0)


PLAN = sr.plan(sr.Causal(), 9)


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ((sr.Causal(),), TypeError, "n must be given if p is a pattern, got None"),
        ((sr.Causal(), 0), ValueError, "n must be at least 1 to be drawn, got 0"),
        ((sr.strided(2), 9), TypeError, r"p strided\(2\) is 2 steps, not one set"),
        ((np.ones((3, 3), bool),), TypeError, "p must be a Pattern, got a boolean array"),
        ((PLAN, 8), ValueError, r"n must be left out or \(9, 9\) for this Plan, got 8"),
        ((replace(PLAN, nnz=3),), ValueError, "nnz must be"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, error, says):
    with pytest.raises(error, match=says):
        sr.plot.tiles(*args)
    assert plt.get_fignums() == []
