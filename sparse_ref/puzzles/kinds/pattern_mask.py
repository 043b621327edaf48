"""The mask of a pattern that a reader gives, and what is wrong with other values."""

from __future__ import annotations

from typing import Any

from ...sets.mask import brute_mask
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length
from ..answer_calls import Fault


def check_pattern(p: Any, form: str = "the answer must be a pattern of this library") -> None:
    """Raise Fault for what is not a pattern; `form` says what the answer must be."""
    if isinstance(p, type) and issubclass(p, Pattern):
        raise Fault(f"{p.__name__} is a class: write it with parentheses, as in Lookback(3)")
    if not isinstance(p, Pattern):
        raise Fault(f"{form}, got {p!r:.60}")


def pattern_mask(p: Pattern, n: Length) -> BoolArray:
    """The mask of a pattern. Raises Fault for a length that it is not stated for."""
    try:
        return brute_mask(p, n)
    except (IndexError, ValueError) as error:
        raise Fault(f"for n = {n}: {error}") from None
