"""Axes of figures made of lines, on light pages and on dark ones."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from .colours import mix, page_colour, text_colour
from .style import LEGEND_STYLE, inches_from_lower_edge, name_entries


def line_axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes given, or those of a new figure of (width, height) inches."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=size, layout="constrained")[1]


def style_line_axes(ax: Axes, *, grid: bool) -> None:
    """Small ticks, no frame at the top and the right, and the page as the background."""
    colour = text_colour(ax)
    page = page_colour(ax)
    ax.set_facecolor("none")
    ax.tick_params(which="both", color=colour, labelcolor=colour, labelsize="x-small")
    ax.tick_params(length=2, pad=2)
    ax.tick_params(which="minor", length=1)
    ax.grid(False, which="both")
    if grid:
        ax.grid(True, color=mix(page, colour, 0.15), linewidth=0.5)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(colour)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def add_line_legend(
    ax: Axes,
    lines: list[Any],
    below: float,
    note: str | None = None,
) -> None:
    """Name lines below the axes, so many inches below their lower edge, under a note if any."""
    colour = text_colour(ax)
    legend = ax.legend(
        handles=lines,
        labels=list("-" * len(lines)),
        loc="upper center",
        bbox_to_anchor=(0.5, -below),
        bbox_transform=inches_from_lower_edge(ax),
        title=note,
        title_fontsize="x-small",
        labelcolor=colour,
        **{**LEGEND_STYLE, "handlelength": 1.8},
    )
    legend.get_title().set_color(colour)
    name_entries(legend, lines)
