"""k-pool: the best pools of r tokens by a lightning indexer, and the tail that fills no pool.

Hugging Face transformers, `glm5_next`.

A_i = the tokens of the top_k / r best pools e with e r + r <= i + 1,
and the tail { r floor((i + 1) / r) <= j <= i }
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...selection import Scores, gated_pool
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ...sets.token_pools import Pooled
from ..constant_sets import Gradients, attend_arrays, gradients
from .indexer import Index, best_pools, check_index, indexer_scores, pools_of_budget
from .indexer import tail as tail_of

__all__ = ["attention", "backward", "choice", "scores", "sets", "tokens"]


def scores(
    q: ArrayLike,
    k: ArrayLike,
    w: ArrayLike,
    gates: ArrayLike,
    *,
    block: int,
) -> Scores:
    """The indexer's scores of each pool, whose key is sum_j a_j k_j, a = softmax(gates)

    Parameters
    ----------
    q, w : (H_I, n, d_I) and (n, H_I), as for `sr.published.dsa.scores`.
    k, gates : (n, d_I), a softmax over the tokens of a pool for each channel. The source adds a
        bias b (r, d_I) to the gates, that of token j being b[j mod r].
    block : r, the tokens of a pool.

    Returns Scores (n, ceil(n / r)). Raises ValueError if shapes disagree.
    """
    keys, logits = as_array("k", k), as_array("gates", gates)
    pools = gated_pool(keys, logits, integer("block", block, 1))
    return indexer_scores(q, pools, w)


def choice(scores: Scores | ArrayLike, *, top_k: int, block: int) -> Pattern:
    """The top_k / r best of the pools that are full at i, over (query, pool)

    Parameters
    ----------
    scores : (n, m) of `scores`, or an array, over the full pools or all that begin in n tokens.
    top_k, block : as for `sets`.
    """
    return best_pools(scores, pools_of_budget(top_k, block, "glm5_next"), block)


def tokens(chosen: Pattern, *, block: int, tail: bool = True) -> Pattern:
    """The tokens of the pools that `choice` gave, and those after the last full pool if `tail`"""
    pools = Pooled(chosen, block)
    return pools | tail_of(block) if flag("tail", tail) else pools


def sets(
    q: ArrayLike,
    k: ArrayLike,
    w: ArrayLike,
    gates: ArrayLike,
    *,
    top_k: int,
    block: int,
    tail: bool = True,
) -> Pattern:
    """The tokens of the top_k / r best full pools, and those after the last full one if `tail`

    One set for all heads. With the tail, row i loses its own token if its pool has just become
    full, (i + 1) mod r = 0, and is not among the best. Without, the tokens of a pool that is not
    full are unseen, and rows 0 to r - 2 are empty. The tail is on top of the budget: up to
    top_k + r - 1 tokens.

    Parameters
    ----------
    q, k, w, gates : of the indexer, as for `scores`.
    top_k : the budget in tokens, a multiple of r; 2048 in the release.
    block : r, the tokens of a pool; 16 in the release.
    tail : `index_kpool_always_select_tail`.

    Raises ValueError if r does not divide top_k, else as `scores` and `sr.selection.top_k` do.

    >>> import numpy as np, sparse_ref as sr
    >>> rng = np.random.default_rng(0)
    >>> q, k, w = (rng.standard_normal(shape) for shape in ((2, 12, 4), (12, 4), (12, 2)))
    >>> print(sr.picture(sr.published.kpool.sets(q, k, w, k, top_k=3, block=3), 12))
    █···········
    ██··········
    ███·········
    ████········
    █████·······
    ███·········
    ███···█·····
    ███···██····
    ···███······
    ███······█··
    ···███···██·
    ·········███
    """
    values = scores(q, k, w, gates, block=block)
    pools = choice(values, top_k=top_k, block=block)
    return tokens(pools, block=block, tail=tail)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    block: int,
    tail: bool = True,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H. The source has no rotation here.
    index : the arrays of `sets`, (q, k, w, gates) of the indexer.
    top_k, block, tail : as for `sets`.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises as `sets` and
    `sr.attend` do.

    Differs: at an empty row the code gives 0 through "sdpa", and through "eager" the mean of all
    values, later ones included.
    """
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block, tail=tail)
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
    tail: bool = True,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v, ...)), the sets constant."""
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block, tail=tail)
    return gradients(grad_out, q, k, v, chosen)
