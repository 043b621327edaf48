"""Panels of one figure in rows and columns, with axes that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..inputs.arguments import title_text
from .colours import text_colour
from .style import LEGEND_STYLE, entries_on, fill_title, name_entries, style_bar

Panels = NDArray[np.object_]  # of Axes


def figure_or_new(fig: Any, size: tuple[float, float]) -> Figure | SubFigure:
    """The figure given; else a new one of (width, height) inches."""
    if fig is None:
        return plt.figure(figsize=size, layout="constrained")
    return fig


def check_optional_figure(fig: Any) -> None:
    """Refuse what is neither a figure nor None."""
    if fig is not None and not isinstance(fig, (Figure, SubFigure)):
        raise TypeError(f"fig must be a matplotlib Figure or SubFigure, got {type(fig).__name__}")


def panel_grid(fig: Figure | SubFigure, count: int, columns: int) -> Panels:
    """`count` axes (count,) in rows of `columns`, from the upper left, with shared x and y."""
    rows = -(-count // columns)
    table = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = table.ravel()
    for unused in panels[count:]:
        unused.remove()
    return panels[:count]


def hide_inner_labels(panels: Panels, columns: int) -> None:
    """Label the axes of panels only where no panel is below, or none is at the left."""
    for place, panel in enumerate(panels):
        if place + columns < len(panels):
            panel.set_xlabel("")
            panel.tick_params(labelbottom=False)
        else:
            panel.tick_params(labelbottom=True)
        if place % columns:
            panel.set_ylabel("")
            panel.tick_params(labelleft=False)


def set_figure_title(fig: Figure | SubFigure, title: str | None, ax: Axes) -> None:
    """Set the title above all panels, if there is one."""
    text = title_text(title, "")
    if text:
        colour = text_colour(ax)
        fig.suptitle(fill_title(text), fontsize="medium", color=colour, parse_math=False)


def add_figure_bar(fig: Figure | SubFigure, panels: Panels, label: str) -> None:
    """Add one colour bar below all panels, for their images, which have one scale."""
    im = panels[0].images[0]
    bar = fig.colorbar(
        im,
        ax=panels.tolist(),
        location="bottom",
        format="%g",
        shrink=min(1, 2.4 / len(panels)),
        aspect=30,
    )
    style_bar(bar, panels[0], label)


def add_figure_legend(
    fig: Figure | SubFigure,
    ax: Axes,
    entries: Sequence[Patch],
    columns: int = 6,
) -> None:
    """Add one legend below all panels, in the colours for the page of `ax`."""
    legend = fig.legend(
        handles=entries_on(ax, entries),
        labels=list("-" * len(entries)),
        loc="outside lower center",
        ncols=min(len(entries), columns),
        labelcolor=text_colour(ax),
        **LEGEND_STYLE,
    )
    name_entries(legend, entries)
