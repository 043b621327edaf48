"""Syntax trees of Python expressions: the source text of a formula is built from these."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import reduce
from textwrap import fill

from ..sets.positions import intervals

Expression = ast.expr
Steps = Sequence[tuple[int, int]]  # (position, size) of each

MAX_LINE = 110
MAX_DEPTH = 64  # longer chains of operators are halved: Python's parser refuses deep nesting


def line(begin: str, expression: Expression) -> str:
    """A line of a function's body: `begin`, then the expression, which is wrapped if it is long."""
    text = ast.unparse(expression)
    if len(text) <= MAX_LINE:
        return f"    {begin} {text}"
    indent = " " * 8
    text = fill(
        text,
        MAX_LINE,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
    )
    return f"    {begin} (\n{text})"


def member(x: Expression, positions: tuple[int, ...]) -> Expression:
    """[x in positions], for ascending positions."""
    intervals_with_x = [_in_interval(x, start, stop) for start, stop in intervals(positions)]
    if not intervals_with_x:
        return compare(x, ast.NotEq(), x)
    return chain(ast.BitOr(), intervals_with_x)


def _in_interval(x: Expression, start: int, stop: int) -> Expression:
    """[start <= x < stop]"""
    if stop == start + 1:
        return compare(x, ast.Eq(), start)
    above = compare(ast.Constant(start), ast.LtE(), x)
    return conjunction(above, compare(x, ast.Lt(), stop))


def step_sum(x: Expression, steps: Steps) -> Expression:
    """The sum of size over the steps with position <= x; an integer even without steps."""
    if len(steps) > MAX_DEPTH:
        # Each half starts with x * 0, so that it is an integer: bools added to bools stay bools.
        half = len(steps) // 2
        first_sum = step_sum(x, steps[:half])
        return binary(first_sum, ast.Add(), step_sum(x, steps[half:]))
    zero = binary(x, ast.Mult(), 0)
    parts = [_step(x, position, size) for position, size in steps]
    return chain(ast.Add(), [zero, *parts])


def _step(x: Expression, position: int, size: int) -> Expression:
    """[position <= x] size"""
    is_reached = compare(ast.Constant(position), ast.LtE(), x)
    return is_reached if size == 1 else binary(is_reached, ast.Mult(), size)


def chain(sign: ast.operator, parts: list[Expression]) -> Expression:
    """The parts with the sign between them."""
    if len(parts) > MAX_DEPTH:
        half = len(parts) // 2
        left = chain(sign, parts[:half])
        return ast.BinOp(left, sign, chain(sign, parts[half:]))
    return reduce(lambda left, right: ast.BinOp(left, sign, right), parts)


def binary(left: Expression, sign: ast.operator, right: Expression | int) -> Expression:
    """left sign right"""
    return ast.BinOp(left, sign, _as_expression(right))


def compare(left: Expression, sign: ast.cmpop, right: Expression | int) -> Expression:
    """[left sign right]"""
    return ast.Compare(left, [sign], [_as_expression(right)])


def disjunction(left: Expression, right: Expression) -> Expression:
    """left or right"""
    return binary(left, ast.BitOr(), right)


def conjunction(left: Expression, right: Expression) -> Expression:
    """left and right"""
    return binary(left, ast.BitAnd(), right)


def negation(expression: Expression) -> Expression:
    """not the expression; ~ would be wrong on Python's bools"""
    return binary(expression, ast.BitXor(), ast.Constant(True))


def _as_expression(value: Expression | int) -> Expression:
    """An expression as it is, a number as a constant."""
    return value if isinstance(value, ast.expr) else ast.Constant(value)
