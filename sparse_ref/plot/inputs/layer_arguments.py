"""The steps of figures about layers, checked, and their name."""

from __future__ import annotations

from typing import Any

from ...paths.layers import Steps, layers
from ...sets.checks import integer
from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.require import check_pattern

MAX_PAIRS_LENGTH = 4096  # positions of which all pairs are drawn
MAX_LAYERS = 64
Patterns = tuple[Pattern, ...]


def patterns_of_layers(steps: Any, n: Any, most: int = MAX_PAIRS_LENGTH) -> Patterns:
    """The patterns of the layers from below; each has rows for the length n, 1 <= n <= most."""
    patterns = layers((steps,) if isinstance(steps, Pattern) else steps)
    length = integer("n", n, 1, most)
    for p in patterns:
        check_pattern(p, length)
    return patterns


def name_of(steps: Pattern | Steps) -> str:
    """Steps as a title: the notation of a Factorized or of a pattern, or of each of several."""
    if isinstance(steps, (Pattern, Factorized)):
        return repr(steps)
    return ", ".join(map(repr, steps))
