"""The cells of one set: attended or not, or shares of blocks in shades of one colour."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ...sets.types import FloatArray
from ..inputs.arguments import colour_list
from .cells import CellImage
from .colours import Colour, colour_on, is_dark, mix, ramp
from .scales import add_bar
from .style import (
    MEMBER_COLOUR,
    NON_MEMBER_COLOUR,
    CellGrid,
    Kind,
    draw_cells,
    draw_kinds,
)

MAX_LEAST_SHARE = 0.1  # the scale of shares begins here, or at the least share if that is less


class MemberColours(NamedTuple):
    """The colours of pairs that are not attended, and of those that are."""

    outside: Colour = NON_MEMBER_COLOUR
    member: Colour = MEMBER_COLOUR


def member_colours(colours: Any) -> MemberColours:
    """The colours given, or those of figures."""
    pair = colour_list(colours, 2, "of not attended and of attended pairs")
    return MemberColours() if pair is None else MemberColours(*pair)


def least_share(*tables: FloatArray) -> float:
    """Where the scale of shares begins."""
    positive = [table[table > 0].min(initial=1) for table in tables]
    return float(min([*positive, MAX_LEAST_SHARE]))


def draw_members(
    ax: Axes,
    values: FloatArray,
    grid: CellGrid,
    colours: MemberColours,
    least: float,
) -> CellImage:
    """Draw cells of one pair in two colours; shares of blocks on a logarithmic scale from `least`.

    A share of 0 has the colour of what is not attended, and a full one that which is given.
    """
    if grid.block == (1, 1):
        kinds = Kind("not attended", colours.outside), Kind("attended", colours.member)
        return draw_kinds(ax, values.astype(np.uint8), kinds, grid)
    outside = colour_on(ax, colours.outside)
    member = colour_on(ax, colours.member)
    shades = [mix(outside, member, 0.45), member]
    if colours.member is MEMBER_COLOUR:
        end = "#eef6ff" if is_dark(ax) else "#061a36"
        shades.append(mix(member, end, 0.8))
    return draw_cells(ax, values, grid, ramp(shades, outside), LogNorm(least, 1))


def add_share_bar(im: CellImage, grid: CellGrid) -> None:
    """Add the scale of shares below the axes of an image, with the size of a cell."""
    add_bar(im.axes, im, share_label(grid))


def share_label(grid: CellGrid) -> str:
    """What a scale of shares says of the cells."""
    return f"share of connected pairs (background: none),\n{cell_text(grid)}"


def title_with_cell(title: str, grid: CellGrid) -> str:
    """A title, and below it what a cell is if it is a block."""
    return title if grid.block == (1, 1) else f"{title}\n{cell_text(grid)}".strip()


def cell_text(grid: CellGrid) -> str:
    """What a cell of a grid is, if it is more than one pair."""
    b_q, b_k = grid.block
    return f"cells of {b_q:,} × {b_k:,} pairs"
