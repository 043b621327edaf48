"""Steps as the layers of a model, from below, and the lengths at which all pairs are searched."""

from __future__ import annotations

from collections.abc import Sequence

from ..sets.checks import integer
from ..sets.factorized import Factorized, layers
from ..sets.pattern import Pattern

__all__ = ["MAX_SEARCH_LENGTH", "StepOrder", "Steps", "layers", "length"]

MAX_SEARCH_LENGTH = 32768  # n x n pairs: one bit each takes 128 MiB, one byte each 1 GiB

Steps = Factorized | Sequence[Pattern]  # one pattern per layer, the lowest layer first
StepOrder = Sequence[int] | None  # step numbers from 1, the lowest layer first; None for all steps


def length(n: int) -> int:
    """n, checked to be a length at which all pairs are searched."""
    if integer("n", n, 0) > MAX_SEARCH_LENGTH:
        raise ValueError(
            f"n must be at most {MAX_SEARCH_LENGTH} for n x n pairs, got {n}: "
            "witness finds one path at any length"
        )
    return int(n)
