"""A mask_mod as source text: the formulas of a pattern with their parameters written in, to be read, or pasted elsewhere.

The text needs nothing but + - * // %, comparisons, & | and ^, and so reads ints, NumPy arrays, torch and JAX alike.
"""

from __future__ import annotations

import ast
from functools import singledispatchmethod
from inspect import getsource
from keyword import iskeyword
from textwrap import dedent

from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Complement, Difference, Intersection, Pattern, Union
from ..sets.rule import Rule
from ..sets.shifted import Shifted
from .expressions import (
    binary,
    compared,
    conjunction,
    disjunction,
    joined,
    line,
    member,
    negated,
    stepped,
)
from .heads import heads_by_pattern, heads_of


def mask_mod_source(p, name: str = "mask_mod") -> str:
    """The Python source of `mask_mod(p)`, a function (b, h, q_idx, kv_idx) called `name`, which imports nothing.

    One pattern serves every head; of several, head h has the h-th, and heads beyond have no keys. A list of positions
    becomes as many comparisons as it has stretches.

    Raises TypeError where p is no pattern, nor a sequence with one for each head, or has no formula that can be read:
    listed and random sets, and rules typed in at a prompt. ValueError where `name` is no name.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> print(interop.mask_mod_source(sr.Blockwise(sr.Causal(), 16) - sr.Sinks(4)))
    def mask_mod(b, h, q_idx, kv_idx):
        '''Blockwise(Causal(), 16) - Sinks(4)'''
        q_1 = q_idx // 16
        kv_1 = kv_idx // 16
        return (kv_1 <= q_1) & ((kv_idx <= q_idx) & (kv_idx < 4) ^ True)
    """
    patterns = heads_of(p)
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
        raise ValueError(f"name must be a Python name, got {name!r}")
    writer = _Writer()
    i, j = ast.Name("q_idx"), ast.Name("kv_idx")
    said = {each: writer.held(each, i, j) for each in dict.fromkeys(patterns)}
    if len(patterns) == 1:
        answer = said[patterns[0]]
    else:
        answer = joined(
            ast.BitOr(),
            [
                conjunction(member(ast.Name("h"), heads), said[each])
                for each, heads in heads_by_pattern(patterns).items()
            ],
        )
    lines = [
        f"def {name}(b, h, q_idx, kv_idx):",
        f"    '''{repr(p) if isinstance(p, Pattern) else repr(patterns)}'''",
        *(line(f"{new} =", expression) for new, expression in writer.names.values()),
        line("return", answer),
    ]
    return "\n".join(lines)


class _Writer:
    """Patterns as expressions of i and j; those that stand for i or j inside a part get names of their own."""

    def __init__(self):
        self.names: dict[str, tuple[str, ast.expr]] = {}

    def named(self, root: str, expression: ast.expr) -> ast.expr:
        """A name for the expression, the same for the same one."""
        text = ast.unparse(expression)
        if text not in self.names:
            count = sum(name.startswith(f"{root}_") for name, _ in self.names.values())
            self.names[text] = (f"{root}_{count + 1}", expression)
        return ast.Name(self.names[text][0])

    def both_named(
        self, i: ast.expr, j: ast.expr, sign: ast.operator, by
    ) -> tuple[ast.expr, ast.expr]:
        """Names for i and j with the same sign and two numbers behind them."""
        return self.named("q", binary(i, sign, by[0])), self.named("kv", binary(j, sign, by[1]))

    @singledispatchmethod
    def held(self, p: Pattern, i: ast.expr, j: ast.expr) -> ast.expr:
        """[j in P_i]"""
        raise TypeError(
            f"p must be stated by formulas to have a source, got {p!r}: what is listed or drawn has none"
        )

    @held.register
    def _(self, p: Rule, i, j):
        function = _formula(p)
        arguments = (argument.arg for argument in function.args.args)
        values = type(p).formula.__globals__ | dict(zip(arguments, (i, j, *p.parameters)))
        inlined = _Inlined(self, values)
        *parts, answer = function.body
        for part in parts:
            inlined.add_part(part)
        return inlined.visit(answer.value)

    @held.register
    def _(self, p: Union, i, j):
        return disjunction(self.held(p.left, i, j), self.held(p.right, i, j))

    @held.register
    def _(self, p: Intersection, i, j):
        return conjunction(self.held(p.left, i, j), self.held(p.right, i, j))

    @held.register
    def _(self, p: Difference, i, j):
        return conjunction(self.held(p.left, i, j), negated(self.held(p.right, i, j)))

    @held.register
    def _(self, p: Complement, i, j):
        return negated(self.held(p.pattern, i, j))

    @held.register
    def _(self, p: Shifted, i, j):
        sign = ast.Add() if p.offset >= 0 else ast.Sub()
        return self.held(p.pattern, self.named("q", binary(i, sign, abs(p.offset))), j)

    @held.register
    def _(self, p: Blockwise, i, j):
        return self.held(p.pattern, *self.both_named(i, j, ast.FloorDiv(), p.block))

    @held.register
    def _(self, p: Documents, i, j):
        ends = [(end, 1) for end in p.ends]
        same = compared(
            self.named("document", stepped(i, ends)),
            ast.Eq(),
            self.named("document", stepped(j, ends)),
        )
        if p.inner is None:
            return same
        starts = list(zip(p.ends, p.lengths))
        inside = self.held(
            p.inner, *self.both_named(i, j, ast.Sub(), (stepped(i, starts), stepped(j, starts)))
        )
        return conjunction(same, inside)

    @held.register
    def _(self, p: Grid, i, j):
        along, inner = [], 1
        for side, each in zip(p.shape[::-1], p.patterns[::-1]):
            if inner > 1:
                i, j = self.both_named(i, j, ast.FloorDiv(), (inner, inner))
            along.append(self.held(each, *self.both_named(i, j, ast.Mod(), (side, side))))
            inner = side
        return joined(ast.BitAnd(), along)


class _Inlined(ast.NodeTransformer):
    """A formula with expressions and numbers in place of its arguments, and comparisons in place of its two words."""

    def __init__(self, writer: _Writer, values: dict):
        self.writer, self.values = writer, values

    def add_part(self, part: ast.Assign):
        """A part that the formula names: it gets a name in the text, too, unless it is a single word."""
        name, expression = part.targets[0].id, self.visit(part.value)
        single = isinstance(expression, ast.Name | ast.Constant)
        self.values[name] = expression if single else self.writer.named(name, expression)

    def visit_Name(self, node):
        value = self.values.get(node.id)
        if not isinstance(value, (ast.expr, int)):
            raise TypeError(f"p must have formulas of integers alone, got {node.id!r} in one")
        return value if isinstance(value, ast.expr) else ast.Constant(value)

    def visit_Call(self, node):
        word = ast.unparse(node.func).removeprefix("sr.")
        if word not in ("isin", "rank"):
            raise TypeError(
                f"p must have formulas without calls other than among and passed, got {ast.unparse(node)}"
            )
        x, positions = self.visit(node.args[0]), self.values[ast.unparse(node.args[1])]
        x = x if isinstance(x, ast.Name) else self.writer.named("x", x)
        return (
            member(x, positions)
            if word == "isin"
            else stepped(x, [(position, 1) for position in positions])
        )


def _formula(p: Rule) -> ast.FunctionDef:
    """A rule's formula, parsed: lines that name its parts, if it has them, and a return."""
    try:
        function = ast.parse(dedent(getsource(type(p).formula))).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise TypeError(
            f"p must have formulas whose source can be read, got {p!r}: {error}"
        ) from error
    if not isinstance(function, ast.FunctionDef) or not _is_readable(function.body):
        raise TypeError(
            f"p must have formulas that name their parts, if at all, and then return, got {p!r}"
        )
    return function


def _is_readable(body: list[ast.stmt]) -> bool:
    """Whether a formula's lines are assignments to one name each, and a return of a value."""
    *parts, last = body
    named = all(
        isinstance(part, ast.Assign)
        and len(part.targets) == 1
        and isinstance(part.targets[0], ast.Name)
        for part in parts
    )
    return named and isinstance(last, ast.Return) and last.value is not None
