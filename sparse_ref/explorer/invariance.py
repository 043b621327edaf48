"""Whether a rule's formula depends on i - j only: each row is the last one, shifted."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

from ..interop.parsed_formula import Formula, formula_of
from ..sets.rule import Rule


def is_shift_invariant(rule: type[Rule]) -> bool:
    """Whether (i + 1, j + 1) is decided as (i, j), as can be seen from the formula's terms.

    False if it cannot be seen, though it may be so.
    """
    return _is_shift_invariant(rule)


@cache
def _is_shift_invariant(rule: Any) -> bool:
    """The same, once for each class."""
    formula = formula_of(rule, rule.__name__)
    return _growth(formula.result, _growths(formula)) == 0


def _growths(formula: Formula) -> dict[str, int | None]:
    """How much each argument and each part grows if i and j grow by 1; None if that varies."""
    query, key, *_ = formula.arguments
    growths: dict[str, int | None] = {query: 1, key: 1}
    for name, part in formula.parts:
        growths[name] = _growth(part, growths)
    return growths


def _growth(node: ast.expr, growths: dict[str, int | None]) -> int | None:
    """How much a term grows if i and j grow by 1; None if that varies. A condition has 0 if any."""
    match node:
        case ast.Constant():
            return 0
        case ast.Name(id=name):
            return growths.get(name, 0)
        case ast.BinOp(left, sign, right):
            return _joined(sign, _growth(left, growths), _growth(right, growths))
        case ast.Compare(left, _, [right]):
            a, b = _growth(left, growths), _growth(right, growths)
            return 0 if a is not None and a == b else None
        case ast.Call(_, [x, *_], []):
            return 0 if _growth(x, growths) == 0 else None
    return None


def _joined(sign: ast.operator, a: int | None, b: int | None) -> int | None:
    """The growth of two terms joined by a sign."""
    if a is None or b is None:
        return None
    if isinstance(sign, ast.Add):
        return a + b
    if isinstance(sign, ast.Sub):
        return a - b
    return 0 if a == b == 0 else None
