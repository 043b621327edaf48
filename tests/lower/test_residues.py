"""Algebra: residues give the number of keys that a list gives, for runs of one step and spans."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparse_ref.define import every, span
from sparse_ref.lower.runs.intervals import span_count
from sparse_ref.lower.runs.keys import count_keys
from sparse_ref.lower.runs.residues import count_outside_spans, count_residues
from sparse_ref.lower.runs.table import normalise_row
from sparse_ref.sets.run import keys_of_run

N = 300


@st.composite
def rows(draw):
    """A few runs of one step, and a few spans."""
    step = draw(st.integers(2, 12))
    strided = st.builds(
        lambda start, length, width: every(step, start, start + length, width),
        st.integers(-20, N),
        st.integers(0, N),
        st.integers(1, step + 1),
    )
    spans = st.builds(
        lambda start, length: span(start, start + length), st.integers(-20, N), st.integers(0, 60)
    )
    return draw(st.lists(strided, min_size=1, max_size=5)) + draw(st.lists(spans, max_size=3))


def tidied(runs):
    """The tidy table of one row."""
    out = np.empty((len(runs), 4), np.int64)
    return out[: normalise_row(np.array(runs, np.int64), N, out)]


@given(rows())
def test_a_row_is_counted_as_it_is_listed(runs):
    table = tidied(runs)
    keys = set().union(*(keys_of_run(run, N).tolist() for run in runs))
    assert count_keys(table, N) == len(keys)
    spans = span_count(table)
    inside = sum(int(stop - start) for start, stop, _, _ in table[:spans])
    if spans < len(table):
        assert inside + count_outside_spans(table, spans, N) == len(keys)


@given(st.integers(2, 20), st.integers(0, 500), st.data())
def test_residues_are_counted_below_x(step, x, data):
    held = sorted(data.draw(st.sets(st.integers(0, step - 1))))
    pairs = np.array([(r, r + 1) for r in held], np.int64).reshape(-1, 2)
    assert count_residues(pairs, len(pairs), step, x) == sum(j % step in held for j in range(x))
