"""A mask_mod as source text: a pattern's formulas with their parameters written in.

The text uses only + - * // %, comparisons, & | and ^, so it runs on ints, NumPy arrays, torch and
JAX alike, and can be pasted elsewhere.
"""

from __future__ import annotations

import ast
from functools import singledispatchmethod
from keyword import iskeyword
from typing import Any

from .._text import visible_line
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Complement, Difference, Intersection, Pattern, Union, leaves
from ..sets.positions import isin, rank
from ..sets.rule import Rule
from ..sets.shifted import Shifted
from ..sets.token_pools import Pooled
from .expressions import (
    Expression,
    binary,
    chain,
    compare,
    conjunction,
    disjunction,
    line,
    member,
    negation,
    step_sum,
)
from .heads import PatternPerHead, heads_by_pattern, patterns_of_heads
from .parsed_formula import formula_of, value_of


def mask_mod_source(p: PatternPerHead, name: str = "mask_mod") -> str:
    """The Python source of `mask_mod(p)`, a function (b, h, q_idx, kv_idx) that imports nothing.

    `name` is the function's name. One pattern serves every head; of several, head h has the h-th,
    and further heads have no keys. A list of positions becomes one comparison per interval.

    Raises TypeError if p is no pattern, nor a sequence with one per head, or has no formula that
    can be read: listed and random sets, and rules typed in at a prompt. ValueError if `name` is no
    Python name, or if p has hundreds of parts.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> print(interop.mask_mod_source(sr.Blockwise(sr.Causal(), 16) - sr.Sinks(4)))
    def mask_mod(b, h, q_idx, kv_idx):
        '''Blockwise(Causal(), 16) - Sinks(4)'''
        q_1 = q_idx // 16
        kv_1 = kv_idx // 16
        return (kv_1 <= q_1) & ((kv_idx <= q_idx) & (kv_idx < 4) ^ True)
    """
    patterns = patterns_of_heads("p", p)
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
        raise ValueError(f"name must be a Python name, got {name!r}")
    try:
        return _source(name, p, patterns)
    except RecursionError:
        parts = sum(len(leaves(pattern)) for pattern in patterns)
        raise ValueError(
            f"p must have few enough parts for an expression of Python, got {parts} of them"
        ) from None


def _source(name: str, p: PatternPerHead, patterns: tuple[Pattern, ...]) -> str:
    """The function's text."""
    writer = _Writer()
    result = _membership_per_head(writer, patterns)
    notation = repr(p) if isinstance(p, Pattern) else repr(patterns)
    lines = [
        f"def {name}(b, h, q_idx, kv_idx):",
        f"    {_docstring(notation)}",
        *(line(f"{new} =", expression) for new, expression in writer.names.values()),
        line("return", result),
    ]
    return "\n".join(lines)


def _docstring(text: str) -> str:
    """The text as a literal in one line, between triple quotes if these can hold it."""
    line = visible_line(text)
    has_end = line.endswith("'") or "'''" in line
    return repr(line) if has_end or "\\" in line else f"'''{line}'''"


def _membership_per_head(writer: _Writer, patterns: tuple[Pattern, ...]) -> Expression:
    """[kv_idx in A_(q_idx)] for the pattern of head h."""
    i, j = ast.Name("q_idx"), ast.Name("kv_idx")
    if len(patterns) == 1:
        return writer.membership(patterns[0], i, j)
    groups = []
    for p, heads in heads_by_pattern(patterns):
        has_p = member(ast.Name("h"), heads)
        groups.append(conjunction(has_p, writer.membership(p, i, j)))
    return chain(ast.BitOr(), groups)


class _Writer:
    """Patterns as expressions of i and j; what replaces i or j inside a part gets its own name."""

    def __init__(self):
        self.names: dict[str, tuple[str, ast.expr]] = {}  # by the text of the expression

    def name(self, root: str, expression: Expression) -> ast.Name:
        """A name for the expression, the same for the same one."""
        text = ast.unparse(expression)
        if text not in self.names:
            count = sum(name.startswith(f"{root}_") for name, _ in self.names.values())
            self.names[text] = (f"{root}_{count + 1}", expression)
        return ast.Name(self.names[text][0])

    def name_pair(
        self, i: Expression, j: Expression, sign: ast.operator, operands: tuple[Any, Any]
    ) -> tuple[ast.Name, ast.Name]:
        """Names for `i sign operands[0]` and `j sign operands[1]`."""
        query = self.name("q", binary(i, sign, operands[0]))
        key = self.name("kv", binary(j, sign, operands[1]))
        return query, key

    @singledispatchmethod
    def membership(self, p: Pattern, i: Expression, j: Expression) -> Expression:
        """[j in P_i]"""
        raise TypeError(
            f"p must be stated by formulas to have a source, got {p!r}: listed and random sets "
            "have none"
        )

    @membership.register
    def _(self, p: Rule, i, j):
        formula = formula_of(type(p), repr(p))
        arguments = dict(zip(formula.arguments, (i, j, *p.parameters)))
        inliner = _Inliner(self, {**type(p).formula.__globals__, **arguments})
        for name, expression in formula.parts:
            inliner.add_part(name, expression)
        return inliner.visit(formula.result)

    @membership.register
    def _(self, p: Union, i, j):
        in_left = self.membership(p.left, i, j)
        return disjunction(in_left, self.membership(p.right, i, j))

    @membership.register
    def _(self, p: Intersection, i, j):
        in_left = self.membership(p.left, i, j)
        return conjunction(in_left, self.membership(p.right, i, j))

    @membership.register
    def _(self, p: Difference, i, j):
        in_left = self.membership(p.left, i, j)
        return conjunction(in_left, negation(self.membership(p.right, i, j)))

    @membership.register
    def _(self, p: Complement, i, j):
        return negation(self.membership(p.pattern, i, j))

    @membership.register
    def _(self, p: Shifted, i, j):
        sign = ast.Add() if p.offset >= 0 else ast.Sub()
        moved_i = self.name("q", binary(i, sign, abs(p.offset)))
        return self.membership(p.pattern, moved_i, j)

    @membership.register
    def _(self, p: Blockwise, i, j):
        block_i, block_j = self.name_pair(i, j, ast.FloorDiv(), p.block)
        return self.membership(p.pattern, block_i, block_j)

    @membership.register
    def _(self, p: Pooled, i, j):
        last = self.name("pool", binary(j, ast.FloorDiv(), p.step))
        memberships = []
        for back in range(p.overlap):
            pool = self.name("pool", binary(last, ast.Sub(), back)) if back else last
            is_inside = self._is_in_pool(p, j, pool)
            is_member = self.membership(p.pattern, i, pool)
            memberships.append(conjunction(is_inside, is_member))
        return chain(ast.BitOr(), memberships)

    def _is_in_pool(self, p: Pooled, j, pool):
        """Whether there is such a pool and it holds key j, if it begins at or before j."""
        start = binary(pool, ast.Mult(), p.step)
        place = binary(j, ast.Sub(), start)
        exists = compare(pool, ast.GtE(), 0)
        return conjunction(exists, compare(place, ast.Lt(), p.length))

    @membership.register
    def _(self, p: Documents, i, j):
        ends = [(end, 1) for end in p.ends]
        document_i = self.name("document", step_sum(i, ends))
        document_j = self.name("document", step_sum(j, ends))
        same_document = compare(document_i, ast.Eq(), document_j)
        if p.inner is None:
            return same_document
        lengths_by_end = list(zip(p.ends, p.lengths))
        starts = step_sum(i, lengths_by_end), step_sum(j, lengths_by_end)
        inner_i, inner_j = self.name_pair(i, j, ast.Sub(), starts)
        return conjunction(same_document, self.membership(p.inner, inner_i, inner_j))

    @membership.register
    def _(self, p: Grid, i, j):
        memberships = []
        side = 1
        axes = reversed(list(zip(p.shape, p.patterns)))
        for next_side, pattern in axes:
            if side > 1:
                i, j = self.name_pair(i, j, ast.FloorDiv(), (side, side))
            side = next_side
            axis_i, axis_j = self.name_pair(i, j, ast.Mod(), (side, side))
            memberships.append(self.membership(pattern, axis_i, axis_j))
        return chain(ast.BitAnd(), memberships)


class _Inliner(ast.NodeTransformer):
    """Replaces a formula's arguments by expressions and numbers, isin and rank by comparisons."""

    def __init__(self, writer: _Writer, values: dict[str, Any]):
        self.writer = writer
        self.values = values

    def add_part(self, name: str, part: ast.expr) -> None:
        """Give a part that the formula names a name in the text too, unless it is one word."""
        expression = self.visit(part)
        is_one_word = isinstance(expression, ast.Name | ast.Constant)
        self.values[name] = expression if is_one_word else self.writer.name(name, expression)

    def visit_Name(self, node: ast.Name) -> Expression:
        value = self.values.get(node.id)
        if isinstance(value, ast.expr):
            return value
        if isinstance(value, int):
            return ast.Constant(value)
        raise TypeError(f"p must have formulas of integers only, got {node.id!r} in one")

    def visit_Call(self, node: ast.Call) -> Expression:
        function = value_of(node.func, self.values)
        if function not in (isin, rank):
            raise TypeError(
                f"p must have formulas without calls other than isin and rank, "
                f"got {ast.unparse(node)}"
            )
        x = self.visit(node.args[0])
        positions = self.values[ast.unparse(node.args[1])]
        if not isinstance(x, ast.Name):
            x = self.writer.name("x", x)
        if function is isin:
            return member(x, positions)
        return step_sum(x, [(position, 1) for position in positions])
