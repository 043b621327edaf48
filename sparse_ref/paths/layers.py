"""Steps as the layers of a model, from below, and the lengths at which all pairs are searched."""

from __future__ import annotations

from collections.abc import Sequence

from ..sets.checks import integer
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern

MAX_LENGTH = 32768  # n x n pairs: one bit each takes 128 MiB, one byte each 1 GiB

Steps = Factorized | Sequence[Pattern]  # one pattern per layer, the lowest layer first
StepOrder = Sequence[int] | None  # step numbers from 1, the lowest layer first; None for all steps


def layers(steps: Steps, order: StepOrder = None) -> tuple[Pattern, ...]:
    """The patterns of the layers from below: the steps, or those that `order` numbers from 1."""
    patterns = steps.steps if isinstance(steps, Factorized) else steps
    if not _is_filled(patterns) or not all(isinstance(p, Pattern) for p in patterns):
        raise TypeError(
            f"steps must be a Factorized, or a tuple of one or more patterns, got {steps!r}"
        )
    if order is None:
        return tuple(patterns)
    if not _is_filled(order):
        raise TypeError(f"order must be a tuple of one or more step numbers, got {order!r}")
    numbers = [integer("each number in order", m, 1, len(patterns)) for m in order]
    return tuple(patterns[m - 1] for m in numbers)


def length(n: int) -> int:
    """n, checked to be a length at which all pairs are searched."""
    if integer("n", n, 0) > MAX_LENGTH:
        raise ValueError(
            f"n must be at most {MAX_LENGTH} for n x n pairs, got {n}: "
            "witness finds one path at any length"
        )
    return int(n)


def _is_filled(value) -> bool:
    """Whether a value is a tuple or list with something in it."""
    return isinstance(value, tuple | list) and len(value) > 0
