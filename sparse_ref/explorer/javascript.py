"""A rule's formula in JavaScript, translated from the syntax tree of its Python.

One text becomes two functions: `fill` decides a row of keys on JavaScript's numbers, which are
exact below 2^53; `holds` decides one pair on its BigInts, for numbers beyond.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from ..interop.parsed_formula import Formula, formula_of
from ..sets.positions import isin
from ..sets.rule import Rule

MAX_EXACT = 2**53
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
RESERVED = (
    " arguments await break case catch class const continue debugger default delete do else enum "
    "eval export extends false finally for function if implements import in instanceof interface "
    "let new null package private protected public return static super switch this throw true try "
    "typeof var void while with yield "
)
COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "===",
    ast.NotEq: "!==",
}


class Untranslatable(TypeError):
    """The formula says something that this translation does not know."""


class Term(NamedTuple):
    """An expression of JavaScript: whether it is true or false, whether it varies with the key, and
    how many factors its greatest product has.
    """

    text: str
    is_truth: bool = False
    has_key: bool = False
    degree: int = 1


class JavaScript(NamedTuple):
    """A rule's formula in JavaScript.

    `constants` are the sets of positions that the formula's module names: their values follow the
    parameters as arguments. Numbers are exact while (the greatest number)^degree < 2^53.
    """

    fill: str
    holds: str
    degree: int
    constants: dict[str, tuple[int, ...]]


def javascript(rule: type[Rule]) -> JavaScript:
    """The formula of a rule as two functions. Raises TypeError if it cannot be translated."""
    return _javascript(rule)


@cache
def _javascript(rule: Any) -> JavaScript:
    """The same, once for each class."""
    formula = formula_of(rule, rule.__name__)
    numbers = _Translation(rule, formula, exact=False)
    bigints = _Translation(rule, formula, exact=True)
    return JavaScript(numbers.fill(), bigints.holds(), numbers.degree, numbers.constants)


class _Translation:
    """One reading of a formula: on numbers, or on BigInts if `exact`."""

    def __init__(self, rule: type[Rule], formula: Formula, exact: bool):
        self.globals = rule.formula.__globals__
        self.exact = exact
        self.degree = 1
        self.constants: dict[str, tuple[int, ...]] = {}
        self.before: list[str] = []  # what does not vary with the key
        self.within: list[str] = []
        self.query, self.key, *self.parameters = formula.arguments
        for name in [*formula.arguments, *dict(formula.parts)]:
            if f" {name} " in RESERVED:
                raise Untranslatable(f"{name} is a word of JavaScript")
        self.terms = {name: Term(name) for name in formula.arguments}
        self.terms[self.key] = Term(self.key, has_key=True)
        for name, part in formula.parts:
            self.name(name, self.term(part))
        self.result = self.condition(formula.result)

    def fill(self) -> str:
        """The function that decides a row of keys."""
        lines = [
            *self.before,
            "for (let $x = 0; $x < $keys.length; $x++) {",
            f"const {self.key} = $keys[$x];",
            *self.within,
            f"$out[$x] = {self.result.text} ? 1 : 0;",
            "}",
        ]
        arguments = [self.query, "$keys", "$out", *self.parameters, *self.constants]
        return _function(arguments, lines)

    def holds(self) -> str:
        """The function that decides one pair."""
        lines = [*self.before, *self.within, f"return {self.result.text};"]
        arguments = [self.query, self.key, *self.parameters, *self.constants]
        return _function(arguments, lines)

    def name(self, name: str, term: Term) -> None:
        """Give a part that the formula names its name in JavaScript too."""
        lines = self.within if term.has_key else self.before
        lines.append(f"const {name} = {term.text};")
        self.terms[name] = term._replace(text=name)

    def condition(self, node: ast.expr) -> Term:
        """A term that is true or false."""
        term = self.term(node)
        if not term.is_truth:
            raise Untranslatable(f"{ast.unparse(node)} is a number, not a condition")
        return term

    def number(self, node: ast.expr) -> Term:
        """A term that is an integer; an operation on no key is done once, before the loop."""
        term = self.term(node)
        if term.is_truth:
            raise Untranslatable(f"{ast.unparse(node)} is a condition, not a number")
        if isinstance(node, ast.BinOp) and not term.has_key:
            name = f"$before{len(self.before)}"
            self.name(name, term)
            return self.terms[name]
        return term

    def term(self, node: ast.expr) -> Term:
        """An expression of the formula."""
        match node:
            case ast.Constant(value=bool() as value):
                return Term("true" if value else "false", is_truth=True)
            case ast.Constant(value=int() as value):
                return Term(self.integer(value))
            case ast.Name(id=name):
                return self.value(name)
            case ast.BinOp(left, ast.BitAnd() | ast.BitOr() | ast.BitXor() as sign, right):
                return self.logic(left, sign, right)
            case ast.BinOp(left, sign, right):
                return self.arithmetic(left, sign, right)
            case ast.Compare(left, [sign], [right]):
                return self.comparison(left, sign, right)
            case ast.Call(function, [x, ast.Name(id=name)], []):
                return self.membership(function, x, name)
        raise Untranslatable(f"{ast.unparse(node)} has no translation")

    def integer(self, value: int) -> str:
        """A number as it is written."""
        if abs(value) >= MAX_EXACT and not self.exact:
            raise Untranslatable(f"{value} is beyond 2^53")
        return f"{value}n" if self.exact else f"{value}"

    def value(self, name: str) -> Term:
        """What a name stands for: an argument, a part, or a number of the module."""
        if name in self.terms:
            return self.terms[name]
        value = self.globals.get(name)
        if type(value) is not int:
            raise Untranslatable(f"{name} is no integer")
        return Term(self.integer(value))

    def logic(self, left: ast.expr, sign: ast.operator, right: ast.expr) -> Term:
        """Conditions joined by & | ^."""
        a, b = self.condition(left), self.condition(right)
        word = {ast.BitAnd: "&&", ast.BitOr: "||", ast.BitXor: "!=="}[type(sign)]
        return self.join(f"({a.text} {word} {b.text})", a, b, is_truth=True)

    def arithmetic(self, left: ast.expr, sign: ast.operator, right: ast.expr) -> Term:
        """Numbers joined by + - * // %, the last two rounded down as in Python."""
        a, b = self.number(left), self.number(right)
        kind = "big" if self.exact else "number"
        if isinstance(sign, ast.FloorDiv):
            return self.join(f"{kind}Quotient({a.text}, {b.text})", a, b)
        if isinstance(sign, ast.Mod):
            return self.join(f"{kind}Remainder({a.text}, {b.text})", a, b)
        if type(sign) not in ARITHMETIC:
            raise Untranslatable(f"{type(sign).__name__} has no translation")
        term = self.join(f"({a.text} {ARITHMETIC[type(sign)]} {b.text})", a, b)
        if isinstance(sign, ast.Mult):
            term = term._replace(degree=a.degree + b.degree)
        self.degree = max(self.degree, term.degree)
        return term

    def comparison(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Term:
        """Two numbers compared."""
        a, b = self.number(left), self.number(right)
        if type(sign) not in COMPARISONS:
            raise Untranslatable(f"{type(sign).__name__} has no translation")
        return self.join(f"({a.text} {COMPARISONS[type(sign)]} {b.text})", a, b, is_truth=True)

    def membership(self, function: ast.expr, x: ast.expr, name: str) -> Term:
        """[x in positions], for a parameter or a tuple of the module."""
        if _value_of(function, self.globals) is not isin:
            raise Untranslatable(f"{ast.unparse(function)} has no translation")
        if name not in self.parameters:
            self.constants[name] = self.positions(name)
        a = self.number(x)
        return a._replace(text=f"{name}.has({a.text})", is_truth=True)

    def positions(self, name: str) -> tuple[int, ...]:
        """A tuple of integers of the module."""
        values = self.globals.get(name)
        if not isinstance(values, tuple) or not all(type(value) is int for value in values):
            raise Untranslatable(f"{name} is no tuple of integers")
        return values

    def join(self, text: str, a: Term, b: Term, is_truth: bool = False) -> Term:
        """A term made of two."""
        return Term(text, is_truth, a.has_key or b.has_key, max(a.degree, b.degree))


def _function(arguments: list[str], lines: list[str]) -> str:
    """A function without a name."""
    return f"({', '.join(arguments)}) => {{\n" + "\n".join(lines) + "\n}"


def _value_of(name: ast.expr, values: dict[str, Any]) -> Callable[..., Any] | None:
    """The value of a name in the formula's module, dotted or not; None if it is unknown."""
    if isinstance(name, ast.Name):
        return values.get(name.id)
    if isinstance(name, ast.Attribute):
        return getattr(_value_of(name.value, values), name.attr, None)
    return None
