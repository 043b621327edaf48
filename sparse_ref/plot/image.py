"""Where a query looks on an image whose positions are read row by row: the upper panels of Child et al. 2019, fig. 3."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.image import AxesImage

from .given import picture_below, position, sides, steps_of
from .style import (
    LATER,
    NOT,
    QUERY,
    SEVERAL,
    STEPS,
    Kind,
    axes_or_new,
    handles,
    legend,
    painted,
    titled,
)

TONES = LinearSegmentedColormap.from_list("steps", STEPS)


def image(p, shape, query, *, ax=None, background=None) -> AxesImage:
    """The positions j in A_i of an image, j = row * width + column, for one query i; each step in its own colour.

    Positions that no step attends to are told apart: those before i are skipped, later ones may not exist yet.

    Parameters
    ----------
    p : a Pattern, or a Factorized, whose steps are drawn together, a position in several of them darker.
    shape : (height, width).
    query : i itself, or (row, column).
    ax : where to draw; a new figure unless given.
    background : an image (height, width), (height, width, 3) or (height, width, 4), shown faded under the cells; a multiple
        of `shape` where each position is a patch of it.

    Returns the image of the cells: 0 where skipped, m in step m alone, then, counting on, in several, the query, later ones.
    Raises TypeError for another p or non-integers; ValueError for a query outside the image or a background that does not fit.

    >>> import sparse_ref as sr
    >>> im = sr.plot.image(sr.strided(3), (3, 3), query=(1, 2))
    >>> print(im.get_array().data)      # 0 skipped, 1 and 2 the steps, 3 both, 4 the query, 5 later
    [[0 0 3]
     [1 1 4]
     [5 5 5]]
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    height, width = shape = sides(shape)
    steps, i = steps_of("p", p, height * width), position(query, shape)
    values, kinds = looks(steps, len(steps), i, shape), kinds_of(len(steps))
    below = None if background is None else picture_below(background, shape)
    ax = axes_or_new(ax, shape, below=0.8)
    if below is not None:
        ax.imshow(
            below,
            cmap="gray",
            alpha=0.6,
            interpolation="none",
            extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        )
        kinds = _sheer(kinds)
    im = painted(ax, values, kinds, shape, grid=below is None)
    titled(ax, f"{p!r}, query {i}", "column", "row")
    legend(ax, handles(kinds, values))
    return im


def looks(steps, most: int, i: int, shape: tuple[int, int]) -> np.ndarray:
    """What each position of the image is to query i, as an index into `kinds_of(most)`."""
    n = shape[0] * shape[1]
    members = np.zeros((len(steps), n), bool)
    for m, step in enumerate(steps):
        members[m, step.row(i, n)] = True
    values = blended(members, most, np.arange(n) > i)
    values[i] = most + 2
    return values.reshape(shape)


def blended(members: np.ndarray, most: int, later: np.ndarray) -> np.ndarray:
    """The kind of each pair from its membership in the steps, bool (m, ...), as an index into `kinds_of(most)`, most >= m."""
    count = members.sum(axis=0)
    return np.select(
        [count > 1, count == 1, later], [most + 1, members.argmax(axis=0) + 1, most + 3], 0
    ).astype(np.uint8)


def kinds_of(most: int) -> list[Kind]:
    """Skipped, step 1 to `most`, several of them, the query, later."""
    tones = TONES(np.linspace(0, 1, most))
    steps = [
        Kind(f"step {m}" if most > 1 else "attended", tuple(tone))
        for m, tone in enumerate(tones, 1)
    ]
    return [
        Kind("skipped", NOT),
        *steps,
        Kind("both steps" if most == 2 else "several steps", SEVERAL),
        Kind("query", QUERY),
        Kind("later", LATER),
    ]


def _sheer(kinds: list[Kind]) -> list[Kind]:
    """The same, letting a picture below show: nearly bare where skipped, nearly hidden where later."""
    skipped, *steps, query, later = kinds
    return [
        skipped._replace(colour="black", alpha=0.25),
        *(step._replace(alpha=0.8) for step in steps),
        query,
        later._replace(alpha=0.85),
    ]
