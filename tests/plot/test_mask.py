"""Figures judged by their artists: `plot.mask` draws the dense mask, labels, ticks and a scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import texts_of
from matplotlib.colors import LogNorm, to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.axis_ticks import ticks
from sparse_ref.plot.drawing.style import MEMBER_COLOUR, NON_MEMBER_COLOUR

P = sr.Local(4) | sr.Strided(4)


@pytest.mark.parametrize("n", [1, 16, (3, 12), (12, 3), 40, 512])
def test_the_array_is_the_dense_mask_in_two_colours(n):
    im, dense = sr.plot.mask(P, n), sr.dense(P, n)
    assert np.array_equal(im.get_array(), dense)
    drawn = im.to_rgba(im.get_array())
    assert (drawn[dense] == to_rgba(MEMBER_COLOUR)).all()
    assert (drawn[~dense] == to_rgba(NON_MEMBER_COLOUR)).all()


def test_an_array_is_drawn_as_it_is():
    mask = np.array([[1, 0, 1], [0, 0, 1]], bool)
    im = sr.plot.mask(mask)
    assert np.array_equal(im.get_array(), mask)
    assert np.array_equal(sr.plot.mask(mask, (2, 3)).get_array(), mask)


def test_rows_are_queries_from_the_top():
    im = sr.plot.mask(P, 16)
    ax = im.axes
    assert (ax.get_ylabel(), ax.get_xlabel(), ax.get_title()) == ("query i", "key j", repr(P))
    assert im.origin == "upper"
    assert im.get_interpolation() == "none"
    assert ax.get_aspect() == 1
    assert ax.get_xlim() == (-0.5, 15.5)
    assert ax.get_ylim() == (15.5, -0.5)
    assert list(im.get_extent()) == [-0.5, 15.5, 15.5, -0.5]


def test_lines_stand_between_small_cells_alone():
    assert list(sr.plot.mask(P, 4).axes.xaxis.get_minorticklocs()) == [0.5, 1.5, 2.5]
    assert len(sr.plot.mask(P, 32).axes.yaxis.get_minorticklocs()) == 31
    assert len(sr.plot.mask(P, 33).axes.yaxis.get_minorticklocs()) == 0


@pytest.mark.parametrize(
    ("n", "unit", "expected"),
    [
        (1, 1, [0]),
        (6, 1, [0, 1, 2, 3, 4, 5]),
        (16, 1, list(range(0, 16, 2))),
        (36, 1, list(range(0, 36, 5))),
        (36, 6, list(range(0, 36, 6))),
        (64, 1, list(range(0, 64, 8))),
        (100, 1, [0, 20, 40, 60, 80]),
        (4096, 1, [0, 1024, 2048, 3072]),
        (1024, 32, [0, 256, 512, 768]),
        (1_000_000, 1, list(range(0, 1_000_000, 200_000))),
    ],
)
def test_ticks_are_few_round_integers(n, unit, expected):
    assert ticks(n, unit) == expected


def test_ticks_never_crowd():
    for n in (*range(1, 2000), 10**6 + 1):
        at = ticks(n)
        assert at[0] == 0, n
        assert at[-1] < n, n
        assert len(at) <= (8 if n <= 64 else 5), n


def test_tick_labels_are_the_positions():
    ax = sr.plot.mask(P, 4096).axes
    assert texts_of(ax.get_xticklabels()) == ["0", "1,024", "2,048", "3,072"]


@pytest.mark.parametrize("n", [600, 4096, (700, 100), (1, 5000)])
def test_large_masks_show_shares_that_add_up(n):
    p = sr.Local(64) | sr.Strided(64)
    im = sr.plot.mask(p, n)
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    b_q, b_k = (1 if x <= 512 else 1 << int(np.ceil(np.log2(x / 256))) for x in (n_q, n_k))
    pairs = np.outer(
        np.minimum(b_q, n_q - np.arange(0, n_q, b_q)), np.minimum(b_k, n_k - np.arange(0, n_k, b_k))
    )
    assert round((im.get_array() * pairs).sum()) == sr.nnz(p, n)
    assert im.axes.get_xlim() == (-0.5, n_k - 0.5)
    assert im.axes.get_ylim() == (n_q - 0.5, -0.5)
    assert f"cells of {b_q:,} × {b_k:,} pairs" in im.colorbar.ax.get_xlabel()
    assert isinstance(im.norm, LogNorm)
    assert im.norm.vmax == 1


def test_a_share_of_nothing_has_the_colour_of_not_attended():
    im = sr.plot.mask(sr.Causal(), 1024)
    drawn = im.to_rgba(im.get_array())
    assert tuple(drawn[0, -1]) == to_rgba(NON_MEMBER_COLOUR)
    assert tuple(drawn[-1, 0]) != to_rgba(NON_MEMBER_COLOUR)
    assert (sr.plot.mask(np.zeros((600, 600), bool)).get_array() == 0).all()


def test_a_million_queries_hold_no_n_by_n_memory():
    assert sr.plot.mask(sr.Causal(), 1_000_000).get_array().shape == (245, 245)


@pytest.mark.parametrize("block", [8, (4, 16), 64, 100, 1])
def test_a_block_may_be_given(block):
    im = sr.plot.mask(P, 64, block=block)
    b_q, b_k = block if isinstance(block, tuple) else (block, block)
    rows, columns = -(-64 // b_q), -(-64 // b_k)
    assert im.get_array().shape == (rows, columns)
    assert list(im.get_extent()) == [-0.5, columns * b_k - 0.5, rows * b_q - 0.5, -0.5]
    borders = list(np.arange(b_k, 64, b_k) - 0.5) if max(rows, columns) <= 32 else []
    assert list(im.axes.xaxis.get_minorticklocs()) == borders
    has_bar = getattr(im, "colorbar", None) is not None
    assert has_bar == (block != 1)


def test_a_block_of_one_draws_cells_up_to_2048():
    mask = np.eye(700, dtype=bool)
    assert np.array_equal(sr.plot.mask(mask, block=1).get_array(), mask)
    with pytest.raises(ValueError, match="block must be at least 2 for a length of 2,049, so that"):
        sr.plot.mask(sr.Causal(), (5, 2049), block=1)
    with pytest.raises(ValueError, match="block must be at least 489 for a length of 1,000,000"):
        sr.plot.mask(sr.Causal(), 1_000_000, block=(512, 1))


def test_tokens_label_both_axes():
    ax = sr.plot.mask(sr.Causal(), 4, tokens=["The", "cat", "$at$", "\x1b"]).axes
    for axis in (ax.xaxis, ax.yaxis):
        assert list(axis.get_ticklocs()) == [0, 1, 2, 3]
        assert texts_of(axis.get_ticklabels()) == ["The", "cat", "$at$", "\\x1b"]
        assert not any(t.get_parse_math() for t in axis.get_ticklabels())
    assert ax.xaxis.get_label_position() == "top"


def test_queries_and_keys_may_have_tokens_of_their_own():
    ax = sr.plot.mask(sr.Full(), (2, 3), tokens=(["q", "r"], np.array(["a", "b", "c"]))).axes
    assert texts_of(ax.get_yticklabels()) == ["q", "r"]
    assert texts_of(ax.get_xticklabels()) == ["a", "b", "c"]
    pair = sr.plot.mask(sr.Full(), 2, tokens=("a", "b")).axes
    assert texts_of(pair.get_yticklabels()) == ["a", "b"]


def test_a_figure_has_room_for_each_token():
    fig = sr.plot.mask(sr.Causal(), 100, tokens=["word"] * 100).figure
    fig.canvas.draw()
    boxes = [label.get_window_extent() for label in fig.axes[0].get_yticklabels()]
    tops, bottoms = np.array([(box.y1, box.y0) for box in boxes]).T
    assert (tops[1:] <= bottoms[:-1] + 1).all()


def test_title_and_colours_may_be_given():
    im = sr.plot.mask(P, 4, title="what I typed", colours=["white", "#ff0000"])
    assert im.axes.get_title() == "what I typed"
    assert tuple(im.to_rgba(im.get_array())[0, 0]) == (1, 0, 0, 1)
    assert sr.plot.mask(P, 4, title="").axes.get_title() == ""
    shares = sr.plot.mask(sr.Full(), 600, colours=["white", "#ff0000"])
    assert tuple(shares.to_rgba(shares.get_array())[0, 0]) == (1, 0, 0, 1)


def test_a_new_figure_has_the_proportion_of_the_positions():
    width, height = sr.plot.mask(sr.Full(), (64, 128), block=(1, 32)).axes.figure.get_size_inches()
    assert width == pytest.approx(2.8 + 0.6)
    assert height == pytest.approx(1.4 + 0.6 + 0.9)  # of cells, below them, of a title


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"tokens": "abcd"}, TypeError, "tokens must be a sequence of strings"),
        ({"tokens": [1, 2, 3, 4]}, TypeError, r"a pair of them \(queries, keys\), got \[1"),
        ({"tokens": ["a"]}, ValueError, "tokens must be one for each of the 4 queries, got 1"),
        ({"tokens": (list("abcd"), ["a"])}, ValueError, "for each of the 4 keys, got 1"),
        ({"tokens": list("abcd"), "block": 2}, ValueError, r"block must be 1, got \(2, 2\)"),
        ({"block": 0}, ValueError, "block must be at least 1, got 0"),
        ({"block": 2.0}, TypeError, "block must be an integer, got 2.0"),
        ({"title": 5}, TypeError, "title must be a string, got 5"),
        ({"colours": "rb"}, TypeError, "colours must be a sequence of colours, got 'rb'"),
        ({"colours": ["r"]}, ValueError, "colours must be 2, of not attended and of attended"),
        ({"colours": ["r", "bleu"]}, ValueError, r"colours\[1\] must be a colour .* got 'bleu'"),
    ],
)
def test_errors_of_options_open_no_figure(options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.mask(P, 4, **options)
    assert plt.get_fignums() == []


def test_too_many_tokens_to_be_read():
    with pytest.raises(ValueError, match="tokens must be at most 128 to be readable, got 129"):
        sr.plot.mask(sr.Causal(), 129, tokens=["a"] * 129)


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    before = dict(plt.rcParams)
    im = sr.plot.mask(P, 600, ax=axes[1])
    assert im.axes is axes[1]
    assert fig.axes == list(axes)
    assert plt.get_fignums() == [fig.number]
    assert dict(plt.rcParams) == before
    assert sr.plot.mask(P, 4).figure is not fig


def test_a_long_title_is_broken():
    p = P | sr.Window(3) - sr.Band(1, 1) | sr.Summary(100, 10) & sr.Causal()
    title = sr.plot.mask(p, 8).axes.get_title()
    assert title.replace("\n", " ") == repr(p)
    assert max(map(len, title.split("\n"))) <= 46


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ((P,), TypeError, "n must be given if p is a pattern, got None"),
        ((P, 0), ValueError, "n must be at least 1 to be drawn, got 0"),
        ((P, 2.5), TypeError, "n must be an integer, got 2.[05]"),
        ((sr.strided(4), 0), ValueError, "n must be at least 1 to be drawn, got 0"),
        (
            ([[True]], 1),
            TypeError,
            r"p must be a Pattern or a bool array \(n_q, n_k\), got \[\[True\]\]",
        ),
        (
            (np.eye(3),),
            TypeError,
            "p must be a bool array, True where it attends, got dtype float64",
        ),
        (
            (np.ones(3, bool),),
            ValueError,
            r"p must be a matrix \(n_q, n_k\), both at least 1, got shape \(3,\)",
        ),
        ((np.ones((0, 3), bool),), ValueError, r"got shape \(0, 3\)"),
        ((np.ones((2, 3), bool), 3), ValueError, r"p must have shape \(3, 3\), got \(2, 3\)"),
        ((sr.Listed.of_rows([[0]]), 2), ValueError, "needs n_q = 1, got n_q = 2"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, error, says):
    with pytest.raises(error, match=says):
        sr.plot.mask(*args)
    assert plt.get_fignums() == []


def test_ax_must_be_one_axes():
    with pytest.raises(TypeError, match="ax must be one matplotlib Axes, got ndarray"):
        sr.plot.mask(P, 4, ax=np.zeros(2))


def test_a_grid_in_the_user_s_style_does_not_cross_the_cells():
    with plt.rc_context({"axes.grid": True}):
        ax = sr.plot.mask(P, 40).axes
    assert not any(line.get_visible() for line in ax.get_xgridlines())
