"""Scores of pools, taken from the scores of their tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.require import require_pattern
from ..sets.token_pools import pool_count
from ..sets.types import FloatArray
from .scores import Scores, as_scores


def pool_maximum(scores: Scores | ArrayLike, length: int, visible: Pattern) -> Scores:
    """s_i(e) = max of s_i(j) over the tokens j of pool e in V_i;  -inf if it has none there

    Parameters
    ----------
    scores : real array (n, m), or (H, n, m), over tokens, or `Scores`.
    length : tokens of a pool; pool e has the tokens e length <= j < (e + 1) length.
    visible : a pattern over (query, token). Scores of tokens outside it are never read.

    Returns
    -------
    Scores (n, ceil(m / length)), or (H, n, ceil(m / length)), some queries at a time.

    Raises TypeError for what is no pattern, ValueError for a length below 1.

    >>> import numpy as np, sparse_ref as sr
    >>> np.asarray(sr.selection.pool_maximum([[5, 9, 9], [1, 2, 9], [3, 2, 1]], 2, sr.Causal()))
    array([[  5., -inf],
           [  2., -inf],
           [  3.,   1.]])
    """
    values = as_scores(scores)
    length = integer("length", length, 1)
    require_pattern("visible", visible)
    *outer, m = values.shape
    pools = pool_count(m, length)

    def rows(lo: int, hi: int) -> FloatArray:
        numbers = values.rows(lo, hi)
        queries = np.arange(lo, hi)[:, None]
        is_visible = visible.contains(queries, np.arange(m))
        seen = np.where(is_visible, numbers, -np.inf)
        *rest, _ = seen.shape
        by_pool = np.full((*rest, pools, length), -np.inf, seen.dtype)
        by_pool.reshape(*rest, pools * length)[..., :m] = seen
        best: FloatArray = by_pool.max(axis=-1)
        return best

    return Scores((*outer, pools), rows)
