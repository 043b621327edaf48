"""A rule's formula in JavaScript, translated from the syntax tree of its Python.

On JavaScript's numbers, which are exact below 2^53, `fill` decides a row of keys; what depends on
no query, such as the block of a key, `columns` computes once for all rows. `holds` decides one pair
on BigInts, for numbers beyond.
"""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from types import FunctionType
from typing import NamedTuple

from ..interop.parsed_formula import Formula, formula_of, value_of
from ..sets.positions import isin
from ..sets.rule import Rule

MAX_EXACT = 2**53
RESERVED = (
    " arguments await break case catch class const continue debugger default delete do else enum "
    "eval export extends false finally for function if implements import in instanceof interface "
    "let new null package private protected public return static super switch this throw true try "
    "typeof var void while with yield "
)
LOGIC = {ast.BitAnd: "&&", ast.BitOr: "||", ast.BitXor: "!=="}
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
DIVISIONS = {ast.FloorDiv: "Quotient", ast.Mod: "Remainder"}
COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "===",
    ast.NotEq: "!==",
}


class Untranslatable(TypeError):
    """The formula contains something that this translation does not know."""


class Term(NamedTuple):
    """An expression of JavaScript: whether it is true or false, whether it varies with the query
    and with the key, and how many factors its greatest product has.
    """

    text: str
    is_truth: bool = False
    has_query: bool = False
    has_key: bool = False
    degree: int = 1


class JavaScript(NamedTuple):
    """A rule's formula in JavaScript.

    `constants` are the sets of positions that the formula's module names: their values follow the
    parameters as arguments; in `fill`, the arrays of `columns` follow them. Numbers are exact while
    (the greatest number)^degree < 2^53.
    """

    columns: str
    fill: str
    holds: str
    degree: int
    constants: dict[str, tuple[int, ...]]


def javascript(rule: type[Rule]) -> JavaScript:
    """The formula of a rule as two functions. Raises TypeError if it cannot be translated."""
    formula = formula_of(rule, rule.__name__)
    _check_rule(rule, formula)
    numbers = _Translation(rule, formula, exact=False)
    bigints = _Translation(rule, formula, exact=True)
    functions = numbers.columns(), numbers.fill(), bigints.holds()
    return JavaScript(*functions, numbers.degree, numbers.constants)


def _check_rule(rule: type[Rule], formula: Formula) -> None:
    """Refuse a class whose sets are not those of the formula's text, or whose names JavaScript has
    another meaning for.
    """
    function = rule.formula
    if rule.contains is not Rule.contains:
        raise Untranslatable(f"{rule.__name__} has a `contains` of its own")
    is_plain = isinstance(function, FunctionType) and not hasattr(function, "__wrapped__")
    if not is_plain or function.__code__.co_freevars:
        raise Untranslatable(f"the formula of {rule.__name__} is decorated, or closes over names")
    parameters = [field.name for field in fields(rule)]  # type: ignore[arg-type]
    if formula.arguments[2:] != parameters:
        raise Untranslatable(f"the formula of {rule.__name__} has other arguments than its fields")
    names = [*formula.arguments, *(name for name, _ in formula.parts)]
    if len(set(names)) < len(names):
        raise Untranslatable(f"the formula of {rule.__name__} gives a name two meanings")
    for name in (rule.__name__, *names):
        if not is_name(name):
            raise Untranslatable(f"{name} is no name in JavaScript")


def is_name(name: str) -> bool:
    """Whether a name of Python is one that the page can read, and has no other meaning there."""
    is_plain = re.fullmatch(r"(?!__)[A-Za-z_]\w*", name, re.ASCII)
    return is_plain is not None and f" {name} " not in RESERVED


class _Translation:
    """One reading of a formula: on numbers, or on BigInts if `exact`."""

    def __init__(self, rule: type[Rule], formula: Formula, exact: bool):
        self.globals = rule.formula.__globals__
        self.exact = exact
        self.degree = 1
        self.constants: dict[str, tuple[int, ...]] = {}
        self.column_names: list[str] = []
        self.shared_lines: list[str] = []  # what varies with neither query nor key
        self.query_lines: list[str] = []
        self.column_lines: list[str] = []  # numbers that vary with the key only
        self.pair_lines: list[str] = []
        self.query, self.key, *self.parameters = formula.arguments
        bounds = rule.bounds()
        self.sets = [name for name in bounds if bounds[name][0] is tuple]
        self.terms = {name: Term(name) for name in formula.arguments}
        for name in self.sets:
            del self.terms[name]
        self.terms[self.query] = Term(self.query, has_query=True)
        self.terms[self.key] = Term(self.key, has_key=True)
        for part_name, part in formula.parts:
            self.name(part_name, self.term(part))
        self.result = self.condition(formula.result)

    def columns(self) -> str:
        """The function that computes an array for each number that varies with the key only."""
        if not self.column_lines:
            return "() => []"
        arrays = [f"const {name}$ = new Float64Array($keys.length);" for name in self.column_names]
        places = [f"{name}$[$x] = {name};" for name in self.column_names]
        loop = self.loop([*self.column_lines, *places])
        result = ", ".join(f"{name}$" for name in self.column_names)
        lines = [*self.shared_lines, *arrays, *loop, f"return [{result}];"]
        return _function(["$keys", *self.parameters, *self.constants], lines)

    def fill(self) -> str:
        """The function that decides a row of keys."""
        columns = [f"const {name} = {name}$[$x];" for name in self.column_names]
        decision = f"$out[$x] = {self.result.text} ? 1 : 0;"
        lines = [*self.shared_lines, *self.query_lines]
        lines += self.loop([*columns, *self.pair_lines, decision])
        arguments = [self.query, "$keys", "$out", *self.parameters, *self.constants]
        return _function([*arguments, *(f"{name}$" for name in self.column_names)], lines)

    def loop(self, lines: list[str]) -> list[str]:
        """The lines for each key."""
        start = "for (let $x = 0; $x < $keys.length; $x++) {"
        return [start, f"const {self.key} = $keys[$x];", *lines, "}"]

    def holds(self) -> str:
        """The function that decides one pair."""
        numbers = [*self.shared_lines, *self.query_lines, *self.column_lines]
        lines = [*numbers, *self.pair_lines, f"return {self.result.text};"]
        arguments = [self.query, self.key, *self.parameters, *self.constants]
        return _function(arguments, lines)

    def name(self, name: str, term: Term) -> None:
        """Give a part that the formula names its name in JavaScript too."""
        lines = self.lines_of(term)
        lines.append(f"const {name} = {term.text};")
        if lines is self.column_lines:
            self.column_names.append(name)
        self.terms[name] = term._replace(text=name)

    def lines_of(self, term: Term) -> list[str]:
        """Where a term is computed; a condition on the key is cheap, and is for each pair."""
        if not term.has_key:
            return self.query_lines if term.has_query else self.shared_lines
        return self.pair_lines if term.has_query or term.is_truth else self.column_lines

    def condition(self, node: ast.expr) -> Term:
        """A term that is true or false."""
        term = self.term(node)
        if not term.is_truth:
            raise Untranslatable(f"{ast.unparse(node)} is a number, not a condition")
        return term

    def number(self, node: ast.expr) -> Term:
        """A term that is an integer; an operation on no key is done once, before the loop, and a
        division on the key only once for all rows.
        """
        term = self.term(node)
        if term.is_truth:
            raise Untranslatable(f"{ast.unparse(node)} is a condition, not a number")
        is_division = isinstance(node, ast.BinOp) and type(node.op) in DIVISIONS
        is_column = is_division and not term.has_query
        if isinstance(node, ast.BinOp) and (is_column or not term.has_key):
            name = f"$before{len(self.shared_lines + self.query_lines + self.column_lines)}"
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
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self.number(operand)
                return number._replace(text=f"(-{number.text})")
            case ast.BinOp():
                return self.logic(node) if type(node.op) in LOGIC else self.arithmetic(node)
            case ast.Compare(ops=[_]):
                return self.comparison(node)
            case ast.Call(keywords=[]):
                return self.membership(node)
        raise Untranslatable(f"{ast.unparse(node)} has no translation")

    def integer(self, value: int) -> str:
        """A number as it is written."""
        if abs(value) >= MAX_EXACT and not self.exact:
            raise Untranslatable(f"{value} is beyond 2^53")
        digits = f"{value}n" if self.exact else f"{value}"
        return digits if value >= 0 else f"({digits})"

    def value(self, name: str) -> Term:
        """What a name stands for: an argument, a part, or a number of the module."""
        if name in self.terms:
            return self.terms[name]
        value = self.globals.get(name)
        if name in self.sets or type(value) is not int:
            raise Untranslatable(f"{name} is no integer")
        return Term(self.integer(value))

    def logic(self, node: ast.BinOp) -> Term:
        """Conditions joined by & | ^."""
        a = self.condition(node.left)
        b = self.condition(node.right)
        return _join(a, LOGIC[type(node.op)], b, is_truth=True)

    def arithmetic(self, node: ast.BinOp) -> Term:
        """Numbers joined by + - * // %, the last two rounded down as in Python."""
        a = self.number(node.left)
        b = self.number(node.right)
        sign = node.op
        if type(sign) in DIVISIONS:
            kind = "big" if self.exact else "number"
            text = f"${kind}{DIVISIONS[type(sign)]}({a.text}, {b.text})"
            return _join(a, "", b)._replace(text=text)
        if type(sign) not in ARITHMETIC:
            raise Untranslatable(f"{type(sign).__name__} has no translation")
        term = _join(a, ARITHMETIC[type(sign)], b)
        if isinstance(sign, ast.Mult):
            term = term._replace(degree=a.degree + b.degree)
        self.degree = max(self.degree, term.degree)
        return term

    def comparison(self, node: ast.Compare) -> Term:
        """Two numbers compared."""
        a = self.number(node.left)
        b = self.number(node.comparators[0])
        sign = node.ops[0]
        if type(sign) not in COMPARISONS:
            raise Untranslatable(f"{type(sign).__name__} has no translation")
        return _join(a, COMPARISONS[type(sign)], b, is_truth=True)

    def membership(self, node: ast.Call) -> Term:
        """[x in positions], for a parameter or a tuple of the module."""
        name = ast.unparse(node.args[-1]) if len(node.args) == 2 else ""
        if value_of(node.func, self.globals) is not isin or name in self.terms:
            raise Untranslatable(f"{ast.unparse(node)} has no translation")
        if name not in self.sets:
            self.constants[name] = self.positions(name)
        a = self.number(node.args[0])
        return a._replace(text=f"{name}.has({a.text})", is_truth=True)

    def positions(self, name: str) -> tuple[int, ...]:
        """A tuple of integers of the module."""
        values = self.globals.get(name)
        if not isinstance(values, tuple) or not is_name(name):
            raise Untranslatable(f"{name} is no tuple of integers")
        if not all(type(value) is int for value in values):
            raise Untranslatable(f"{name} is no tuple of integers")
        return values


def _join(a: Term, sign: str, b: Term, is_truth: bool = False) -> Term:
    """A term made of two."""
    text = f"({a.text} {sign} {b.text})"
    has_query = a.has_query or b.has_query
    has_key = a.has_key or b.has_key
    return Term(text, is_truth, has_query, has_key, max(a.degree, b.degree))


def _function(arguments: list[str], lines: list[str]) -> str:
    """A function without a name."""
    body = "\n".join(lines)
    return f"({', '.join(arguments)}) => {{\n{body}\n}}"
