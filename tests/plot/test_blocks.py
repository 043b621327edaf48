"""Figures judged by their artists: `plot.blocks` draws the blocks of `interop.block_mask`."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts

import sparse_ref as sr
from sparse_ref import interop

EMPTY, PARTIAL, FULL = range(3)
P = sr.Local(70) | sr.GlobalAt((0, 130))


def kinds_of(block_mask):
    """The kinds of blocks that the arrays of a BlockMask with one head list, (rows, columns)."""
    kinds = np.zeros(block_mask.kv_indices.shape[2:], int)
    tables = {
        PARTIAL: (block_mask.kv_num_blocks, block_mask.kv_indices),
        FULL: (block_mask.full_kv_num_blocks, block_mask.full_kv_indices),
    }
    for kind, (counts, indices) in tables.items():
        for row, count in enumerate(counts[0, 0]):
            kinds[row, indices[0, 0, row, :count]] = kind
    return kinds


@pytest.mark.parametrize("n", [256, 200, (130, 300), 1])
@pytest.mark.parametrize("block", [128, 16, (32, 64)])
def test_the_blocks_are_those_of_interop(n, block):
    im = sr.plot.blocks(P, n, block)
    kinds = kinds_of(interop.block_mask(P, n, block))
    assert np.array_equal(im.get_array(), kinds)
    labels = legend_texts(im)
    counts = zip(("empty", "partial", "full"), np.bincount(kinds.ravel(), minlength=3))
    assert labels == [f"{name} ({count})" for name, count in counts if count]
    sparsity = (kinds == EMPTY).mean()
    assert f"{sparsity:.1%} sparse" in im.axes.get_title()


def test_sparsity_is_what_torch_calls_so():
    """100 (1 - computed pairs / n_q n_k), for blocks that divide n."""
    block_mask = interop.block_mask(sr.Causal(), 1024)
    counts = block_mask.kv_num_blocks.sum() + block_mask.full_kv_num_blocks.sum()
    sparsity = 100 * (1 - counts * 128 * 128 / 1024**2)
    title = sr.plot.blocks(sr.Causal(), 1024).axes.get_title()
    assert title == f"Causal()\n{sparsity:.1f}% sparse, blocks of 128 × 128"


def test_axes_count_positions():
    im = sr.plot.blocks(P, (200, 300), (32, 64))
    assert im.axes.get_xlim() == (-0.5, 299.5)
    assert im.axes.get_ylim() == (199.5, -0.5)
    assert list(im.get_extent()) == [-0.5, 319.5, 223.5, -0.5]
    assert im.axes.get_ylabel() == "query i"


def test_a_cell_of_many_blocks_is_what_all_of_them_are():
    im = sr.plot.blocks(sr.Causal(), 600, 1)
    a, b = np.indices((150, 150))
    expected = np.where(b < a, FULL, np.where(b == a, PARTIAL, EMPTY))
    assert np.array_equal(im.get_array(), expected)
    labels = legend_texts(im)
    assert labels == ["empty (179,700)", "full (180,300)"], "a single pair is never partial"
    assert im.axes.get_title().endswith("blocks of 1 × 1\ncells of 4 × 4 blocks")


def test_a_global_row_and_column_are_seen_in_a_hundred_thousand():
    im = sr.plot.blocks(sr.Local(64) | sr.GlobalAt((77_777,)), 100_000)
    cells = im.get_array()
    row = 77_777 // (4 * 128)
    assert cells.shape == (196, 196)
    assert (cells[row] > EMPTY).all()
    assert (cells[:, row] > EMPTY).all()


def test_a_head():
    im = sr.plot.blocks([sr.Causal(), sr.Full()], 64, 16, head=1)
    assert (im.get_array() == FULL).all()
    assert im.axes.get_title() == "Full(), head 1\n0.0% sparse, blocks of 16 × 16"
    assert sr.plot.blocks([sr.Full()], 64, 16, title="Fig. 3").axes.get_title() == "Fig. 3"


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert sr.plot.blocks(P, 256, ax=axes[1]).axes is axes[1]
    assert fig.axes == list(axes)


@pytest.mark.parametrize(
    ("args", "head", "error", "says"),
    [
        ((P, 0), None, ValueError, "n must be at least 1 to be drawn, got 0"),
        ((P, 64, 0), None, ValueError, "block must be at least 1, got 0"),
        ((P, 64, 2.5), None, TypeError, "block must be an integer, got 2.5"),
        ((P, 64), 1, ValueError, "head must be at most 0, got 1"),
        (([P, P], 64), None, ValueError, "head must say which of the 2 patterns of p, got None"),
        ((sr.strided(2), 64), None, TypeError, r"p strided\(2\) is 2 steps, not one set"),
        ((np.ones((3, 3), bool), 3), None, TypeError, "p must be a Pattern"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, head, error, says):
    with pytest.raises(error, match=says):
        sr.plot.blocks(*args, head=head)
    assert plt.get_fignums() == []
