"""What the tests draw from: every rule at small parameters, random pattern trees, lengths, and q, k, v."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.sets import Rule

RULES = [value for name in sr.patterns.__all__ if isinstance(value := getattr(sr, name), type) and issubclass(value, Rule)]


def instances(rule, most=6):
    """The rule at every admissible choice of small parameters."""
    names = list(rule.__dataclass_fields__)
    least = -most if rule.least is None else rule.least
    for values in product(range(least, most + 1), repeat=len(names)):
        p = made(rule, values)
        if p is not None:
            yield p


def made(rule, values):
    """The rule with these parameters; None where they do not go together, as c > l."""
    try:
        return rule(*values)
    except ValueError:
        return None


def rules(most=40):
    """One rule with parameters up to `most`."""
    def at(rule):
        least = -most if rule.least is None else rule.least
        numbers = st.tuples(*[st.integers(least, most)] * len(rule.__dataclass_fields__))
        return numbers.map(lambda values: made(rule, values)).filter(lambda p: p is not None)
    return st.sampled_from(RULES).flatmap(at)


def patterns(most=40, leaves=4):
    """Trees of rules under | & - ~ Blockwise and Shifted."""
    def bigger(inner):
        pairs = st.tuples(inner, inner)
        return st.one_of(pairs.map(lambda p: p[0] | p[1]), pairs.map(lambda p: p[0] & p[1]), pairs.map(lambda p: p[0] - p[1]),
                         inner.map(lambda p: ~p),
                         st.builds(sr.Blockwise, inner, st.tuples(st.integers(1, 5), st.integers(1, 5))),
                         st.builds(sr.Shifted, inner, st.integers(-8, 8)))
    return st.recursive(rules(most), bigger, max_leaves=leaves)


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
