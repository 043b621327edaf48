"""What faults make of a pattern is the same set by `contains`, by rows and in compressed rows."""

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify.naming import faulty_rows  # noqa: F401  # lowers them
from sparse_ref.verify.naming.faulty_patterns import (
    FilledRows,
    FirstQueries,
    RoundedEdge,
    Rounding,
)

N = 12
FAULTY = [
    FirstQueries(sr.Lookback(5), 7),
    FilledRows(sr.Summary(5, 1)),
    RoundedEdge(sr.Lookback(5), Rounding("left", 1, 2, True), N),
    RoundedEdge(sr.Window(3), Rounding("right", 4, 4, True), N),
]


@pytest.mark.parametrize("p", FAULTY, ids=repr)
def test_a_faulty_pattern_is_one_set_however_it_is_read(p):
    mask = p.mask(N)
    assert (sr.csr(p, N).dense() == mask).all()
    assert all(p.row(i, N).tolist() == np.flatnonzero(mask[i]).tolist() for i in range(N))


@pytest.mark.parametrize("exhaustive", [True, False])
def test_a_wrong_key_at_a_few_positions_is_reported(exhaustive):
    """At few positions masks are small and dense, and candidates are read by `contains`."""
    mask = tri(8, keys=3)
    mask[4, 1] = True
    report = sr.verify.check(masked(mask), sr.Lookback(3), 8, exhaustive=exhaustive, ragged=False)
    assert {finding.kind for finding in report.findings} == {"extra"}, report


def test_rows_of_drawn_keys_are_candidates_too():
    """Random(2, 1, 1) has rows that are intervals."""
    mask = np.array([[True, True], [True, False]])
    options = dict(exhaustive=False, layout="hnd", framework="numpy", dtype="bfloat16")
    assert sr.verify.check(masked(mask), sr.Random(2, 1, 1), 2, **options).status == "FAIL"
