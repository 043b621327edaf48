"""Growth: every family of the catalogue lowers at n near 100,000 in memory O(pairs)."""

import tracemalloc

import pytest

import sparse_ref as sr

N = 316**2
BYTES = 400  # a pair in CSR is 4; runs, their sorting and the words of tiles are temporary
MAX_LISTED_PAIRS = 20_000_000


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_a_family_lowers_at_100_000_in_memory_that_grows_with_its_pairs(entry):
    p, shape = entry.patterns(N)[-1], entry.shape(N)
    tracemalloc.start()
    try:
        pairs = sr.nnz(p, shape)
        assert tracemalloc.get_traced_memory()[1] < BYTES * (min(pairs, MAX_LISTED_PAIRS) + 4 * N)
        if pairs <= MAX_LISTED_PAIRS:
            tracemalloc.reset_peak()
            assert len(sr.csr(p, shape).indices) == pairs
            assert sr.plan(p, shape).nnz == pairs
            assert tracemalloc.get_traced_memory()[1] < BYTES * (pairs + 4 * N)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("p", "same"),
    [
        (~sr.LogSparse() & sr.Window(50), sr.Window(50) - sr.LogSparse()),
        (~(~sr.streaming(4, 64) | ~sr.Causal()), sr.streaming(4, 64)),
        (
            sr.Causal() - sr.streaming(4, 64),
            (sr.Causal() - sr.Sinks(4)) & sr.Shifted(sr.Causal(), -64),
        ),
        (~(sr.Window(3) | sr.Sinks(1)), sr.Full() - sr.Window(3) - sr.Sinks(1)),
    ],
    ids=lambda p: repr(p),
)
def test_complements_and_differences_of_spans_lower_without_listing_keys(p, same):
    tracemalloc.start()
    try:
        pairs = sr.nnz(p, N)
        assert tracemalloc.get_traced_memory()[1] < 500 * 400 * N
    finally:
        tracemalloc.stop()
    assert pairs == sr.nnz(same, N)
