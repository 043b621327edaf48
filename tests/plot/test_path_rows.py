"""Figures judged by their artists: `plot.path` draws a path of edges, or a set that they close."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import texts_of
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.style import MEMBER_COLOUR

GAP = sr.Window(3) & ~sr.GlobalAt((7,))


def segments(ax):
    """{colour: [((key, layer), (query, layer + 1)), ...]} of the lines between rows."""
    lines = {}
    for collection in ax.collections:
        colour = tuple(collection.get_colors()[0]) if len(collection.get_colors()) else None
        lines[colour] = [tuple(map(tuple, ends.tolist())) for ends in collection.get_segments()]
    return lines


def edges(steps, layers, n, residual):
    """The same from dense masks, of all colours."""
    ends = set()
    for layer in range(layers):
        mask = sr.dense(steps[layer % len(steps)], n) | (residual & np.eye(n, dtype=bool))
        for query, key in np.argwhere(mask).tolist():
            ends.add(((key, layer), (query, layer + 1)))
    return ends


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(
    ("steps", "j", "i", "n"),
    [
        (tuple(sr.strided(4)), 1, 14, 16),
        ((sr.Lookback(3),), 2, 19, 20),
        (tuple(sr.fixed(4)), 1, 14, 16),
        ((sr.LogSparse(),), 5, 5, 8),
    ],
)
def test_the_path_goes_along_edges_and_is_a_shortest_one(steps, j, i, n, residual):
    line = sr.plot.path(steps, j, i, n, residual=residual)
    positions, rows = line.get_data()
    hops = sr.paths.hops(steps, n, residual=residual)[i, j]
    assert positions[0] == j
    assert positions[-1] == i
    assert list(rows) == list(range(hops + 1))
    drawn = [end for ends in segments(line.axes).values() for end in ends]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == edges(steps, hops, n, residual)
    assert set(pairwise(zip(positions.tolist(), rows.tolist()))) <= set(drawn)
    assert texts_of(line.axes.texts) == [str(a) for a in positions]


@pytest.mark.parametrize(
    ("steps", "j", "i", "n", "outward"),
    [
        ((sr.Dilated(1, 2),), 3, 6, 8, True),
        ((GAP,), 2, 7, 12, False),
        ((sr.Summary(4, 1), sr.Block(4)), 1, 2, 8, True),
        ((sr.Block(4), sr.Summary(4, 1)), 5, 1, 8, None),
    ],
)
def test_a_closed_set_separates_those_that_no_path_joins(steps, j, i, n, outward):
    line = sr.plot.path(steps, j, i, n, residual=False)
    why = sr.paths.why_not(steps, j, i, n, residual=False)
    assert outward in (None, why.outward)
    row, position = line.get_ydata(), line.get_xdata()
    for r in range(len(steps) + 1):
        assert set(position[row == r]) == set(why.sets[r % len(steps)].tolist())
    inside = set(zip(position.tolist(), row.tolist()))
    lines = segments(line.axes)
    closed = lines.get(to_rgba(MEMBER_COLOUR), [])
    everything = edges(steps, len(steps), n, False)
    side = 0 if why.outward else 1
    assert set(closed) == {ends for ends in everything if ends[side] in inside}
    assert all(lower in inside and upper in inside for lower, upper in closed)
    assert {end for ends in lines.values() for end in ends} == everything


def test_the_figure_says_that_there_is_no_path():
    ax = sr.plot.path(sr.Dilated(1, 2), 3, 6, 8, title="odd and even").axes
    assert ax.get_title() == "odd and even"
    (entry,) = ax.get_legend().get_texts()
    assert entry.get_text() == "closed set: the positions that 3 reaches"
    ax = sr.plot.path(GAP, 2, 7, 12, residual=False).axes
    assert ax.get_title() == f"{GAP!r}\nno number of layers leads from 2 to 7"
    assert ax.get_legend().get_texts()[0].get_text() == "closed set: the positions that reach 7"
    rings = [line for line in ax.lines if line.get_markersize() == 9]
    assert [(ring.get_xdata(), ring.get_ydata()) for ring in rings] == [([2], [0]), ([7], [1])]


def test_rows_bear_the_names_of_layers():
    ax = sr.plot.path(sr.strided(4), 1, 14, 16).axes
    names = ["input", "layer 1: Local(4)", "layer 2: Strided(4)"]
    assert texts_of(ax.get_yticklabels()) == names
    assert ax.get_title() == "strided(4)\n1 reaches 14 through 2 layers"
    assert ax.get_legend().get_texts()[0].get_text() == "shortest path: 2 layers"
    assert ax.get_xlabel() == "position"
    many = sr.plot.path(sr.Lookback(2), 0, 20, 21).axes
    assert texts_of(many.get_yticklabels()) == [
        "input" if layer == 0 else f"layer {layer}" for layer in range(0, 21, 5)
    ]


def test_tokens_name_positions():
    tokens = ["the", "cat\n", "sat", "$on$", "the"]
    line = sr.plot.path(sr.Lookback(2), 0, 2, 5, tokens=tokens)
    assert texts_of(line.axes.texts) == ["the", "cat\\n", "sat"]
    labels = texts_of(line.axes.get_xticklabels())
    assert labels == ["the", "cat\\n", "sat", "$on$", "the"]
    assert "\nthe reaches sat through 2 layers" in line.axes.get_title()


def test_many_edges_are_not_drawn_and_the_legend_says_so():
    ax = sr.plot.path(sr.Local(64), 3, 900, 1000).axes
    assert not ax.collections
    assert ax.get_legend().get_title().get_text() == "more than 3,000 edges, not drawn"
    assert sr.plot.path(sr.Chunk(512), 3, 2000, 4096).get_xdata().max() == 511


def test_it_draws_on_the_axes_given():
    fig, axes = plt.subplots(1, 2)
    assert sr.plot.path(sr.strided(4), 1, 14, 16, ax=axes[1]).axes is axes[1]
    assert not axes[0].lines
    assert plt.get_fignums() == [fig.number]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("local", 1, 2, 8), {}, TypeError, "steps must be a Factorized, or a tuple"),
        ((sr.Causal(), 8, 2, 8), {}, ValueError, "j must be at most 7, got 8"),
        ((sr.Causal(), 1, -1, 8), {}, ValueError, "i must be at least 0, got -1"),
        ((sr.Causal(), 1, 2.0, 8), {}, TypeError, "i must be an integer, got 2.0"),
        ((sr.Causal(), 1, 2, 4097), {}, ValueError, "n must be at most 4096, got 4097"),
        ((sr.Causal(), 1, 2, 8), dict(residual=0), TypeError, "residual must be True or False"),
        ((sr.Causal(), 1, 2, 8), dict(title=1), TypeError, "title must be a string, got 1"),
        (
            (sr.Causal(), 1, 2, 3),
            dict(tokens="abc"),
            TypeError,
            "tokens must be a sequence of strings, or a pair of them .*, got 'abc'",
        ),
        (
            (sr.Causal(), 1, 2, 3),
            dict(tokens=["a", "b"]),
            ValueError,
            "tokens must be one for each of the 3 queries, got 2",
        ),
        (
            (sr.Causal(), 1, 2, 3),
            dict(tokens=["a", "b", 7]),
            TypeError,
            "tokens must be a sequence of strings",
        ),
        ((sr.Causal(), 1, 2, 8), dict(ax=1), TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.path(*args, **options)
    assert plt.get_fignums() == []
