"""Random trees lowered in every form, against sets by comprehension; parameters to 10^18."""

import pickle
from functools import cache
from itertools import pairwise

import exact_sets
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from plans import mask_of_plan
from strategies import RULES, shapes
from withstood import examples, withstands

import sparse_ref as sr
from sparse_ref.verify import strategies as drawn
from sparse_ref.verify.strategies.trees import random_lists, rule_or_none

HUGE = 10**18


@cache
def trees_of(n):
    """Trees that may hold for length n only; strategies cost more to make than to draw from."""
    return drawn.patterns(n, leaves=6)


ANY_LENGTH = st.tuples(drawn.patterns(leaves=6), shapes(most=150))
OWN_LENGTH = st.integers(1, 150).flatmap(
    lambda n: st.tuples(trees_of(n), st.tuples(st.integers(0, n), st.just(n)))
)
LISTED = shapes(most=30).flatmap(lambda n: st.tuples(random_lists(*n), st.just(n)))
LONG = st.tuples(
    drawn.patterns(most=900, leaves=4),
    st.tuples(st.integers(500, 3000), st.integers(500, 3000)),
)


def assert_rows_are(indptr, indices, rows):
    """Assert that the keys of each row, in order, are these sets."""
    listed = [indices[a:b].tolist() for a, b in pairwise(indptr)]
    assert listed == [sorted(keys) for keys in rows]


def assert_lowered(p, n, rows):
    """Assert that csr, nnz, density, dense and both plans hold these sets."""
    expected = exact_sets.matrix(rows, n[1])
    csr = sr.csr(p, n)
    assert_rows_are(csr.indptr, csr.indices, rows)
    pairs = sum(map(len, rows))
    assert sr.nnz(p, n) == pairs
    assert sr.density(p, n) == (pairs / (n[0] * n[1]) if n[0] and n[1] else 0)
    assert np.array_equal(sr.dense(p, n), expected)
    plan = sr.plan(p, n)
    assert plan.nnz == pairs
    again = plan.csr()
    assert_rows_are(again.indptr, again.indices, rows)
    assert sorted(plan.rows[plan.rows >= 0].tolist()) == list(range(n[0]))
    return expected, plan


def assert_blocks_are(p, n, block, expected):
    """Assert that bsr holds exactly the blocks with a key, and these keys in them."""
    blocks = sr.bsr(p, n, block)
    b_q, b_k = block
    seen = np.zeros((-(-n[0] // b_q) * b_q, -(-n[1] // b_k) * b_k), bool)
    for row, (first, stop) in enumerate(zip(blocks.indptr[:-1], blocks.indptr[1:])):
        for t in range(first, stop):
            assert blocks.data[t].any()
            i, j = row * b_q, int(blocks.indices[t]) * b_k
            seen[i : i + b_q, j : j + b_k] |= blocks.data[t]
    assert np.array_equal(seen[: n[0], : n[1]], expected)
    assert seen.sum() == expected.sum()


def assert_value(p):
    """Assert that a copy is equal and hashed alike, and that the notation is read back."""
    copy = pickle.loads(pickle.dumps(p))
    assert copy == p
    assert hash(copy) == hash(p)
    if "Listed" not in repr(p) and len(repr(p)) <= 2000:
        read = sr.parse(repr(p))
        assert read == p
        assert repr(read) == repr(p)


@examples(10_600, fast=15)
@given(ANY_LENGTH | OWN_LENGTH | LISTED, st.tuples(st.integers(1, 9), st.integers(1, 9)))
@example((sr.Strided(2) & sr.Strided(3) & sr.Window(10), (150, 150)), (7, 5))
@example((sr.Window(3) - (sr.Strided(2) & sr.Strided(3)), (150, 149)), (1, 9))
@withstands("lowering")
def test_random_trees_are_their_sets_in_every_form(tree, block):
    p, n = tree
    rows = exact_sets.rows(p, n)
    expected, plan = assert_lowered(p, n, rows)
    assert np.array_equal(mask_of_plan(plan), expected)
    assert_blocks_are(p, n, block, expected)
    queries, keys = np.ogrid[: n[0], : n[1]]
    if n[0] and n[1]:
        assert np.array_equal(np.broadcast_to(p.contains(queries, keys), n), expected)
    for i in range(0, n[0], 7):
        assert p.row(i, n[1]).tolist() == sorted(rows[i])
    assert_value(p)


@examples(56, fast=1)
@given(LONG)
@withstands("long lowering")
def test_random_trees_are_their_sets_at_thousands(tree):
    p, n = tree
    assert_lowered(p, n, exact_sets.rows(p, n))


def huge_rule(rule):
    """A rule whose parameters are small, or near 10^18."""
    bounds = rule.bounds()
    near = st.integers(HUGE - 9, HUGE)
    values = []
    for kind, least in bounds.values():
        small = st.integers(-9 if least is None else least, 9)
        number = small | near | (near.map(int.__neg__) if least is None else small)
        values.append(st.lists(number.map(abs), max_size=3).map(tuple) if kind is tuple else number)
    return st.tuples(*values).map(lambda chosen: rule_or_none(rule, chosen)).filter(bool_of)


def bool_of(p):
    """Whether there is such a rule; a pattern itself has no truth value."""
    return p is not None


HUGE_RULES = st.sampled_from([rule for rule in RULES if "n" not in rule.bounds()]).flatmap(
    huge_rule
)
HUGE_TREES = st.recursive(
    HUGE_RULES,
    lambda inner: st.one_of(
        st.builds(sr.Shifted, inner, st.integers(-HUGE, HUGE)),
        st.builds(sr.Blockwise, inner, st.integers(HUGE - 9, HUGE) | st.integers(1, 9)),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] - pair[1]),
        inner.map(lambda p: ~p),
    ),
    max_leaves=3,
)
POSITIONS = st.integers(0, 70) | st.integers(HUGE - 70, HUGE) | st.integers(0, HUGE)


@examples(500, fast=20)
@given(HUGE_TREES, st.tuples(st.integers(0, 70), st.integers(0, 70)), POSITIONS, POSITIONS)
@withstands("huge integers")
def test_parameters_near_the_bound_keep_their_sets(p, n, i, j):
    assert bool(p.contains(i, j)) == exact_sets.is_member(p, i, j)
    rows = [{j for j in range(n[1]) if exact_sets.is_member(p, i, j)} for i in range(n[0])]
    try:
        assert_lowered(p, n, rows)
    except ValueError as error:
        if "queries must stay within" not in str(error):  # shifts of shifts, beyond int64
            raise
