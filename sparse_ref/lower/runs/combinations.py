"""| & - ~ of patterns as rows of keys, without listing a key that the rest of the set cuts.

A union unites the runs of its operands. An intersection begins with the operand of fewest keys, and
goes on with what few runs can state: `meet`, and `subtract` for what a pattern lacks. Operands that
would take too many runs stay an expression, a `RowTree`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...sets.chains import operands
from ...sets.pattern import Complement, Difference, Intersection, Pattern, Union
from ...sets.types import IntArray
from .meet import meet
from .row_set import row_set
from .row_tree import RowSet, RowTree, size
from .run_algebra import subtract
from .table import Runs, normalise, one_span, unite

Combine = Callable[[Runs, Runs], Runs | None]


@dataclass
class Factors:
    """p = a & b & ... - c - d - ...: the patterns that p is in, and those that it is out of."""

    inside: list[Pattern] = field(default_factory=list)
    outside: list[Pattern] = field(default_factory=list)


def factors(p: Pattern) -> Factors:
    """The factors of & - ~, read through parentheses: a & ~(b | c) is a - b - c."""
    result = Factors()
    stack: list[tuple[Pattern, bool]] = [(p, True)]
    while stack:
        pattern, inside = stack.pop()
        if isinstance(pattern, Complement):
            stack.append((pattern.pattern, not inside))
        elif isinstance(pattern, Intersection) and inside:
            stack += [(pattern.right, True), (pattern.left, True)]
        elif isinstance(pattern, Difference) and inside:
            stack += [(pattern.right, False), (pattern.left, True)]
        elif isinstance(pattern, Union) and not inside:
            stack += [(pattern.right, False), (pattern.left, False)]
        elif inside:
            result.inside.append(pattern)
        else:
            result.outside.append(pattern)
    return result


@row_set.register
def rows_of_union(p: Union, i: IntArray, n: int) -> RowSet:
    """The runs of all operands; an expression if one of them is an expression."""
    parts = [row_set(operand, i, n) for operand in operands(p, Union)]
    runs = [part for part in parts if isinstance(part, Runs)]
    trees = [part for part in parts if isinstance(part, RowTree)]
    if not trees:
        return unite(runs)
    flat = [normalise(unite(runs))] if runs else []
    return RowTree("|", (*flat, *trees))


@row_set.register(Intersection)
@row_set.register(Difference)
@row_set.register(Complement)
def rows_of_factors(p: Pattern, i: IntArray, n: int) -> RowSet:
    """The factors met and subtracted, those that are runs first, and of these the smallest."""
    terms = factors(p)
    inside = [_normal(row_set(factor, i, n)) for factor in terms.inside]
    if not inside:
        zero = np.zeros(len(i), np.int64)
        inside = [one_span(zero, zero + n, n)]
    inside.sort(key=lambda rows: (isinstance(rows, RowTree), size(rows)))
    outside = [_normal(row_set(factor, i, n)) for factor in terms.outside]
    return _combination("-", subtract, _combination("&", meet, *inside), *outside)


def _normal(rows: RowSet) -> RowSet:
    """Runs in normal form; an expression as it is."""
    return normalise(rows) if isinstance(rows, Runs) else rows


def _combination(sign: str, combine: Combine, rows: RowSet, *factors: RowSet) -> RowSet:
    """rows & a & b & ..., or rows - a - b - ...; an expression with the factors that need one."""
    others: list[RowSet] = []
    for factor in factors:
        few = None
        if isinstance(rows, Runs) and isinstance(factor, Runs):
            few = combine(rows, factor)
        if few is None:
            others.append(factor)
        else:
            rows = few
    return RowTree(sign, (rows, *others)) if others else rows
