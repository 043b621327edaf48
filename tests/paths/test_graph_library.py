"""Paths: SciPy's searches find the same pairs and hops; more keys never make a path longer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import mask, patterns_at

import sparse_ref as sr

csgraph = pytest.importorskip("scipy.sparse.csgraph")
sparse = pytest.importorskip("scipy.sparse")


@st.composite
def stacks(draw):
    """(one to three layers, n)"""
    n = draw(st.integers(1, 20))
    return tuple(draw(st.lists(patterns_at(n, most=12, leaves=3), min_size=1, max_size=3))), n


def layered(masks, residual, cycle):
    """Edges from (m, b), b below layer m + 1, to (m + 1, a) for each b in A_a.

    Node m n + b is (m, b); a cycle returns to (0, a).
    """
    n, p = len(masks[0]), len(masks)
    floors = p if cycle else p + 1
    edges = np.zeros((floors * n, floors * n), bool)
    for m, held in enumerate(masks):
        above = (m + 1) % floors
        edges[m * n : (m + 1) * n, above * n : (above + 1) * n] |= (
            held | (residual & np.eye(n, dtype=bool))
        ).T
    return sparse.csr_array(edges.astype(np.int8))


@given(stacks(), st.booleans())
def test_reach_is_what_the_graph_of_layers_joins(stack, residual):
    steps, n = stack
    graph = layered([mask(p, n) for p in steps], residual, cycle=False)
    lengths = csgraph.shortest_path(graph, unweighted=True, indices=np.arange(n))[:, -n:]
    assert (sr.paths.reach(steps, n, residual=residual) == np.isfinite(lengths).T).all()


@given(stacks(), st.booleans())
def test_hops_are_the_shortest_paths_of_the_graph_that_cycles(stack, residual):
    steps, n = stack
    graph = layered([mask(p, n) for p in steps], residual, cycle=True)
    lengths = (
        csgraph.shortest_path(graph, unweighted=True, indices=np.arange(n))
        .reshape(n, len(steps), n)
        .min(axis=1)
        .T
    )
    expected = np.where(np.isfinite(lengths), lengths, -1)
    hops = sr.paths.hops(steps, n, residual=residual)
    assert (hops == expected).all()
    if (hops >= 0).all():
        assert sr.paths.diameter(steps, n, residual=residual, causal=False) == hops.max()


@given(stacks(), st.booleans(), st.data())
def test_more_keys_never_make_a_way_longer(stack, residual, data):
    steps, n = stack
    m = data.draw(st.integers(0, len(steps) - 1))
    more = data.draw(patterns_at(n, most=12, leaves=3))
    wider = tuple(p | more if place == m else p for place, p in enumerate(steps))
    few, many = (sr.paths.hops(each, n, residual=residual) for each in (steps, wider))
    joined = few >= 0
    assert (many[joined] >= 0).all() and (many[joined] <= few[joined]).all()
    assert (
        sr.paths.reach(wider, n, residual=residual) >= sr.paths.reach(steps, n, residual=residual)
    ).all()


@given(stacks())
def test_the_residual_edge_never_makes_a_way_longer(stack):
    steps, n = stack
    without, kept = (sr.paths.hops(steps, n, residual=residual) for residual in (False, True))
    joined = without >= 0
    assert (kept[joined] >= 0).all() and (kept[joined] <= without[joined]).all()
