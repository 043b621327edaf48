"""Integers that stand for all integers: what `formula` is read with where z3 is to answer for every i, j and parameter.

A `Term` takes part in + - * // %, comparisons and the constructors of patterns like an int. What a constructor asks of its
parameters, bounds and refusals, becomes an assumption, so that a statement about Summary(l, c) is one for all c <= l.
"""

from __future__ import annotations

import operator

from ...sets.checks import Symbolic
from .solver import z3
from .symbols import Symbols, Undecided


class Term(Symbolic):
    """An integer of z3, with Python's floor division and remainder."""

    def __init__(self, expression, symbols: Symbols):
        self.expression, self.symbols = expression, symbols

    def assume_bounds(self, least: int | None, most: int | None) -> Term:
        """The same, its bounds assumed."""
        if least is not None:
            self.symbols.assume(self.expression >= self._raw(least))
        if most is not None:
            self.symbols.assume(self.expression <= self._raw(most))
        return self

    def __repr__(self):
        return self.symbols.said(self.expression)

    def __neg__(self):
        return Term(-self.expression, self.symbols)

    def __mul__(self, other):
        if isinstance(other, Truth):  # linear, where a product of terms is not
            return Term(
                z3().If(other.expression, self.expression, z3().IntVal(0, self.symbols.context)),
                self.symbols,
            )
        return Term(self.expression * self._raw(other), self.symbols)

    def __rmul__(self, other):
        return (
            self * other
            if isinstance(other, Truth)
            else Term(self._raw(other) * self.expression, self.symbols)
        )

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
            return z3().If(
                other.expression,
                z3().IntVal(1, self.symbols.context),
                z3().IntVal(0, self.symbols.context),
            )
        if isinstance(other, Term):
            return other.expression
        try:
            return z3().IntVal(operator.index(other), self.symbols.context)
        except TypeError:
            raise Undecided(f"formulas are read in whole numbers, got {other!r}") from None


class Truth:
    """A condition of z3. It has no value, but where a constructor asks for one: then what it goes by is assumed."""

    def __init__(self, expression, symbols: Symbols):
        self.expression, self.symbols = expression, symbols

    def __bool__(self):
        settled = z3().simplify(self.expression)
        if z3().is_true(settled) or z3().is_false(settled):
            return bool(z3().is_true(settled))
        return self.symbols.decide(self.expression)

    def __repr__(self):
        return self.symbols.said(self.expression)

    def __hash__(self):
        return self.expression.hash()

    def __add__(self, other):
        return Term(Term._raw(self, self), self.symbols) + other  # type: ignore[arg-type]

    __radd__ = __add__

    def __mul__(self, other):
        return (
            other if isinstance(other, Term) else Term(Term._raw(self, other), self.symbols)
        ) * self  # type: ignore[arg-type]

    __rmul__ = __mul__


def integer(symbols: Symbols, name: str) -> Term:
    """A term for all integers, of this name."""
    return Term(symbols.constant(name), symbols)


def truth(value, symbols: Symbols):
    """What a formula answered, as z3 has it; formulas that hang on nothing answer with a bool."""
    if isinstance(value, Truth):
        return value.expression
    if value is not True and value is not False:
        raise Undecided(f"a condition must be true or false, got {value!r}")
    return z3().BoolVal(value, symbols.context)


def _arithmetic(name: str, operation) -> None:
    """x + y and its like, and the same from the right."""
    setattr(Term, f"__{name}__", lambda a, b: Term(operation(a.expression, a._raw(b)), a.symbols))
    setattr(Term, f"__r{name}__", lambda a, b: Term(operation(a._raw(b), a.expression), a.symbols))


def _comparison(name: str) -> None:
    """x < y and its like."""
    operation = getattr(operator, name)
    setattr(Term, f"__{name}__", lambda a, b: Truth(operation(a.expression, a._raw(b)), a.symbols))


def _connective(name: str, operation) -> None:
    """p & q and its like, with a bool on either side."""

    def joined(a, b):
        return Truth(operation(a.expression, truth(b, a.symbols)), a.symbols)

    setattr(Truth, f"__{name}__", joined)
    setattr(Truth, f"__r{name}__", joined)


for _name in ("add", "sub"):
    _arithmetic(_name, getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _comparison(_name)
for _name, _of in (("and", "And"), ("or", "Or"), ("xor", "Xor"), ("ne", "Xor")):
    _connective(_name, lambda a, b, of=_of: getattr(z3(), of)(a, b))
_connective("eq", operator.eq)
