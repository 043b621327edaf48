"""One pattern for all heads, or one for each."""

from __future__ import annotations

from collections.abc import Sequence

from .checks import integer
from .one_set import require_one_set
from .pattern import Pattern


def patterns_of_heads(
    name: str, pattern: Pattern | Sequence[Pattern], heads: int | None = None
) -> tuple[Pattern, ...]:
    """The pattern of each head; one Pattern is that of all heads, 1 unless given.

    `name` is that of the argument in errors. Raises TypeError for anything but a Pattern or a list
    or tuple of them, and ValueError for another number of patterns than heads.
    """
    heads = None if heads is None else integer("heads", heads, 1)
    if isinstance(pattern, Pattern):
        return (pattern,) * (heads or 1)
    require_one_set(name, pattern)
    if not isinstance(pattern, (list, tuple)) or not pattern:
        raise TypeError(
            f"{name} must be a Pattern, or a sequence with one for each head, got {pattern!r}"
        )
    for p in pattern:
        require_one_set(name, p)
        if not isinstance(p, Pattern):
            raise TypeError(f"{name} must have a Pattern for each head, got {p!r}")
    if heads is not None and heads != len(pattern):
        raise ValueError(f"{name} must be one for each of heads = {heads}, got {len(pattern)}")
    return tuple(pattern)
