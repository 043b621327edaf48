"""Figures judged by their artists: `plot.multiplicity` counts the branches, colour by colour."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import legend_texts, texts_of
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.colours import luma

LONGNET = sr.longnet((4, 8, 16), (1, 2, 4))


@pytest.mark.parametrize("n", [1, 16, 50, (9, 21)])
def test_the_array_is_the_multiplicity(n):
    im = sr.plot.multiplicity(LONGNET, n)
    assert np.array_equal(im.get_array(), sr.multiplicity(LONGNET, n))
    assert im.axes.get_title() == repr(LONGNET)


def test_each_count_that_occurs_has_a_colour_and_a_legend_entry():
    im = sr.plot.multiplicity(LONGNET, 16)
    assert legend_texts(im) == ["not attended", "once", "2 times", "3 times"]
    levels = [luma(im.cmap(im.norm(count))) for count in range(4)]
    assert np.diff(levels).max() < -0.1
    assert legend_texts(sr.plot.multiplicity(sr.Branches((sr.Full(), sr.Full())), 4)) == ["2 times"]


def test_counts_of_a_function_are_drawn_as_they_are():
    counts = np.array([[0, 5], [1, 2]], np.int32)
    im = sr.plot.multiplicity(counts)
    assert np.array_equal(im.get_array(), counts)
    assert legend_texts(im) == ["not attended", "once", "2 times", "5 times"]
    assert im.axes.get_title() == "multiplicity"
    zeros = sr.plot.multiplicity(np.zeros((2, 2), int), 2)
    assert legend_texts(zeros) == ["not attended"]


def test_a_block_shows_how_many_branches_are_in_it():
    n, block = 40, (8, 5)
    im = sr.plot.multiplicity(LONGNET, n, block=block)
    masks = [sr.dense(p, n) for p in LONGNET]
    cut = [mask.reshape(5, 8, 8, 5).any(axis=(1, 3)) for mask in masks]
    assert np.array_equal(im.get_array(), np.sum(cut, axis=0))
    greatest = sr.multiplicity(LONGNET, n).reshape(5, 8, 8, 5).max(axis=(1, 3))
    assert (im.get_array() >= greatest).all()
    assert im.axes.get_title().endswith("\ncells of 8 × 5 pairs")
    assert legend_texts(im) == ["no branch", "1 branch", "2 branches", "3 branches"]
    counts = sr.plot.multiplicity(sr.multiplicity(LONGNET, n), block=block)
    assert np.array_equal(counts.get_array(), greatest)


def test_a_mask_of_branches_is_their_multiplicity():
    im = sr.plot.mask(
        LONGNET, 3, title="LongNet", tokens=["a", "b", "c"], colours=["w", "r", "g", "b"]
    )
    assert np.array_equal(im.get_array(), sr.multiplicity(LONGNET, 3))
    assert im.axes.get_title() == "LongNet"
    assert texts_of(im.axes.get_yticklabels()) == ["a", "b", "c"]
    assert tuple(im.cmap(im.norm(3))) == to_rgba("b")


def test_a_million_queries_hold_no_n_by_n_memory():
    branches = sr.longnet((2**15, 2**17, 2**20), (1, 4, 32))
    im = sr.plot.multiplicity(branches, 1_000_000)
    assert im.get_array().shape == (245, 245)
    assert im.get_array().max() == 3


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((LONGNET,), {}, TypeError, "n must be given if branches is a pattern, got None"),
        ((LONGNET, 0), {}, ValueError, "n must be at least 1 to be drawn, got 0"),
        (
            (sr.Causal(), 4),
            {},
            TypeError,
            r"branches must be Branches or an int array \(n_q, n_k\), got Causal\(\)",
        ),
        ((np.eye(2),), {}, TypeError, "branches must be Branches or an int array"),
        ((np.ones(3, int),), {}, ValueError, r"branches must be a matrix .* got \(3,\)"),
        ((np.ones((0, 2), int),), {}, ValueError, r"got \(0, 2\)"),
        ((np.ones((2, 2), int), 3), {}, ValueError, r"must have shape \(3, 3\), got \(2, 2\)"),
        ((-np.ones((2, 2), int),), {}, ValueError, "counts of at least 0, got -1"),
        ((LONGNET, 8), {"colours": "rgb"}, TypeError, "colours must be a sequence of colours"),
        (
            (LONGNET, 8),
            {"colours": ["w", "r"]},
            ValueError,
            "colours must be 4, one for each count from 0, got 2",
        ),
        ((LONGNET, 8), {"block": 0}, ValueError, "block must be at least 1, got 0"),
        ((LONGNET, 8), {"ax": 5}, TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.multiplicity(*args, **options)
    assert plt.get_fignums() == []
