"""Tie: the page's paths through layers are those of sr.paths; and the panel that shows them."""

import numpy as np
import pytest

import sparse_ref as sr

CASES = {
    "strided": (sr.strided(4), 24),
    "strided of 5 at 41": (sr.strided(5), 41),
    "fixed": (sr.fixed(4), 24),
    "fixed of two summaries": (sr.fixed(6, 2), 33),
    "longnet": (sr.longnet((4, 8), (1, 2)), 24),
    "longnet in one set": (sr.DilatedSegment(4, 1, 0) | sr.DilatedSegment(16, 4, 0), 32),
    "Window": (sr.Window(3), 40),
    "Lookback": (sr.Lookback(2), 32),
    "Dilated": (sr.Dilated(1, 2), 20),
    "Sinks": (sr.Sinks(1), 12),
    "butterfly": (sr.butterfly(16), 16),
    "flips": (sr.Factorized((sr.Flip(1), sr.Flip(2), sr.Flip(4))), 37),
    "LogSparse": (sr.LogSparse(), 64),
    "axial": (sr.Factorized((sr.axial((4, 5), 0), sr.axial((4, 5), 1))), 20),
    "one position": (sr.Causal(), 1),
}

TABLES = """(residual) => {
    const { logic } = explorer;
    const layers = logic.layersOf(explorer, residual);
    const n = layers[0].n;
    const product = logic.products(layers)(layers.length);
    const words = product.length / n;
    const positions = Array.from({ length: n }, (_, x) => x);
    const rows = positions.map((i) => logic.members(product.subarray(i * words, (i + 1) * words)));
    const sources = positions.map((i) => logic.sourcesOf(layers, i, layers.length).map(logic.members));
    const targets = positions.map((j) => logic.targetsOf(layers, j, layers.length).map(logic.members));
    const counts = positions.map((i) => logic.sourceCounts(layers, i, 5));
    const pairs = positions.map((i) => positions.map((j) => {
        const path = logic.shortest(layers, j, i);
        return path ?? logic.whyNot(layers, j, i);
    }));
    return { hops: Array.from(logic.hops(layers)), rows, sources, targets, counts, pairs };
}"""


def steps_of(p):
    """The steps of a scheme, the union of branches, or a pattern as one step."""
    if isinstance(p, sr.Factorized):
        return p.steps
    if isinstance(p, sr.Branches):
        first, *others = p
        for other in others:
            first = first | other
        return (first,)
    return (p,)


@pytest.mark.parametrize("residual", [True, False], ids=["residual", "bare"])
@pytest.mark.parametrize("name", CASES)
def test_paths_are_those_of_python(name, residual, open_page):
    p, n = CASES[name]
    steps = steps_of(p)
    page = open_page(sr.explore(p, n)).evaluate(TABLES, residual)
    hops = sr.paths.hops(steps, n, residual=residual)
    assert np.array_equal(np.reshape(page["hops"], (n, n)), hops)
    reach = sr.paths.reach(steps, n, residual=residual)
    for i in range(n):
        assert page["rows"][i] == page["sources"][i][0] == np.flatnonzero(reach[i]).tolist()
        assert page["targets"][i][-1] == np.flatnonzero(reach[:, i]).tolist()
    assert_counts(page["counts"], steps, n, residual)
    assert_pairs(page["pairs"], steps, n, residual)


def assert_counts(counts, steps, n, residual):
    """The positions that each query hears after 0 to 5 layers."""
    cycle = [steps[m % len(steps)] for m in range(5)]
    assert [row[0] for row in counts] == [1] * n
    for m in range(1, 6):
        reach = sr.paths.reach(cycle[:m], n, residual=residual)
        assert [row[m] for row in counts] == reach.sum(axis=1).tolist()


def assert_pairs(pairs, steps, n, residual):
    """The shortest path of each pair of every fifth query, or its closed sets."""
    for i in range(n - 1, -1, -5):
        for j in range(n):
            page = pairs[i][j]
            if isinstance(page, list):
                path = sr.paths.shortest(steps, j, i, n, residual=residual)
                assert tuple(page) == path
            else:
                why = sr.paths.why_not(steps, j, i, n, residual=residual)
                assert page["outward"] == why.outward
                assert page["sets"] == [positions.tolist() for positions in why.sets]
