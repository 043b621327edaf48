"""QSA: the best blocks of r tokens by their mean keys, and the tail that fills no block.

Hugging Face transformers, `qwen4_exp`.

A_i = the tokens of the topk / r best blocks b with b r + r <= i + 1,
and the tail { r floor((i + 1) / r) <= j <= i }
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend
from ..selection import Scores, weighted_relu
from ..sets.pattern import Pattern
from . import kpool
from .indexer import attention_backward, pool_budget

__all__ = ["attention", "attention_backward", "scores", "sets"]


def scores(q: ArrayLike, k: ArrayLike) -> Scores:
    """s_i(b) = d_I^(-1/2) sum_h max(q_ih . k_b, 0), one score for all heads, without weights

    Parameters
    ----------
    q : float array (H_I, n, d_I), the indexer's queries, with norm and rotation.
    k : float array (m, d_I), the keys of blocks: the mean of the tokens' keys,
        `sr.selection.mean_pool`, then norm, then the rotation of the block's first token.

    Returns Scores (n, m). Raises ValueError if shapes disagree.
    """
    queries = np.asarray(q)
    if queries.ndim != 3 or not queries.shape[-1]:
        raise ValueError(f"q must have shape (H_I, n, d_I), got {queries.shape}")
    heads, _, width = queries.shape
    return weighted_relu(queries, k, np.ones(heads, queries.dtype), scale=width**-0.5)


def sets(scores: Scores | ArrayLike, *, topk: int, length: int) -> Pattern:
    """The tokens of the topk / r best full blocks, and those after the last full one

    The rule of `sr.published.kpool.sets` with its tail, always: row i loses its own token if its
    block has just become full, (i + 1) mod r = 0, and is not among the best. Parameters and errors
    are the same; topk is the source's `indexer_budget`, length its `indexer_compress_ratio`.

    >>> import numpy as np, sparse_ref as sr
    >>> from sparse_ref.published import qsa
    >>> q, k = (np.random.default_rng(1).standard_normal(shape) for shape in ((2, 12, 4), (12, 4)))
    >>> blocks = sr.selection.mean_pool(k, 3)
    >>> print(sr.picture(qsa.sets(qsa.scores(q, blocks), topk=3, length=3), 12))
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
    pool_budget(topk, length, "qwen4_exp")
    return kpool.sets(scores, topk=topk, length=length)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H, with norm and rotation.
    scores, topk, length : as for `sets`.

    Returns (H, n, e), in the dtype of q. Raises as `sets` and `sr.attend` do. `attention_backward`
    takes what `sets` gives. The gate that the source multiplies the output by is the caller's.
    """
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    return attend(q, k, v, sets(scores, topk=topk, length=length))
