"""Whether a rule's formula depends on i - j only: then each row is the last one, shifted."""

from __future__ import annotations

import ast

from ..interop.parsed_formula import Formula, formula_of
from ..sets.rule import Rule

Growth = int | None  # of a term if i and j grow by 1; None if it varies, 0 for a condition
Growths = dict[str, Growth]


def is_shift_invariant(rule: type[Rule]) -> bool:
    """Whether (i + 1, j + 1) is decided as (i, j), as can be seen from the formula's terms.

    False if it cannot be seen, though it may be so.
    """
    formula = formula_of(rule, rule.__name__)
    return _growth(formula.result, _growths(formula)) == 0


def _growths(formula: Formula) -> Growths:
    """The growth of each argument and of each part."""
    query, key, *_ = formula.arguments
    growths: Growths = {query: 1, key: 1}
    for name, part in formula.parts:
        growths[name] = _growth(part, growths)
    return growths


def _growth(node: ast.expr, growths: Growths) -> Growth:
    """The growth of a term of the formula."""
    match node:
        case ast.Constant():
            return 0
        case ast.Name(id=name):
            return growths.get(name, 0)
        case ast.BinOp(left, sign, right):
            return _sum(sign, _growth(left, growths), _growth(right, growths))
        case ast.Compare(left, _, [right]):
            difference = _sum(ast.Sub(), _growth(left, growths), _growth(right, growths))
            return 0 if difference == 0 else None
        case ast.Call(_, [x, *_], []):
            return 0 if _growth(x, growths) == 0 else None
    return None


def _sum(sign: ast.operator, a: Growth, b: Growth) -> Growth:
    """The growth of two terms that a sign joins: a sum, a difference, or 0 if both are still."""
    if a is None or b is None:
        return None
    match sign:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
    return 0 if a == b == 0 else None
