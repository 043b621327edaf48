"""Colours of figures on light and on dark pages, which differ for every kind of colour vision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex, to_rgba

Colour = Any  # whatever matplotlib takes for a colour
LUMA = 0.299, 0.587, 0.114  # of red, green and blue: what a grey print shows
MIN_CONTRAST = 0.4  # difference in luma between a text and the page


class Shade(str):
    """The colour of a role in figures, and the one that has the role on a dark page.

    >>> Shade("#e4e4e4", dark="#2a2a2a").dark
    '#2a2a2a'
    """

    dark: str

    def __new__(cls, light: str, dark: str) -> Shade:
        shade = super().__new__(cls, light)
        shade.dark = dark
        return shade


# With L* 36, 71, 60, 48, 81; on dark pages 48, 77, 68, 58, 87.
PARTS = (
    Shade("#21588f", dark="#2e70cc"),
    Shade("#dfa352", dark="#f5b07c"),
    Shade("#2da288", dark="#57b5a3"),
    Shade("#ce3c11", dark="#d66a6f"),
    Shade("#dccb25", dark="#f7d862"),
)


def part_colours(count: int) -> list[Shade]:
    """One colour for each of several parts: those of PARTS, or evenly spaced ones if 6 or more."""
    if count <= len(PARTS):
        return list(PARTS[:count])
    scale = matplotlib.colormaps["viridis"]
    lights = scale(np.linspace(0.15, 1, count))
    darks = scale(np.linspace(0.35, 1, count))
    pairs = zip(map(to_hex, lights), map(to_hex, darks))
    return [Shade(light, dark) for light, dark in pairs]


def luma(colour: Colour) -> float:
    """The grey of a colour in print, 0 black to 1 white."""
    return float(np.dot(to_rgba(colour)[:3], LUMA))


def page_colour(ax: Axes) -> Colour:
    """The colour behind an axes: of the innermost figure that has one, else of the axes."""
    place: Any = ax.figure
    while place is not None:
        colour = to_rgba(place.get_facecolor())
        if colour[3] > 0:
            return colour
        outer = getattr(place, "figure", None)
        place = None if outer is place else outer
    colour = to_rgba(ax.get_facecolor())
    return colour if colour[3] > 0 else to_rgba("white")


def is_dark(ax: Axes) -> bool:
    """Whether the page behind an axes is nearer to black than to white."""
    return luma(page_colour(ax)) < 0.5


def colour_on(ax: Axes, colour: Colour) -> Colour:
    """A colour as it is, or the dark one of a Shade if the page is dark."""
    return colour.dark if isinstance(colour, Shade) and is_dark(ax) else colour


def readable(ax: Axes, colour: Colour) -> Colour:
    """A colour if it stands out from the page, else black or white."""
    if abs(luma(colour) - luma(page_colour(ax))) >= MIN_CONTRAST:
        return colour
    return "white" if is_dark(ax) else "black"


def text_colour(ax: Axes) -> Colour:
    """The colour of text of the user's style, if it can be read on the page."""
    return readable(ax, matplotlib.rcParams["text.color"])


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two: `share` of the second."""
    both = np.array([to_rgba(first), to_rgba(second)])
    return to_hex((1 - share) * both[0] + share * both[1])


def ramp(colours: Sequence[Colour], bad: Colour = "none") -> Colormap:
    """A colour map through these colours; `bad` is the colour of no value, and of one below all."""
    scale = LinearSegmentedColormap.from_list("ramp", list(colours))
    return scale.with_extremes(bad=bad, under=bad)
