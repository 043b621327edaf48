"""Chains a | b | c: read by loops, so that a union of thousands of patterns is no deeper than one.

A chain is the operands of one sign, from the left; an operand in parentheses stays one operand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pattern import Pair, Pattern


def chain(p: Pair) -> list[Pattern]:
    """a, b and c of p = a | b | c."""
    kind, operands = type(p), [p.right]
    first = p.left
    while isinstance(first, kind):
        operands.append(first.right)
        first = first.left
    operands.append(first)
    return operands[::-1]


def join(kind: type[Pair], operands: Sequence[Pattern]) -> Pattern:
    """a | b | c of a, b and c, `kind` being the sign between them."""
    return reduce(kind, operands)
