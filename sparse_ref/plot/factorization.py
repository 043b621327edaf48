"""Factorized attention beside dense attention, on the image and as a matrix: Child et al. 2019, fig. 3."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure, FigureBase, SubFigure

from ..patterns import Causal
from .blocks import block_for, shares
from .given import position, sides, steps_of
from .image import blended, kinds_of, looks
from .style import LEGEND, QUERY, handles, painted, titled


def factorization(f, shape, *, query=None, fig=None) -> Figure | SubFigure:
    """Dense causal attention and factorized ones side by side: where one query looks on an image, above the matrix [j in A_i].

    Each step has its own colour, dense attention being one step. The mark beside a matrix is at the row drawn above it.

    Parameters
    ----------
    f : a Factorized or a Pattern, or a sequence of them, a column for each after the dense one.
    shape : (height, width) of an image read row by row; the matrix is over n = height * width positions. Above 512 of
        them its cells are blocks, in the colour of the steps that have any pair there.
    query : the position drawn, as an int or as (row, column); near the lower middle unless given.
    fig : an empty figure or subfigure to draw on; a new figure unless given. A constrained layout fits best.

    Returns the figure. Raises as `image` does, and ValueError for a sequence of none.
    Source: Child et al. 2019, arXiv 1904.10509, fig. 3, which has shape (6, 6) and l = 6.

    >>> import sparse_ref as sr
    >>> fig = sr.plot.factorization([sr.strided(6), sr.fixed(6)], (6, 6))
    >>> [ax.get_title() for ax in fig.axes[:3]]
    ['(a) dense, causal', '(b) strided(6)', '(c) fixed(6, 1)']
    >>> import matplotlib.pyplot as plt; plt.close(fig)
    """
    fs = list(f) if isinstance(f, Sequence) else [f]
    if not fs:
        raise ValueError("f must have at least 1 factorization, got none")
    height, width = shape = sides(shape)
    i = position((2 * height // 3, width // 2) if query is None else query, shape)
    columns = [(Causal(),), *(steps_of("f", one, height * width) for one in fs)]
    if fig is not None and not isinstance(fig, FigureBase):
        raise TypeError(f"fig must be a matplotlib Figure or SubFigure, got {type(fig).__name__}")
    if fig is None:
        side = 2.1 if height * width <= 144 else 3.0
        fig = plt.figure(figsize=(side * len(columns), 2 * side + 0.4), layout="constrained")
    most, tables = max(map(len, columns)), []
    panels = fig.subplots(2, len(columns)).T
    for k, (name, steps) in enumerate(zip(["dense, causal", *map(repr, fs)], columns)):
        tables += _column(panels[k], f"({chr(ord('a') + k)}) {name}", steps, most, i, shape)
    for panel in panels[1:].flat:
        panel.set_ylabel("")
    fig.legend(
        handles=handles(kinds_of(most), *tables),
        loc="outside lower center",
        ncols=3 * (len(columns) - 1),
        **LEGEND,
    )
    return fig


def _column(
    panels, title: str, steps, most: int, i: int, shape: tuple[int, int]
) -> list[np.ndarray]:
    """One attention: the image above, the matrix below it; the kinds of cell in both."""
    (top, bottom), n = panels, shape[0] * shape[1]
    block = block_for((n, n))
    found = np.stack([shares(step, (n, n), block) > 0 for step in steps])
    a, b = np.ogrid[: found.shape[1], : found.shape[2]]
    seen, matrix = looks(steps, most, i, shape), blended(found, most, b > a)
    painted(top, seen, kinds_of(most), shape)
    titled(top, title, "column", "row")
    painted(bottom, matrix, kinds_of(most), (n, n), block, unit=shape[1])
    titled(bottom, "" if block == (1, 1) else f"cells of {block[0]} × {block[1]} pairs")
    bottom.plot(
        1.03,
        i,
        marker="<",
        markersize=4,
        color=QUERY,
        transform=bottom.get_yaxis_transform(),
        clip_on=False,
    )
    return [seen, matrix]
