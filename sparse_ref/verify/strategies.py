"""Hypothesis strategies for tests of your own: patterns, shapes, q, k, v, factorizations, and notation.

This needs the package hypothesis: `pip install "sparse-ref[testing]"`.

>>> import numpy as np, sparse_ref as sr
>>> from hypothesis import given, settings
>>> from sparse_ref.verify import strategies
>>> @settings(max_examples=20, deadline=None)
... @given(strategies.patterns(12))
... def test_a_mask_has_the_rows_of_its_pattern(p):
...     assert all(np.array_equal(np.flatnonzero(row), p.row(i, 12)) for i, row in enumerate(sr.dense(p, 12)))
>>> test_a_mask_has_the_rows_of_its_pattern()
"""

from __future__ import annotations

import numpy as np

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

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "sparse_ref.verify.strategies needs the package hypothesis: pip install 'sparse-ref[testing]'"
    ) from error

__all__ = ["expressions", "factorizations", "patterns", "qkv", "rules", "shapes"]

RULES = sorted(
    (
        value
        for name in definitions.__all__
        if isinstance(value := getattr(definitions, name), type) and issubclass(value, Rule)
    ),
    key=lambda rule: len(rule.bounds()),
)  # the simplest first: to these it shrinks


def rules(n: int | None = None, *, most: int = 40):
    """One rule with parameters up to `most`: one that holds for every length; or, given n, also those stated for n alone."""

    def at(rule):
        drawn = [
            st.just(n)
            if name == "n"
            else several(most)
            if kind is tuple
            else st.integers(
                -most if least is None else least,
                most if n is None else min(most, max(n, least or 0)),
            )
            for name, (kind, least) in rule.bounds().items()
        ]
        return (
            st.tuples(*drawn).map(lambda values: made(rule, values)).filter(lambda p: p is not None)
        )

    each = {rule: at(rule) for rule in RULES if n or not issubclass(rule, Sized)}
    return st.sampled_from(list(each)).flatmap(each.__getitem__)


def made(rule, values) -> Pattern | None:
    """The rule with these parameters; None where they do not go together, as c > l."""
    try:
        return rule(*values)
    except ValueError:
        return None


def several(most: int):
    """A few positions, a tuple of them."""
    return st.lists(st.integers(0, most), max_size=4).map(tuple)


def patterns(
    n: int | tuple[int, int] | None = None, *, most: int = 40, leaves: int = 4, listed: bool = False
):
    """Trees of at most about `leaves` rules under | & - ~, their parameters up to `most`; `repr` of them is read by `sr.parse`.

    Without n they hold for every length, and Blockwise and Shifted are among their branches. With n, or (n_q, n_k), they can
    be lowered at it, and may be stated for it alone: sized rules, grids, documents and random keys, where n_q <= n_k.
    `listed` adds sets that are listed and have no notation, for which n is needed.

    >>> from hypothesis import find
    >>> find(patterns(), lambda p: p.contains(2, 1))
    Causal()
    """
    n_q, n_k = (0, 0) if n is None else lengths(n)
    if listed and n is None:
        raise ValueError("n must be given where listed sets are drawn: they have as many rows")
    if n_k == 0 or n_q > n_k:
        trees = st.recursive(
            rules(most=most),
            lambda inner: st.one_of(
                algebra(inner),
                st.builds(Blockwise, inner, st.tuples(st.integers(1, 5), st.integers(1, 5))),
                st.builds(Shifted, inner, st.integers(-8, 8)),
            ),
            max_leaves=leaves,
        )
    else:
        trees = st.recursive(_stated_for(n_k, most), algebra, max_leaves=leaves)
    return trees | _listed(n_q, n_k) if listed else trees


def algebra(inner):
    """| & - ~ of what is drawn."""
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: p[0] | p[1]),
        pairs.map(lambda p: p[0] & p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        inner.map(lambda p: ~p),
    )


def _stated_for(n: int, most: int):
    """Patterns that may hold for the length n alone: sized rules, grids, documents, random keys."""

    def packed(drawn):
        bounds = np.unique(np.minimum([0, *drawn[0], n], n))
        return Documents(np.diff(bounds).tolist(), drawn[1])

    small = patterns(most=most, leaves=2)
    axis = {side: rules(side, most=most) | small for side in range(1, n + 1) if n % side == 0}
    grids = st.sampled_from(list(axis)).flatmap(
        lambda side: st.builds(
            Grid, st.just((side, n // side)), st.tuples(axis[side], axis[n // side])
        )
    )
    random = st.builds(Random, st.just(n), st.integers(0, min(5, n)), st.integers(0, 99))
    return st.one_of(
        rules(n, most=most),
        small,
        grids,
        random,
        st.tuples(several(n), small | st.none()).map(packed),
    )


def _listed(n_q: int, n_k: int):
    """Any set of keys for each of n_q queries."""
    return st.lists(
        st.sets(st.integers(0, max(n_k - 1, 0)), max_size=n_k), min_size=n_q, max_size=n_q
    ).map(Listed.of_rows)


def shapes(*, least: int = 0, most: int = 150):
    """(n_q, n_k), each from `least` to `most`, with 0, 1, 2 and the edges of a tile of 64 drawn often."""
    often = [length for length in (0, 1, 2, 63, 64, 65, 128) if least <= length <= most]
    length = (st.sampled_from(often) if often else st.nothing()) | st.integers(least, most)
    return st.tuples(length, length)


@st.composite
def qkv(
    draw,
    n: int | tuple[int, int] | None = None,
    *,
    heads: int = 4,
    width: int = 8,
    dtypes=(np.float32,),
):
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e): G divides H <= `heads`; d and e, which may differ, are at most `width`.

    Normal, so that every head, position and feature differs; with logits of which exp overflows float32; or with q = 0, where
    all members weigh the same. n is a length, (n_q, n_k), or drawn from `shapes`; the dtype is one of `dtypes`.
    """
    n_q, n_k = draw(shapes()) if n is None else lengths(n)
    groups = draw(st.integers(1, heads))
    h, d, e = (
        groups * draw(st.integers(1, heads // groups)),
        draw(st.integers(1, width)),
        draw(st.integers(1, width)),
    )
    dtype, factor = draw(st.sampled_from(list(dtypes))), draw(st.sampled_from([1, 16, 0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q, k, v = (
        rng.standard_normal(shape) for shape in ((h, n_q, d), (groups, n_k, d), (groups, n_k, e))
    )
    return tuple(x.astype(dtype) for x in (q * factor, k * max(factor, 1), v))


def factorizations(*, most: int = 12, leaves: int = 2):
    """Steps, a `Factorized`: strided, fixed, those of published models, or a few patterns; parameters up to `most`.

    >>> from hypothesis import find
    >>> find(factorizations(), lambda f: len(f.steps) == 2)
    strided(1)
    """
    size = st.integers(1, most)
    several_steps = st.lists(patterns(most=most, leaves=leaves), min_size=1, max_size=3).map(
        lambda steps: Factorized(tuple(steps))
    )
    return st.one_of(
        size.map(strided),
        size.flatmap(lambda l: st.builds(fixed, st.just(l), st.integers(1, l))),
        size.map(gpt_neo),
        st.builds(llama4, size, interval=st.integers(2, 4)),
        several_steps,
    )


def expressions(n: int | tuple[int, int] | None = None, *, most: int = 40, leaves: int = 4):
    """Text that `sr.parse` reads: patterns as `repr` writes them, with named parameters, or as the calls of the catalogue, under
    | & - ~, with and without parentheses and spaces.

    Without n the patterns hold for every length; with it they can be lowered at it. At most `notation.MOST_TEXT` characters.

    >>> from hypothesis import find
    >>> find(expressions(), lambda text: "~" in text)
    '~Causal()'
    """
    n_q, n_k = (0, 0) if n is None else lengths(n)
    own = rules(n_k if n_q <= n_k else None, most=most)
    leaf = st.one_of(
        own.map(repr),
        own.map(_named),
        patterns(n, most=most, leaves=1).map(repr),
        st.sampled_from(_calls(n)),
    )

    def bigger(inner):
        joined = st.tuples(
            inner, st.sampled_from([" | ", " & ", " - ", "|", "&", "-", "\n    | "]), inner
        )
        return st.one_of(
            inner.map("~{}".format),
            inner.map("({})".format),
            inner.map("~({})".format),
            joined.map("".join),
            joined.map(lambda t: "({}){}({})".format(*t)),
        )

    return st.recursive(leaf, bigger, max_leaves=leaves).filter(
        lambda text: len(text) <= notation.MOST_TEXT
    )


def _named(rule: Rule) -> str:
    """The notation of a rule with the names of its parameters."""
    return f"{type(rule).__name__}({', '.join(f'{name}={value!r}' for name, value in zip(rule.bounds(), rule.parameters))})"


def _calls(n) -> list[str]:
    """The examples of the catalogue that are one pattern at this length; those that hold for every length where there is none."""
    n_q, n_k = (16, 16) if n is None else lengths(n)
    found = []
    for entry in catalogue():
        try:
            value = entry.value(n_k)
        except ValueError:  # no such pattern at this length
            continue
        if isinstance(value, Pattern) and value.own_length in (
            (None,) if n is None or n_q > n_k else (None, n_k)
        ):
            found.append(entry.text(n_k))
    return found
