"""docs/benchmarks.md: one sentence, two figures, the table under its groups, how each is measured,
and the machine.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import torch_peers
from .cases import HEADS, D
from .machine import load_warning
from .plot import shares, speedups
from .rows import Row, digits, markdown

INTRODUCTION = """# Benchmarks

{headline}

## Compared with others

How many times longer other code takes for the same sets, on the same inputs and threads. Bars to
the right of 1x are sets for which `attend` is faster.

![How many times longer other code takes than attend, a bar for each set and library]({speedups})

## Compared with a matrix product

A matrix product is the fastest thing that a processor does. This is how much of its speed is left
when attention over a set does the useful part of the same work.

![Share of the FLOP/s of sgemm that attend reaches, a bar for each set]({shares})

## How it is measured

`make bench` measures all of this in one run and writes this page. {verdict}

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
    images: Mapping[str, str],
) -> str:
    """The page as Markdown; images are the addresses of the two figures by their names."""
    introduction = INTRODUCTION.format(
        headline=headline(rows, about),
        verdict=verdict(rows, about),
        rounds=rounds,
        heads=HEADS,
        d=D,
        threads=about["threads"],
        **images,
    )
    parts = [introduction]
    for name, group in groups.items():
        of_group = [row for row in rows if row.group == name]
        if of_group:
            parts.append(f"{section_head(name, group)}{markdown(of_group)}\n")
    lines = "\n".join(f"| {key} | {value} |" for key, value in about.items())
    parts.append(f"## The machine\n\n| | |\n|---|---|\n{lines}\n")
    return "\n".join(parts)


def section_head(name: str, group: object) -> str:
    """A group's heading, and how it is measured: the text above its table."""
    return f"## {name[0].upper()}{name[1:]}\n\n{inspect.getdoc(group)}\n\n"


def verdict(rows: Sequence[Row], about: dict[str, str]) -> str:
    """How many targets are met, and whether the machine was idle."""
    verdicts = [row.is_met for row in rows if row.is_met is not None]
    sentence = "Nothing is judged at these lengths."
    if verdicts:
        sentence = f"Of {len(verdicts)} targets, {sum(verdicts)} are met."
    return "\n".join(filter(None, [sentence, load_warning(about)]))


def headline(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    """What a causal window costs compared with PyTorch's attention, in one sentence."""
    windows = [row for row in rows if row.group == torch_peers.GROUP]
    masked = [row for row in windows if row.name == torch_peers.MASKED and row.value]
    if not masked:
        return "How fast `attend` is, compared with other code for the same sets."
    row = masked[0]
    window, n = row.case.removeprefix("Lookback(").split("), n = ")
    ours, theirs = digits(row.measured), digits(row.reference)
    times = digits(1 / row.value)
    return (
        f"On {about['cores']} cores ({about['processor']}), a causal window of {window} keys\n"
        f"over {n} positions takes {ours} ms. PyTorch's SDPA, with the same window as\n"
        f"a boolean mask, takes {theirs} ms, {times} times as long."
    )


def write_page(folder: Path, rows: Sequence[Row], groups, about, rounds: int):
    """Write the page and its figures into a folder."""
    (folder / "_static").mkdir(parents=True, exist_ok=True)
    images = {}
    for figure in (speedups, shares):
        name = figure.__name__
        images[name] = f"_static/benchmarks_{name}.png"
        figure(rows).savefig(folder / images[name], dpi=150)
    text = page(rows, groups, about, rounds, images)
    (folder / "benchmarks.md").write_text(text, encoding="utf-8")
