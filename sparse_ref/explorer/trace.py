"""Integers that record what a constructor does with them: its arithmetic, and what it compares.

Symbols:  an expression is a number, the path of a parameter such as "shape.0", or a list [sign, x,
y] of two expressions. A condition is such a list with a comparison for its sign.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

from ..sets.checks import Symbolic

Expression = int | str | list[Any]
Condition = list[Any]
Method = Callable[["Traced", Any], Any]

ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
UNCHANGED = {("+", 0, False), ("-", 0, False), ("*", 1, False)}  # (sign, number, is reflected)
NEGATIONS = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MAX_CONDITIONS = 16
FAR = 2**30  # what a constructor asks of such numbers is of no picture


class Untraceable(TypeError):
    """A constructor does something with a number that its trace cannot state."""


class Trace:
    """What one run of a constructor compared, and the bounds that it set."""

    def __init__(self) -> None:
        self.bounds: list[Condition] = []
        self.conditions: list[Condition] = []

    def note(self, conditions: list[Condition], condition: Condition) -> None:
        """Add a condition, once, if it is about parameters and numbers that a page may have."""
        _, x, y = condition
        is_constant = type(x) is int and type(y) is int
        is_far = type(y) is int and y >= FAR
        if not (is_constant or is_far or condition in conditions):
            conditions.append(condition)
        if len(conditions) > MAX_CONDITIONS:
            raise Untraceable(f"more than {MAX_CONDITIONS} comparisons")

    def decide(self, sign: str, x: Any, y: Any) -> bool:
        """The truth of a comparison at the numbers of this run, which it states."""
        is_true = COMPARISONS[sign](number(x), number(y))
        stated = sign if is_true else NEGATIONS[sign]
        if expression(x) != expression(y):
            self.note(self.conditions, [stated, expression(x), expression(y)])
        return is_true


def number(x: Any) -> int:
    """The number that x is in this run."""
    return x.value if isinstance(x, Traced) else x


def expression(x: Any) -> Expression:
    """The expression that x is for all numbers."""
    return x.expression if isinstance(x, Traced) else x


def _is_number(x: Any) -> bool:
    """Whether x is an integer of this run, traced or not."""
    return isinstance(x, Traced) or type(x) is int


def _arithmetic(sign: str, reflected: bool = False) -> Method:
    """The method for a sign."""

    def method(self: Traced, other: Any) -> Any:
        if sign == "*" and type(other) is float:  # a cost
            return int(self) * other
        if not _is_number(other):
            return NotImplemented
        x, y = (other, self) if reflected else (self, other)
        if type(other) is int and (sign, other, reflected and sign == "-") in UNCHANGED:
            return self
        value = ARITHMETIC[sign](number(x), number(y))
        if sign in ("//", "%"):  # JavaScript's quotient is asked for divisors above 0 alone
            self.trace.decide(">", y, 0)
        return Traced(self.trace, value, [sign, expression(x), expression(y)])

    return method


def _comparison(sign: str) -> Method:
    """The method for a comparison."""

    def method(self: Traced, other: Any) -> Any:
        return self.trace.decide(sign, self, other) if _is_number(other) else NotImplemented

    return method


class Traced(Symbolic):
    """An integer that records; its repr is its expression in braces.

    It has no hash, so that no cache keeps it. Where Python needs the number itself, as `range`
    does, the trace states that the expression equals it.
    """

    __class__ = property(lambda self: int)  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, trace: Trace, value: int, expression: Expression):
        self.trace = trace
        self.value = value
        self.expression = expression

    def assume_bounds(self, least: int | None, most: int | None) -> Traced:
        """The same number, once its bounds are stated; ValueError beyond them."""
        for sign, bound in ((">=", least), ("<=", most)):
            if bound is None:
                continue
            if not COMPARISONS[sign](self.value, number(bound)):
                raise ValueError(f"{self.value} is beyond {bound}")
            if isinstance(self.expression, str):  # what is computed is a rule's, which asks again
                condition = [sign, self.expression, expression(bound)]
                self.trace.note(self.trace.bounds, condition)
        return self

    def __index__(self) -> int:
        self.trace.decide("==", self, self.value)
        return self.value

    __int__ = __index__

    def bit_length(self) -> int:
        """The number of binary digits, stated by its two powers of 2."""
        digits = self.value.bit_length()
        self.trace.decide(">=", self, 2 ** (digits - 1) if digits else 0)
        self.trace.decide("<", self, 2**digits)
        return digits

    def __bool__(self) -> bool:
        return self.trace.decide("!=", self, 0)

    def __neg__(self) -> Traced:
        return 0 - self

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __repr__(self) -> str:
        return "{" + hole(self.expression) + "}"

    __add__, __radd__ = _arithmetic("+"), _arithmetic("+", True)
    __sub__, __rsub__ = _arithmetic("-"), _arithmetic("-", True)
    __mul__, __rmul__ = _arithmetic("*"), _arithmetic("*", True)
    __floordiv__, __rfloordiv__ = _arithmetic("//"), _arithmetic("//", True)
    __mod__, __rmod__ = _arithmetic("%"), _arithmetic("%", True)
    __lt__, __le__ = _comparison("<"), _comparison("<=")
    __gt__, __ge__ = _comparison(">"), _comparison(">=")
    __eq__, __ne__ = _comparison("=="), _comparison("!=")  # type: ignore[assignment]


def hole(value: Expression) -> str:
    """An expression as the text between braces: a path as it is, a list as JSON."""
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def traced_values(trace: Trace, values: dict[str, Any]) -> dict[str, Any]:
    """Parameters with their integers traced; those of a tuple have the paths name.0, ..."""
    return {path: _trace(trace, value, path) for path, value in values.items()}


def _trace(trace: Trace, value: Any, path: str) -> Any:
    """The same for one parameter."""
    if isinstance(value, tuple):
        parts = {f"{path}.{t}": part for t, part in enumerate(value)}
        return tuple(traced_values(trace, parts).values())
    return Traced(trace, value, path) if type(value) is int else value


def holds(condition: Condition, values: dict[str, int]) -> bool:
    """A condition at numbers."""
    sign, x, y = condition
    return COMPARISONS[sign](evaluate(x, values), evaluate(y, values))


def evaluate(term: Any, values: dict[str, int]) -> int:
    """An expression at numbers."""
    if isinstance(term, list):
        sign, x, y = term
        return ARITHMETIC[sign](evaluate(x, values), evaluate(y, values))
    return values[term] if isinstance(term, str) else term
