"""Faults of tiles have their names at small and at large n: a partial tile that is skipped, edges
rounded to a tile; an inverted mask over a finite fill; masks that are lost.
"""

import numpy as np
import pytest
from verify.implementations import masked

import sparse_ref as sr
from sparse_ref.lower import all_runs, key_counts
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify import check
from sparse_ref.verify.naming import faulty_rows  # noqa: F401  # lowers them
from sparse_ref.verify.naming.faulty_patterns import FilledRows, FirstQueries, RoundedEdge, Rounding
from sparse_ref.verify.naming.tile_faults import first_rounding

N = 300
i, j = np.ogrid[:N, :N]
PAST = j <= i
LOOK = sr.Lookback(100)
NEAR = PAST & (j > i - 100)
EVERY = pytest.mark.parametrize("exhaustive", [True, False], ids=["every pair", "sums"])


def first_line(mask, p, exhaustive, n=N, fill=-np.inf):
    """The first line of the report on attention over a mask, asked p."""
    report = check(masked(mask, fill=fill), p, n, exhaustive=exhaustive, d=64)
    return str(report).split("\n")[0]


@EVERY
@pytest.mark.parametrize("p", [sr.Full(), sr.Causal(), LOOK], ids=repr)
def test_a_last_partial_tile_that_is_skipped_is_named_with_its_positions(p, exhaustive):
    mask = brute_mask(p, N)
    keys = "keys 256 to 299 are never attended to: the last, partial tile is skipped"
    assert f"FAIL fn - {keys} (" in first_line(mask & (j < 256), p, exhaustive)
    queries = "queries 256 to 299 are left out: the last, partial tile of queries is skipped"
    line = first_line(mask & (i < 256), p, exhaustive)
    assert queries in line or p != sr.Full()
    both = "queries 256 to 299 are left out, and so are these keys"
    line = first_line(mask & (i < 256) & (j < 256), p, exhaustive)
    assert both in line or (p != sr.Full() and queries in line)


@EVERY
@pytest.mark.parametrize("tile", [8, 64, 96])
def test_edges_rounded_to_a_tile_are_named_with_it(tile, exhaustive):
    down = NEAR | PAST & (j >= np.maximum(i - 99, 0) // tile * tile)
    cause = f"left edge rounded down to a multiple of {tile} (asked Lookback(100))"
    assert first_line(down, LOOK, exhaustive) == f"FAIL fn - {cause}"
    up = NEAR & (j >= -(-(i - 99) // tile) * tile)
    cause = f"left edge rounded up to a multiple of {tile}"
    assert cause in first_line(up, LOOK, exhaustive)
    up = NEAR | (j > i) & (j < -(-(i + 1) // tile) * tile)
    cause = f"right edge rounded up to a multiple of {tile}"
    assert cause in first_line(up, LOOK, exhaustive)


@EVERY
def test_an_edge_that_a_tile_of_queries_shares_is_named_with_both_sizes(exhaustive):
    first = np.maximum(i // 32 * 32 - 99, 0) // 16 * 16
    line = first_line(PAST & (j >= first), LOOK, exhaustive)
    assert "left edge rounded down to tiles of 32 queries x 16 keys" in line


def test_random_edges_are_not_named_and_one_moved_edge_shows_no_tile():
    rng = np.random.default_rng(0)
    E = np.array(NEAR)
    for _ in range(20):
        start = np.maximum(i - 99 - rng.integers(0, 9, (N, 1)), 0)
        assert first_rounding(E, PAST & (j >= start), False) is None
        assert first_rounding(E, PAST & (j >= start), True) is None
    A = E.copy()
    A[200, 96:102] = True  # 96 is a multiple of many tiles
    assert first_rounding(E, A, False) is None


@pytest.mark.parametrize("p", [sr.Causal() - sr.Prefix(5), sr.Full(), sr.Lookback(4)], ids=repr)
def test_causal_attention_is_not_named_as_a_rounding(p):
    report = check(masked(np.tri(8, dtype=bool)), p, 8)
    assert "rounded" not in str(report)
    assert report.names == {0: "Causal()"}


@EVERY
@pytest.mark.parametrize("fill", [-np.inf, -1e9, -1e4, np.finfo(np.float32).min])
@pytest.mark.parametrize("p", [sr.Causal(), LOOK, ~LOOK & sr.Causal()], ids=repr)
def test_an_inverted_mask_is_named_whatever_masked_logits_get(p, fill, exhaustive):
    line = first_line(~brute_mask(p, N), p, exhaustive, fill=fill)
    assert line.startswith("FAIL fn - inverted mask (~")


@EVERY
def test_a_mask_that_is_lost_is_named(exhaustive):
    text = "the mask is lost: attends to every key (Full(), asked Lookback(100))"
    assert first_line(PAST | True, LOOK, exhaustive) == f"FAIL fn - {text}"
    text = "only causality is left of the mask: attends to every key up to the query"
    assert text in first_line(PAST, LOOK, exhaustive)


@EVERY
def test_a_branch_that_is_never_attended_to_is_named(exhaustive):
    p = sr.Local(20) | sr.Strided(20)
    text = "Strided(20) is missing: this branch is never attended to"
    assert text in first_line(brute_mask(sr.Local(20), N), p, exhaustive)
    line = first_line(np.array(brute_mask(LOOK, N)) | ~PAST, LOOK & sr.Causal(), exhaustive)
    assert "branch" not in line


@pytest.mark.parametrize(
    "p",
    [
        FirstQueries(sr.Causal(), 7),
        FilledRows(sr.Causal() - sr.Lookback(4)),
        FilledRows(~sr.Causal()),
        *(
            RoundedEdge(sr.Lookback(5), Rounding(side, queries, 4, outward), 21)
            for side in ("left", "right")
            for queries in (1, 8)
            for outward in (True, False)
        ),
    ],
    ids=repr,
)
def test_faulty_patterns_state_the_same_rows_twice(p):
    runs = all_runs(p, (21, 23))
    rows = [p.row(query, 23) for query in range(21)]
    assert key_counts(runs).tolist() == [len(row) for row in rows]
    q = k = np.zeros((1, 23, 2), np.float32)
    out = sr.attend(q[:, :21], k, np.eye(23, dtype=np.float32)[None], p)[0]
    assert all(np.array_equal(np.flatnonzero(row), keys) for row, keys in zip(out, rows))
    if not isinstance(p, RoundedEdge):
        mask = brute_mask(p, (21, 23))
        assert all(np.array_equal(np.flatnonzero(row), keys) for row, keys in zip(mask, rows))
