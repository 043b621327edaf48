"""Strided and fixed attention over a photograph and a page of prose, both from installed packages: pictures and cost."""

from __future__ import annotations

import time
from html import escape

import numpy as np

from ...attention import attend
from ...lower import nnz, plan
from ...patterns import Causal, fixed, strided
from .html import figure, table

SIDE, STRIDE = 32, 32  # of the image that is drawn, and its stride: one row
LARGE = 128  # the side of the image that is timed: n = 16,384
WIDTH = 64  # of a head, and of a line of the text


def photograph(side: int) -> np.ndarray:
    """The photograph that matplotlib ships, its middle square as grey values 0..1, (side, side), means over patches."""
    from matplotlib import cbook, image

    grey = (
        image.imread(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))).mean(axis=-1)
        / 255
    )
    patch = min(grey.shape) // side
    top, left = ((length - patch * side) // 2 for length in grey.shape)
    square = grey[top : top + patch * side, left : left + patch * side]
    return square.reshape(side, patch, side, patch).mean(axis=(1, 3))


def prose() -> str:
    """The chapter on naming and binding of Python's language reference, which comes with Python."""
    from pydoc_data.topics import topics

    return topics["naming"]


def on_image() -> str:
    """Where each step looks on the photograph, from one pixel."""
    import matplotlib.pyplot as plt

    from ... import plot

    picture = photograph(SIDE)
    fig, axes = plt.subplots(1, 2, figsize=(10, 5.6))
    for ax, f in zip(axes, (strided(STRIDE), fixed(STRIDE, 4))):
        plot.image(f, (SIDE, SIDE), (20, 17), ax=ax, background=picture)
    panels = plot.factorization([strided(8), fixed(8, 2)], (8, 8))
    return (
        f"<h2>On an image</h2><p>A photograph of {SIDE} x {SIDE} positions, read row by row; l = {STRIDE}, one row. The query "
        "is position (20, 17). Strided attention sees its row and its column, which suits an image.</p>"
        + figure(fig, "the keys of one query on a photograph, strided and fixed")
        + "<p>The same on 8 x 8 positions, each above its connectivity matrix, as in the paper's Figure 3:</p>"
        + figure(
            panels,
            "strided and fixed attention on 8 x 8 positions with their connectivity matrices",
        )
    )


def on_text() -> str:
    """Where each step looks in the prose, from one character."""
    text, query = " ".join(prose().split())[: 16 * WIDTH], 11 * WIDTH + 37
    shown = "".join(
        f"<h3>{f!r}</h3><div class='text'>{_marked(text, query, f)}</div>"
        for f in (strided(WIDTH), fixed(WIDTH, 8))
    )
    return (
        f"<h2>On a text</h2><p>The first {len(text):,} characters of the chapter on naming of Python's language reference, in "
        f"lines of l = {WIDTH}; the query is the dark one. Text has no columns, so strided attention looks at letters "
        "that happen to stand above one another; fixed attention lets the last 8 characters of each line stand for it. "
        "<span class='text' style='border:0;padding:0'><span class='step1'>step 1</span> <span class='step2'>step 2</span> "
        "<span class='both'>both</span></span></p>" + shown
    )


def _marked(text: str, query: int, f) -> str:
    """The text in lines of WIDTH, each character marked with the steps in which the query attends to it."""
    first, second = ({*step.row(query, len(text)).tolist()} for step in f.steps)
    out = []
    for j, letter in enumerate(text):
        kind = (
            "query"
            if j == query
            else "later"
            if j > query
            else "both"
            if j in first & second
            else "step1"
            if j in first
            else "step2"
            if j in second
            else ""
        )
        out.append(f"<span class='{kind}'>{escape(letter)}</span>" if kind else escape(letter))
        if j % WIDTH == WIDTH - 1:
            out.append("\n")
    return "".join(out)


def features(values: np.ndarray) -> np.ndarray:
    """(n, WIDTH) float32: each value beside sines of its position, through one random matrix; enough to attend with."""
    i = np.arange(len(values))[:, None]
    rates = 2 * np.pi / 2.0 ** np.arange(1, 15)
    raw = np.concatenate([values[:, None], np.sin(i * rates), np.cos(i * rates)], axis=1)
    return (
        raw @ np.random.default_rng(0).standard_normal((raw.shape[1], WIDTH)) / raw.shape[1] ** 0.5
    ).astype(np.float32)


def costs() -> str:
    """Pairs and seconds of each step beside dense causal attention, on the photograph and on the prose."""
    letters = np.frombuffer(prose().encode(), np.uint8)[:4096] / 255
    inputs = [
        (f"photograph, {LARGE} x {LARGE}", photograph(LARGE).ravel(), LARGE),
        ("prose, a byte a position", letters, WIDTH),
    ]
    head = ("pattern", "connected pairs", "% of dense causal", "ms, one head", "% of its time")
    out = f"<h2>What it costs</h2><p>float32, d = {WIDTH}, best of 3, on this machine's CPU.</p>"
    for title, values, l in inputs:
        x, n = features(values), len(values)
        measured = [
            (repr(p), nnz(p, n), 1000 * _seconds(x, plan(p, n)))
            for p in (Causal(), *strided(l).steps, *fixed(l, 8).steps)
        ]
        _, most, longest = measured[0]
        rows = [
            (name, pairs, 100 * pairs / most, ms, 100 * ms / longest)
            for name, pairs, ms in measured
        ]
        out += f"<h3>{title}, n = {n:,}</h3>" + table(head, rows)
    return out


def _seconds(x, lowered) -> float:
    """The least of three times for attention of x over itself."""
    attend(x, x, x, lowered)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        attend(x, x, x, lowered)
        times.append(time.perf_counter() - start)
    return min(times)
