"""What all figures share: colours, a table of cells in them, axes that count positions, legends."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from .given import only_axes

GRID = 32  # up to so many cells a side, lines are drawn between them
TALLEST = 16  # cells are square unless one side is so many times the other

ATTENDS, NOT = "#1f5f9f", "#e4e4e4"
QUERY, SEVERAL, LATER = "#061a36", "#1b4f8a", "#ffffff"
STEPS = "#3f83c0", "#93c1e8"
LEGEND = dict(fontsize="x-small", frameon=False, handlelength=1, handleheight=1, columnspacing=1.2)
NEITHER, BOTH, MISSING, EXTRA = "#f7f7f7", "#c6c6c6", "#0b4f8a", "#e07b10"


class Kind(NamedTuple):
    """What a cell can be: its name in the legend, its colour, and how much of what lies below it hides."""

    label: str
    colour: Any
    alpha: float = 1.0


def axes_or_new(ax, cells: tuple[int, ...], below: float = 0.0):
    """The axes given; where None is, those of a new figure with room for so many cells, and for what is below them."""
    if ax is not None:
        only_axes(ax)
        return ax
    longest = 2.8 if max(cells) <= 256 else 5.6
    high, wide = (max(longest * n / max(cells), 0.5) for n in cells)
    return plt.subplots(figsize=(wide + 0.6, high + below + 0.6), layout="constrained")[1]


def painted(
    ax, values: np.ndarray, kinds: Sequence[Kind], shape, block=(1, 1), **options
) -> AxesImage:
    """A table whose cell is kinds[value]; cell (a, b) covers `block` positions of the `shape` that the axes count."""
    colours = ListedColormap([to_rgba(kind.colour, kind.alpha) for kind in kinds])
    return cells(
        ax, values, shape, block, cmap=colours, vmin=-0.5, vmax=len(kinds) - 0.5, **options
    )


def cells(ax, values: np.ndarray, shape, block, unit=1, grid=True, **colours) -> AxesImage:
    """imshow without smoothing, row 0 on top, ticks at multiples of `unit`, lines between the cells where these are large."""
    high, wide = (count * b for count, b in zip(values.shape, block))
    square = max(shape) < TALLEST * min(shape)
    im = ax.imshow(
        values,
        interpolation="none",
        aspect="equal" if square else "auto",
        origin="upper",
        extent=(-0.5, wide - 0.5, high - 0.5, -0.5),
        **colours,
    )
    ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5))
    for axis, n in ((ax.yaxis, shape[0]), (ax.xaxis, shape[1])):
        at = ticks(n, unit)
        axis.set_ticks(at, labels=[f"{t:,}" for t in at])
        axis.set_ticks(np.arange(1, n) - 0.5 if grid and max(shape) <= GRID else [], minor=True)
    ax.tick_params(labelsize="x-small", length=2, pad=2)
    ax.tick_params(which="minor", length=0)
    ax.grid(False, which="major")
    ax.grid(which="minor", color="white", linewidth=min(0.6, 8 / max(shape)))
    return im


def ticks(n: int, unit: int = 1) -> list[int]:
    """Positions from 0, evenly apart: by a power of two that divides n, else by 1, 2 or 5 times a power of ten.

    At most 8 of them up to n = 64 and 5 above; all of that counted in units, where positions come in rows of `unit`.
    """
    most, units = (8 if n <= 64 else 5), -(-n // unit)
    apart = 1 << (-(-units // most) - 1).bit_length()
    if units % apart:
        apart = next(m * 10**e for e in range(20) for m in (1, 2, 5) if units <= most * m * 10**e)
    return list(range(0, n, apart * unit))


def titled(ax, title: str = "", x: str = "key j", y: str = "query i"):
    """Title and labels, small enough for one column of a paper; a long title is broken where it has blanks."""
    lines = [fill(line, 46, break_long_words=False) for line in title.split("\n")]
    ax.set_title("\n".join(lines), fontsize="small")
    ax.set_xlabel(x, fontsize="small", labelpad=2)
    ax.set_ylabel(y, fontsize="small", labelpad=2)


def handles(kinds: Sequence[Kind], *tables: np.ndarray) -> list[Patch]:
    """Legend entries for the kinds that occur in the tables."""
    seen = np.unique(np.concatenate([np.unique(table) for table in tables]))
    return [
        Patch(
            facecolor=to_rgba(kinds[k].colour, kinds[k].alpha),
            edgecolor="0.5",
            linewidth=0.5,
            label=kinds[k].label,
        )
        for k in seen
    ]


def legend(ax, entries):
    """The legend of one axes, below its label so that it hides no cell."""
    ax.legend(
        handles=entries,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.33),
        bbox_transform=under(ax),
        ncols=2,
        **LEGEND,
    )


def under(ax) -> Transform:
    """Coordinates whose x runs from 0 to 1 along the axes, and whose y is in inches from their lower edge."""
    return blended_transform_factory(
        ax.transAxes, ax.figure.dpi_scale_trans + ScaledTranslation(0, 0, ax.transAxes)
    )
