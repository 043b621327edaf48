"""Text to pattern: the notation that `repr` prints and the command line reads.

A whitelist over Python's own syntax tree: names of patterns, their parameters (integers,
True, False, None, words in quotes, tuples, patterns), and | & - ~ with parentheses. Nothing is
evaluated, imported or looked up outside the table of names. A text may come from anyone, so what it
builds has a limit of seconds and bytes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from inspect import signature
from typing import Any, TypeGuard

from .. import patterns
from .._text import visible_ascii
from ..sets.branches import Branches
from ..sets.budget import BudgetError, limit, spend
from ..sets.factorized import Factorized
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from ..sets.token_pools import Pooled

COMBINATORS = (Blockwise, Branches, Documents, Grid, Pooled, Shifted)
NAMES = {name: getattr(patterns, name) for name in patterns.__all__}
NAMES |= {combinator.__name__: combinator for combinator in COMBINATORS}
MAX_TEXT = 2000
MAX_QUOTE = 200  # characters of a call, and of what a constructor reports, in an error
MAX_SECONDS, MAX_BYTES = 10.0, 2**27
OPERATIONS = {
    ast.BitOr: lambda a, b: a | b,
    ast.BitAnd: lambda a, b: a & b,
    ast.Sub: lambda a, b: a - b,
}


class ParseError(ValueError):
    """The text is no pattern; the message shows it and points at the column."""

    def __init__(self, problem: str, text: str, column: int):
        margin = " " * (4 + len(visible_ascii(text[:column])))
        super().__init__(f"{problem}\n    {visible_ascii(text)}\n{margin}^")
        self.column = column
        self._arguments = problem, text, column

    def __reduce__(self):
        return ParseError, self._arguments


def parse(text: str, *, seconds: float = MAX_SECONDS, bytes: int = MAX_BYTES) -> Pattern:
    """The pattern that `text` denotes.

    parse(repr(p)) == p for every pattern of this library in closed form.

    Parameters
    ----------
    text : str
        The notation, ASCII, at most 2000 characters.
    seconds, bytes : float and int
        The most that building the pattern may take. A constructor estimates both from its
        arguments before it builds, at the speed of a laptop; the seconds that pass are measured
        too. It applies to the thread that calls.

    Raises ParseError, a ValueError, pointing at the column: for what is no pattern, and for the
    part that needs more than `seconds` or `bytes`. TypeError if `text` is no string, ValueError if
    `seconds` or `bytes` is not above 0.

    >>> parse("Local(4) | Strided(l=4) - Causal()")
    Local(4) | Strided(4) - Causal()
    >>> parse("Local(4) | Stride(4)")
    Traceback (most recent call last):
        ...
    sparse_ref.catalogue.notation.ParseError: no pattern is called 'Stride'; did you mean 'Strided'?
        Local(4) | Stride(4)
                   ^
    >>> parse("bigbird_google(1000000000, 64, 3, 0) & Causal()")
    Traceback (most recent call last):
        ...
    sparse_ref.catalogue.notation.ParseError: bigbird_google(1000000000, 64, 3, 0) needs about \
3,812 seconds, more than seconds = 10 allow
        bigbird_google(1000000000, 64, 3, 0) & Causal()
        ^
    """
    value = read(text, seconds=seconds, bytes=bytes)
    if isinstance(value, Pattern):
        return value
    parts = {Factorized: "steps", Branches: "branches"}.get(type(value), "heads")
    raise ParseError(f"this is {len(value)} {parts}, not one pattern", text, 0)


def read(
    text: str, *, seconds: float = MAX_SECONDS, bytes: int = MAX_BYTES
) -> Pattern | Factorized | Branches | tuple[Pattern, ...]:
    """The value that `text` denotes.

    That is a pattern; or steps, as in "strided(8)"; or one pattern per head, as in
    "openai_fixed(8, 2, 4)"; or the branches of a multiset, as in "longnet((4, 8), (1, 2), 0, 1)".
    Branches may be an operand of &. Limits and errors are those of `parse`.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {text!r}")
    for name, value in (("seconds", seconds), ("bytes", bytes)):
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value!r}")
    text = " ".join(text.split())
    _check_text(text)
    node = _tree(text)
    try:
        with limit(seconds, bytes):
            value = _value(node, text)
    except RecursionError:
        raise _depth_error(text) from None
    if isinstance(value, Pattern | Factorized | Branches):
        return value
    # a tuple of patterns is what a constructor gives for several heads, not one that is typed
    if isinstance(node, ast.Call) and isinstance(value, tuple):
        return value
    raise ParseError("this is no pattern", text, 0)


def _tree(text: str) -> ast.expr:
    """The syntax tree of an expression."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = (error.offset or len(text) + 1) - 1
        raise ParseError(f"this is no expression: {error.msg}", text, column) from None
    except (RecursionError, MemoryError):  # Python's parser reports its depth by either
        raise _depth_error(text) from None


def _depth_error(text: str) -> ParseError:
    """The error for more nested parts than Python's stack has room for."""
    return ParseError("this is nested too deeply", f"{text[:60]}...", 0)


def _check_text(text: str) -> None:
    """Refuse text that is too long, or of more than the characters of ASCII that print."""
    if len(text) > MAX_TEXT:
        problem = f"text must be at most {MAX_TEXT} characters, got {len(text)}"
        raise ParseError(problem, f"{text[:60]}...", 0)
    for column, letter in enumerate(text):
        if not (letter.isascii() and letter.isprintable()):
            problem = f"only ASCII that prints is read here, got {letter!r}"
            raise ParseError(problem, text, column)


def constructor(text: str):
    """The class or function of a text that is one call, such as "strided(4)"; else None."""
    with suppress(ParseError):
        match _tree(text.strip()):
            case ast.Call(func=ast.Name(id=name)):
                return NAMES.get(name)
    return None


def _value(node: ast.expr, text: str):
    """The value of one node of the tree."""
    match node:
        case ast.Constant(value=int() | str() | None as constant):
            return constant
        case ast.UnaryOp(ast.USub(), ast.Constant(x)) if _is_integer(x):
            return -x
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return ~_operand(operand, text)
        case ast.BinOp(op=op) if type(op) in OPERATIONS:
            left = _operand(node.left, text, branches=isinstance(op, ast.BitAnd))
            right = _operand(node.right, text)
            return _value_of_call(node, text, partial(OPERATIONS[type(op)], left, right))
        case ast.Tuple(elts=parts):
            return tuple(_value(part, text) for part in parts)
        case ast.Call(func=ast.Name(id=name)):
            return _call(node, name, text)
        case ast.Name(id=name):
            if name in NAMES:
                message = f"{name!r} needs its parameters in parentheses; it is {_header(name)}"
                raise ParseError(message, text, node.col_offset)
            raise _unknown_name(name, text, node.col_offset)
    raise ParseError(
        "only names of patterns, their parameters and | & - ~ ( ) are read here",
        text,
        node.col_offset,
    )


def _is_integer(constant: object) -> TypeGuard[int]:
    """Whether a constant is an integer and not a bool, which Python counts among them."""
    return type(constant) is int


def _operand(node: ast.expr, text: str, branches: bool = False):
    """The value of an operand: a pattern, or branches if `branches`."""
    value = _value(node, text)
    allowed = Pattern | Branches if branches else Pattern
    if not isinstance(value, allowed):
        raise ParseError("an operand of | & - ~ must be one pattern", text, node.col_offset)
    return value


def _unknown_name(name: str, text: str, column: int) -> ParseError:
    """The error for a name that no pattern has, with the nearest name if there is one."""
    spellings = (name, name.lower())
    matches = [match for x in spellings for match in get_close_matches(x, NAMES, 1, 0.5)]
    mend = f"; did you mean {matches[0]!r}?" if matches else ""
    return ParseError(f"no pattern is called {name!r}{mend}", text, column)


def _call(node: ast.Call, name: str, text: str):
    """The named pattern with these parameters; its errors become errors at its column."""
    if name not in NAMES:
        raise _unknown_name(name, text, node.col_offset)
    names = [keyword.arg for keyword in node.keywords]
    if None in names:
        raise ParseError("** is not read here", text, node.col_offset)
    if len(set(names)) < len(names):
        raise ParseError("a parameter is named twice", text, node.col_offset)
    arguments = [_value(argument, text) for argument in node.args]
    values = [_value(keyword.value, text) for keyword in node.keywords]
    keywords = dict(zip(map(str, names), values))
    try:
        signature(NAMES[name]).bind(*arguments, **keywords)
    except TypeError as error:
        message = f"{error}; it is {_header(name)}"
        raise ParseError(message, text, node.col_offset) from None
    return _value_of_call(node, text, partial(NAMES[name], *arguments, **keywords))


def _header(name: str) -> str:
    """A constructor with its parameters: strided(l: int)."""
    parameters = str(signature(NAMES[name])).partition(" ->")[0].replace("'", "")
    return f"{name}{parameters}"


def _value_of_call(node: ast.expr, text: str, call: Callable[[], Any]):
    """What a constructor or an operation returns; its errors become errors at its column."""
    try:
        spend()
        return call()
    except BudgetError as error:
        problem = f"{_quote(node, text)} {error}"
    except MemoryError:
        problem = f"{_quote(node, text)} needs more memory than there is"
    except (TypeError, ValueError) as error:
        problem = _short(str(error))
    raise ParseError(problem, text, node.col_offset) from None


def _quote(node: ast.expr, text: str) -> str:
    """The part of the text that a node stands for."""
    return _short(text[node.col_offset : node.end_col_offset])


def _short(text: str) -> str:
    """The text, its middle left out if it is long."""
    half = MAX_QUOTE // 2
    return text if len(text) <= 2 * MAX_QUOTE else f"{text[:half]} ... {text[-half:]}"
