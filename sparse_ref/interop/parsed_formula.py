"""The formula of a rule, parsed: its arguments, the parts that it names, what it returns."""

from __future__ import annotations

import ast
from inspect import getsource
from textwrap import dedent
from typing import Any, NamedTuple

from ..sets.rule import Rule


class Formula(NamedTuple):
    """A formula, parsed: its arguments, the parts that it names, and what it returns."""

    arguments: list[str]
    parts: list[tuple[str, ast.expr]]
    result: ast.expr


def formula_of(rule: type[Rule], notation: str) -> Formula:
    """A rule's formula, parsed; errors name it by its notation."""
    try:
        function = ast.parse(dedent(getsource(rule.formula))).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise TypeError(
            f"p must have formulas whose source can be read, got {notation}: {error}"
        ) from error
    try:
        return _read_function(function)
    except ValueError:
        raise TypeError(
            f"p must have formulas that name parts, if at all, and then return, got {notation}"
        ) from None


def _read_function(function: ast.stmt) -> Formula:
    """A function that names parts and returns a value. Raises ValueError for any other."""
    if not isinstance(function, ast.FunctionDef):
        raise ValueError("no function")
    *lines, last = function.body
    if not isinstance(last, ast.Return) or last.value is None:
        raise ValueError("no return")
    arguments = [argument.arg for argument in function.args.args]
    return Formula(arguments, [_read_part(line) for line in lines], last.value)


def _read_part(statement: ast.stmt) -> tuple[str, ast.expr]:
    """(name, expression) of an assignment to one name. Raises ValueError for anything else."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) > 1:
        raise ValueError("no assignment to one name")
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        raise ValueError("no assignment to one name")
    return target.id, statement.value


def value_of(name: ast.expr, values: dict[str, Any]) -> Any:
    """The value of a name, dotted or not, such as a function that is called; None if unknown."""
    if isinstance(name, ast.Name):
        return values.get(name.id)
    if isinstance(name, ast.Attribute):
        return getattr(value_of(name.value, values), name.attr, None)
    return None
