"""Patterns that are near to the declared one: other parameters, and parts missing or exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from ....sets.mask import brute_mask
from ....sets.pattern import Difference, Intersection, Pair, Pattern, Union
from ....sets.types import BoolArray
from .attention import Attention, Change
from .mutation import Mutation

MAX_LENGTH = 1024  # at which two patterns are compared


def neighbours(patterns: tuple[Pattern, ...]) -> Iterator[Mutation]:
    """A mutation for each pattern near to a declared one, in all heads that have that one."""
    for p in dict.fromkeys(patterns):
        for other in dict.fromkeys(near(p)):
            yield Mutation(f"{other!r} for {p!r}", "mask", with_other(p, other), hint(p, other))


def hint(p: Pattern, other: Pattern) -> str:
    """At which lengths the two differ."""
    least = least_length(p, other)
    if least is None:
        return "compare every row at an n at which this pattern differs from the declared one"
    return f"compare every row at n >= {least}: they are the same below"


def least_length(p: Pattern, other: Pattern) -> int | None:
    """The least n at which two patterns differ; None if they do not up to MAX_LENGTH."""
    n = 16
    while n <= MAX_LENGTH and p.own_length is None is other.own_length:
        masks = [brute_mask(x, (n, n)) for x in (p, other)]
        i, j = np.nonzero(masks[0] != masks[1])
        if len(i):
            return int(np.maximum(i, j).min()) + 1
        n *= 4
    return None


def with_other(p: Pattern, other: Pattern) -> Change:
    """The heads that have p, with another pattern."""

    def change(a: Attention, mask: Any) -> BoolArray:
        patterns = tuple(other if x == p else x for x in a.statement.patterns)
        try:
            return replace(a.statement, patterns=patterns).mask(a.n_q, a.n_k)
        except (ValueError, IndexError):  # a pattern that has no such length
            return mask()

    return change


def near(p: Pattern) -> Iterator[Pattern]:
    """Patterns near to p: parts missing, another sign, and each parameter a little off."""
    if isinstance(p, Pair):
        yield from (p.left, p.right)
        yield from (sign(p.left, p.right) for sign in (Union, Intersection, Difference))
        yield from with_parts(p)
    elif is_dataclass(p):
        yield from with_parts(p)


def with_parts(p: Any) -> Iterator[Pattern]:
    """p with one of its fields changed."""
    for field in fields(p):
        value = getattr(p, field.name)
        for other in values_near(value):
            try:
                candidate = replace(p, **{field.name: other})
            except (ValueError, TypeError):  # beyond the bounds of the class
                continue
            if candidate != p:
                yield candidate


def values_near(value: Any) -> Iterator[Any]:
    """What a field may be by mistake."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from dict.fromkeys((value + 1, value - 1, 2 * value, value // 2))
    elif isinstance(value, Pattern):
        yield from near(value)
