"""The runs of what faults make of a pattern, so that it is lowered as other patterns are.

Whoever lowers such patterns imports this module, which needs Numba; naming small masks does not.
"""

from __future__ import annotations

import numpy as np

from ...lower import Runs, key_counts, normalise, row_set, runs_of, unite
from ...lower.runs.table import START, STOP, one_span
from ...sets.types import IntArray
from .faulty_patterns import FilledRows, FirstQueries, RoundedEdge


@row_set.register
def rows_of_first_queries(p: FirstQueries, i: IntArray, n: int) -> Runs:
    """The runs of the pattern; none from `count` on."""
    runs = runs_of(p.pattern, i, n)
    table = runs.table.copy()
    late = (i >= p.count)[runs.row_of_run]
    table[late, STOP] = table[late, START]
    return Runs(runs.indptr, table, runs.shape)


@row_set.register
def rows_of_filled_rows(p: FilledRows, i: IntArray, n: int) -> Runs:
    """The runs of the pattern, and a span of every key for the rows without any."""
    runs = normalise(runs_of(p.pattern, i, n))
    stop = np.where(key_counts(runs) == 0, n, 0)
    return unite([runs, one_span(np.zeros_like(stop), stop, n)])


@row_set.register
def rows_of_rounded_edge(p: RoundedEdge, i: IntArray, n: int) -> Runs:
    """One span for each row."""
    start, stop = p.spans(n)
    return one_span(start[i], stop[i], n)
