"""What the tests draw from: every rule at small parameters, random pattern trees, lengths, and q, k, v."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.rules import Rule, Sized

RULES = [value for name in sr.patterns.__all__ if isinstance(value := getattr(sr, name), type) and issubclass(value, Rule)]


SETS_OF_POSITIONS = [(), (0,), (1, 2), (0, 3, 4), (2, 9)]


def numbers(kind, least, most):
    """Small values of one field, whole numbers or tuples of them."""
    return SETS_OF_POSITIONS if kind is tuple else range(-most if least is None else least, most + 1)


def instances(rule, most=6):
    """The rule at every admissible choice of small parameters; a rule stated for one length, at lengths twice as large."""
    fields = rule.bounds()
    for values in product(*[numbers(*bound, 2 * most if name == "n" else most) for name, bound in fields.items()]):
        p = made(rule, values)
        if p is not None:
            yield p


def made(rule, values):
    """The rule with these parameters; None where they do not go together, as c > l."""
    try:
        return rule(*values)
    except ValueError:
        return None


def rules(most=40, n=None):
    """One rule with parameters up to `most`: one that holds for every length; or, given n, also those stated for n alone."""
    def at(rule):
        drawn = [st.just(n) if name == "n" else several(most) if kind is tuple
                 else st.integers(-most if least is None else least, most if n is None else min(most, max(n, least or 0)))
                 for name, (kind, least) in rule.bounds().items()]
        return st.tuples(*drawn).map(lambda values: made(rule, values)).filter(lambda p: p is not None)
    return st.sampled_from([rule for rule in RULES if n or not issubclass(rule, Sized)]).flatmap(at)


def several(most):
    """A few positions."""
    return st.lists(st.integers(0, most), max_size=4).map(tuple)


def patterns(most=40, leaves=4):
    """Trees of rules under | & - ~ Blockwise and Shifted, of any length."""
    def bigger(inner):
        return st.one_of(algebra(inner),
                         st.builds(sr.Blockwise, inner, st.tuples(st.integers(1, 5), st.integers(1, 5))),
                         st.builds(sr.Shifted, inner, st.integers(-8, 8)))
    return st.recursive(rules(most), bigger, max_leaves=leaves)


def algebra(inner):
    """| & - ~ of what is drawn."""
    pairs = st.tuples(inner, inner)
    return st.one_of(pairs.map(lambda p: p[0] | p[1]), pairs.map(lambda p: p[0] & p[1]), pairs.map(lambda p: p[0] - p[1]),
                     inner.map(lambda p: ~p))


def patterns_at(n, most=40, leaves=4):
    """Trees that may hold patterns stated for the length n alone: sized rules, grids, documents, random keys."""
    def random(drawn):
        return sr.Random(n, min(drawn[0], n), drawn[1])

    def packed(drawn):
        bounds = np.unique(np.minimum([0, *drawn[0], n], n))
        return sr.Documents(np.diff(bounds).tolist(), drawn[1])

    sides = [side for side in range(1, n + 1) if n % side == 0]
    small = patterns(most, 2)
    grids = st.sampled_from(sides).flatmap(lambda side: st.builds(
        sr.Grid, st.just((side, n // side)), st.tuples(*[rules(most, length) | small for length in (side, n // side)])))
    leaf = st.one_of(rules(most, n), small, grids, st.tuples(st.integers(0, 5), st.integers(0, 99)).map(random),
                     st.tuples(several(n), small | st.none()).map(packed))
    return st.recursive(leaf, algebra, max_leaves=leaves)


def shapes(most=150):
    """(n_q, n_k), with 0, 1 and the edges of a tile of 64 drawn often."""
    length = st.sampled_from([0, 1, 2, 63, 64, 65, 128]) | st.integers(0, most)
    return st.tuples(length, length)


def qkv(n, heads=1, groups=1, d=8, e=5, dtype=np.float32, seed=0, batch=()):
    """Normal q, k, v in which every head, position and feature differs."""
    rng = np.random.default_rng(seed)
    n_q, n_k = n
    drawn = [(heads, n_q, d), (groups, n_k, d), (groups, n_k, e)]
    return tuple(rng.standard_normal((*batch, *shape)).astype(dtype) for shape in drawn)


def brute(p, n):
    """The mask of p, one Python comparison a pair."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    return np.array([[bool(p.contains(i, j)) for j in range(n_k)] for i in range(n_q)], bool).reshape(n_q, n_k)


def mask(p, n):
    """The mask of p by one broadcast comparison; test_sets.py holds it equal to `brute`."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    return np.array(np.broadcast_to(p.contains(np.arange(n_q)[:, None], np.arange(n_k)[None, :]), (n_q, n_k)))
