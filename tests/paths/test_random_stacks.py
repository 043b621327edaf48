"""Random layers: every answer about their paths, against products of matrices of sets by
comprehension.
"""

from functools import cache, reduce
from itertools import pairwise
from operator import or_

import exact_sets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from products import has_hamiltonian_path, hop_counts, path_counts, products, reached
from withstood import examples, withstands

import sparse_ref as sr
from sparse_ref.verify import strategies as drawn


@cache
def patterns_of(n):
    """Trees for length n; strategies cost more to make than to draw from."""
    return drawn.patterns(n, most=12, leaves=3)


@st.composite
def stacks(draw, most):
    """(one to three layers, n)"""
    n = draw(st.integers(1, most))
    return tuple(draw(st.lists(patterns_of(n), min_size=1, max_size=3))), n


def masks(steps, n):
    """The masks of the layers, by comprehension."""
    return [exact_sets.mask(p, n) for p in steps]


def assert_path(path, layers, j, i, hops, residual):
    """Assert that a path leads from j to i in so many hops, each a key of the next."""
    assert (path[0], path[-1], len(path)) == (j, i, hops + 1)
    for r, (below, above) in enumerate(pairwise(path)):
        edge = bool(layers[r % len(layers)][above, below])
        assert edge or (residual and above == below), (path, r)


def assert_apart(why, layers, j, i, n, residual):
    """Assert that the closed sets hold j but not i, and that no edge leads out of them."""
    inside = [np.isin(np.arange(n), held) == why.outward for held in why.sets]
    assert inside[0][j]
    assert not any(held[i] for held in inside)
    for m, layer in enumerate(layers):
        edges = layer | (residual & np.eye(n, dtype=bool))
        reads = edges[:, inside[m]].any(axis=1)
        assert not (reads & ~inside[(m + 1) % len(layers)]).any()


@examples(820, fast=8)
@given(stacks(20), st.booleans(), st.booleans(), st.data())
@withstands("paths")
def test_all_answers_about_random_stacks(stack, residual, causal, data):
    steps, n = stack
    layers = masks(steps, n)
    hops, counts = hop_counts(layers, residual), path_counts(layers, residual)
    assert np.array_equal(sr.paths.reach(steps, n, residual=residual), reached(layers, residual))
    assert np.array_equal(sr.paths.hops(steps, n, residual=residual), hops)
    within = [((hops >= 0) & (hops <= r)).sum(axis=1) for r in range(hops.max() + 1)]
    assert np.array_equal(sr.paths.growth(steps, n, residual=residual), within)
    pairs = np.tri(n, dtype=bool) if causal else np.ones((n, n), bool)
    if (hops[pairs] >= 0).all():
        options = dict(residual=residual, causal=causal)
        assert sr.paths.diameter(steps, n, **options) == hops[pairs].max()
    else:
        with pytest.raises(LookupError):
            sr.paths.diameter(steps, n, residual=residual, causal=causal)
    j, i = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    assert sr.paths.count(steps, j, i, n, residual=residual) == counts[i, j]
    assert_pair(steps, layers, j, i, n, residual, hops[i, j])


def assert_pair(steps, layers, j, i, n, residual, hops):
    """Assert the distance of one pair and a path, or why there is none."""
    if hops >= 0:
        assert sr.paths.distance(steps, j, i, n, residual=residual) == hops
        path = sr.paths.shortest(steps, j, i, n, residual=residual)
        assert_path(path, layers, j, i, hops, residual)
        return
    for answer in (sr.paths.distance, sr.paths.shortest):
        with pytest.raises(LookupError):
            answer(steps, j, i, n, residual=residual)
    why = sr.paths.why_not(steps, j, i, n, residual=residual)
    assert_apart(why, layers, j, i, n, residual)


@examples(820, fast=8)
@given(stacks(8))
@withstands("paths")
def test_conditions_of_universality_on_random_stacks(stack):
    steps, n = stack
    layers = masks(steps, n)
    union = reduce(or_, layers)
    answer = sr.paths.universality(steps, n)
    assert answer.loops.holds == all(layer.diagonal().all() for layer in layers)
    assert answer.path.holds == has_hamiltonian_path(union)
    first = next((u for u, made in zip(range(200), products(layers, False)) if u and made.all()), 0)
    assert answer.mixing.holds == (first > 0)
    assert not first or answer.mixing.evidence == first
    star = sr.paths.contains_star(steps[0], n)
    loops, both = layers[0].diagonal(), layers[0] & layers[0].T
    others = ~np.eye(n, dtype=bool)
    centres = [c for c in range(n) if (both[c] & loops)[others[c]].all()]
    assert star.centres.tolist() == centres
