"""Two figures, legible on a phone: how many times faster we are than others, and our share of
sgemm.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import arrays, clusters, flex, index, layers, share, torch_peers
from .rows import Row

PEERS = torch_peers, flex, layers, clusters, index, arrays  # groups that time somebody else's code
OURS, TARGET = "#3f83c0", "#e07b10"
WIDTH, ROW, MARGIN = 6.0, 0.5, 1.1  # inches
COLUMNS = 34  # of a name


def speedups(rows: Sequence[Row]) -> Figure:
    """Bars: how many times longer others take, on a log scale; 1 is as long as ours.

    An orange mark is a target, to be reached from the left. Rows without a value are left out.
    """
    groups = {module.GROUP for module in PEERS}
    times = [row for row in rows if row.group in groups and row.value and row.unit == "ms"]
    times = [row for row in times if not row.case.startswith(flex.LOWERING)]
    names = [f"{row.name}\n{short_lines(row.case)}" for row in times]
    aims = [1 / row.target.bound if row.target else None for row in times]
    figure, ax = bars(names, [1 / row.value for row in times], aims)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}x")
    ax.axvline(1, color="0.4", linewidth=1)
    ax.set_xlabel("time of the other / time of attend")
    return figure


def shares(rows: Sequence[Row]) -> Figure:
    """Bars: useful FLOP/s of attention over those of a matrix product, in percent.

    An orange mark is a target, to be reached from the left. Rows without a value are left out.
    """
    speeds = [row for row in rows if row.group == share.GROUP and row.value is not None]
    names = [row.case.replace(", n = ", "\nn = ") for row in speeds]
    aims = [100 * row.target.bound if row.target else None for row in speeds]
    figure, ax = bars(names, [100 * row.value for row in speeds], aims)
    ax.xaxis.set_major_formatter("{x:g} %")
    ax.set_xlabel("useful FLOP/s, as a share of NumPy's sgemm")
    return figure


def short_lines(case: str) -> str:
    """A case in short lines, none of which breaks inside n = 16,384."""
    return fill(case.replace(" = ", "\u00a0=\u00a0"), COLUMNS)


def bars(
    names: Sequence[str], values: Sequence[float], aims: Sequence[float | None]
) -> tuple[Figure, Axes]:
    """One bar a name, from above, its value written at its end; marks at the aims."""
    figure = Figure(figsize=(WIDTH, ROW * len(names) + MARGIN), layout="constrained")
    ax = figure.subplots()
    ax.barh(range(len(names)), values, color=OURS, height=0.6)
    targets = [(aim, y) for y, aim in enumerate(aims) if aim is not None]
    if targets:
        style = {"color": TARGET, "markersize": 13, "markeredgewidth": 3, "label": "target"}
        ax.plot(*zip(*targets), "|", **style)
        figure.legend(frameon=False, loc="outside upper right", fontsize=10)
    for y, (value, aim) in enumerate(zip(values, aims)):
        end = max(value, aim or value)
        number = ax.annotate(
            f"{value:.3g}", (end, y), (6, 0), textcoords="offset points", va="center"
        )
        number.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # over the 1x line
    ax.set_yticks(range(len(names)), names, fontsize=10)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.15)
    ax.spines[["top", "right"]].set_visible(False)
    return figure, ax
