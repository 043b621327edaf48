"""Figures judged by their artists: `plot.reach` against Boolean products of dense masks."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import texts_of
from matplotlib.colors import to_rgba

import sparse_ref as sr

STACKS = [
    (sr.strided(4), 20, 4),
    ((sr.Lookback(3), sr.Dilated(2, 3)), 17, 5),
    ((sr.Strided(3) - sr.Lookback(1), sr.Sinks(2)), 12, 3),
    (sr.LogSparse(), 33, 1),
]


def expected_kinds(steps, n, layers, residual):
    """0 not reached, 1 reached, 2 new, 3 by fewer layers only, from products of dense masks."""
    patterns = [steps] if isinstance(steps, sr.Pattern) else list(steps)
    through = earlier = np.eye(n, dtype=bool)
    tables = []
    for layer in range(layers):
        mask = sr.dense(patterns[layer % len(patterns)], n) | (residual & np.eye(n, dtype=bool))
        through = (mask.astype(int) @ through) > 0
        table = np.where(through, np.where(earlier, 1, 2), np.where(earlier, 3, 0))
        tables.append(table)
        earlier = earlier | through
    return tables


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(("steps", "n", "layers"), STACKS, ids=repr)
def test_each_panel_is_a_product_of_the_layers(steps, n, layers, residual):
    axes = sr.plot.reach(steps, n, layers, residual=residual)
    tables = expected_kinds(steps, n, layers, residual)
    assert axes.shape == (layers,)
    for ax, table in zip(axes, tables):
        assert np.array_equal(ax.images[0].get_array(), table)
        reached = np.isin(table, [1, 2]).sum()
        assert ax.get_title().endswith(f"\n{reached:,} pairs, {(table == 2).sum():,} new")


def test_without_the_residual_edge_a_pair_may_be_lost():
    axes = sr.plot.reach(sr.Local(1) - sr.Lookback(1), 3, 2, residual=False)
    assert axes[1].images[0].get_array().tolist() == [[3, 0, 0], [3, 3, 0], [2, 3, 3]]
    entries = texts_of(axes[0].figure.legends[0].get_texts())
    assert entries == ["not reached", "new in this layer", "reached by fewer layers only"]


def test_layers_take_the_steps_round_and_round_from_the_first():
    axes = sr.plot.reach(sr.strided(4), 12, 5)
    names = [ax.get_title().split("\n")[0] for ax in axes]
    assert names == [f"layer {r}: {('Strided(4)', 'Local(4)')[r % 2]}" for r in range(1, 6)]
    assert axes[0].figure.get_suptitle() == "strided(4)"
    long = sr.Local(12345) | sr.Strided(12345)
    first, second = sr.plot.reach((long, sr.Local(1)), 4, 2)
    assert first.get_title().startswith("layer 1: step 1\n")
    assert second.get_title().startswith("layer 2: Local(1)\n")


def test_only_outer_panels_bear_the_names_of_axes():
    axes = sr.plot.reach(sr.Lookback(2), 8, 7)
    assert len(axes[0].figure.axes) == 7
    assert [ax.get_ylabel() for ax in axes] == ["position i", *[""] * 3, "position i", *[""] * 2]
    assert [ax.get_xlabel() for ax in axes] == [""] * 3 + ["source j"] * 4
    assert axes[2].get_xlim() == (-0.5, 7.5)
    assert axes[2].get_ylim() == (7.5, -0.5)


def test_a_block_is_new_if_any_of_its_pairs_is():
    n, side = 600, 8
    p = sr.Local(64) | sr.GlobalAt((301,))
    axes = sr.plot.reach(p, n, 2)
    for ax, table in zip(axes, expected_kinds(p, n, 2, True)):
        blocks = table.reshape(n // side, side, n // side, side)
        cells = np.where((blocks == 2).any((1, 3)), 2, (blocks == 1).any((1, 3)))
        assert np.array_equal(ax.images[0].get_array(), cells)
        assert ax.get_xlim() == (-0.5, n - 0.5)
    assert axes[0].figure.get_suptitle() == f"{p!r}\ncells of 8 × 8 pairs"


def test_title_colours_and_figure_can_be_given():
    whole = plt.figure(figsize=(9, 4), layout="constrained")
    left, right = whole.subfigures(1, 2)
    before = dict(plt.rcParams)
    axes = sr.plot.reach(sr.Local(2), 6, 2, title="two layers", colours=list("wrgb"), fig=left)
    assert [ax.figure for ax in axes] == [left, left]
    assert not right.axes
    assert left.get_suptitle() == "two layers"
    im = axes[1].images[0]
    assert tuple(im.to_rgba(im.get_array())[4, 0]) == to_rgba("g")
    assert plt.get_fignums() == [whole.number]
    assert dict(plt.rcParams) == before
    assert sr.plot.reach(sr.Local(2), 6, 2, title="")[0].figure.get_suptitle() == ""


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("strided", 8, 2), {}, TypeError, "steps must be a Factorized, or a tuple"),
        (((), 8, 2), {}, TypeError, "steps must be a Factorized"),
        ((sr.Causal(), (4, 8), 2), {}, TypeError, r"n must be an integer, got \(4, 8\)"),
        ((sr.Causal(), 0, 2), {}, ValueError, "n must be at least 1, got 0"),
        ((sr.Causal(), 4097, 2), {}, ValueError, "n must be at most 4096, got 4097"),
        ((sr.natten(8, 3), 9, 2), {}, ValueError, "n = 8"),
        ((sr.Causal(), 8, 0), {}, ValueError, "layers must be at least 1, got 0"),
        ((sr.Causal(), 8, 65), {}, ValueError, "layers must be at most 64, got 65"),
        ((sr.Causal(), 8, 2), dict(residual=1), TypeError, "residual must be True or False, got 1"),
        ((sr.Causal(), 8, 2), dict(title=3), TypeError, "title must be a string, got 3"),
        ((sr.Causal(), 8, 2), dict(colours="red"), TypeError, "colours must be a sequence"),
        (
            (sr.Causal(), 8, 2),
            dict(colours=("w", "b", "g", "bleu")),
            ValueError,
            r"colours\[3\] must be a colour of matplotlib, got 'bleu'",
        ),
        ((sr.Causal(), 8, 2), dict(fig=3), TypeError, "fig must be a matplotlib Figure or SubFig"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.reach(*args, **options)
    assert plt.get_fignums() == []
