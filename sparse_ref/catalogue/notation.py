"""Text to pattern: the notation that `repr` prints and the command line reads.

A whitelist walked over Python's own syntax tree: names of patterns, their parameters (integers,
True, False, None, words in quotes, tuples, patterns), and | & - ~ with parentheses. Nothing is
evaluated, imported or looked up outside the table of names.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from difflib import get_close_matches
from inspect import signature

from .. import patterns
from ..sets.branches import Branches
from ..sets.factorized import Factorized
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted

NAMES = {name: getattr(patterns, name) for name in patterns.__all__} | {
    each.__name__: each for each in (Blockwise, Branches, Documents, Grid, Shifted)
}
MOST_TEXT = 2000
OPERATIONS = {
    ast.BitOr: lambda a, b: a | b,
    ast.BitAnd: lambda a, b: a & b,
    ast.Sub: lambda a, b: a - b,
}


class ParseError(ValueError):
    """Text that is no pattern; the message shows the text and points at the column."""

    def __init__(self, problem: str, text: str, column: int):
        super().__init__(f"{problem}\n    {text}\n    {' ' * column}^")
        self.column = column
        self._given = problem, text, column

    def __reduce__(self):
        return ParseError, self._given


def parse(text: str) -> Pattern:
    """The pattern that `text` denotes: parse(repr(p)) == p for every pattern of this library in
    closed form.

    Raises ParseError pointing at the column, TypeError where `text` is no string.

    >>> parse("Local(4) | Strided(l=4) - Causal()")
    Local(4) | Strided(4) - Causal()
    >>> parse("Local(4) | Stride(4)")
    Traceback (most recent call last):
        ...
    sparse_ref.notation.ParseError: no pattern is called 'Stride'; did you mean 'Strided'?
        Local(4) | Stride(4)
                   ^
    """
    value = read(text)
    if isinstance(value, Pattern):
        return value
    parts = {Factorized: "steps", Branches: "branches", tuple: "heads"}[type(value)]
    raise ParseError(f"this is {len(value)} {parts}, not one pattern", text, 0)


def read(text: str) -> Pattern | Factorized | Branches | tuple[Pattern, ...]:
    """What `text` denotes: a pattern; or steps, as in "strided(8)"; or one pattern a head, as in
    "openai_fixed(8, 2, 4)"; or the branches of a multiset, as in "longnet((4, 8), (1, 2), 0,
    1)", which & may cut.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {text!r}")
    text = " ".join(text.split())
    if not text.isascii():
        column = next(column for column, letter in enumerate(text) if not letter.isascii())
        raise ParseError("only ASCII is read here", ascii(text[:column]).strip("'") + "?", column)
    if len(text) > MOST_TEXT:
        raise ParseError(
            f"text must be at most {MOST_TEXT} characters, got {len(text)}", text[:60] + "...", 0
        )
    try:
        tree = ast.parse(text, mode="eval")
        value = _value(tree.body, text)
    except SyntaxError as error:
        raise ParseError(
            f"this is no expression: {error.msg}", text, (error.offset or len(text) + 1) - 1
        ) from None
    except (RecursionError, MemoryError):
        raise ParseError("this is nested too deeply", text[:60] + "...", 0) from None
    if isinstance(value, Pattern | Factorized | Branches):
        return value
    if (
        isinstance(value, tuple)
        and value
        and isinstance(tree.body, ast.Call)
        and isinstance(value[0], Pattern)
    ):
        return value
    raise ParseError("this is no pattern", text, 0)


def constructor(text: str):
    """The class or function that a text which is one call names; None for anything else."""
    with suppress(SyntaxError):
        match ast.parse(text.strip(), mode="eval").body:
            case ast.Call(func=ast.Name(id=name)):
                return NAMES.get(name)
    return None


def _value(node: ast.expr, text: str):
    """The value of one node of the tree."""
    match node:
        case ast.Constant(value=int() | str() | None as constant):
            return constant
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)) if (
            not isinstance(number, bool)
        ):
            return -number
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return ~_operand(operand, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            return OPERATIONS[type(op)](
                _operand(left, text, branches=isinstance(op, ast.BitAnd)), _operand(right, text)
            )
        case ast.Tuple(elts=parts):
            return tuple(_value(part, text) for part in parts)
        case ast.Call(func=ast.Name(id=name)):
            return _call(node, name, text)
        case ast.Name(id=name):
            if name in NAMES:
                raise ParseError(
                    f"{name!r} needs its parameters in parentheses", text, node.col_offset
                )
            raise _unknown(name, text, node.col_offset)
    raise ParseError(
        "only names of patterns, their parameters and | & - ~ ( ) are read here",
        text,
        node.col_offset,
    )


def _operand(node: ast.expr, text: str, branches: bool = False):
    """The value of an operand, which has to be a pattern; or branches, where they may be."""
    value = _value(node, text)
    if not isinstance(value, Pattern) and not (branches and isinstance(value, Branches)):
        raise ParseError("an operand of | & - ~ must be one pattern", text, node.col_offset)
    return value


def _unknown(name: str, text: str, column: int) -> ParseError:
    """No pattern has this name; one may have nearly this."""
    near = get_close_matches(name, NAMES, 1, 0.5) or get_close_matches(name.lower(), NAMES, 1, 0.5)
    return ParseError(
        f"no pattern is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
        text,
        column,
    )


def _call(node: ast.Call, name: str, text: str):
    """The named pattern with these parameters; what it refuses is refused here, at its column."""
    if name not in NAMES:
        raise _unknown(name, text, node.col_offset)
    names = [keyword.arg for keyword in node.keywords]
    if None in names:
        raise ParseError("** is not read here", text, node.col_offset)
    if len(set(names)) < len(names):
        raise ParseError("a parameter is named twice", text, node.col_offset)
    arguments = [_value(a, text) for a in node.args]
    keywords = {str(keyword.arg): _value(keyword.value, text) for keyword in node.keywords}
    try:
        signature(NAMES[name]).bind(*arguments, **keywords)
    except TypeError as error:
        taken = f"{name}{str(signature(NAMES[name])).partition(' ->')[0]}"
        raise ParseError(
            f"{error}; it is {taken.replace(chr(39), '')}", text, node.col_offset
        ) from None
    try:
        return NAMES[name](*arguments, **keywords)
    except (TypeError, ValueError) as error:
        raise ParseError(str(error), text, node.col_offset) from None
