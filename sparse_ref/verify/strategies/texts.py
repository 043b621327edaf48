"""Strategies for the notation of patterns, as `sr.parse` reads it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...catalogue import notation
from ...catalogue.entries import catalogue
from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.types import Length
from .trees import pattern_trees, rules

Texts = SearchStrategy[str]


def expressions(
    n: Length | None = None,
    *,
    most: int = 40,
    leaves: int = 4,
) -> Texts:
    """Text that `sr.parse` reads, of at most `notation.MAX_TEXT` characters.

    Patterns as `repr` writes them, with named parameters, or as the calls of the catalogue, under
    | & - ~, with and without parentheses and spaces. Without n the patterns hold for every length;
    with it they can be lowered at it.

    >>> from hypothesis import find
    >>> find(expressions(), lambda text: "~" in text)
    '~Causal()'
    """
    n_q, n_k = (0, 0) if n is None else lengths(n)
    rules_here = rules(n_k if n_q <= n_k else None, most=most)
    leaf = st.one_of(
        rules_here.map(repr),
        rules_here.map(_notation_with_names),
        pattern_trees(n, most=most, leaves=1).map(repr),
        st.sampled_from(catalogue_calls(n)),
    )
    trees = st.recursive(leaf, _larger_expressions, max_leaves=leaves)
    return trees.filter(lambda text: len(text) <= notation.MAX_TEXT)


def _larger_expressions(inner: Texts) -> Texts:
    """Expressions in parentheses, complements, and pairs with an operator between them."""
    operators = st.sampled_from([" | ", " & ", " - ", "|", "&", "-", "\n    | "])
    pairs = st.tuples(inner, operators, inner)
    return st.one_of(
        inner.map("~{}".format),
        inner.map("({})".format),
        inner.map("~({})".format),
        pairs.map("".join),
        pairs.map(lambda pair: "({}){}({})".format(*pair)),
    )


def _notation_with_names(rule: Rule) -> str:
    """The notation of a rule with the names of its parameters."""
    values = zip(rule.bounds(), rule.parameters)
    arguments = ", ".join(f"{name}={value!r}" for name, value in values)
    return f"{type(rule).__name__}({arguments})"


def catalogue_calls(n: Length | None) -> list[str]:
    """The catalogue's examples that are one pattern at this length, or at every length for None."""
    n_q, n_k = (16, 16) if n is None else lengths(n)
    own_lengths = (None,) if n is None or n_q > n_k else (None, n_k)
    texts = []
    for entry in catalogue():
        try:
            value = entry.value(n_k)
        except ValueError:  # no such pattern at this length
            continue
        if isinstance(value, Pattern) and value.own_length in own_lengths:
            texts.append(entry.text(n_k))
    return texts
