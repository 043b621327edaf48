"""MInference's vertical and slash lines, chosen by the attention of the last queries.

Jiang et al. 2024, "MInference 1.0", arXiv 2407.02490, sec. 3.2, alg. 2; the code is
`minference_forward.py`. What its kernel adds by rounding to blocks is not here.

Symbols:  p_ij the causal attention of the last 64 queries;  a vertical is a column j, a slash a
diagonal o = i - j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal, Full
from ...patterns.minference import vertical_slash
from ...sets.checks import integer
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...sets.types import FloatArray
from .atoms import Sets, check_self_attention

LAST, FIRST, NEAR = 64, 30, 100  # queries that decide; columns and diagonals that are always in
LEAST_VERTICALS, LEAST_SLASHES = 30, 50


def line_scores(
    q: ArrayLike,
    k: ArrayLike,
    *,
    last: int = LAST,
) -> tuple[FloatArray, FloatArray]:
    """(sum_i p_ij for each column j, sum_i p_{i, i - o} for each diagonal o), over the last queries

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H, or (n, d).
    last : queries that decide, all of them if n is less.

    Returns two arrays (H, n) or (n,). They sum to the number of these queries.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    check_self_attention(queries, keys)
    n, d = queries.shape[-2:]
    first = max(n - integer("last", last, 1), 0)
    last_queries = queries[..., first:, :]
    logits = selection.dot(last_queries, keys, scale=d**-0.5)
    shares = np.asarray(selection.probabilities(logits, Shifted(Causal(), first)))
    slashes = np.zeros((*shares.shape[:-2], n), shares.dtype)
    for row in range(n - first):
        i = first + row
        slashes[..., : i + 1] += shares[..., row, i::-1]
    return shares.sum(axis=-2), slashes


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    verticals: int,
    slashes: int,
    near: int = NEAR,
) -> Sets:
    """A_i = { j <= i : j in V or i - j in O }, V and O of each head by the sums of `line_scores`

    The best max(verticals, 30) columns, the first 30 among them, and the best max(slashes, 50)
    diagonals, the nearest ones among them; all there are if n is less.

    Parameters
    ----------
    q, k : as for `line_scores`.
    verticals, slashes : how many lines.
    near : diagonals that are always in: 100 in the code that runs, 30 in the one that searches. If
        they are more than the diagonals taken, the nearest are.

    Returns a pattern over tokens, or a tuple with one per head. The own token is always in.
    """
    columns, diagonals = line_scores(q, k)
    many_columns = max(integer("verticals", verticals, 0), LEAST_VERTICALS)
    many_diagonals = max(integer("slashes", slashes, 0), LEAST_SLASHES)
    always = min(integer("near", near, 0), many_diagonals)
    by_head = np.atleast_2d(columns), np.atleast_2d(diagonals)
    patterns = [
        vertical_slash(_best(column, many_columns, FIRST), _best(diagonal, many_diagonals, always))
        for column, diagonal in zip(*by_head)
    ]
    return PatternTuple(patterns) if columns.ndim == 2 else patterns[0]


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    verticals: int,
    slashes: int,
    near: int = NEAR,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i.

    Parameters and errors are those of `sets` and of `sr.attend`. A method of prefilling: the last
    queries decide for all of them, so that no output is known before the prompt is complete.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, verticals=verticals, slashes=slashes, near=near)
    return attend(q, k, v, pattern)


def _best(sums: FloatArray, count: int, always: int) -> list[int]:
    """The `count` lines of the greatest sums, the first `always` among them."""
    forced: Pattern = Listed.of_rows([range(always)])
    chosen = selection.top_k(sums[None], count, Full(), forced=forced)
    assert isinstance(chosen, Pattern)  # one head
    lines: list[int] = chosen.row(0, len(sums)).tolist()
    return lines
