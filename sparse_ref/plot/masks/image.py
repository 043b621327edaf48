"""The keys of one query on an image read row by row: upper panels of Child et al. 2019, fig. 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.types import BoolArray
from ..drawing.colours import part_colours
from ..drawing.style import (
    LATER_COLOUR,
    NON_MEMBER_COLOUR,
    QUERY_COLOUR,
    SEVERAL_PARTS_COLOUR,
    SEVERAL_STEPS_COLOUR,
    STEP_COLOURS,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import (
    ImageShape,
    Position,
    background_image,
    image_shape,
    query_index,
    steps_of,
    title_text,
)
from ..inputs.drawable import title_of


def image(
    p: Pattern | Factorized,
    shape: ImageShape,
    query: Position,
    *,
    ax: Axes | None = None,
    background: ArrayLike | None = None,
    title: str | None = None,
) -> AxesImage:
    """The keys j in A_i of one query i on an image, j = row * width + column; a colour per step.

    Positions that no step attends to have two colours: those before i are skipped, those after i
    may not exist yet. If any key comes after i, attention looks both ways, and all are skipped.

    Parameters
    ----------
    p : a Pattern, or a Factorized, whose steps are drawn together, a position in several of them
        darker.
    shape : (height, width).
    query : i itself, or (row, column).
    ax : the axes to draw on; a new figure by default.
    background : an image (height, width), (height, width, 3) or (height, width, 4), drawn faded
        under the cells; a multiple of `shape` if each position is a patch of it.
    title : by default the name or the notation of p, and the query.

    Returns the image of the cells: 0 if skipped, m if in step m only, then, counting on, in
    several, the query, later ones.
    Raises TypeError for another p or non-integers; ValueError for a query outside the image or a
    background that does not fit.

    >>> import sparse_ref as sr
    >>> im = sr.plot.image(sr.strided(3), (3, 3), query=(1, 2))
    >>> print(im.get_array().data)      # 0 skipped, 1 and 2 the steps, 3 both, 4 the query, 5 later
    [[0 0 3]
     [1 1 4]
     [5 5 5]]
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    height, width = shape = image_shape(shape)
    steps = steps_of("p", p, height * width)
    i = query_index(query, shape)
    values = kinds_for_query(steps, len(steps), i, shape)
    kinds = kinds_of(len(steps))
    under = None if background is None else background_image(background, shape)
    text = title_text(title, f"{title_of(p)}, query {i}")
    ax = axes_or_new(ax, shape, below=0.8)
    if under is not None:
        extent = (-0.5, width - 0.5, height - 0.5, -0.5)
        ax.imshow(under, cmap="gray", alpha=0.6, interpolation="none", extent=extent)
        kinds = _translucent(kinds)
    im = draw_kinds(ax, values, kinds, CellGrid(shape, lines=under is None))
    set_title(ax, text, "column", "row")
    add_legend(ax, legend_entries(kinds, values))
    return im


def kinds_for_query(
    steps: Sequence[Pattern], step_kinds: int, i: int, shape: ImageShape
) -> np.ndarray:
    """The kind of each position of the image for query i, an index into `kinds_of(step_kinds)`."""
    n = shape[0] * shape[1]
    members = np.zeros((len(steps), n), bool)
    for m, step in enumerate(steps):
        members[m, step.row(i, n)] = True
    is_later = np.arange(n) > i
    if members[:, is_later].any():
        is_later[:] = False  # attention looks both ways: nothing is yet to come
    values = kinds_for_members(members, step_kinds, is_later)
    values[i] = step_kinds + 2
    return values.reshape(shape)


def kinds_for_members(members: BoolArray, step_kinds: int, later: BoolArray) -> np.ndarray:
    """The kind of each pair from its membership in the steps, bool (m, ...), m <= step_kinds.

    uint8, an index into `kinds_of(step_kinds)`.
    """
    count = members.sum(axis=0)
    first_step = members.argmax(axis=0)
    conditions = [count > 1, count == 1, later]
    kinds = [step_kinds + 1, first_step + 1, step_kinds + 3]
    return np.select(conditions, kinds, 0).astype(np.uint8)


def kinds_of(step_kinds: int) -> list[Kind]:
    """Skipped, step 1 to `step_kinds`, several of them, the query, later.

    One step or two are shades of one colour; more are of colours of their own.
    """
    has_hues = step_kinds > len(STEP_COLOURS)
    colours = part_colours(step_kinds) if has_hues else STEP_COLOURS[:step_kinds]
    names = [f"step {m}" if step_kinds > 1 else "attended" for m in range(1, step_kinds + 1)]
    several = "both steps" if step_kinds == 2 else "several steps"
    return [
        Kind("skipped", NON_MEMBER_COLOUR),
        *map(Kind, names, colours),
        Kind(several, SEVERAL_PARTS_COLOUR if has_hues else SEVERAL_STEPS_COLOUR),
        Kind("query", QUERY_COLOUR),
        Kind("later", LATER_COLOUR),
    ]


def _translucent(kinds: list[Kind]) -> list[Kind]:
    """The same kinds over a picture: nearly clear if skipped, nearly opaque if later."""
    skipped, *steps, query, later = kinds
    return [
        skipped._replace(colour="black", alpha=0.25),
        *(step._replace(alpha=0.8) for step in steps),
        query,
        later._replace(alpha=0.85),
    ]
