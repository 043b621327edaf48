"""QSA: the best blocks of r tokens by their mean keys, and the tail that fills no block.

Hugging Face transformers, `qwen4_exp`.

A_i = the tokens of the top_k / r best blocks b with b r + r <= i + 1,
and the tail { r floor((i + 1) / r) <= j <= i }
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...selection import Scores, weighted_relu
from ...sets.pattern import Pattern
from ...sets.token_pools import Pooled
from ..constant_sets import Gradients, attend_arrays, gradients
from .indexer import Index, best_pools, check_index, pools_of_budget, tail

__all__ = ["attention", "backward", "choice", "scores", "sets"]


def scores(q: ArrayLike, k: ArrayLike) -> Scores:
    """s_i(b) = d_I^(-1/2) sum_h max(q_ih . k_b, 0), one score for all heads, without weights

    Parameters
    ----------
    q : float array (H_I, n, d_I), the indexer's queries, with norm and rotation.
    k : float array (m, d_I), the keys of blocks: the mean of the tokens' keys,
        `sr.selection.mean_pool`, then norm, then the rotation of the block's first token.

    Returns Scores (n, m). Raises ValueError if shapes disagree.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    if queries.ndim != 3 or not queries.shape[-1]:
        raise ValueError(f"q must have shape (H_I, n, d_I), got {queries.shape}")
    heads, _, width = queries.shape
    ones = np.ones(heads, queries.dtype)
    return weighted_relu(queries, keys, ones, scale=width**-0.5)


def choice(scores: Scores | ArrayLike, *, top_k: int, block: int) -> Pattern:
    """The top_k / r best of the blocks that are full at i, over (query, block)

    Parameters
    ----------
    scores : (n, m) of `scores`, or an array, over the full blocks or all that begin in n tokens.
    top_k, block : as for `sets`.
    """
    return best_pools(scores, pools_of_budget(top_k, block, "qwen4_exp"), block)


def sets(q: ArrayLike, k: ArrayLike, *, top_k: int, block: int) -> Pattern:
    """The tokens of the top_k / r best full blocks, and always those after the last full one

    One set for all heads. Row i loses its own token if its block has just become full,
    (i + 1) mod r = 0, and is not among the best. The tail is on top of the budget: up to
    top_k + r - 1 tokens.

    Parameters
    ----------
    q, k : of the indexer, as for `scores`.
    top_k : the budget in tokens, a multiple of r; the source's `indexer_budget`.
    block : r, the tokens of a block; the source's `indexer_compress_ratio`.

    Raises ValueError if r does not divide top_k, for another number of blocks, else as `scores`
    and `sr.selection.top_k` do.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = (np.random.default_rng(1).standard_normal(shape) for shape in ((2, 12, 4), (12, 4)))
    >>> blocks = sr.selection.mean_pool(k, 3)
    >>> print(sr.picture(sr.published.qsa.sets(q, blocks, top_k=3, block=3), 12))
    █···········
    ██··········
    ███·········
    ████········
    █████·······
    ···███······
    ···████·····
    ···█████····
    ███·········
    ███······█··
    ······█████·
    ······███···
    """
    blocks = choice(scores(q, k), top_k=top_k, block=block)
    return Pooled(blocks, block) | tail(block)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    block: int,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H, with norm and rotation.
    index : the arrays of `sets`, (q, k) of the indexer.
    top_k, block : as for `sets`.

    Returns (H, n, e), in the dtype of q. Raises as `sets` and `sr.attend` do. The gate that the
    source multiplies the output by is the caller's.
    """
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block)
    return attend_arrays(q, k, v, chosen)


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    block: int,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v, ...)), the sets constant."""
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block)
    return gradients(grad_out, q, k, v, chosen)
