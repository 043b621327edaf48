"""MoBA, mixture of block attention: the own block, and the past blocks whose mean key fits best.

Lu et al. 2025, "MoBA: Mixture of Block Attention for Long-Context LLMs", arXiv 2502.13189,
sec. 2.2; the code is `moba_naive.py`.

Symbols:  block c holds the tokens c B <= j < (c + 1) B;  the own block of query i is floor(i / B).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal, Started, Window
from ...selection import Scores
from ...sets.checks import integer
from ...sets.parts import Blockwise
from ..constant_sets import Gradients, gradients
from .atoms import Sets, check_self_attention, tokens


def choice(scores: Scores | ArrayLike, *, block: int, top_k: int) -> Sets:
    """The blocks of each query: its own, and the top_k - 1 best of those before it.

    Parameters
    ----------
    scores : of blocks, (n, m) or (H, n, m), m = ceil(n / block). That of the own block is not
        needed, but must not be NaN.
    block : tokens in a block, B.
    top_k : blocks a query has, the own block counted; fewer if fewer have begun.

    Returns a pattern over (query, block), or one for each head. Raises ValueError for a top_k
    below 1, for the own block always counts; else as `sr.selection.top_k`.

    >>> import sparse_ref as sr
    >>> scores = [[0, 0, 0], [0, 0, 0], [3, 0, 0], [3, 0, 0], [3, 4, 0], [4, 3, 0]]
    >>> print(sr.picture(sr.published.moba.choice(scores, block=2, top_k=2), (6, 3)))
    █··
    █··
    ██·
    ██·
    ·██
    █·█
    """
    if integer("top_k", top_k) < 1:
        raise ValueError(f"top_k must be at least 1, since MoBA counts the own block, got {top_k}")
    own = Blockwise(Window(0), (block, 1))
    return selection.top_k(scores, top_k, Started(block), forced=own)


def sets(q: ArrayLike, k: ArrayLike, *, block: int, top_k: int) -> Sets:
    """A_i = { j <= i : block(j) = block(i), or among the top_k - 1 best before it }

    by the score q_i . mean(k over the block), not scaled: one set per head.

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H, or (n, d).
    block, top_k : as for `choice`. n need not be a multiple of `block`: a last block that is cut is
        the own block of its queries and no other's.

    Returns a pattern over tokens, or a tuple with one for each head; no keys are counted twice. No
    row is empty. Ties go to the earliest block.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    check_self_attention(queries, keys)
    block = integer("block", block, 1)
    means = selection.mean_pool(keys, block)
    scores = selection.dot(queries, means)
    chosen = choice(scores, block=block, top_k=top_k)
    return tokens(chosen, block, Causal())


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    block: int,
    top_k: int,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i, one softmax over all blocks.

    Parameters and errors are those of `sets` and of `sr.attend`. Returns (H, n, e) or (n, e).
    Source: Lu et al. 2025, eq. 2 to 6. Differs: the paper leaves open whether top_k counts the own
    block; the code counts it, as here. The efficient code is the same set.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k, v = np.zeros((5, 1)), np.zeros((5, 1)), np.eye(5)
    >>> sr.published.moba.attention(q, k, v, block=2, top_k=2).round(2)
    array([[1.  , 0.  , 0.  , 0.  , 0.  ],
           [0.5 , 0.5 , 0.  , 0.  , 0.  ],
           [0.33, 0.33, 0.33, 0.  , 0.  ],
           [0.25, 0.25, 0.25, 0.25, 0.  ],
           [0.33, 0.33, 0.  , 0.  , 0.33]])
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    return attend(q, k, v, sets(q, k, block=block, top_k=top_k))


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    block: int,
    top_k: int,
) -> Gradients:
    """(dq, dk, dv): the gradients of sum(grad_out * attention(q, k, v)), the sets constant."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, block=block, top_k=top_k)
    return gradients(as_array("grad_out", grad_out), q, k, v, pattern)
