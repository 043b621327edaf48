"""Several patterns as a tuple, one per head or per layer."""

from __future__ import annotations

from .pattern import Pattern


class PatternTuple(tuple[Pattern, ...]):
    """Patterns, one per head or per layer: a tuple that a notebook draws."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        cards = (f"<p>{number}</p>{p._repr_html_()}" for number, p in enumerate(self))
        return "".join(cards)
