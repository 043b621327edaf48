"""Several patterns as a tuple, one per head or per layer; and which heads share one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

from .pattern import Pattern

Sets = TypeVar("Sets", bound=Hashable)
Heads = tuple[int, ...]
PatternOfHeads = Pattern | Sequence[Pattern]  # one for all heads, or one for each


class PatternTuple(tuple[Pattern, ...]):
    """Patterns, one per head or per layer: a tuple that a notebook draws."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        cards = (f"<p>{number}</p>{p._repr_html_()}" for number, p in enumerate(self))
        return "".join(cards)


def heads_by_pattern(patterns: Sequence[Sets]) -> list[tuple[Sets, Heads]]:
    """Each distinct pattern and its heads, ascending.

    Each object is hashed once, however many heads have it, and not at all if it is the only one.
    """
    heads_of_object: dict[int, list[int]] = {}
    for h, p in enumerate(patterns):
        heads_of_object.setdefault(id(p), []).append(h)
    if len(heads_of_object) == 1:
        return [(patterns[0], tuple(range(len(patterns))))]
    heads: dict[Sets, list[int]] = {}
    for same in heads_of_object.values():
        heads.setdefault(patterns[same[0]], []).extend(same)
    return [(p, tuple(sorted(numbers))) for p, numbers in heads.items()]
