"""Scripts in SMT-LIB 2, the language of solvers: a query as a text that any solver can read.

Only the standard's core and integers are used. Its `div` and `mod` are Python's // and % when the
divisor is positive, and every divisor here is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from ..._text import visible_ascii
from .expressions import is_constant, is_product, nodes_of, open_terms
from .terms import Symbols
from .z3_import import z3

LINE_WIDTH = 100  # of comments
RESERVED_WORDS = {"abs", "and", "as", "assert", "distinct", "div", "exists", "false", "forall"}
RESERVED_WORDS |= {"ite", "let", "match", "mod", "not", "or", "par", "true", "xor", "_"}
RESERVED_WORDS |= {"BINARY", "DECIMAL", "HEXADECIMAL", "NUMERAL", "STRING", "Bool", "Int"}
MAX_NAME_LENGTH = 60  # longer ones are numbers
OPERATORS = {
    "Z3_OP_AND": "and",
    "Z3_OP_OR": "or",
    "Z3_OP_NOT": "not",
    "Z3_OP_XOR": "xor",
    "Z3_OP_IMPLIES": "=>",
    "Z3_OP_ITE": "ite",
    "Z3_OP_EQ": "=",
    "Z3_OP_IFF": "=",
    "Z3_OP_DISTINCT": "distinct",
    "Z3_OP_LE": "<=",
    "Z3_OP_LT": "<",
    "Z3_OP_GE": ">=",
    "Z3_OP_GT": ">",
    "Z3_OP_ADD": "+",
    "Z3_OP_SUB": "-",
    "Z3_OP_UMINUS": "-",
    "Z3_OP_MUL": "*",
    "Z3_OP_IDIV": "div",
    "Z3_OP_MOD": "mod",
}
NEUTRAL_TEXTS = {"and": "true", "or": "false", "+": "0", "*": "1"}


@cache
def operators() -> dict[int, str]:
    """The operators of the standard by z3's kinds of expressions."""
    return {getattr(z3(), kind): operator for kind, operator in OPERATORS.items()}


class Group(NamedTuple):
    """Conditions that a script asserts, under one comment."""

    comment: str
    conditions: list[Any]


class Script:
    """The text of a query: every condition of every group is asserted."""

    def __init__(self, symbols: Symbols, groups: Iterable[Group]):
        self.groups = [group for group in groups if group.conditions]
        conditions = [x for group in self.groups for x in group.conditions]
        self.nodes = list(nodes_of(conditions))
        self.names = _constant_names(symbols, self.nodes)
        self.open_terms = open_terms(self.nodes)
        self.shared: dict[int, str] = {}

    def text(self, status: str) -> str:
        """The commands of the script; `status` is the answer that is expected."""
        lines = [f"(set-info :status {status})", f"(set-logic {self.logic()})"]
        lines += [f"(declare-const {name} Int)" for name in self.names.values()]
        lines += self._definitions()
        for group in self.groups:
            lines += ["", *comment(group.comment)]
            lines += [f"(assert {self._term(x)})" for x in group.conditions]
        return "\n".join([*lines, "", "(check-sat)", ""])

    def logic(self) -> str:
        """The least of the standard's logics: whether there are quantifiers, or products."""
        quantified = any(z3().is_quantifier(x) for x in self.nodes)
        products = any(is_product(x) for x in self.nodes)
        return ("" if quantified else "QF_") + ("NIA" if products else "LIA")

    def _definitions(self) -> Iterator[str]:
        """Long terms that occur more than once, each defined before it is used."""
        counts = Counter(child.get_id() for x in self.nodes for child in x.children())
        for x in self.nodes:
            is_shared = counts[x.get_id()] > 1 and x.get_id() not in self.open_terms
            if is_shared and any(part.num_args() for part in x.children()):
                sort = "Bool" if z3().is_bool(x) else "Int"
                text = self._term(x)
                name = f"t{len(self.shared) + 1}"
                while name in self.names.values():
                    name += "_"
                self.shared[x.get_id()] = name
                yield f"(define-fun {name} () {sort} {text})"

    def _term(self, x, bound: tuple[str, ...] = ()) -> str:
        """An expression; `bound` are the names of the variables of quantifiers, the last first."""
        if x.get_id() in self.shared:
            return self.shared[x.get_id()]
        if z3().is_quantifier(x):
            return self._quantifier(x, bound)
        if z3().is_var(x):
            return bound[z3().get_var_index(x)]
        if z3().is_int_value(x):
            number = x.as_long()
            return str(number) if number >= 0 else f"(- {-number})"
        if z3().is_true(x) or z3().is_false(x):
            return str(z3().is_true(x)).lower()
        if x.get_id() in self.names:
            return self.names[x.get_id()]
        operator = operators()[x.decl().kind()]
        parts = [self._term(child, bound) for child in x.children()]
        if operator in NEUTRAL_TEXTS and len(parts) < 2:
            return parts[0] if parts else NEUTRAL_TEXTS[operator]
        return f"({operator} {' '.join(parts)})"

    def _quantifier(self, x, bound: tuple[str, ...]) -> str:
        """A statement about all numbers, or about some."""
        first = len(bound) + 1
        names = [f"x{first + t}" for t in range(x.num_vars())]
        body = self._term(x.body(), (*reversed(names), *bound))
        variables = " ".join(f"({name} Int)" for name in names)
        return f"({'forall' if x.is_forall() else 'exists'} ({variables}) {body})"


def comment(text: str) -> Iterator[str]:
    """Comment lines, broken at spaces; characters that are not ASCII or not printed are escaped."""
    line = ";"
    for word in _ascii(text).split():
        if len(line) + 1 + len(word) > LINE_WIDTH and line != ";":
            yield line
            line = ";  "
        line += f" {word}"
    yield line


def _ascii(text: str) -> str:
    """The text in printable ASCII, without addresses in memory."""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(text.split()))
    return visible_ascii(text)


def _constant_names(symbols: Symbols, nodes: Iterable[Any]) -> dict[int, str]:
    """A name for each constant, by its id: the one that it has in words, made unique."""
    names: dict[int, str] = {}
    constants = [x for x in nodes if is_constant(x)]
    for x in sorted(constants, key=lambda x: _number(x)):
        word = re.sub(r"[|\\]", "_", _ascii(symbols.names[_number(x)]))
        word = word.removeprefix("(").removesuffix(")") if word.startswith("(") else word
        word = word if len(word) <= MAX_NAME_LENGTH else f"x{_number(x)}"
        word = f"{word}_" if word in RESERVED_WORDS else word
        base, copies = word, 1
        while _symbol(word) in names.values():
            copies += 1
            word = f"{base}_{copies}"
        names[x.get_id()] = _symbol(word)
    return names


def _number(x) -> int:
    """The number of the constant k!t."""
    return int(x.decl().name().removeprefix("k!"))


def _symbol(word: str) -> str:
    """A symbol of SMT-LIB: a simple one, or one in bars."""
    return word if re.fullmatch(r"[A-Za-z_]\w*", word, re.ASCII) else f"|{word}|"
