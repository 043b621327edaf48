"""What the tests draw from: rules at small parameters, pattern trees, lengths, and q, k, v."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.define import Rule
from sparse_ref.verify import strategies as drawn
from sparse_ref.verify.strategies.trees import (  # noqa: F401
    algebra,
    position_tuples,
    rule_or_none,
)

RULES = [
    value
    for name in sr.patterns.__all__
    if isinstance(value := getattr(sr, name), type) and issubclass(value, Rule)
]


SETS_OF_POSITIONS = [(), (0,), (1, 2), (0, 3, 4), (2, 9)]


def numbers(kind, least, most):
    """Small values of one field, whole numbers or tuples of them."""
    return (
        SETS_OF_POSITIONS if kind is tuple else range(-most if least is None else least, most + 1)
    )


def instances(rule, most=6):
    """The rule at every choice of small parameters; a sized rule at lengths twice as large."""
    fields = rule.bounds()
    for values in product(
        *[numbers(*bound, 2 * most if name == "n" else most) for name, bound in fields.items()]
    ):
        p = rule_or_none(rule, values)
        if p is not None:
            yield p


def rules(most=40, n=None):
    """One rule, for every length, with parameters up to `most`; given n, also rules of length n."""
    return drawn.rules(n, most=most)


def patterns(most=40, leaves=4):
    """Trees of rules under | & - ~ Blockwise and Shifted, of any length."""
    return drawn.patterns(most=most, leaves=leaves)


def patterns_at(n, most=40, leaves=4):
    """Trees that may hold for length n only: sized rules, grids, documents, random keys."""
    return drawn.patterns(n, most=most, leaves=leaves)


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
    return np.array(
        [[bool(p.contains(i, j)) for j in range(n_k)] for i in range(n_q)], bool
    ).reshape(n_q, n_k)


def mask(p, n):
    """The mask of p by one broadcast comparison; test_sets.py holds it equal to `brute`."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    return np.array(
        np.broadcast_to(p.contains(np.arange(n_q)[:, None], np.arange(n_k)[None, :]), (n_q, n_k))
    )
