"""Expressions of z3 as programs over numbers, one array operation for each part.

z3 itself evaluates at one case; a program evaluates at thousands at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import cache, partial, reduce
from typing import Any

import numpy as np

from .refusals import Undecided
from .terms import Symbols
from .z3_import import z3

Numbers = Mapping[str, Any]  # integers by the name of a constant: ints, or arrays of one length
Operation = Callable[..., Any]


class Program:
    """An expression as a list of operations, in an order in which each needs only earlier ones."""

    def __init__(self, expression: Any, symbols: Symbols):
        self.symbols = symbols
        self.quotients: dict[int, tuple[Operation, tuple[Any, Any]]] = {}
        for each in symbols.quotients.values():
            operands = each.dividend, each.divisor
            self.quotients[each.quotient.get_id()] = operator.floordiv, operands
            self.quotients[each.remainder.get_id()] = operator.mod, operands
        self.places: dict[int, int] = {}
        self.steps: list[tuple[Operation, list[int]]] = []
        self.inputs: list[tuple[str, int]] = []
        self._add(expression)

    def __call__(self, numbers: Numbers) -> Any:
        """The value at these numbers.

        Raises ZeroDivisionError if a divisor is 0, and Undecided if a number is missing.
        """
        for name, _ in self.inputs:
            if name not in numbers:
                raise Undecided(f"a function uses {name}, which an earlier call of it kept")
        inputs = {place: numbers[name] for name, place in self.inputs}
        values: list[Any] = []
        for place, (operation, operands) in enumerate(self.steps):
            arguments = [values[t] for t in operands]
            value = inputs[place] if place in inputs else operation(*arguments)
            values.append(value)
        return values[-1]

    def _add(self, expression: Any) -> None:
        """Append the operations of an expression; sums may be thousands deep, so no recursion."""
        pending = [expression]
        while pending:
            part = pending[-1]
            operation, operands = self._parts(part)
            missing = [x for x in operands if x.get_id() not in self.places]
            if missing:
                pending += missing
                continue
            pending.pop()
            if part.get_id() not in self.places:
                self.places[part.get_id()] = len(self.steps)
                places = [self.places[x.get_id()] for x in operands]
                self.steps.append((operation, places))

    def _parts(self, part: Any) -> tuple[Operation, Any]:
        """The operation of an expression, and its operands."""
        if z3().is_int_value(part):
            return partial(_constant, part.as_long()), ()
        if part.get_id() in self.quotients:
            return self.quotients[part.get_id()]
        kind = part.decl().kind()
        if kind == z3().Z3_OP_UNINTERPRETED:
            self._add_input(part)
            return _constant, ()
        if kind not in _operations():
            raise Undecided(f"{self.symbols.text(part)} cannot be evaluated at numbers")
        return _operations()[kind], part.children()

    def _add_input(self, part: Any) -> None:
        """Note that the next operation is a constant, whose number is given."""
        if part.get_id() not in self.places:
            self.inputs.append((self.symbols.text(part), len(self.steps)))


def _constant(number: int) -> Any:
    """A number; an object, so that it does not wrap."""
    return np.array(number, object)


def _fold(operation: Operation, *operands: Any) -> Any:
    """a + b + c."""
    return reduce(operation, operands)


@cache
def _operations() -> dict[int, Operation]:
    """What z3's operations do to numbers."""
    names: dict[str, Operation] = {
        "ADD": partial(_fold, operator.add),
        "SUB": partial(_fold, operator.sub),
        "MUL": partial(_fold, operator.mul),
        "UMINUS": operator.neg,
        "IDIV": operator.floordiv,
        "MOD": operator.mod,
        "LE": operator.le,
        "LT": operator.lt,
        "GE": operator.ge,
        "GT": operator.gt,
        "EQ": operator.eq,
        "DISTINCT": operator.ne,
        "AND": partial(_fold, np.logical_and),
        "OR": partial(_fold, np.logical_or),
        "XOR": np.not_equal,
        "NOT": np.logical_not,
        "ITE": np.where,
        "TRUE": lambda: np.True_,
        "FALSE": lambda: np.False_,
    }
    return {getattr(z3(), f"Z3_OP_{name}"): operation for name, operation in names.items()}
