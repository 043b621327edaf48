"""Hypothesis strategies for your own tests: patterns, shapes, q, k, v, factorizations, notation.

This needs the package hypothesis: `pip install "sparse-ref[testing]"`.

>>> import numpy as np, sparse_ref as sr
>>> from hypothesis import given, settings
>>> from sparse_ref.verify import strategies
>>> @settings(max_examples=20, deadline=None)
... @given(strategies.patterns(12))
... def test_a_mask_has_the_rows_of_its_pattern(p):
...     for i, row in enumerate(sr.dense(p, 12)):
...         assert np.array_equal(np.flatnonzero(row), p.row(i, 12))
>>> test_a_mask_has_the_rows_of_its_pattern()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import patterns as definitions
from ..catalogue import notation
from ..catalogue.entries import catalogue
from ..patterns import Random, fixed, gpt_neo, llama4, strided
from ..sets.checks import lengths
from ..sets.factorized import Factorized
from ..sets.listed import Listed
from ..sets.parts import Blockwise, Documents, Grid
from ..sets.pattern import Pattern
from ..sets.rule import Rule, Sized
from ..sets.shifted import Shifted
from ..sets.types import Length

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:
    raise ImportError(
        "sparse_ref.verify.strategies needs the package hypothesis: "
        "pip install 'sparse-ref[testing]'"
    ) from error

__all__ = ["expressions", "factorizations", "patterns", "qkv", "rules", "shapes"]

MAX_SEED = 2**32 - 1
TILE_EDGES = (0, 1, 2, 63, 64, 65, 128)  # lengths at which kernels go wrong

QKV = tuple[np.ndarray, np.ndarray, np.ndarray]


def _rules() -> list[type[Rule]]:
    """All rules, the simplest first: failures shrink to those."""
    values = [getattr(definitions, name) for name in definitions.__all__]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, Rule)]
    return sorted(classes, key=lambda rule: len(rule.bounds()))


RULES = _rules()


def rules(n: int | None = None, *, most: int = 40) -> SearchStrategy[Pattern]:
    """One rule, for every length, with parameters up to `most`; given n, also rules of length n."""
    strategies = {rule: _rule(rule, n, most) for rule in RULES if n or not issubclass(rule, Sized)}
    return st.sampled_from(list(strategies)).flatmap(strategies.__getitem__)


def _rule(rule: type[Rule], n: int | None, most: int) -> SearchStrategy[Pattern]:
    """A rule of this class; parameters that do not go together, as c > l, are left out."""
    parameters = [
        _parameter(name, kind, least, n, most) for name, (kind, least) in rule.bounds().items()
    ]
    candidates = st.tuples(*parameters).map(lambda values: _rule_or_none(rule, values))
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


def _rule_or_none(rule: type[Rule], values: tuple[Any, ...]) -> Pattern | None:
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
) -> SearchStrategy[Pattern]:
    """Trees of at most about `leaves` rules under | & - ~, with parameters up to `most`.

    `sr.parse` reads their `repr`. Without n they hold for every length, and Blockwise and Shifted
    are among their branches. With n, or (n_q, n_k), they can be lowered at it, and may hold for
    that length only, if n_q <= n_k: sized rules, grids, documents and random keys. `listed` adds
    listed sets, which have no notation and need n.

    Raises ValueError for `listed` without n.

    >>> from hypothesis import find
    >>> find(patterns(), lambda p: p.contains(2, 1))
    Causal()
    """
    n_q, n_k = (0, 0) if n is None else lengths(n)
    if listed and n is None:
        raise ValueError("n must be given to draw listed sets: they have as many rows")
    if n_k == 0 or n_q > n_k:
        trees = st.recursive(rules(most=most), _branches, max_leaves=leaves)
    else:
        trees = st.recursive(_patterns_of_length(n_k, most), algebra, max_leaves=leaves)
    return trees | _listed_patterns(n_q, n_k) if listed else trees


def algebra(inner: SearchStrategy[Pattern]) -> SearchStrategy[Pattern]:
    """| & - ~ of patterns."""
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: p[0] | p[1]),
        pairs.map(lambda p: p[0] & p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        inner.map(lambda p: ~p),
    )


def _branches(inner: SearchStrategy[Pattern]) -> SearchStrategy[Pattern]:
    """algebra, Blockwise and Shifted of patterns that hold for every length."""
    blocks = st.tuples(st.integers(1, 5), st.integers(1, 5))
    return st.one_of(
        algebra(inner),
        st.builds(Blockwise, inner, blocks),
        st.builds(Shifted, inner, st.integers(-8, 8)),
    )


def _patterns_of_length(n: int, most: int) -> SearchStrategy[Pattern]:
    """Patterns that may hold for length n only: sized rules, grids, documents, random keys."""
    small = patterns(most=most, leaves=2)
    keys_per_row = st.integers(0, min(5, n))
    return st.one_of(
        rules(n, most=most),
        small,
        _grids(n, most, small),
        st.builds(Random, st.just(n), keys_per_row, st.integers(0, 99)),
        _documents(n, small),
    )


def _grids(n: int, most: int, small: SearchStrategy[Pattern]) -> SearchStrategy[Pattern]:
    """Grids of two axes with n positions."""
    divisors = [side for side in range(1, n + 1) if n % side == 0]
    axis = {side: rules(side, most=most) | small for side in divisors}

    def grid(side: int) -> SearchStrategy[Pattern]:
        shape = (side, n // side)
        return st.builds(Grid, st.just(shape), st.tuples(axis[shape[0]], axis[shape[1]]))

    return st.sampled_from(divisors).flatmap(grid)


def _documents(n: int, small: SearchStrategy[Pattern]) -> SearchStrategy[Pattern]:
    """Documents with n tokens in all."""

    def documents(borders_and_inner: tuple[tuple[int, ...], Pattern | None]) -> Documents:
        borders, inner = borders_and_inner
        ends = np.unique(np.minimum([0, *borders, n], n))
        return Documents(np.diff(ends).tolist(), inner)

    return st.tuples(position_tuples(n), small | st.none()).map(documents)


def _listed_patterns(n_q: int, n_k: int) -> SearchStrategy[Listed]:
    """Any set of keys for each of n_q queries."""
    rows = st.sets(st.integers(0, max(n_k - 1, 0)), max_size=n_k)
    return st.lists(rows, min_size=n_q, max_size=n_q).map(Listed.of_rows)


def shapes(*, least: int = 0, most: int = 150) -> SearchStrategy[tuple[int, int]]:
    """(n_q, n_k), each from `least` to `most`, often 0, 1, 2 and the edges of a tile of 64."""
    edges = [length for length in TILE_EDGES if least <= length <= most]
    frequent = st.sampled_from(edges) if edges else st.nothing()
    length = frequent | st.integers(least, most)
    return st.tuples(length, length)


@st.composite
def qkv(
    draw,
    n: Length | None = None,
    *,
    heads: int = 4,
    width: int = 8,
    dtypes: Sequence[DTypeLike] = (np.float32,),
) -> QKV:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), where G divides H.

    H is at most `heads`; d and e are at most `width`, and may differ. Every head, position and
    feature differs: the numbers are normal. Or the logits are so large that exp overflows float32.
    Or q = 0, so that all members weigh the same. n is a length, (n_q, n_k), or drawn from `shapes`;
    the dtype is one of `dtypes`.
    """
    n_q, n_k = draw(shapes()) if n is None else lengths(n)
    groups = draw(st.integers(1, heads))
    group_size = draw(st.integers(1, heads // groups))
    d = draw(st.integers(1, width))
    e = draw(st.integers(1, width))
    dtype = draw(st.sampled_from(list(dtypes)))
    factor = draw(st.sampled_from([1, 16, 0]))
    rng = np.random.default_rng(draw(st.integers(0, MAX_SEED)))
    q = rng.standard_normal((groups * group_size, n_q, d)) * factor
    k = rng.standard_normal((groups, n_k, d)) * max(factor, 1)
    v = rng.standard_normal((groups, n_k, e))
    return q.astype(dtype), k.astype(dtype), v.astype(dtype)


def factorizations(*, most: int = 12, leaves: int = 2) -> SearchStrategy[Factorized]:
    """A `Factorized`: strided, fixed, those of published models, or a few patterns.

    Parameters are at most `most`; each of the few patterns has at most about `leaves` rules.

    >>> from hypothesis import find
    >>> find(factorizations(), lambda f: len(f.steps) == 2)
    strided(1)
    """
    size = st.integers(1, most)
    steps = st.lists(patterns(most=most, leaves=leaves), min_size=1, max_size=3)
    return st.one_of(
        size.map(strided),
        size.flatmap(lambda l: st.builds(fixed, st.just(l), st.integers(1, l))),
        size.map(gpt_neo),
        st.builds(llama4, size, interval=st.integers(2, 4)),
        steps.map(lambda patterns: Factorized(tuple(patterns))),
    )


def expressions(n: Length | None = None, *, most: int = 40, leaves: int = 4) -> SearchStrategy[str]:
    """Text that `sr.parse` reads, of at most `notation.MOST_TEXT` characters.

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
        patterns(n, most=most, leaves=1).map(repr),
        st.sampled_from(_calls(n)),
    )
    trees = st.recursive(leaf, _larger_expressions, max_leaves=leaves)
    return trees.filter(lambda text: len(text) <= notation.MOST_TEXT)


def _larger_expressions(inner: SearchStrategy[str]) -> SearchStrategy[str]:
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


def _calls(n: Length | None) -> list[str]:
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
