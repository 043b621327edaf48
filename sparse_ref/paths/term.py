"""Integers that stand for all integers: what `formula` is read with where z3 is to answer for every i, j and parameter.

A `Term` takes part in + - * // %, comparisons and the constructors of patterns like an int. What a constructor asks of its
parameters, bounds and refusals, becomes an assumption, so that a statement about Summary(l, c) is one for all c <= l.

Symbols:  x // b = q and x % b = r are written  x = b q + r,  0 <= r < b,  where b is a term: z3 reasons better on products.
"""

from __future__ import annotations

import operator
from typing import Any

from .extra import z3

EFFORT = 2_000_000  # of z3, a fraction of a second


class Undecided(ValueError):
    """Nothing can be said, and why: a set without a formula, a division that may be by 0, or time that ran out."""


class Symbols:
    """What terms are made in: `given`, what is assumed of parameters, and `facts`, what divisions mean."""

    def __init__(self):
        self.context = z3().Context()
        self.given: list[Any] = []
        self.facts: list[Any] = []
        self.stating = False
        self._divided: dict[tuple[int, int], tuple[Any, Any]] = {}

    def integer(self, name: str) -> Term:
        """A new one."""
        return Term(z3().Int(name, self.context), self)

    def follows(self, condition, *premises) -> bool:
        """Whether z3 finds that a condition follows from these premises, within an effort that is the same on every machine."""
        solver = z3().Solver(ctx=self.context)
        solver.set("rlimit", EFFORT)
        solver.add(*premises, z3().Not(condition))
        return solver.check() == z3().unsat

    def assume(self, condition) -> None:
        """Take a condition for given."""
        condition = z3().simplify(condition)
        if not z3().is_true(condition) and not any(condition.eq(each) for each in self.given):
            self.given.append(condition)

    def divided(self, x, b) -> tuple[Any, Any]:
        """(q, r) of terms of z3."""
        if z3().is_int_value(b) and b.as_long() >= 1:
            return x / b, x % b
        key = x.get_id(), b.get_id()
        if key not in self._divided:
            if not self.follows(b >= 1, *self.given, *self.facts):
                raise Undecided(f"{b} may be below 1, and x // ({b}) is read for divisors from 1 on alone")
            q, r = (z3().Int(f"({_inside(x)} {sign} {_inside(b)})", self.context) for sign in ("//", "%"))
            self.facts += [x == b * q + r, r >= 0, r < b]
            self._divided[key] = q, r
        return self._divided[key]


class Term:
    """An integer of z3, with Python's floor division and remainder."""

    def __init__(self, expression, symbols: Symbols):
        self.expression, self.symbols = expression, symbols

    def within(self, least: int | None, most: int | None) -> Term:
        """The same, its bounds assumed."""
        if least is not None:
            self.symbols.assume(self.expression >= least)
        if most is not None:
            self.symbols.assume(self.expression <= most)
        return self

    def __repr__(self):
        return str(self.expression)

    def __neg__(self):
        return Term(-self.expression, self.symbols)

    def __floordiv__(self, other):
        return Term(self.symbols.divided(self.expression, self._raw(other))[0], self.symbols)

    def __mod__(self, other):
        return Term(self.symbols.divided(self.expression, self._raw(other))[1], self.symbols)

    def __rfloordiv__(self, other):
        return Term(self._raw(other), self.symbols) // self

    def __rmod__(self, other):
        return Term(self._raw(other), self.symbols) % self

    def __hash__(self):
        return self.expression.hash()

    def __bool__(self):
        return bool(self != 0)

    def _raw(self, other):
        """An int, a term or a truth, as z3 has integers."""
        if isinstance(other, Truth):
            return z3().If(other.expression, z3().IntVal(1, self.symbols.context), z3().IntVal(0, self.symbols.context))
        return other.expression if isinstance(other, Term) else z3().IntVal(int(other), self.symbols.context)


class Truth:
    """A condition of z3. It has no value, but where a constructor asks whether to refuse its parameters: it is assumed not to."""

    def __init__(self, expression, symbols: Symbols):
        self.expression, self.symbols = expression, symbols

    def __bool__(self):
        settled = z3().simplify(self.expression)
        if z3().is_true(settled) or z3().is_false(settled):
            return bool(z3().is_true(settled))
        if not self.symbols.stating:
            raise Undecided(f"a formula asks whether {self.expression}, and goes two ways")
        self.symbols.assume(z3().Not(self.expression))
        return False

    def __repr__(self):
        return str(self.expression)

    def __add__(self, other):
        return Term(Term._raw(self, self), self.symbols) + other  # type: ignore[arg-type]

    __radd__ = __add__

    def __mul__(self, other):
        return Term(Term._raw(self, self), self.symbols) * other  # type: ignore[arg-type]

    __rmul__ = __mul__


def _inside(x) -> str:
    """An operand, in parentheses where it has any sign."""
    return str(x) if x.num_args() == 0 else f"({x})"


def truth(value, symbols: Symbols):
    """What a formula answered, as z3 has it; formulas that hang on nothing answer with a bool."""
    return value.expression if isinstance(value, Truth) else z3().BoolVal(bool(value), symbols.context)


def _arithmetic(name: str, operation) -> None:
    """x + y and its like, and the same from the right."""
    setattr(Term, f"__{name}__", lambda a, b: Term(operation(a.expression, a._raw(b)), a.symbols))
    setattr(Term, f"__r{name}__", lambda a, b: Term(operation(a._raw(b), a.expression), a.symbols))


def _comparison(name: str) -> None:
    """x < y and its like."""
    operation = getattr(operator, name)
    setattr(Term, f"__{name}__", lambda a, b: Truth(operation(a.expression, a._raw(b)), a.symbols))


def _connective(name: str, operation: str) -> None:
    """p & q and its like, with a bool on either side."""
    def joined(a, b):
        return Truth(getattr(z3(), operation)(a.expression, truth(b, a.symbols)), a.symbols)
    setattr(Truth, f"__{name}__", joined)
    setattr(Truth, f"__r{name}__", joined)


for _name in ("add", "sub", "mul"):
    _arithmetic(_name, getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _comparison(_name)
for _name, _operation in (("and", "And"), ("or", "Or"), ("xor", "Xor")):
    _connective(_name, _operation)
