"""Patterns in the notation that the page reads; a set that it cannot draw travels as data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..catalogue import notation
from ..sets.chains import chain
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Complement, Difference, Intersection, Pair, Pattern, Union
from ..sets.rule import Rule
from ..sets.shifted import Shifted
from ..sets.token_pools import Pooled, pool_count
from .listed_rows import Shape, pack_rows
from .rule_facts import PageRule, library_rules, page_rule

MAX_TEXT = 2000  # characters of an expression that the page reads
MAX_DEPTH = 90  # parentheses and ~ in one another; the page reads 200
MAX_WORK = 2**30  # pairs of a mask, each as often as pools overlap, that the page decides itself
MAX_OFFSET = 2**14  # of queries, beyond which numbers of the page would not be exact


class PageNotation:
    """The texts of patterns, and what they need that is no text: rules, and rows of keys."""

    def __init__(self) -> None:
        self.rules: dict[str, PageRule] = dict(library_rules())
        self.listed: dict[str, dict[str, Any]] = {}
        self._names: dict[tuple[Pattern, Shape], str] = {}

    def text(self, p: Pattern, shape: Shape) -> str:
        """The notation of p at n_q queries and n_k keys, in which each set that is data has a name.

        Rows as data stand for a pattern whose text is longer or deeper than the page reads, too.
        """
        text = self._text(p, shape)
        if len(text) > MAX_TEXT or _depth(text) > MAX_DEPTH:
            return self._name_of_rows(p, shape)
        return text

    def _text(self, p: Pattern, shape: Shape) -> str:
        """The notation of p, if it is of the classes that the page knows."""
        if isinstance(p, Rule):
            return self._rule(p, shape)
        writer = WRITERS.get(type(p), PageNotation._name_of_rows)
        return writer(self, p, shape)

    def _rule(self, p: Rule, shape: Shape) -> str:
        """A rule's name and parameters; a class whose name another one has is data."""
        rule = type(p)
        name = rule.__name__
        if name not in self.rules:
            try:
                self.rules[name] = page_rule(rule)
            except TypeError:
                return self._name_of_rows(p, shape)
        if self.rules[name].rule is not rule:
            return self._name_of_rows(p, shape)
        return Rule.__repr__(p)

    def _pair(self, p: Pair, shape: Shape) -> str:
        operands = [self._operand(p, part, shape) for part in chain(p)]
        return f" {p.sign} ".join(operands)

    def _complement(self, p: Complement, shape: Shape) -> str:
        return f"~{self._operand(p, p.pattern, shape)}"

    def _operand(self, p: Pattern, part: Pattern, shape: Shape) -> str:
        """An operand of p, in parentheses if it binds no tighter."""
        text = self._text(part, shape)
        return text if part.precedence > p.precedence else f"({text})"

    def _shift(self, p: Shifted, shape: Shape) -> str:
        n_q, n_k = shape
        last = n_q + p.offset
        if abs(p.offset) > MAX_OFFSET or last < 1:
            return self._name_of_rows(p, shape)
        return f"Shifted({self._text(p.pattern, (last, n_k))}, {p.offset})"

    def _blockwise(self, p: Blockwise, shape: Shape) -> str:
        b_q, b_k = p.block
        blocks = -(-shape[0] // b_q), -(-shape[1] // b_k)
        sizes = b_q if b_q == b_k else p.block
        return f"Blockwise({self._text(p.pattern, blocks)}, {sizes})"

    def _pools(self, p: Pooled, shape: Shape) -> str:
        n_q, n_k = shape
        if p.overlap * n_q * n_k > MAX_WORK:
            return self._name_of_rows(p, shape)
        pools = n_q, pool_count(n_k, p.step)
        return f"Pooled({self._text(p.pattern, pools)}, {p.length}, {p.step})"

    def _documents(self, p: Documents, shape: Shape) -> str:
        if p.inner is None:
            return f"Documents({p.lengths})"
        longest = max(p.lengths, default=0)
        return f"Documents({p.lengths}, {self._text(p.inner, (longest, longest))})"

    def _grid(self, p: Grid, shape: Shape) -> str:
        axes = zip(p.shape, p.patterns)
        texts = [self._text(axis, (side, side)) for side, axis in axes]
        return f"Grid({p.shape}, ({', '.join(texts)},))"

    def _name_of_rows(self, p: Pattern, shape: Shape) -> str:
        """The name of a set whose rows travel as data."""
        place = p, shape
        if place not in self._names:
            rows = pack_rows(p, shape)
            name = self._new_name(p)
            self.listed[name] = rows
            self._names[place] = name
        return self._names[place]

    def _new_name(self, p: Pattern) -> str:
        """The notation of a set that is data, if it can be read again; else a numbered name."""
        text = _readable_text(p)
        if text and text not in self.listed:
            return text
        stem = type(p).__name__
        is_plain = re.fullmatch(r"[A-Za-z]\w*", stem, re.ASCII)
        number = len(self.listed) + 1
        return f"{stem if is_plain else 'Set'}_{number}"


Writer = Callable[[PageNotation, Any, Shape], str]
WRITERS: dict[type[Pattern], Writer] = {
    Union: PageNotation._pair,
    Intersection: PageNotation._pair,
    Difference: PageNotation._pair,
    Complement: PageNotation._complement,
    Shifted: PageNotation._shift,
    Blockwise: PageNotation._blockwise,
    Pooled: PageNotation._pools,
    Documents: PageNotation._documents,
    Grid: PageNotation._grid,
}


def _readable_text(p: Pattern) -> str:
    """The notation of p if it is one call that can be read again; else nothing."""
    try:
        text = repr(p)
        is_call = notation.constructor(text) is type(p)
        return text if is_call and notation.read(text) == p else ""
    except ValueError:
        return ""


def _depth(text: str) -> int:
    """How deep parentheses and ~ are in one another, at most."""
    opened = deepest = 0
    for sign in re.findall("[()]", text):
        opened += 1 if sign == "(" else -1
        deepest = max(deepest, opened)
    return deepest + text.count("~")
