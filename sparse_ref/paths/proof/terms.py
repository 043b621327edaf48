"""Symbolic integers: a constructor or formula that runs on them states what holds for all integers.

A `Term` takes part in + - * // %, comparisons and the constructors of patterns like an int. Bounds
and refusals of a constructor become assumptions in the `Symbols` that the term belongs to: so a
statement about Summary(l, c) is for all c <= l.

Symbols:  if b is a Term, x // b = q and x % b = r are stated as  x = b q + r,  0 <= r < b,  since
z3 reasons better about products.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

from ...sets.checks import Symbolic
from .quotients import Quotient
from .refusals import Refusals, Refuser
from .z3_import import z3

FOREIGN = "a function uses a number of another proof, which a global or an outer function kept"
EFFORT_LIMIT = 2_000_000  # in z3's units of work: a fraction of a second


class Symbols(Refusals):
    """A z3 context: its constants, the assumptions about them, and the definitions of quotients.

    z3 orders constants by name and by address in memory. Here they have numbers, so that each run
    takes the same course.
    """

    def __init__(self):
        super().__init__()
        self.context = z3().Context()
        # Python collects garbage in any thread, while this one uses the context.
        z3().Z3_enable_concurrent_dec_ref(self.context.ref())
        self.names: list[str] = []
        self.restart(None)

    def restart(self, branch_plan: Sequence[bool] | None) -> None:
        """Drop all assumptions. Branches follow the plan, then are False; without it they raise."""
        self.assumptions: list[Any] = []
        self.branch: list[tuple[Any, bool]] = []  # conditions, and whether each was taken for true
        self.branch_plan = branch_plan
        self.quotients: dict[tuple[int, int], Quotient] = {}

    @property
    def definitions(self) -> list[Any]:
        """What fixes the constants of quotients."""
        return [condition for each in self.quotients.values() for condition in each.definition]

    def constant(self, name: str):
        """A new z3 integer."""
        self.names.append(name)
        return z3().Int(len(self.names) - 1, self.context)

    def text(self, expression) -> str:
        """A z3 expression in words, with the names of its constants."""
        text = re.sub(r"k!(\d+)", self._constant_name, str(expression))
        text = re.sub(r"(?<!/)/(?!/)", " // ", text)
        return re.sub(r"\s+", " ", text)

    def _constant_name(self, match: re.Match[str]) -> str:
        """The name of the constant k!t."""
        return self.names[int(match[1])]

    def follows(self, condition, *premises) -> bool:
        """Whether z3 derives the condition from the premises; the effort is the same everywhere.

        It is asked in a context of its own: what was asked before, which time limits decide, does
        not change the answer.
        """
        context = z3().Context()
        solver = z3().Solver(ctx=context)
        solver.set("rlimit", EFFORT_LIMIT)
        for expression in (*premises, z3().Not(condition)):
            solver.add(expression.translate(context))
        return solver.check() == z3().unsat

    def assume(self, condition) -> None:
        """Add an assumption."""
        condition = z3().simplify(condition)
        repeats = any(condition.eq(other) for other in self.assumptions)
        if not z3().is_true(condition) and not repeats:
            self.assumptions.append(condition)

    def decide(self, condition) -> bool:
        """The truth value on this branch of the constructor, which is assumed from here on."""
        if self.branch_plan is None:
            self.refuse(
                f"a formula branches on {self.text(condition)}, "
                "which is true in some cases and false in others"
            )
        depth = len(self.branch)
        taken = depth < len(self.branch_plan) and self.branch_plan[depth]
        self.branch.append((condition, taken))
        self.assume(condition if taken else z3().Not(condition))
        return taken

    def divide(self, x, b) -> tuple[Any, Any]:
        """(x // b, x % b) of z3 integers. Raises Undecided unless the assumptions imply b >= 1."""
        if z3().is_int_value(b) and b.as_long() >= 1:
            return x / b, x % b
        key = x.get_id(), b.get_id()
        if key not in self.quotients:
            self.quotients[key] = self._define_quotient(x, b)
        return self.quotients[key].quotient, self.quotients[key].remainder

    def _define_quotient(self, x, b) -> Quotient:
        """Two new constants, x // b and x % b."""
        premises = (*self.assumptions, *self.definitions)
        if not self.follows(b >= 1, *premises):
            self.refuse(f"the divisor {self.text(b)} may be below 1: // and % need at least 1")
        q = self.constant(f"({self._operand_text(x)} // {self._operand_text(b)})")
        r = self.constant(f"({self._operand_text(x)} % {self._operand_text(b)})")
        return Quotient(x, b, q, r, premises)

    def _operand_text(self, x) -> str:
        """An operand in words, in parentheses if it is an expression."""
        return self.text(x) if x.num_args() == 0 else f"({self.text(x)})"


class Term(Refuser, Symbolic):
    """A z3 integer with Python's floor division and remainder."""

    symbols: Symbols
    __hash__ = Refuser.__hash__

    # so that isinstance(l, int) is True, as it is of a number
    __class__ = property(lambda self: int)  # type: ignore[assignment]

    def assume_bounds(self, least: int | None, most: int | None) -> Term:
        """The same term, once its bounds are assumed."""
        if least is not None:
            self.symbols.assume(self.expression >= self._operand(least))
        if most is not None:
            self.symbols.assume(self.expression <= self._operand(most))
        return self

    def _operand(self, value):
        return integer_expression(value, self.symbols)

    def _term(self, expression) -> Term:
        return Term(expression, self.symbols)

    def _truth(self, expression) -> Truth:
        return Truth(expression, self.symbols)

    def __bool__(self):
        return bool(self != 0)

    def __neg__(self):
        return self._term(-self.expression)

    def __add__(self, other):
        return self._term(self.expression + self._operand(other))

    def __radd__(self, other):
        return self._term(self._operand(other) + self.expression)

    def __sub__(self, other):
        return self._term(self.expression - self._operand(other))

    def __rsub__(self, other):
        return self._term(self._operand(other) - self.expression)

    def __mul__(self, other):
        if isinstance(other, Truth):  # a choice is linear, a product of terms is not
            zero = self._operand(0)
            condition = truth(other, self.symbols)
            return self._term(z3().If(condition, self.expression, zero))
        return self._term(self.expression * self._operand(other))

    def __rmul__(self, other):
        return self._term(self._operand(other) * self.expression)

    def __floordiv__(self, other):
        quotient, _ = self.symbols.divide(self.expression, self._operand(other))
        return self._term(quotient)

    def __rfloordiv__(self, other):
        return self._term(self._operand(other)) // self

    def __mod__(self, other):
        _, remainder = self.symbols.divide(self.expression, self._operand(other))
        return self._term(remainder)

    def __rmod__(self, other):
        return self._term(self._operand(other)) % self

    def __lt__(self, other):
        return self._truth(self.expression < self._operand(other))

    def __le__(self, other):
        return self._truth(self.expression <= self._operand(other))

    def __gt__(self, other):
        return self._truth(self.expression > self._operand(other))

    def __ge__(self, other):
        return self._truth(self.expression >= self._operand(other))

    def __eq__(self, other):
        return self._truth(self.expression == self._operand(other))

    def __ne__(self, other):
        return self._truth(self.expression != self._operand(other))


class Truth(Refuser):
    """A z3 condition. If a constructor asks for its truth value, one is chosen and assumed."""

    symbols: Symbols
    __hash__ = Refuser.__hash__

    __class__ = property(lambda self: bool)  # type: ignore[assignment]

    def __bool__(self):
        constant = z3().simplify(self.expression)
        if z3().is_true(constant) or z3().is_false(constant):
            return bool(z3().is_true(constant))
        return self.symbols.decide(self.expression)

    def __add__(self, other):
        return Term(integer_expression(self, self.symbols), self.symbols) + other

    __radd__ = __add__

    def __mul__(self, other):
        return Term(integer_expression(other, self.symbols), self.symbols) * self

    __rmul__ = __mul__

    def __and__(self, other):
        return self._combine(z3().And, other)

    __rand__ = __and__

    def __or__(self, other):
        return self._combine(z3().Or, other)

    __ror__ = __or__

    def __xor__(self, other):
        return self._combine(z3().Xor, other)

    __rxor__ = __xor__
    __ne__ = __xor__

    def __eq__(self, other):
        return self._combine(operator.eq, other)

    def _combine(self, connective, other) -> Truth:
        return Truth(connective(self.expression, truth(other, self.symbols)), self.symbols)


def integer_term(symbols: Symbols, name: str) -> Term:
    """A new term for all integers, with this name."""
    return Term(symbols.constant(name), symbols)


def integer_expression(value, symbols: Symbols):
    """An int, a Term, or a Truth as 0 or 1, as a z3 integer."""
    check_owner(value, symbols)
    if isinstance(value, Term):
        return value.expression
    if isinstance(value, Truth):
        one = z3().IntVal(1, symbols.context)
        zero = z3().IntVal(0, symbols.context)
        return z3().If(value.expression, one, zero)
    try:
        return z3().IntVal(operator.index(value), symbols.context)
    except TypeError:
        symbols.refuse(f"formulas must use integers only, got {value!r}")


def truth(value, symbols: Symbols):
    """The formula's result as a z3 Bool; a constant formula returns a plain bool."""
    check_owner(value, symbols)
    if isinstance(value, Truth):
        return value.expression
    if value is not True and value is not False:
        symbols.refuse(f"a condition must be true or false, got {value!r}")
    return z3().BoolVal(value, symbols.context)


def check_owner(value, symbols: Symbols) -> None:
    """Refuse a term or truth of another proof, in both proofs."""
    if isinstance(value, Refuser) and value.symbols is not symbols:
        value.symbols.refusal = value.symbols.refusal or FOREIGN
        symbols.refuse(FOREIGN)


def is_same(x, y) -> bool:
    """Whether two lengths are equal numbers, or one term."""
    if isinstance(x, Term) and isinstance(y, Term):
        return x.expression.eq(y.expression)
    return not isinstance(x, Term) and not isinstance(y, Term) and x == y
