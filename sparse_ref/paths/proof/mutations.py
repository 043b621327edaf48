"""Layers that lack some keys, or have some more: sets for which a statement that is true of the given ones becomes false."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ...patterns import Band, Window
from .family import Layers

FAR = 8  # keys at distances up to this are taken away, or added

Change = tuple[str, Callable[[Layers], Layers]]


def narrower(count: int, causal: bool) -> Iterator[Change]:
    """(what is taken away, the same of so many layers): keys at one distance from one layer, from all, then all but i itself."""
    distances = [
        *(sign * d for d in range(1, FAR + 1) for sign in ((1,) if causal else (1, -1))),
        0,
    ]
    for at, where in (
        *(((m,), f"layer {m + 1}") for m in range(count)),
        (range(count), "every layer"),
    ):
        for d in distances:
            yield (
                f"without keys at distance {d} in {where}",
                partial(_changed, at=at, change=lambda p, d=d: p - Band(d, -d)),
            )
    yield (
        "with no key but i itself in any layer",
        partial(_changed, at=range(count), change=lambda p: p & Window(0)),
    )
    yield "with no key in any layer", partial(_changed, at=range(count), change=lambda p: p - p)


def wider(count: int, causal: bool) -> Iterator[Change]:
    """(what is added, the same of so many layers): keys at one distance in one layer."""
    for d in range(1, FAR + 1):
        for sign in (1,) if causal else (1, -1):
            for m in range(count):
                yield (
                    f"with keys at distance {sign * d} added in layer {m + 1}",
                    partial(_changed, at=(m,), change=lambda p, d=sign * d: p | Band(d, -d)),
                )


def _changed(given: Layers, at, change) -> Layers:
    """Some of the layers changed."""
    return Layers(tuple(change(p) if m in at else p for m, p in enumerate(given.steps)), given.ways)
