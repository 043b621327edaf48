"""Figures judged by their artists: `plot.factorization` is the paper's figure; its rows agree."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from artist_texts import texts_of
from matplotlib.colors import to_hex

import sparse_ref as sr
from sparse_ref.plot.drawing.colours import PARTS


def tables(fig):
    """(upper row, lower row) of the arrays drawn."""
    arrays = [ax.images[0].get_array() for ax in fig.axes]
    return arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]


def test_three_panels_over_three_matrices():
    fig = sr.plot.factorization([sr.strided(6), sr.fixed(6)], (6, 6))
    assert [ax.get_title() for ax in fig.axes] == [
        "(a) dense, causal",
        "(b) strided(6)",
        "(c) fixed(6, 1)",
        "",
        "",
        "",
    ]
    entries = texts_of(fig.legends[0].get_texts())
    assert entries == ["skipped", "step 1", "step 2", "both steps", "query", "later"]
    assert [ax.get_ylabel() for ax in fig.axes] == ["row", "", "", "query i", "", ""]
    assert [ax.get_xlabel() for ax in fig.axes] == ["column"] * 3 + ["key j"] * 3
    assert all(list(ax.get_xticks()) == [0, 6, 12, 18, 24, 30] for ax in fig.axes[3:])


@pytest.mark.parametrize(
    "f", [sr.strided(4), sr.fixed(4, 2), sr.Factorized((sr.Local(1), sr.Strided(2), sr.Causal()))]
)
def test_the_matrix_tells_the_steps_apart(f):
    fig = sr.plot.factorization(f, (4, 4))
    _, (dense, matrix) = tables(fig)
    steps = np.stack([sr.dense(step, 16) for step in f.steps])
    several = len(steps) + 1
    assert np.array_equal(dense == 1, sr.dense(sr.Causal(), 16))
    assert np.array_equal(matrix == several, steps.sum(0) > 1)
    for m, step in enumerate(steps, 1):
        assert np.array_equal(matrix == m, step & (steps.sum(0) == 1))
    assert np.array_equal((matrix > 0) & (matrix <= several), steps.any(0))


@pytest.mark.parametrize("query", [None, 0, 13, (3, 3)])
def test_the_image_is_the_marked_row_of_the_matrix(query):
    fig = sr.plot.factorization([sr.strided(4), sr.Window(2)], (4, 4), query=query)
    i = {None: 10, (3, 3): 15}.get(query, query)
    for seen, matrix, ax in zip(*tables(fig), fig.axes[3:]):
        others = np.arange(16) != i
        assert np.array_equal(seen.ravel()[others], matrix[i][others])
        assert list(ax.lines[0].get_ydata()) == [i]


def test_large_images_have_matrices_of_blocks():
    f = sr.fixed(32, 4)
    fig = sr.plot.factorization(f, (32, 32))
    _, (_, matrix) = tables(fig)
    either = sr.dense(f.steps[0] | f.steps[1], 1024).reshape(256, 4, 256, 4).any((1, 3))
    assert np.array_equal((matrix > 0) & (matrix < 4), either)
    assert fig.axes[3].get_title() == "cells of 4 × 4 pairs"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_any_number_of_steps_have_colours_of_their_own(count):
    steps = tuple(sr.Band(m, -m) for m in range(count))
    fig = sr.plot.factorization(sr.Factorized(steps), (4, 4))
    im = fig.axes[-1].images[0]
    drawn = {tuple(im.cmap(im.norm(m))) for m in range(count + 4)}
    assert len(drawn) == count + 4
    entries = texts_of(fig.legends[0].get_texts())
    names = ["attended"] if count == 1 else [f"step {m}" for m in range(1, count + 1)]
    assert entries == ["skipped", *names, "query", "later"]


def test_three_steps_have_the_hues_of_parts():
    steps = sr.Local(1), sr.Strided(2), sr.Causal()
    im = sr.plot.factorization(sr.Factorized(steps), (3, 3)).axes[-1].images[0]
    assert [to_hex(im.cmap(im.norm(m))) for m in (1, 2, 3)] == list(PARTS[:3])


def test_titles_may_be_given_and_long_ones_are_cut():
    long = sr.GlobalAt(tuple(range(100)))
    fig = sr.plot.factorization([long, sr.Causal()], (4, 4))
    title = fig.axes[1].get_title().replace("\n", " ")
    assert title.startswith("(b) GlobalAt((0, 1, 2,")
    assert len(title) < 80
    fig = sr.plot.factorization([long, sr.Causal()], (4, 4), titles=["globals", "all"])
    assert [ax.get_title() for ax in fig.axes[1:3]] == ["(b) globals", "(c) all"]


def test_it_draws_on_the_figure_given():
    whole = plt.figure(figsize=(9, 5), layout="constrained")
    left, right = whole.subfigures(1, 2)
    assert sr.plot.factorization(sr.strided(4), (4, 4), fig=left) is left
    assert len(left.axes) == 4
    assert right.axes == []
    assert plt.get_fignums() == [whole.number]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (([], (4, 4)), {}, ValueError, "f must have at least 1 factorization, got none"),
        (
            ([sr.strided(4), "fixed"], (4, 4)),
            {},
            TypeError,
            "f must be a Pattern or a Factorized, got 'fixed'",
        ),
        ((sr.strided(4), (4, 4)), dict(query=16), ValueError, "query must be at most 15, got 16"),
        ((sr.strided(4), (4,)), {}, TypeError, "shape must be a pair"),
        (
            (sr.strided(4), (4, 4)),
            dict(titles=["a", "b"]),
            ValueError,
            "titles must be 1, one for each factorization, got 2",
        ),
        (
            (sr.strided(4), (4, 4)),
            dict(fig="x"),
            TypeError,
            "fig must be a matplotlib Figure or SubFigure, got str",
        ),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.factorization(*args, **options)
    assert plt.get_fignums() == []
