"""Strategies for the types of patterns, as `hypothesis.strategies.from_type` asks for them.

>>> import sparse_ref as sr
>>> from hypothesis import find
>>> find(strategy_of(sr.Strided), lambda p: p.contains(5, 1))
Strided(1)
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...sets.factorized import Factorized
from ...sets.listed import Listed
from ...sets.parts import Blockwise, Documents, Grid
from ...sets.pattern import Complement, Pattern
from ...sets.rule import Rule, Sized
from ...sets.shifted import Shifted
from ...sets.token_pools import Pooled
from .pictures import with_picture
from .trees import (
    MAX_OWN_LENGTH,
    documents,
    factorizations,
    grids,
    one_rule,
    pattern_trees,
    patterns,
    random_lists,
    rules,
)


def strategy_of(kind: type) -> SearchStrategy[Any]:
    """Values of one type, with parameters that go together; patterns come with their pictures."""
    if kind is Pattern:
        return patterns()
    if kind is Factorized:
        return factorizations()
    return with_picture(_of_kind(kind))


def _of_kind(kind: type) -> SearchStrategy[Any]:
    """Values of one type, without pictures."""
    any_pattern = pattern_trees(leaves=2)
    n = st.integers(1, MAX_OWN_LENGTH)
    if kind is Rule:
        return rules()
    if kind is Sized:
        sized = n.flatmap(lambda length: rules(length))
        return sized.filter(lambda p: isinstance(p, Sized))
    if issubclass(kind, Rule):
        return n.flatmap(lambda length: one_rule(kind, length, 40))
    if kind is Blockwise:
        side = st.integers(1, 5)
        return st.builds(Blockwise, any_pattern, st.tuples(side, side))
    if kind is Pooled:
        length, stride = st.integers(1, 5), st.integers(1, 5)
        return st.builds(Pooled, any_pattern, length, stride)
    if kind is Shifted:
        return st.builds(Shifted, any_pattern, st.integers(-8, 8))
    if kind is Complement:
        return any_pattern.map(Complement)
    if kind is Documents:
        return n.flatmap(lambda length: documents(length, any_pattern))
    if kind is Grid:
        return n.flatmap(lambda length: grids(length, 12, any_pattern))
    if kind is Listed:
        return n.flatmap(lambda length: random_lists(length, length))
    return st.builds(kind, any_pattern, any_pattern)
