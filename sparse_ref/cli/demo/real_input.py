"""Strided and fixed attention over a photograph and a page of prose: pictures and cost.

Both come with installed packages.
"""

from __future__ import annotations

import time
from math import isqrt
from typing import Any

import numpy as np

from ..._text import html_text
from ...attention import attend
from ...lower import Plan, nnz, plan
from ...patterns import Causal, Local, fixed, strided
from ...sets.factorized import Factorized
from .html import figure, table

SIDE = 32  # of the image that is drawn
STRIDE = 32  # one row of it
LARGE = 128  # the side of the image that is timed: n = 16,384
WIDTH = 64  # of a head, and of a line of the text
QUERY = (20, 17)  # a pixel
RATES = 14  # sines per position


def photograph(side: int) -> np.ndarray:
    """The middle square of the photograph in matplotlib: grey values 0..1, (side, side)."""
    from matplotlib import cbook, image

    file = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    grey = image.imread(str(file)).mean(axis=-1) / 255
    patch = min(grey.shape) // side
    used = patch * side
    top, left = ((length - used) // 2 for length in grey.shape)
    square = grey[top : top + used, left : left + used]
    patches = square.reshape(side, patch, side, patch)
    return patches.mean(axis=(1, 3))


def prose() -> str:
    """The chapter on naming and binding of Python's language reference, which comes with Python."""
    from pydoc_data.topics import topics

    return topics["naming"]


def on_image() -> str:
    """The keys of one pixel on the photograph, per step."""
    import matplotlib.pyplot as plt

    from ... import plot

    picture = photograph(SIDE)
    fig, axes = plt.subplots(1, 2, figsize=(10, 5.6))
    attentions = (strided(STRIDE), fixed(STRIDE, 4))
    for ax, factorized in zip(axes, attentions):
        plot.image(factorized, (SIDE, SIDE), QUERY, ax=ax, background=picture)
    small = [strided(8), fixed(8, 2)]
    panels = plot.factorization(small, (8, 8))
    return (
        f"<h2>On an image</h2><p>A photograph of {SIDE} x {SIDE} positions, read row by row; "
        f"l = {STRIDE}, one row. The query is position {QUERY}. Strided attention sees its row and "
        "its column, which suits an image.</p>"
        + figure(fig, "the keys of one query on a photograph, strided and fixed")
        + "<p>The same on 8 x 8 positions, each above its connectivity matrix, as in Figure 3 of "
        "the paper:</p>"
        + figure(panels, "the steps on 8 x 8 positions with their connectivity matrices")
    )


def on_text() -> str:
    """The keys of one character in the prose, per step."""
    text = " ".join(prose().split())[: 16 * WIDTH]
    query = 11 * WIDTH + 37
    shown = ""
    for factorized in (strided(WIDTH), fixed(WIDTH, 8)):
        marked_text = _mark_keys(text, query, factorized)
        shown += f"<h3>{factorized!r}</h3><div class='text'>{marked_text}</div>"
    return (
        f"<h2>On a text</h2><p>The first {len(text):,} characters of the chapter on naming of "
        f"Python's language reference, in lines of l = {WIDTH}; the query is the dark one. Text "
        "has no columns, so strided attention reads letters that happen to be above one another. "
        "Fixed attention lets the last 8 characters of each line represent it. "
        "<span class='text' style='border:0;padding:0'><span class='step1'>step 1</span> "
        "<span class='step2'>step 2</span> <span class='both'>both</span></span></p>" + shown
    )


def _mark_keys(text: str, query: int, factorized: Factorized) -> str:
    """The text in lines of WIDTH, each character marked with the steps in which it is a key."""
    rows = [step.row(query, len(text)) for step in factorized.steps]
    first, second = (set(row.tolist()) for row in rows)
    pieces = []
    for j, letter in enumerate(text):
        kind = _kind(j, query, j in first, j in second)
        piece = html_text(letter)
        pieces.append(f"<span class='{kind}'>{piece}</span>" if kind else piece)
        if j % WIDTH == WIDTH - 1:
            pieces.append("\n")
    return "".join(pieces)


def _kind(j: int, query: int, in_first: bool, in_second: bool) -> str:
    """The CSS class of a character; "" for an earlier one that is no key."""
    if j >= query:
        return "query" if j == query else "later"
    if in_first and in_second:
        return "both"
    if in_first:
        return "step1"
    return "step2" if in_second else ""


def features(values: np.ndarray) -> np.ndarray:
    """(n, WIDTH) float32: each value and sines of its position, through one random matrix."""
    i = np.arange(len(values))[:, None]
    angles = i * 2 * np.pi / 2.0 ** np.arange(1, RATES + 1)
    columns = [values[:, None], np.sin(angles), np.cos(angles)]
    raw = np.concatenate(columns, axis=1)
    width = raw.shape[1]
    mixing = np.random.default_rng(0).standard_normal((width, WIDTH))
    return (raw @ mixing / width**0.5).astype(np.float32)


def costs() -> str:
    """Pairs and seconds of each step, compared with dense causal attention, on both inputs."""
    letters = np.frombuffer(prose().encode(), np.uint8)[:4096] / 255
    pixels = photograph(LARGE).ravel()
    return (
        f"<h2>What it costs</h2><p>float32, d = {WIDTH}, best of 3, on this machine's CPU.</p>"
        + _cost_table(f"photograph, {LARGE} x {LARGE}", pixels, LARGE)
        + _cost_table("prose, one byte per position", letters, WIDTH)
        + "<p>Pairs over the length, with the power of n that fits; strides are the root of n:</p>"
        + _growth()
    )


def _growth() -> str:
    """How the pairs of strided and fixed attention grow, compared with dense causal attention."""
    from ... import plot

    families: dict[str, Any] = {
        "strided, both steps": lambda n: strided(isqrt(n)),
        "fixed, both steps": lambda n: fixed(isqrt(n), 8),
        "a window of 512": Local(511),
    }
    lengths = [256, 1024, 4096, 16384, 65536]
    line, *_ = plot.cost(families, lengths)
    return figure(line.figure, "connected pairs over n on logarithmic axes, a line per pattern")


def _cost_table(title: str, values: np.ndarray, l: int) -> str:
    """The cost of dense causal attention and of each step with stride l."""
    x = features(values)
    n = len(values)
    dense = Causal()
    steps = [dense, *strided(l).steps, *fixed(l, 8).steps]
    pairs = [nnz(p, n) for p in steps]
    times = [1000 * _seconds(x, plan(p, n)) for p in steps]
    rows = []
    for p, pair_count, ms in zip(steps, pairs, times):
        pair_share = 100 * pair_count / pairs[0]
        time_share = 100 * ms / times[0]
        rows.append((repr(p), pair_count, pair_share, ms, time_share))
    head = ("pattern", "attended pairs", "% of dense causal", "ms, one head", "% of its time")
    return f"<h3>{title}, n = {n:,}</h3>{table(head, rows)}"


def _seconds(x: np.ndarray, lowered: Plan) -> float:
    """The least of three times for attention of x over itself."""
    attend(x, x, x, lowered)  # compiles
    times = []
    for _ in range(3):
        start = time.perf_counter()
        attend(x, x, x, lowered)
        times.append(time.perf_counter() - start)
    return min(times)
