"""DSA, DeepSeek sparse attention: the best tokens of a lightning indexer, one set for all heads.

DeepSeek-V3.2, sec. 2.1; Hugging Face transformers, `deepseek_v32`.

A_i = the top_k best of { j <= i } by  s_i(j) = H_I^(-1/2) sum_h w_ih max(d_I^(-1/2) q_ih . k_j, 0)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...patterns import Causal
from ...selection import Scores
from ...selection.choose import Chosen
from ...sets.checks import integer
from ..constant_sets import Gradients, attend_arrays, gradients
from .indexer import Index
from .indexer import indexer_scores as scores

__all__ = ["attention", "backward", "choice", "scores", "sets"]


def choice(scores: Scores | ArrayLike, *, top_k: int) -> Chosen:
    """A_i = the top_k tokens j <= i of the greatest scores, all of them while i < top_k

    Parameters
    ----------
    scores : (n, n) of `scores`, or an array of them; (H, n, n) gives one set per head.
    top_k : how many tokens, 0 or more.

    Returns `Listed` over (query, token). Raises as `sr.selection.top_k` does.
    """
    return selection.top_k(scores, integer("top_k", top_k, 0), Causal())


def sets(q: ArrayLike, k: ArrayLike, w: ArrayLike, *, top_k: int) -> Chosen:
    """A_i = the top_k tokens j <= i of the indexer's greatest scores, one set for all heads

    Nothing is forced, so that a query may lose its own token. A negative score still wins over
    nothing. Ties go to the smallest token; the code leaves them to `torch.topk`.

    Parameters
    ----------
    q, k, w : of the indexer, (H_I, n, d_I), (n, d_I) and (n, H_I), as for `scores`.
    top_k : how many tokens, 0 or more; 2048 in the release.

    Returns `Listed` over (query, token); O(n top_k) memory. Raises as `scores` and
    `sr.selection.top_k` do.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = (np.random.default_rng(0).standard_normal(shape) for shape in ((2, 8, 4), (8, 4)))
    >>> w = np.array([1.0, -0.5])
    >>> print(sr.picture(sr.published.dsa.sets(q, k, w, top_k=3), 8))
    █·······
    ██······
    ███·····
    █·██····
    ·██·█···
    ██···█··
    ██····█·
    ···█·█·█
    """
    return choice(scores(q, k, w), top_k=top_k)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    scale: float | None = None,
) -> np.ndarray:
    """out_i = softmax_j(scale q_i . k_j) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H, with norm and rotation.
    index : the arrays of `sets`, (q, k, w) of the indexer.
    top_k : as for `sets`.
    scale : 1 / sqrt(d) unless given.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises as `sets` and
    `sr.attend` do.

    Differs: the text of the code leaves out the ReLU of the scores. The kernels of the release
    score in float8.
    """
    return attend_arrays(q, k, v, sets(*index, top_k=top_k), scale)


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    scale: float | None = None,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v, ...)), the sets constant."""
    return gradients(grad_out, q, k, v, sets(*index, top_k=top_k), scale)
