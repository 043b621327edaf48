"""The figure: how much of sgemm is reached, and how long we take beside others, with the
targets.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from . import share
from .rows import Row

OURS, TARGET = "#3f83c0", "#e07b10"


def figure(rows: Sequence[Row]) -> Figure:
    """Bars of values, and a mark at each target: to be passed on the left, not to be passed on the
    right.
    """
    shares = [row for row in rows if row.group == share.GROUP and row.value is not None]
    times = [
        row
        for row in rows
        if row.group != share.GROUP and row.unit == "ms" and row.value is not None
    ]
    longest = max(len(shares), len(times), 1)
    found = Figure(figsize=(14, 0.26 * longest + 1.4), layout="constrained")
    left, right = found.subplots(1, 2)
    bars(left, shares, "useful FLOP/s over those of sgemm")
    bars(right, times, "time over that of what is beside it")
    right.set_xscale("log")
    right.axvline(1, color="0.6", linewidth=0.8, zorder=0)
    return found


def bars(ax, rows: Sequence[Row], title: str):
    """One bar a row, from above."""
    names = [row.case if row.group == share.GROUP else f"{row.case} / {row.name}" for row in rows]
    at = range(len(rows))
    ax.barh(at, [row.value for row in rows], color=OURS, height=0.6)
    aims = [(y, row.target.bound) for y, row in zip(at, rows) if row.target]
    ax.plot(
        [x for _, x in aims],
        [y for y, _ in aims],
        "|",
        color=TARGET,
        markersize=12,
        markeredgewidth=2.5,
        label="target",
    )
    ax.set_yticks(at, names, fontsize="x-small")
    ax.invert_yaxis()
    ax.set_title(title, fontsize="small")
    ax.tick_params(axis="x", labelsize="x-small")
    if aims:
        ax.legend(fontsize="x-small", frameon=False, loc="lower right")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
