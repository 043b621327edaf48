"""Figures judged by their artists: `plot.hops` is `paths.hops`, its legend counts the pairs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from matplotlib.colors import to_rgba

import sparse_ref as sr

GAP = sr.Window(3) & ~sr.GlobalAt((7,))


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(
    ("steps", "n"),
    [(sr.strided(4), 20), (sr.fixed(4), 16), (sr.Dilated(2, 2), 12), (GAP, 40), (sr.Sinks(1), 1)],
    ids=repr,
)
def test_the_array_is_that_of_the_search(steps, n, residual):
    im = sr.plot.hops(steps, n, residual=residual)
    stack = (steps,) if isinstance(steps, sr.Pattern) else steps
    counts = sr.paths.hops(stack, n, residual=residual)
    assert np.array_equal(im.get_array().data, counts)
    later = np.triu(np.ones((n, n), bool), 1)
    is_causal = (counts[later] == -1).all()
    assert np.array_equal(np.ma.getmaskarray(im.get_array()), later & is_causal)


def test_the_legend_counts_the_pairs():
    im = sr.plot.hops(sr.Window(1) & sr.Chunk(4), 8)
    entries = legend_texts(im)
    assert entries == [
        "0 layers: 8 pairs",
        "1 layer: 12 pairs",
        "2 layers: 8 pairs",
        "3 layers: 4 pairs",
        "never: 32 pairs",
    ]
    colours = [patch.get_facecolor() for patch in im.axes.get_legend().get_patches()]
    drawn = im.to_rgba(im.get_array())
    assert [tuple(drawn[0, j]) for j in range(5)] == colours
    assert len(set(colours)) == 5


def test_pairs_that_no_layers_join_bear_a_cross():
    ax = sr.plot.hops(sr.Dilated(1, 2), 6).axes
    (crosses,) = ax.lines
    assert {(i % 2, j % 2) for j, i in crosses.get_xydata()} == {(0, 1), (1, 0)}
    assert len(crosses.get_xydata()) == 18
    assert not sr.plot.hops(sr.Dilated(1, 2), 33).axes.lines


def test_many_numbers_of_layers_have_a_colour_bar():
    im = sr.plot.hops(GAP, 48)
    (bar_axes,) = im.axes.child_axes
    counts = sr.paths.hops((GAP,), 48)
    assert bar_axes.get_xlabel() == "layers from j to i"
    assert bar_axes.get_xlim() == (-0.5, counts.max() + 0.5)
    (entry,) = im.axes.get_legend().get_texts()
    assert entry.get_text() == f"never: {(counts == -1).sum()} pairs"
    assert sr.plot.hops(sr.Lookback(2), 20).axes.get_legend() is None


@pytest.mark.parametrize("cell", ["least", "most"])
def test_a_block_shows_the_least_or_the_most_of_its_pairs(cell):
    n, side = 602, 4
    p = sr.Lookback(65) - sr.GlobalAt((300,))
    im = sr.plot.hops(p, n, cell=cell)
    counts = sr.paths.hops((p,), n)
    for a, b in [(0, 0), (60, 2), (75, 3), (75, 75), (150, 150), (150, 1), (2, 60)]:
        rows, columns = (slice(side * x, min(side * (x + 1), n)) for x in (a, b))
        pairs = {
            int(counts[i, j])
            for i in range(rows.start, rows.stop)
            for j in range(columns.start, columns.stop)
            if j <= i
        }
        ranks = sorted(pairs, key=lambda count: (count == -1, count))
        shown = im.get_array()[a, b]
        if not pairs:
            assert shown is np.ma.masked
        else:
            assert shown == (ranks[0] if cell == "least" else ranks[-1])
    assert im.axes.get_title().endswith(f"\ncells of 4 × 4 pairs: the {cell} layers")
    assert im.get_array().shape == (151, 151)
    assert im.axes.get_xlim() == (-0.5, n - 0.5)


def test_title_colours_and_axes_can_be_given():
    fig, axes = plt.subplots(1, 2)
    im = sr.plot.hops(sr.strided(4), 16, title="two layers", colours="viridis", ax=axes[1])
    assert im.axes is axes[1]
    assert im.axes.get_title() == "two layers"
    assert (im.axes.get_ylabel(), im.axes.get_xlabel()) == ("position i", "source j")
    assert tuple(im.to_rgba(im.get_array())[0, 0]) == to_rgba(plt.colormaps["viridis"](0.0))
    assert plt.get_fignums() == [fig.number]


def test_tokens_label_the_positions():
    ax = sr.plot.hops(sr.strided(2), 4, tokens=["the", "cat", "sat", "down"]).axes
    for texts in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert texts_of(texts) == ["the", "cat", "sat", "down"]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((None, 8), {}, TypeError, "steps must be a Factorized, or a tuple"),
        ((sr.Causal(), 0), {}, ValueError, "n must be at least 1, got 0"),
        ((sr.Causal(), 5000), {}, ValueError, "n must be at most 4096, got 5000"),
        ((sr.Causal(), 8), dict(residual=None), TypeError, "residual must be True or False"),
        ((sr.Causal(), 8), dict(cell="mean"), ValueError, 'cell must be "least" or "most"'),
        ((sr.Causal(), 8), dict(tokens=["a"]), ValueError, "tokens must be one for each of the 8"),
        ((sr.Causal(), 8), dict(title=b""), TypeError, "title must be a string, got b''"),
        (
            (sr.Causal(), 8),
            dict(colours="reddish"),
            ValueError,
            "colours must be a colour map or the name of one, got 'reddish'",
        ),
        ((sr.Causal(), 8), dict(ax=[1]), TypeError, "ax must be one matplotlib Axes, got list"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.hops(*args, **options)
    assert plt.get_fignums() == []
