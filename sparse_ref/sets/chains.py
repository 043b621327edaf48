"""Chains a | b | c: read by loops, so that a union of thousands of patterns is no deeper than one.

A chain is the operands of one sign, from the left; an operand in parentheses stays one operand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import filterfalse
from types import UnionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pattern import Pair, Pattern

    Parts = Callable[[Pattern], list[Pattern]]


def chain(p: Pair) -> list[Pattern]:
    """a, b and c of p = a | b | c."""
    kind, operands = type(p), [p.right]
    first = p.left
    while isinstance(first, kind):
        operands.append(first.right)
        first = first.left
    operands.append(first)
    return operands[::-1]


def operands(p: Pattern, kinds: type | UnionType) -> list[Pattern]:
    """a, b and c of p = a | (b | c), too; p itself if it is of none of these kinds."""

    def is_combined(pattern: Any) -> bool:
        return isinstance(pattern, kinds)

    def parts(pattern: Any) -> list[Pattern]:
        return list(vars(pattern).values()) if is_combined(pattern) else []

    return list(filterfalse(is_combined, walk(p, parts)))


def walk(p: Pattern, parts: Parts) -> Iterator[Pattern]:
    """p and its parts, and theirs, from the left."""
    stack = [p]
    while stack:
        pattern = stack.pop()
        yield pattern
        stack.extend(reversed(parts(pattern)))


def join(kind: type[Pair], operands: Sequence[Pattern]) -> Pattern:
    """a | b | c of a, b and c, `kind` being the sign between them."""
    return reduce(kind, operands)
