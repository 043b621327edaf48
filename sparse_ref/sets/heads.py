"""One pattern for all heads, or one for each head, and several of them as a tuple."""

from __future__ import annotations

from typing import Any

from .checks import integer
from .pattern import Pattern
from .require import got, require_one_set, require_pattern


class PatternTuple(tuple[Pattern, ...]):
    """Patterns, one per head or per layer: a tuple that a notebook draws."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        cards = (f"<p>{number}</p>{p._repr_html_()}" for number, p in enumerate(self))
        return "".join(cards)


def patterns_of_heads(
    name: str,
    pattern: Any,
    heads: int | None = None,
    *,
    lowered: tuple[type, ...] = (),
) -> tuple[Any, ...]:
    """The pattern of each head, from one for all of them or a list or tuple with one for each.

    If `heads` is None, one pattern stands for one head, and a sequence tells how many there are.
    `lowered` are classes of sets that are taken as they are, like a Plan.

    Raises TypeError if it is neither, ValueError for a sequence of another length than `heads`.
    """
    heads = None if heads is None else integer("heads", heads, 1)
    kinds = (Pattern, *lowered)
    if isinstance(pattern, kinds):
        return (pattern,) * (1 if heads is None else heads)
    require_one_set(name, pattern)
    if not isinstance(pattern, list | tuple) or not pattern:
        names = ", ".join(f"a {kind.__name__}" for kind in kinds)
        raise TypeError(
            f"{name} must be {names}, or a sequence with one for each head, {got(pattern)}"
        )
    for h, p in enumerate(pattern):
        if not isinstance(p, lowered):
            require_pattern(f"{name}[{h}]", p)
    if heads is not None and len(pattern) != heads:
        raise ValueError(f"{name} must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)
