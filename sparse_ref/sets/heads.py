"""One pattern for all heads, or one for each head."""

from __future__ import annotations

from collections.abc import Sequence

from .pattern import Pattern
from .require import got, require_one_set, require_pattern


def patterns_of_heads(
    name: str,
    pattern: Pattern | Sequence[Pattern],
    heads: int | None = None,
) -> tuple[Pattern, ...]:
    """The pattern of each head, from one for all of them or a list or tuple with one for each.

    If `heads` is None, one pattern stands for one head, and a sequence tells how many there are.

    Raises TypeError if it is neither, ValueError for a sequence of another length than `heads`.
    """
    if isinstance(pattern, Pattern):
        return (pattern,) * (1 if heads is None else heads)
    require_one_set(name, pattern)
    if not isinstance(pattern, list | tuple) or not pattern:
        raise TypeError(
            f"{name} must be a Pattern, or a sequence with one for each head, {got(pattern)}"
        )
    for h, p in enumerate(pattern):
        require_pattern(f"{name}[{h}]", p)
    if heads is not None and len(pattern) != heads:
        raise ValueError(f"{name} must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)
