"""Python expressions put together, as syntax trees: what the text of a formula is made of."""

from __future__ import annotations

import ast
from functools import reduce
from textwrap import fill

from ..sets.positions import intervals

WIDTH, DEEP = 110, 64


def line(begin: str, expression: ast.expr) -> str:
    """`begin` and the expression as a line of a function's body, in parentheses over several lines where it is long."""
    text = ast.unparse(expression)
    if len(text) <= WIDTH:
        return f"    {begin} {text}"
    indent = " " * 8
    return f"    {begin} (\n{fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)})"


def member(x: ast.expr, positions) -> ast.expr:
    """[x in positions], for ascending positions."""
    parts = [
        compared(x, ast.Eq(), start)
        if stop == start + 1
        else conjunction(compared(ast.Constant(start), ast.LtE(), x), compared(x, ast.Lt(), stop))
        for start, stop in intervals(positions)
    ]
    return joined(ast.BitOr(), parts) if parts else compared(x, ast.NotEq(), x)


def stepped(x: ast.expr, steps) -> ast.expr:
    """sum of the sizes of the steps (at, size) with at <= x, an integer also where there are none."""
    if len(steps) > DEEP:  # halves that are integers each: bools added to bools stay bools
        return binary(
            stepped(x, steps[: len(steps) // 2]), ast.Add(), stepped(x, steps[len(steps) // 2 :])
        )
    reached = [(compared(ast.Constant(at), ast.LtE(), x), size) for at, size in steps]
    sizes = [each if size == 1 else binary(each, ast.Mult(), size) for each, size in reached]
    return joined(ast.Add(), [binary(x, ast.Mult(), 0), *sizes])


def joined(sign: ast.operator, parts: list[ast.expr]) -> ast.expr:
    """The parts with the sign between them; halved where there are many, as Python reads no deep nesting."""
    if len(parts) > DEEP:
        return ast.BinOp(
            joined(sign, parts[: len(parts) // 2]), sign, joined(sign, parts[len(parts) // 2 :])
        )
    return reduce(lambda left, right: ast.BinOp(left, sign, right), parts)


def binary(left: ast.expr, sign: ast.operator, right) -> ast.expr:
    """left sign right, where right may be a number."""
    return ast.BinOp(left, sign, right if isinstance(right, ast.expr) else ast.Constant(right))


def compared(left: ast.expr, sign: ast.cmpop, right) -> ast.expr:
    """[left sign right], where right may be a number."""
    return ast.Compare(
        left, [sign], [right if isinstance(right, ast.expr) else ast.Constant(right)]
    )


def disjunction(left: ast.expr, right: ast.expr) -> ast.expr:
    """left or right"""
    return binary(left, ast.BitOr(), right)


def conjunction(left: ast.expr, right: ast.expr) -> ast.expr:
    """left and right"""
    return binary(left, ast.BitAnd(), right)


def negated(expression: ast.expr) -> ast.expr:
    """not the expression; ~ would be wrong on Python's bools"""
    return binary(expression, ast.BitXor(), ast.Constant(True))
