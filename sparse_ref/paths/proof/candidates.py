"""Candidate paths of factorized steps, in their own order and from above.

Symbols:  j, i and the position a between them as in `finite.reach`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...sets.factorized import Factorized
from ...sets.pattern import Pattern

Path = tuple[Any, ...]  # the positions between j and i


def candidate_ways(steps: Factorized, patterns: tuple[Pattern, ...]) -> Callable | None:
    """The paths of `via` in the order of the steps; from above, their mirror images, j and i.

    If sets depend on i - j only, j -> j + i - a -> i is the path from above. Otherwise it may be
    none, and proves nothing.
    """
    in_order = [id(p) for p in steps.steps]
    order = [id(p) for p in patterns]
    if order == in_order:
        return steps.ways
    return partial(mirror_images, steps) if order == in_order[::-1] else None


def mirror_images(steps: Factorized, j: Any, i: Any) -> list[Path]:
    """The images of the paths of `via` under a -> j + i - a, and those that stay at j or i."""
    count = len(steps) - 1
    paths = [(j,) * count, (i,) * count]
    for way in steps.ways(j, i):
        image = [j + i - a for a in reversed(way)]
        paths.append(tuple(image))
    return paths
