"""Validation: a pattern to be lowered is one set and has the rows of a length below 2**31."""

from __future__ import annotations

from ..sets.checks import lengths
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.require import require_pattern
from ..sets.types import Length


def check_pattern(p: Pattern, n: Length) -> tuple[int, int]:
    """(n_q, n_k), if p is one pattern that has n_q rows.

    Raises
    ------
    TypeError
        `p` is not a Pattern, or is several of them.
    ValueError
        A length is negative, is 2**31 or more, or is one for which p has no rows.
    """
    n_q, n_k = lengths(n)
    require_pattern("pattern", p)
    if max(n_q, n_k) >= 2**31:
        raise ValueError(f"n must be below 2**31 to be lowered, got {n!r}")
    p.check_length((), n_k)
    if isinstance(p, Listed) and len(p.indptr) - 1 != n_q:
        raise ValueError(f"pattern {p!r} needs n_q = {len(p.indptr) - 1}, got n_q = {n_q}")
    return n_q, n_k
