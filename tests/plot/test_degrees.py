"""Figures judged by their artists: `plot.degree` counts rows and columns of the mask."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.masks.degrees import outline

P = sr.Local(4) | sr.Strided(8) | sr.Sinks(1)


@pytest.mark.parametrize("n", [1, 64, (10, 30), (30, 10), 700])
def test_lines_are_the_sums_of_rows_and_of_columns(n):
    mask = sr.dense(P, n)
    for lines in (sr.plot.degree(P, n), sr.plot.degree(mask)):
        keys, readers = lines
        assert np.array_equal(keys.get_data(), [np.arange(len(mask)), mask.sum(axis=1)])
        assert np.array_equal(readers.get_data(), [np.arange(mask.shape[1]), mask.sum(axis=0)])


def test_the_legend_has_the_extremes_and_the_mean():
    keys, _ = sr.plot.degree(P, 64)
    entries = legend_texts(keys)
    assert entries == [
        "keys of query i: 1 to 13, mean 9.156",
        "readers of key j: 1 to 64, mean 9.156",
    ]
    assert keys.axes.get_title() == f"{P!r}\n586 pairs"
    assert (keys.axes.get_xlabel(), keys.axes.get_ylabel()) == ("position", "count")
    assert sr.plot.degree(sr.Full(), 4)[0].get_label() == "keys of query i: 4"


def test_a_million_positions_keep_their_extremes():
    n = 1_000_000
    keys, readers = sr.plot.degree(sr.Local(3) | sr.Sinks(1), n)
    assert keys.get_label() == "keys of query i: 1 to 5, mean 5"
    assert readers.get_label() == "readers of key j: 1 to 1,000,000, mean 5"
    positions, counts = readers.get_data()
    assert len(positions) <= 4098
    assert dict(zip(positions.tolist(), counts.tolist()))[0] == n
    assert positions[-1] == n - 1
    assert keys.axes.get_xlim()[0] < 0 < n - 1 < keys.axes.get_xlim()[1]


def test_a_long_line_goes_through_the_extremes_of_its_stretches():
    values = np.random.default_rng(0).integers(0, 1000, 10_000)
    values[[5000, 7001]] = -1, 2000
    positions, outlined = outline(values)
    assert np.array_equal(outlined, values[positions])
    assert (np.diff(positions) > 0).all()
    assert {5000, 7001, 0, 9999} <= set(positions.tolist())
    assert len(positions) <= 4098
    short = np.arange(4096)
    assert np.array_equal(outline(short), [short, short])


def test_counts_are_whole_numbers_on_either_scale():
    ax = sr.plot.degree(sr.Causal(), 3)[0].axes
    assert all(tick == int(tick) for tick in ax.get_yticks())
    assert ax.get_ylim()[0] == 0
    ax = sr.plot.degree(sr.Summary(4, 1), 40, scale="log")[0].axes
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] == 0
    ax = sr.plot.degree(sr.Causal(), 40, scale="log")[0].axes
    assert ax.get_yscale() == "log"
    assert 0 < ax.get_ylim()[0] < 1


def test_equal_lines_are_both_seen():
    keys, readers = sr.plot.degree(sr.Window(2), 40)
    assert keys.get_zorder() > readers.get_zorder()
    assert keys.get_linewidth() < readers.get_linewidth()


def test_names_title_colours_and_axes_can_be_given():
    fig, axes = plt.subplots(1, 2)
    lines = sr.plot.degree(
        P, 40, names=["out", "in"], title="degrees", colours=["k", "r"], ax=axes[1]
    )
    assert [line.axes for line in lines] == [axes[1]] * 2
    assert [line.get_label().split(":")[0] for line in lines] == ["out", "in"]
    assert [to_rgba(line.get_color()) for line in lines] == [to_rgba("k"), to_rgba("r")]
    assert axes[1].get_title() == "degrees"
    assert plt.get_fignums() == [fig.number]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((P,), {}, TypeError, "n must be given if p is a pattern, got None"),
        ((P, 0), {}, ValueError, "n must be at least 1 to be drawn, got 0"),
        ((np.eye(3),), {}, TypeError, "p must be a bool array"),
        ((P, 8), dict(scale="sqrt"), ValueError, 'scale must be "linear" or "log", got \'sqrt\''),
        ((P, 8), dict(names=["one"]), ValueError, "names must be 2"),
        ((P, 8), dict(colours=["red"]), ValueError, "colours must be 2"),
        ((P, 8), dict(title=0), TypeError, "title must be a string, got 0"),
        ((P, 8), dict(ax=0), TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.degree(*args, **options)
    assert plt.get_fignums() == []
