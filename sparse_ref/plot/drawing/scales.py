"""Colours that stand for numbers: scales from light to dark, their bars, hatching for no number."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle

from .colours import Shade, colour_on, ramp
from .style import MEMBER_COLOUR, CellGrid, inches_from_lower_edge, style_bar

LEAST_COLOUR = Shade("#d6e8f8", dark="#15304a")
GREATEST_COLOUR = Shade("#061a36", dark="#f2f9ff")
HATCH_COLOURS = Shade("#f6f6f6", dark="#161616"), Shade("#d4d4d4", dark="#404040")  # face, lines
LEGEND_BELOW_BAR = -0.95  # inches from the axes
CLEAR = (0.0, 0.0, 0.0, 0.0)


def number_colours(ax: Axes) -> Colormap:
    """From pale to dark, or from dark to bright on a dark page; clear for no number."""
    shades = LEAST_COLOUR, MEMBER_COLOUR, GREATEST_COLOUR
    return ramp([colour_on(ax, shade) for shade in shades], CLEAR)


def hatch(ax: Axes, grid: CellGrid) -> Rectangle:
    """Hatch the whole table, which shows through cells that have no number."""
    n_q, n_k = grid.shape
    face, lines = (colour_on(ax, shade) for shade in HATCH_COLOURS)
    corner = (-0.5, -0.5)
    patch = Rectangle(corner, n_k, n_q, facecolor=face, edgecolor=lines, hatch="////")
    patch.set(linewidth=0, zorder=-1)
    ax.add_patch(patch)
    return patch


def add_bar(ax: Axes, scale: ScalarMappable, label: str) -> Colorbar:
    """Add the colour bar of an image, or of another scale, below the axes' label."""
    place = (0, -0.52, 1, 0.1)
    bar_axes = ax.inset_axes(place, transform=inches_from_lower_edge(ax))
    bar = ax.figure.colorbar(scale, cax=bar_axes, orientation="horizontal", format="%g")
    style_bar(bar, ax, label)
    return bar
