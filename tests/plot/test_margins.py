"""Figures judged by their artists: a plain savefig cuts no title of two lines, no label."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import sparse_ref as sr

TITLE = "a title that is rather long, and is broken into two lines"
P = sr.Local(4) | sr.Strided(8)
FIGURES = {
    "mask": lambda: sr.plot.mask(P, 64, title=TITLE),
    "a tall mask": lambda: sr.plot.mask(P, (64, 32), title=TITLE),
    "a wide mask": lambda: sr.plot.mask(P, (16, 64), title=TITLE),
    "multiplicity": lambda: sr.plot.multiplicity(sr.Branches((P, P)), 16, title=TITLE),
    "diff": lambda: sr.plot.diff(P, sr.Causal(), n=16, title=TITLE),
    "image": lambda: sr.plot.image(sr.strided(6), (6, 6), query=20, title=TITLE),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_leaves_the_figure(name):
    canvas = FIGURES[name]().figure.canvas
    canvas.draw()
    page = canvas.figure.bbox.padded(1)
    renderer = canvas.get_renderer()
    texts = [text for text in canvas.figure.findobj(Text) if text.get_text()]
    assert texts
    for text in texts:
        box = text.get_window_extent(renderer)
        assert page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1), text.get_text()
    plt.close(canvas.figure)
