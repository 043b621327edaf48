"""Figures judged by their artists: a query in `plot.image` and `plot.factorization`, in colours."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.style import (
    BOTH_COLOUR,
    EXTRA_COLOUR,
    MISSING_COLOUR,
    NEITHER_COLOUR,
    QUERY_COLOUR,
)
from sparse_ref.plot.masks.image import kinds_of

SKIPPED, ONE, TWO, THREE, QUERY_KIND, LATER = range(6)


def grey(colour):
    """The luma of a colour, 0 black to 1 white, as a grey print shows it."""
    return float(np.dot(to_rgba(colour)[:3], (0.299, 0.587, 0.114)))


@pytest.mark.parametrize(
    "colours",
    [
        [kind.colour for kind in kinds_of(1)],
        [kind.colour for kind in kinds_of(2)],
        [NEITHER_COLOUR, BOTH_COLOUR, MISSING_COLOUR, EXTRA_COLOUR, "black"],
    ],
)
def test_colours_stay_apart_in_grey(colours):
    levels = np.sort([grey(colour) for colour in colours])
    assert np.diff(levels).min() > 0.08


def test_the_panels_of_the_paper():
    """Child et al. 2019, fig. 3, upper row: l positions, the column above; the row, last column."""
    strided = sr.plot.image(sr.strided(6), (6, 6), (4, 3)).get_array()
    assert np.array_equal(
        strided,
        [
            [0, 0, 0, 2, 0, 0],
            [0, 0, 0, 2, 0, 0],
            [0, 0, 0, 2, 0, 0],
            [0, 0, 0, 3, 1, 1],
            [1, 1, 1, 4, 5, 5],
            [5, 5, 5, 5, 5, 5],
        ],
    )
    fixed = sr.plot.image(sr.fixed(6), (6, 6), (4, 3)).get_array()
    assert np.array_equal(
        fixed,
        [
            [0, 0, 0, 0, 0, 2],
            [0, 0, 0, 0, 0, 2],
            [0, 0, 0, 0, 0, 2],
            [0, 0, 0, 0, 0, 2],
            [1, 1, 1, 4, 5, 5],
            [5, 5, 5, 5, 5, 5],
        ],
    )


@pytest.mark.parametrize(
    "p", [sr.Local(5) | sr.Strided(7), sr.Window(3), sr.Band(3, -1), ~sr.Causal()]
)
@pytest.mark.parametrize("shape", [(5, 7), (1, 35), (35, 1)])
def test_a_pattern_shows_one_row_of_its_mask(p, shape):
    row = sr.dense(p, 35)
    for i in (0, 17, 34):
        values = sr.plot.image(p, shape, i).get_array().ravel()
        others = np.arange(35) != i
        assert np.array_equal((values == ONE)[others], row[i][others])
        later = np.arange(35) > i
        is_two_way = row[i][later].any()  # then nothing is yet to come
        assert np.array_equal((values == 4)[others], (~row[i] & later & ~is_two_way)[others])
        assert values[i] == 3
        plt.close("all")


def test_flat_index_and_pair_name_the_same_query():
    flat, pair = (
        sr.plot.image(sr.fixed(4), (3, 4), 6),
        sr.plot.image(sr.fixed(4), (3, 4), (1, np.int64(2))),
    )
    assert np.array_equal(flat.get_array(), pair.get_array())
    assert flat.axes.get_title() == pair.axes.get_title() == "fixed(4, 1), query 6"


def test_labels_and_legend():
    im = sr.plot.image(sr.strided(6), (6, 6), 27)
    assert (im.axes.get_ylabel(), im.axes.get_xlabel()) == ("row", "column")
    assert legend_texts(im) == ["skipped", "step 1", "step 2", "both steps", "query", "later"]
    assert legend_texts(sr.plot.image(sr.fixed(6), (6, 6), 27)) == [
        "skipped",
        "step 1",
        "step 2",
        "query",
        "later",
    ]
    assert legend_texts(sr.plot.image(sr.Causal(), (2, 2), 3)) == ["attended", "query"]
    assert tuple(im.to_rgba(im.get_array())[4, 3]) == to_rgba(QUERY_COLOUR)
    for patch, kind in zip(im.axes.get_legend().get_patches(), kinds_of(2)):
        assert patch.get_facecolor() == to_rgba(kind.colour)


def test_a_title_may_be_given():
    assert sr.plot.image(sr.fixed(4), (3, 4), 6, title="fixed").axes.get_title() == "fixed"


@pytest.mark.parametrize(
    "background",
    [
        np.linspace(0, 1, 12).reshape(3, 4),
        np.full((6, 8, 3), 200, np.uint8),
        np.full((3, 4, 4), 0.5),
        np.arange(12).reshape(3, 4),
    ],
)
def test_a_background_lies_under_the_cells(background):
    im = sr.plot.image(sr.strided(4), (3, 4), 6, background=background)
    below, above = im.axes.images
    assert above is im
    assert np.array_equal(below.get_array(), background)
    assert below.get_extent() == above.get_extent()
    opaque = im.to_rgba(im.get_array())[..., 3]
    values = im.get_array()
    assert (
        opaque[values == SKIPPED].max()
        < opaque[values == ONE].min()
        < opaque[values == QUERY_KIND].min()
        == 1
    )
    assert len(im.axes.xaxis.get_minorticklocs()) == 0


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((sr.Causal(), (3, 4), 12), {}, ValueError, "query must be at most 11, got 12"),
        ((sr.Causal(), (3, 4), -1), {}, ValueError, "got -1"),
        ((sr.Causal(), (3, 4), (3, 0)), {}, ValueError, "query.s row must be at most 2, got 3"),
        (
            (sr.Causal(), (3, 4), (0, 1.0)),
            {},
            TypeError,
            "query.s column must be an integer, got 1.0",
        ),
        ((sr.Causal(), (3, 4), True), {}, TypeError, "got True"),
        (
            (sr.Causal(), 12, 0),
            {},
            TypeError,
            r"shape must be a pair of integers \(height, width\), got 12",
        ),
        ((sr.Causal(), (3, 0), 0), {}, ValueError, "shape must be at least 1, got 0"),
        ((np.eye(12, dtype=bool), (3, 4), 0), {}, TypeError, "p must be a Pattern or a Factorized"),
        ((sr.Listed.of_rows([[0]]), (3, 4), 0), {}, ValueError, "needs n_q = 1, got n_q = 12"),
        (
            (sr.Causal(), (3, 4), 0),
            dict(background=np.zeros((3, 5))),
            ValueError,
            r"as high and wide as shape = \(3, 4\), or a",
        ),
        (
            (sr.Causal(), (3, 4), 0),
            dict(background=np.zeros((3, 4, 2))),
            ValueError,
            r"got shape \(3, 4, 2\)",
        ),
        (
            (sr.Causal(), (3, 4), 0),
            dict(background=np.full((3, 4, 3), 7.0)),
            ValueError,
            "colours from 0 to 1, got 7.0 to 7.0",
        ),
        (
            (sr.Causal(), (3, 4), 0),
            dict(background=np.full((3, 4), "a")),
            TypeError,
            "background must hold real numbers, got dtype",
        ),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.image(*args, **options)
    assert plt.get_fignums() == []
