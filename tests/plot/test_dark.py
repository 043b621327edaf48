"""Figures on dark pages judged by their artists: texts stand out, and so do members and marks."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

import sparse_ref as sr
from sparse_ref.plot.drawing.colours import luma, page_colour
from sparse_ref.plot.drawing.style import MEMBER_COLOUR, NON_MEMBER_COLOUR, QUERY_COLOUR

PARTS = {"window": sr.Window(1), "global": sr.Global(1)}
FIGURES = {
    "mask": lambda: sr.plot.mask(sr.Causal(), 8).figure,
    "shares": lambda: sr.plot.mask(sr.Causal(), 600).figure,
    "tokens": lambda: sr.plot.mask(sr.Causal(), 3, tokens=["a", "b", "c"]).figure,
    "image": lambda: sr.plot.image(sr.strided(4), (4, 4), 9).figure,
    "diff": lambda: sr.plot.diff(sr.Causal(), sr.Local(2), n=8).figure,
    "factorization": lambda: sr.plot.factorization(sr.strided(4), (4, 4)),
    "parts": lambda: sr.plot.parts(PARTS, 8, overlap=True)[0].figure,
    "heads": lambda: sr.plot.heads([sr.Causal(), sr.Full()], 600, title="two")[0].figure,
    "multiplicity": lambda: sr.plot.multiplicity(sr.longnet((4, 8), (1, 2)), 8).figure,
}


def texts_of(figure):
    """The texts that show anything."""
    texts = figure.findobj(plt.Text)
    return [text for text in texts if text.get_text() and text.get_visible()]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("page", ["style", "facecolor", "light in a dark style"])
def test_every_text_stands_out_from_the_page(name, page):
    style = [] if page == "facecolor" else ["dark_background"]
    facecolor = {"style": "black", "facecolor": "#16181d", "light in a dark style": "white"}[page]
    with plt.style.context([*style, {"figure.facecolor": facecolor}]):
        figure = FIGURES[name]()
        figure.canvas.draw()
    texts = texts_of(figure)
    assert len(texts) > 3
    for text in texts:
        contrast = abs(luma(text.get_color()) - luma(facecolor))
        assert contrast > 0.4, text


def test_members_are_bright_on_dark_and_dark_on_light():
    for dark in (False, True):
        _, ax = plt.subplots(facecolor="#101010" if dark else "white")
        im = sr.plot.mask(sr.Causal(), 2, ax=ax)
        (member, outside), _ = im.to_rgba(im.get_array())
        expected = (
            (MEMBER_COLOUR.dark, NON_MEMBER_COLOUR.dark)
            if dark
            else (
                MEMBER_COLOUR,
                NON_MEMBER_COLOUR,
            )
        )
        assert (tuple(member), tuple(outside)) == tuple(map(to_rgba, expected))
        assert (luma(member) > luma(outside)) == dark


def test_a_legend_has_the_colours_that_are_drawn():
    with plt.style.context("dark_background"):
        im = sr.plot.image(sr.strided(6), (6, 6), 27)
    drawn = {tuple(colour) for colour in im.to_rgba(im.get_array()).reshape(-1, 4)}
    patches = im.axes.get_legend().get_patches()
    assert {patch.get_facecolor() for patch in patches} == drawn


def test_the_mark_of_the_query_is_bright_on_dark():
    with plt.style.context("dark_background"):
        figure = sr.plot.factorization(sr.strided(4), (4, 4))
    marks = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "<"]
    assert [mark.get_color() for mark in marks] == [QUERY_COLOUR.dark] * 2


def test_a_colour_that_is_given_is_drawn_on_every_page():
    with plt.style.context("dark_background"):
        im = sr.plot.mask(sr.Causal(), 2, colours=("#e4e4e4", "red"))
    drawn = im.to_rgba(im.get_array())
    assert np.array_equal(drawn[0], [to_rgba("red"), to_rgba("#e4e4e4")])


def test_the_page_is_that_of_the_innermost_figure_with_a_colour():
    whole = plt.figure(facecolor="black")
    left, right = whole.subfigures(1, 2)
    right.set_facecolor("white")
    assert page_colour(left.subplots()) == to_rgba("black")
    assert page_colour(right.subplots()) == to_rgba("white")
    clear = plt.figure(facecolor="none")
    assert page_colour(clear.add_subplot(facecolor="navy")) == to_rgba("navy")
    assert page_colour(clear.add_subplot(facecolor="none")) == to_rgba("white")
