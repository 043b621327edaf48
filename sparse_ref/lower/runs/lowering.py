"""A pattern and a length -> runs: O(n) memory for every closed-form pattern and for unions of them."""

from __future__ import annotations

import numpy as np

from ...sets.checks import lengths
from ...sets.listed import Listed
from ...sets.one_set import require_one_set
from ...sets.pattern import Pattern
from .parts import runs_of
from .table import Runs, normalise
from .unique_rows import distinct


def check_pattern(p: Pattern, n) -> tuple[int, int]:
    """(n_q, n_k), once p is known to be one pattern that has that many rows.

    Raises TypeError where p is no pattern, ValueError for a bad n, one of 2**31 and more, or one p has no rows for.
    """
    n_q, n_k = lengths(n)
    require_one_set("pattern", p)
    if not isinstance(p, Pattern):
        raise TypeError(f"pattern must be a Pattern, got {p!r}")
    if max(n_q, n_k) >= 2**31:
        raise ValueError(f"n must be below 2**31 to be lowered, got {n!r}")
    p.check_length((), n_k)
    if isinstance(p, Listed) and len(p.indptr) - 1 != n_q:
        raise ValueError(f"pattern {p!r} needs n_q = {len(p.indptr) - 1}, got n_q = {n_q}")
    return n_q, n_k


def sets_of(p: Pattern, n) -> tuple[Runs, np.ndarray]:
    """(sets, of): the runs of sets of keys, and which of them each query has; as many as queries but where listed rows repeat."""
    n_q, n_k = check_pattern(p, n)
    own, of = distinct(p) if isinstance(p, Listed) else (np.arange(n_q), np.arange(n_q))
    return normalise(runs_of(p, own, n_k)), of


def runs(p: Pattern, n) -> Runs:
    """The runs of every row of `p` at length n, or (n_q, n_k); raises as `checked` does."""
    n_q, n_k = check_pattern(p, n)
    return normalise(runs_of(p, np.arange(n_q), n_k))
