"""DSA, DeepSeek sparse attention: the best tokens of a lightning indexer, one set for all heads.

DeepSeek-V3.2, sec. 2.1; Hugging Face transformers, `deepseek_v32`.

A_i = top_k of { j <= i } by  s_i(j) = H_I^(-1/2) sum_h w_ih max(d_I^(-1/2) q_ih . k_j, 0)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend
from ..patterns import Causal
from ..selection import Scores, top_k
from ..selection.choose import Chosen
from ..sets.checks import integer
from .indexer import attention_backward
from .indexer import indexer_scores as scores

__all__ = ["attention", "attention_backward", "scores", "sets"]


def sets(scores: Scores | ArrayLike, *, topk: int) -> Chosen:
    """A_i = the topk tokens j <= i of the greatest scores, all of them while i < topk

    Nothing is forced, so that a query may lose its own token. A negative score still wins over
    nothing. Ties go to the smallest token; the code leaves them to `torch.topk`.

    Parameters
    ----------
    scores : (n, n) of `scores`, or an array of them; (H, n, n) gives one set per head.
    topk : how many tokens, 0 or more; 2048 in the release.

    Returns
    -------
    `Listed` over (query, token). Raises as `sr.selection.top_k` does.

    >>> import numpy as np, sparse_ref as sr
    >>> from sparse_ref.published import dsa
    >>> q, k = (np.random.default_rng(0).standard_normal(shape) for shape in ((2, 8, 4), (8, 4)))
    >>> s = dsa.scores(q, k, w=np.array([1.0, -0.5]))
    >>> print(sr.picture(dsa.sets(s, topk=3), 8))
    █·······
    ██······
    ███·····
    █·██····
    ·██·█···
    ██···█··
    ██····█·
    ···█·█·█
    """
    return top_k(scores, integer("topk", topk, 0), Causal())


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    scores: Scores | ArrayLike,
    *,
    topk: int,
    scale: float | None = None,
) -> np.ndarray:
    """out_i = softmax_j(scale q_i . k_j) v_j over the set of `sets`, the same for every head

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G dividing H, with norm and rotation.
    scores, topk : as for `sets`.
    scale : 1 / sqrt(d) unless given.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises as `sets` and
    `sr.attend` do. `attention_backward` takes what `sets` gives.

    Differs: the code's own text leaves out the ReLU of the scores. Its kernel scores in float8.
    """
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    return attend(q, k, v, sets(scores, topk=topk), scale=scale)
