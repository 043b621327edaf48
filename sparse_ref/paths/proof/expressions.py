"""What z3 expressions consist of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .z3_import import z3


def nodes_of(expressions: Iterable[Any]) -> Iterator[Any]:
    """Every expression within these once, parts before the whole."""
    seen: set[int] = set()
    for expression in expressions:
        stack = [(expression, False)]
        while stack:
            x, is_open = stack.pop()
            if is_open:
                yield x
            elif x.get_id() not in seen:
                seen.add(x.get_id())
                stack.append((x, True))
                parts = [x.body()] if z3().is_quantifier(x) else x.children()
                stack += [(part, False) for part in reversed(parts)]


def constants_in(conditions: Iterable[Any]) -> set[int]:
    """The ids of the constants that occur in z3 expressions."""
    return {x.get_id() for x in nodes_of(conditions) if is_constant(x)}


def is_constant(x) -> bool:
    """Whether an expression is a named integer."""
    if not z3().is_const(x):
        return False
    return x.decl().kind() == z3().Z3_OP_UNINTERPRETED


def is_product(x) -> bool:
    """Whether an expression multiplies terms, which is not linear."""
    if not z3().is_app_of(x, z3().Z3_OP_MUL):
        return False
    return sum(not z3().is_int_value(factor) for factor in x.children()) > 1


def open_terms(nodes: Iterable[Any]) -> set[int]:
    """The ids of quantifiers, and of expressions within one that contain its variables."""
    open_terms: set[int] = set()
    for x in nodes:  # parts come before the whole
        parts = {part.get_id() for part in x.children()}
        if z3().is_var(x) or z3().is_quantifier(x) or parts & open_terms:
            open_terms.add(x.get_id())
    return open_terms
