"""What the index family shares: the lightning indexer's scores, the best pools, the tail.

A small indexer scores the keys of each query, the best are chosen, and the heads of the layer
attend only to these. The choice is constant in the backward pass, as in all originals: the indexer
gets no gradient from attention.

Symbols:  H_I heads of the indexer, d_I their width;  i query, j key, e pool, r = block, the tokens
of a pool;  s_i the scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Causal, Complete
from ...selection import Scores, top_k, weighted_relu
from ...selection.scores import as_scores
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.token_pools import Pooled

Index = tuple[ArrayLike, ...]


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
    queries, keys, weights = map(as_array, "qkw", (q, k, w))
    if queries.ndim != 3 or 0 in (len(queries), queries.shape[-1]):
        raise ValueError(f"q must have shape (H_I, n, d_I), got {queries.shape}")
    heads, _, width = queries.shape
    return weighted_relu(queries, keys, weights * heads**-0.5, scale=width**-0.5)


def tail(block: int) -> Pattern:
    """A_i = { j : r floor((i + 1) / r) <= j <= i }, the tokens of the pool that is not full at i

    Empty if i + 1 is a multiple of r = block: the pool of i has just become full.

    >>> import sparse_ref as sr
    >>> from sparse_ref.published.index.indexer import tail
    >>> print(sr.picture(tail(3), 6))
    █·····
    ██····
    ······
    ···█··
    ···██·
    ······
    """
    return Causal() - Pooled(Complete(block), block)


def check_index(q: ArrayLike, index: Index) -> None:
    """Refuse an indexer of another number of queries than the layer has."""
    n = np.shape(q)[-2]
    queries = np.shape(index[0])[-2]
    if queries != n:
        raise ValueError(f"index must have queries for the n = {n} of q, got {queries}")


def best_pools(scores: Scores | ArrayLike, budget: int, block: int) -> Pattern:
    """The best full pools of each query, over (query, pool), one set for all heads."""
    values = as_scores(scores)
    block = integer("block", block, 1)
    n, m = values.shape[-2:]
    full, begun = n // block, -(-n // block)
    if len(values.shape) != 2 or m not in (full, begun):
        raise ValueError(
            f"scores must have shape (n, m) over the {full} full pools of n = {n} tokens, "
            f"block = {block}, or the {begun} that have begun, got {values.shape}"
        )
    best = top_k(values, budget, Complete(block))
    assert isinstance(best, Pattern)  # scores of two axes
    return best


def pools_of_budget(top_k: int, block: int, source: str) -> int:
    """top_k / block, the pools in a budget of top_k tokens; the source has them divide."""
    top_k, block = integer("top_k", top_k, 0), integer("block", block, 1)
    if top_k % block:
        raise ValueError(
            f"top_k must be a multiple of block = {block}, as {source} requires, got {top_k}"
        )
    return top_k // block
