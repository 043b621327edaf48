"""docs/benchmarks.md: the table under its groups, how each is measured, and the machine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

from .machine import busy
from .plot import figure
from .rows import Row, markdown

INTRODUCTION = """# Benchmarks

`make bench` measures all of this in one run and writes this page. {verdict}

![Shares of sgemm, and times over those of others]({image})

Each round calls everything in a group once, one after the other, with a pause between. A value is
the median over {rounds} rounds of the ratio within each round, so that whatever slows the machine
slows both sides. One uncounted call of everything goes first: it compiles and warms up. Inputs are
standard normal float32 with {heads} heads and d = {d}, unless the line says otherwise, and every
library has {threads} threads. Before a peer is timed, its set is read from its weights at a small n
and compared with ours key by key; at full size its output is compared with ours.
"""


def page(
    rows: Sequence[Row],
    groups: Mapping[str, object],
    about: dict[str, str],
    rounds: int,
    image: str,
) -> str:
    """The page as Markdown."""
    from .cases import HEADS, D

    judged = [row.met for row in rows if row.met is not None]
    verdict = (
        f"Of {len(judged)} targets, {sum(judged)} are met."
        if judged
        else "Nothing is judged at these lengths."
    )
    verdict = "\n".join(filter(None, [verdict, busy(about)]))
    parts = [
        INTRODUCTION.format(
            verdict=verdict, image=image, rounds=rounds, heads=HEADS, d=D, threads=about["threads"]
        )
    ]
    for name, group in groups.items():
        own = [row for row in rows if row.group == name]
        if own:
            parts.append(
                f"## {name[0].upper()}{name[1:]}\n\n{inspect.getdoc(group)}\n\n{markdown(own)}\n"
            )
    lines = "\n".join(f"| {key} | {value} |" for key, value in about.items())
    parts.append(f"## The machine\n\n| | |\n|---|---|\n{lines}\n")
    return "\n".join(parts)


def written(folder: Path, rows: Sequence[Row], groups, about, rounds: int):
    """The page and its figure in a folder."""
    image = Path("_static") / "benchmarks.png"
    (folder / image.parent).mkdir(parents=True, exist_ok=True)
    figure(rows).savefig(folder / image, dpi=150, bbox_inches="tight")
    (folder / "benchmarks.md").write_text(
        page(rows, groups, about, rounds, image.as_posix()), encoding="utf-8"
    )
