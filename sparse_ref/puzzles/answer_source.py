"""The source of answers: read from text, and the rule of one line under 80 columns."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from inspect import getsource
from itertools import count
from textwrap import dedent
from typing import Any

import numpy as np

import sparse_ref as sr

from .. import define
from .._text import error_text
from .answer_calls import Fault, is_stored
from .error_words import TRUTH, sign_mend

MAX_COLUMNS = 79
Names = dict[str, Any]
FILE_NUMBERS = count(1)


def answer_of(code: str, name: str, words: Names | None = None) -> Any:
    """The function or class `name` that code defines, with np, sr and the names of sr.define.

    `words` are more names that the code may use. Raises Fault for code that does not run, or that
    defines nothing of this name.
    """
    file = f"<answer {next(FILE_NUMBERS)}>"
    lines = code.splitlines(keepends=True)
    linecache.cache[file] = (len(code), None, lines, file)
    names = {"np": np, "sr": sr, "__name__": "answer"}
    names |= words or {}
    names |= {word: getattr(define, word) for word in define.__all__}
    try:
        exec(compile(code, file, "exec"), names)
    except SyntaxError as error:
        mend = sign_mend(error.text or "") or error.msg
        raise Fault(f"line {error.lineno} is not Python: {mend}") from None
    except Exception as error:
        raise Fault(f"the code does not run: {error_text(error)}") from None
    if name not in names:
        raise Fault(f"the code does not define `{name}`")
    return names[name]


def precedence_words(answer: Any) -> str:
    """What Python reads in a comparison with & or | whose side is a comparison; "" if none is.

    `(j <= i) & (i - j) % 3 == 0` compares (j <= i) & (i - j) % 3 with 0.
    """
    for node in _nodes(answer):
        joins = [join for join in _joins(node) if _has_comparison(join)]
        if joins:
            return _words_on_join(node, joins[0])
    return ""


def check_truth(answer: Any) -> None:
    """Raise Fault for `and`, `or`, `not` or chains in an answer of one line.

    An answer whose source cannot be read, as in a plain prompt, is not checked.
    """
    for node in _nodes(answer):
        _check_node(node)


def check_line(answer: Any) -> None:
    """Raise Fault for more than one line, and for a wide one, of an answer that is right.

    An answer whose source cannot be read is not checked.
    """
    statements = _statements(answer)
    if not statements:
        return
    if len(statements) != 1 or not isinstance(statements[0], ast.Return):
        raise Fault("the set is right, but it must be one line: `return` and an expression")
    statement = statements[0]
    if statement.end_lineno != statement.lineno:
        raise Fault("the set is right, but it must be on one line")
    columns = len(_source(answer).split("\n")[statement.lineno - 1].rstrip())
    if columns > MAX_COLUMNS:
        raise Fault(f"the set is right, but the line must be under 80 columns, got {columns}")


def _source(answer: Any) -> str:
    """The source of an answer; "" if it cannot be read."""
    try:
        return dedent(getsource(answer))
    except (OSError, TypeError):
        return ""


def _nodes(answer: Any) -> Iterator[ast.AST]:
    """The nodes of a reader's statements, or of the body of a lambda."""
    for part in _statements(answer) or _lambda_bodies(answer):
        yield from ast.walk(part)


def _statements(answer: Any) -> list[ast.stmt]:
    """The statements of a reader's function, docstrings left out; none if it cannot be read."""
    if is_stored(answer):
        return []
    try:
        function = ast.parse(_source(answer)).body[0]
    except (SyntaxError, IndexError):
        return []
    if not isinstance(function, ast.FunctionDef):
        return []
    return [statement for statement in function.body if not _is_docstring(statement)]


def _lambda_bodies(answer: Any) -> list[ast.expr]:
    """The body of a lambda, if it is the only one in the line that it is read from; else none."""
    if is_stored(answer) or getattr(answer, "__name__", "") != "<lambda>":
        return []
    try:
        nodes = list(ast.walk(ast.parse(_source(answer))))
    except SyntaxError:  # a line of a longer expression
        return []
    bodies = [node.body for node in nodes if isinstance(node, ast.Lambda)]
    return bodies if len(bodies) == 1 else []


def _is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text and isinstance(statement.value.value, str)  # type: ignore[attr-defined]


def _check_node(node: ast.AST) -> None:
    """Raise Fault for what asks for the truth value of an array."""
    is_chain = isinstance(node, ast.Compare) and len(node.ops) > 1
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    joins = _joins(node)
    if is_chain and joins:
        raise Fault(_words_on_join(node, joins[0]))
    if is_chain or is_not or isinstance(node, ast.BoolOp):
        raise Fault(f"`{ast.unparse(node)}`: {TRUTH}")


def _joins(node: ast.AST) -> list[ast.BinOp]:
    """The sides of a comparison that are joined by & or |."""
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    joins = [side for side in sides if isinstance(side, ast.BinOp)]
    return [join for join in joins if isinstance(join.op, ast.BitAnd | ast.BitOr)]


def _has_comparison(join: ast.BinOp) -> bool:
    """Whether a side of & or | is a comparison."""
    return any(isinstance(side, ast.Compare) for side in (join.left, join.right))


def _words_on_join(comparison: ast.AST, join: ast.BinOp) -> str:
    """What Python reads first, and how to write the other."""
    sign = "&" if isinstance(join.op, ast.BitAnd) else "|"
    return (
        f"`{ast.unparse(comparison)}`: {sign} binds tighter than a comparison, so Python reads "
        f"`{ast.unparse(join)}` first: put each comparison in parentheses"
    )
