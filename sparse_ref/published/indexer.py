"""What the index family shares: the lightning indexer's scores, the tail, the backward pass.

A small indexer scores the keys of each query, the best are chosen, and the heads of the layer
attend to these alone. The choice is held constant in the backward pass, as in all originals: the
indexer gets no gradient from attention.

Symbols:  H_I heads of the indexer, d_I their width;  i query, j key, e pool, r = length of a pool;
s_i the scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend_backward, attend_with_lse
from ..patterns import Causal, Complete
from ..selection import Scores, top_k, weighted_relu
from ..selection.scores import as_scores
from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.token_pools import Pooled

Patterns = Pattern | Sequence[Pattern]
Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def indexer_scores(q: ArrayLike, k: ArrayLike, w: ArrayLike) -> Scores:
    """s_i(e) = H_I^(-1/2) sum_h w_ih max(d_I^(-1/2) q_ih . k_e, 0), one score for all heads

    Parameters
    ----------
    q : float array (H_I, n, d_I), the indexer's queries, with norm and rotation.
    k : float array (m, d_I), its keys, shared by its heads: of tokens, or of pools.
    w : float array (n, H_I), the weights of its heads for each query; they may be negative.

    Returns
    -------
    Scores (n, m), computed some queries at a time. Raises ValueError if shapes disagree.

    Source: DeepSeek-V3.2, sec. 2.1, eq. 1; the two factors are those of its code.
    """
    queries, weights = np.asarray(q), np.asarray(w)
    if queries.ndim != 3 or 0 in (len(queries), queries.shape[-1]):
        raise ValueError(f"q must have shape (H_I, n, d_I), got {queries.shape}")
    heads, _, width = queries.shape
    return weighted_relu(queries, k, weights * heads**-0.5, scale=width**-0.5)


def tail(length: int) -> Pattern:
    """A_i = { j : r floor((i + 1) / r) <= j <= i }, the tokens of the pool that is not full at i

    Empty if i + 1 is a multiple of r = length: the pool of i has just become full.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.published.indexer.tail(3), 6))
    █·····
    ██····
    ······
    ···█··
    ···██·
    ······
    """
    return Causal() - Pooled(Complete(length), length)


def attention_backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    chosen: Patterns,
    *,
    scale: float | None = None,
) -> Gradients:
    """(dq, dk, dv), the gradients of sum(grad_out * attention(q, k, v, ...)), the choice constant

    Parameters
    ----------
    grad_out : float array (H, n, e), the gradient at the output.
    chosen : what `sets` gave, one pattern or one per head.
    q, k, v, scale : as for `sr.attend`, whose errors are raised.
    """
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    out, lse = attend_with_lse(q, k, v, chosen, scale=scale)
    grad = np.asarray(grad_out)
    return attend_backward(grad, q, k, v, out, lse, chosen, scale=scale)


def pool_budget(topk: int, length: int, source: str) -> int:
    """topk // length, the pools in a budget of topk tokens that the source has them divide."""
    topk, length = integer("topk", topk, 0), integer("length", length, 1)
    if topk % length:
        raise ValueError(
            f"topk must be a multiple of length = {length}, as {source} requires, got {topk}"
        )
    return topk // length


def best_pools(scores: Scores | ArrayLike, budget: int, length: int) -> Pattern:
    """The best full pools of each query, over (query, pool), one set for all heads."""
    values = as_scores(scores)
    length = integer("length", length, 1)
    n, m = values.shape[-2:]
    full, begun = n // length, -(-n // length)
    if len(values.shape) != 2 or m not in (full, begun):
        raise ValueError(
            f"scores must have shape (n, m) over the {full} full pools of n = {n} tokens, "
            f"length = {length}, or the {begun} that have begun, got {values.shape}"
        )
    best = top_k(values, budget, Complete(length))
    assert isinstance(best, Pattern)  # scores of two axes
    return best
