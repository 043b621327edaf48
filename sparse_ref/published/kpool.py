"""k-pool: the best pools of r tokens by a lightning indexer, and the tail that fills no pool.

Hugging Face transformers, `glm5_next`.

A_i = the tokens of the topk / r best pools e with e r + r <= i + 1,
and the tail { r floor((i + 1) / r) <= j <= i }
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend
from ..selection import Scores, gated_pool
from ..sets.checks import flag
from ..sets.pattern import Pattern
from ..sets.token_pools import Pooled
from .indexer import attention_backward, best_pools, indexer_scores, pool_budget
from .indexer import tail as tail_of

__all__ = ["attention", "attention_backward", "scores", "sets"]


def scores(
    q: ArrayLike,
    k: ArrayLike,
    w: ArrayLike,
    gates: ArrayLike,
    *,
    length: int,
) -> Scores:
    """The indexer's scores of each pool, whose key is sum_j a_j k_j, a = softmax_r(gates)

    Parameters
    ----------
    q, w : (H_I, n, d_I) and (n, H_I), as for `sr.published.dsa.scores`.
    k, gates : (n, d_I), a softmax over the tokens of a pool for each channel. The source adds a
        bias b (r, d_I) to the gates, that of token j being b[j mod r].
    length : r, the tokens of a pool.

    Returns Scores (n, ceil(n / r)). Raises ValueError if shapes disagree.
    """
    pools = gated_pool(k, gates, length)
    return indexer_scores(q, pools, w)


def sets(
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
    tail: bool = True,
) -> Pattern:
    """The tokens of the topk / r best full pools, and those after the last full one if `tail`

    With the tail, row i loses its own token if its pool has just become full, (i + 1) mod r = 0,
    and is not among the best. Without, the tokens of a pool that is not full are unseen, and rows
    0 to r - 2 are empty. The tail is beside the budget: up to topk + r - 1 tokens.

    Parameters
    ----------
    scores : (n, m) of `scores`, or an array, over the full pools or all that begin in n tokens.
    topk : the budget in tokens, a multiple of r; 2048 in the release.
    length : r, the tokens of a pool; 16 in the release.
    tail : `index_kpool_always_select_tail`.

    Raises ValueError if r does not divide topk, for another number of pools, else as
    `sr.selection.top_k` does.

    >>> import numpy as np, sparse_ref as sr
    >>> from sparse_ref.published import kpool
    >>> s = np.random.default_rng(0).standard_normal((12, 4))
    >>> print(sr.picture(kpool.sets(s, topk=3, length=3), 12))
    █···········
    ██··········
    ███·········
    ████········
    █████·······
    ···███······
    ███···█·····
    ···█████····
    ···███······
    ······████··
    ···███···██·
    ·········███
    """
    pools = pool_budget(topk, length, "glm5_next")
    chosen = Pooled(best_pools(scores, pools, length), length)
    return chosen | tail_of(length) if flag("tail", tail) else chosen


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
    tail: bool = True,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H. The source has no rotation here.
    scores, topk, length, tail : as for `sets`.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises as `sets` and
    `sr.attend` do. `attention_backward` takes what `sets` gives.

    Differs: at an empty row the code gives 0 through "sdpa", and through "eager" the mean of all
    values, later ones included.
    """
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    chosen = sets(scores, topk=topk, length=length, tail=tail)
    return attend(q, k, v, chosen)
