"""Quotients by terms: two constants each, with the definition that fixes them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Quotient(NamedTuple):
    """The constants x // b and x % b, and the premises from which b >= 1 was derived."""

    dividend: Any
    divisor: Any
    quotient: Any
    remainder: Any
    premises: tuple[Any, ...]

    @property
    def definition(self) -> list[Any]:
        """What fixes the two constants."""
        x, b, q, r = self[:4]
        return [x == b * q + r, r >= 0, r < b]
