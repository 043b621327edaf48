"""Strategies for patterns and factorizations: trees of rules, and steps of such trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import patterns as definitions
from ...patterns import Random, fixed, gpt_neo, llama4, strided
from ...sets.checks import lengths
from ...sets.factorized import Factorized
from ...sets.listed import Listed
from ...sets.parts import Blockwise, Documents, Grid
from ...sets.pattern import Pattern
from ...sets.rule import Rule, Sized
from ...sets.shifted import Shifted
from ...sets.token_pools import Pooled
from ...sets.types import Length
from .pictures import with_picture

Patterns = SearchStrategy[Pattern]
Rules = SearchStrategy[Rule]
MAX_OWN_LENGTH = 24  # of a pattern that is drawn with a length of its own


def _rules() -> list[type[Rule]]:
    """All rules, the simplest first: failures shrink to those."""
    values = [getattr(definitions, name) for name in definitions.__all__]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, Rule)]
    return sorted(classes, key=lambda rule: len(rule.bounds()))


RULES = _rules()


def rules(n: int | None = None, *, most: int = 40) -> Rules:
    """One rule, for every length, with parameters up to `most`; given n, also rules of length n."""
    classes = [rule for rule in RULES if n or not issubclass(rule, Sized)]
    strategies = {rule: one_rule(rule, n, most) for rule in classes}
    return st.sampled_from(classes).flatmap(strategies.__getitem__)


def one_rule(rule: type[Rule], n: int | None, most: int) -> Rules:
    """A rule of this class; parameters that do not go together, as c > l, are filtered out."""
    parameters = []
    for name, (kind, least) in rule.bounds().items():
        parameters.append(_parameter(name, kind, least, n, most))
    values = st.tuples(*parameters)
    candidates: SearchStrategy[Any] = values.map(lambda values: rule_or_none(rule, values))
    return candidates.filter(lambda p: p is not None)


def _parameter(
    name: str, kind: type, least: int | None, n: int | None, most: int
) -> SearchStrategy[Any]:
    """A value for a parameter of a rule."""
    if name == "n":
        return st.just(n)
    if kind is tuple:
        return position_tuples(most)
    greatest = most if n is None else min(most, max(n, least or 0))
    return st.integers(-most if least is None else least, greatest)


def rule_or_none(rule: type[Rule], values: tuple[Any, ...]) -> Rule | None:
    """The rule with these parameters; None if they do not go together."""
    try:
        return rule(*values)
    except ValueError:
        return None


def position_tuples(most: int) -> SearchStrategy[tuple[int, ...]]:
    """Up to four positions."""
    return st.lists(st.integers(0, most), max_size=4).map(tuple)


def patterns(
    n: Length | None = None,
    *,
    most: int = 40,
    leaves: int = 4,
    listed: bool = False,
) -> Patterns:
    """Trees of at most about `leaves` rules under | & - ~, with parameters up to `most`.

    `sr.parse` reads their `repr`. Without n they hold for every length, and Blockwise, Pooled and
    Shifted are among their branches. With n, or (n_q, n_k), they can be lowered at it, and may hold
    for that length only, if n_q <= n_k: sized rules, grids, documents and random keys. `listed`
    adds listed sets, which have no notation and need n.

    A counterexample is printed with its picture.

    Raises ValueError for `listed` without n.

    >>> from hypothesis import find
    >>> find(patterns(), lambda p: p.contains(2, 1))
    Causal()
    """
    return with_picture(pattern_trees(n, most=most, leaves=leaves, listed=listed), n)


def pattern_trees(
    n: Length | None = None,
    *,
    most: int = 40,
    leaves: int = 4,
    listed: bool = False,
) -> Patterns:
    """What `patterns` draws, without pictures."""
    n_q, n_k = (0, 0) if n is None else lengths(n)
    if listed and n is None:
        raise ValueError("n must be given to draw listed sets: they have as many rows")
    if n_k == 0 or n_q > n_k:
        trees = st.recursive(rules(most=most), _branches, max_leaves=leaves)
    else:
        trees = st.recursive(_patterns_of_length(n_k, most), algebra, max_leaves=leaves)
    return trees | random_lists(n_q, n_k) if listed else trees


def algebra(inner: Patterns) -> Patterns:
    """| & - ~ of patterns."""
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: p[0] | p[1]),
        pairs.map(lambda p: p[0] & p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        inner.map(lambda p: ~p),
    )


def _branches(inner: Patterns) -> Patterns:
    """algebra, Blockwise, Pooled and Shifted of patterns that hold for every length."""
    side = st.integers(1, 5)
    blocks = st.tuples(side, side)
    return st.one_of(
        algebra(inner),
        st.builds(Blockwise, inner, blocks),
        st.builds(Pooled, inner, side, side),
        st.builds(Shifted, inner, st.integers(-8, 8)),
    )


def _patterns_of_length(n: int, most: int) -> Patterns:
    """Patterns that may hold for length n only: sized rules, grids, documents, random keys."""
    small = pattern_trees(most=most, leaves=2)
    keys_per_row = st.integers(0, min(5, n))
    seeds = st.integers(0, 99)
    return st.one_of(
        rules(n, most=most),
        small,
        grids(n, most, small),
        st.builds(Random, st.just(n), keys_per_row, seeds),
        documents(n, small),
    )


def grids(n: int, most: int, small: Patterns) -> Patterns:
    """Grids of two axes with n positions."""
    divisors = [side for side in range(1, n + 1) if n % side == 0]
    axis = {side: rules(side, most=most) | small for side in divisors}

    def grid(side: int) -> Patterns:
        other_side = n // side
        patterns_of_axes = st.tuples(axis[side], axis[other_side])
        return st.builds(Grid, st.just((side, other_side)), patterns_of_axes)

    return st.sampled_from(divisors).flatmap(grid)


def documents(n: int, small: Patterns) -> Patterns:
    """Documents with n tokens in all."""

    def cut(borders_and_inner: tuple[tuple[int, ...], Pattern | None]) -> Documents:
        borders, inner = borders_and_inner
        ends = np.unique(np.minimum([0, *borders, n], n))
        return Documents(np.diff(ends).tolist(), inner)

    return st.tuples(position_tuples(n), small | st.none()).map(cut)


def random_lists(n_q: int, n_k: int) -> SearchStrategy[Listed]:
    """Any set of keys for each of n_q queries."""
    keys = st.integers(0, max(n_k - 1, 0))
    rows = st.sets(keys, max_size=n_k)
    return st.lists(rows, min_size=n_q, max_size=n_q).map(Listed.of_rows)


def factorizations(*, most: int = 12, leaves: int = 2) -> SearchStrategy[Factorized]:
    """A `Factorized`: strided, fixed, those of published models, or a few patterns.

    Parameters are at most `most`; each of the few patterns has at most about `leaves` rules.

    >>> from hypothesis import find
    >>> find(factorizations(), lambda f: len(f.steps) == 2)
    strided(1)
    """
    size = st.integers(1, most)
    step = pattern_trees(most=most, leaves=leaves)
    steps = st.lists(step, min_size=1, max_size=3)

    def fixed_factorization(l: int) -> SearchStrategy[Factorized]:
        return st.builds(fixed, st.just(l), st.integers(1, l))

    return st.one_of(
        size.map(strided),
        size.flatmap(fixed_factorization),
        size.map(gpt_neo),
        st.builds(llama4, size, interval=st.integers(2, 4)),
        steps.map(lambda patterns: Factorized(tuple(patterns))),
    )
