"""What a page is given: expressions in the notation, the rules in them, listed sets as data."""

from __future__ import annotations

import ast
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from functools import singledispatchmethod
from typing import Any, NamedTuple

import numpy as np

from .. import patterns
from ..catalogue import notation
from ..interop.parsed_formula import formula_of
from ..sets.branches import Branches
from ..sets.chains import chain
from ..sets.definitions import set_and_source
from ..sets.factorized import Factorized, Scheme
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Complement, Pair, Pattern
from ..sets.rule import Rule, Sized
from ..sets.shifted import Shifted
from ..sets.token_pools import Pooled, pool_count
from .javascript import javascript

MAX_LENGTH = 4096
Shape = tuple[int, int]


class View(NamedTuple):
    """A tab of the page: its label and its expression."""

    label: str
    text: str


def library_rules() -> dict[str, type[Rule]]:
    """Every rule of the library by its name."""
    classes = [getattr(patterns, name) for name in patterns.__all__]
    rules = [rule for rule in classes if isinstance(rule, type) and issubclass(rule, Rule)]
    return {rule.__name__: rule for rule in rules}


def facts(rule: type[Rule]) -> dict[str, Any]:
    """A rule's parameters, set, source and formula, as the page is given them."""
    code = javascript(rule)
    formula = formula_of(rule, rule.__name__)
    set_, source = set_and_source(rule)
    parameters = [
        {"name": name, "isSet": kind is tuple, "least": least}
        for name, (kind, least) in rule.bounds().items()
    ]
    return {
        "parameters": parameters,
        "defaults": _defaults(rule),
        "constants": {name: [str(x) for x in values] for name, values in code.constants.items()},
        "degree": code.degree,
        "isSized": issubclass(rule, Sized),
        "set": set_,
        "source": source,
        "arguments": formula.arguments,
        "parts": [[name, ast.unparse(part)] for name, part in formula.parts],
        "result": ast.unparse(formula.result),
    }


def _defaults(rule: type[Rule]) -> dict[str, Any]:
    """The values of parameters that may be left out."""
    values = {field.name: field.default for field in fields(rule)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if type(value) is int}


class Document:
    """The expressions of a page, and what they need that is no text: rules, listed rows."""

    def __init__(self, shape: Shape):
        self.shape = shape
        self.rules = library_rules()
        self.listed: dict[str, dict[str, Any]] = {}
        self._names: dict[Pattern, str] = {}

    def views(self, p: Any) -> tuple[str, list[View]]:
        """(kind, tabs) of a pattern, steps, branches, or one pattern per head."""
        if isinstance(p, Pattern):
            return "pattern", [View(repr(p), self.text(p))]
        kind = {Factorized: "step", Branches: "branch"}.get(type(p), "head")
        first = 1 if kind == "step" else 0
        tabs = [View(f"{kind} {m}", self.text(part)) for m, part in enumerate(p, first)]
        return kind, tabs

    def text(self, p: Pattern) -> str:
        """The notation of p, in which each set that is data has a name."""
        return self._text(p, self.shape)

    @singledispatchmethod
    def _text(self, p: Pattern, shape: Shape) -> str:
        """A pattern whose keys are listed."""
        return self._listed(p, shape)

    @_text.register
    def _(self, p: Rule, shape):
        rule = type(p)
        with suppress(TypeError):
            javascript(rule)
            if self.rules.setdefault(rule.__name__, rule) is rule:
                return repr(p)
        return self._listed(p, shape)

    @_text.register
    def _(self, p: Pair, shape):
        return f" {p.sign} ".join(self._operand(p, part, shape) for part in chain(p))

    @_text.register
    def _(self, p: Complement, shape):
        return f"~{self._operand(p, p.pattern, shape)}"

    def _operand(self, p: Pattern, part: Pattern, shape: Shape) -> str:
        """An operand of p, in parentheses if it binds no tighter."""
        text = self._text(part, shape)
        return text if part.precedence > p.precedence else f"({text})"

    @_text.register
    def _(self, p: Shifted, shape):
        inner = self._text(p.pattern, (shape[0] + p.offset, shape[1]))
        return f"Shifted({inner}, {p.offset})"

    @_text.register
    def _(self, p: Blockwise, shape):
        b_q, b_k = p.block
        inner = self._text(p.pattern, (-(-shape[0] // b_q), -(-shape[1] // b_k)))
        return f"Blockwise({inner}, {b_q if b_q == b_k else p.block})"

    @_text.register
    def _(self, p: Pooled, shape):
        inner = self._text(p.pattern, (shape[0], pool_count(shape[1], p.step)))
        return f"Pooled({inner}, {p.length}, {p.stride})"

    @_text.register
    def _(self, p: Documents, shape):
        if p.inner is None:
            return repr(p)
        longest = max(p.lengths, default=0)
        return f"Documents({p.lengths}, {self._text(p.inner, (longest, longest))})"

    @_text.register
    def _(self, p: Grid, shape):
        inner = [self._text(axis, (side, side)) for side, axis in zip(p.shape, p.patterns)]
        return f"Grid({p.shape}, ({', '.join(inner)},))"

    def _listed(self, p: Pattern, shape: Shape) -> str:
        """The name of a set whose rows travel as data."""
        if p not in self._names:
            self._names[p] = name = self._name(p)
            self.listed[name] = _rows(p, shape)
        return self._names[p]

    def _name(self, p: Pattern) -> str:
        """The notation of a set that is data, if it can be read again; else a numbered name."""
        with suppress(notation.ParseError):
            if notation.read(repr(p)) == p:
                return repr(p)
        return f"{type(p).__name__}_{len(self.listed) + 1}"


def _rows(p: Pattern, shape: Shape) -> dict[str, Any]:
    """The keys of each query, as text: counts and keys, two bytes each, in base 64."""
    n_q, n_k = (p.own_length, p.own_length) if p.own_length else shape
    rows = [p.row(i, n_k) for i in range(n_q)]
    counts = np.array([len(row) for row in rows])
    keys = np.concatenate([np.zeros(0, np.int64), *rows])
    return {"length": p.own_length, "counts": _base64(counts), "keys": _base64(keys)}


def _base64(numbers: np.ndarray) -> str:
    """Numbers below 2^16, little-endian, in base 64."""
    return b64encode(numbers.astype("<u2").tobytes()).decode()


def pattern_per_head(p: Scheme, layers: int, heads: int) -> Sequence[Pattern]:
    """The patterns of a scheme, layer by layer."""
    return [p.at(layer, head) for layer in range(layers) for head in range(heads)]
