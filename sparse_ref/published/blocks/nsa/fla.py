"""NSA as flash-linear-attention has it: mean-pooled blocks that touch, three of them forced.

The code is `fla/ops/nsa/naive.py` of fla-core 0.6.0, after Yuan et al. 2025, arXiv 2502.11089.

Symbols:  block c = the tokens c B <= j < (c + 1) B, both compressed and selected;  p_i(c) the share
of attention that block c gets at query i, the mean over the query heads of a key head.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .... import selection
from ....attention.arrays import as_array
from ....patterns import Causal, Complete, Full, Lookback, Sinks, Started
from ....selection import Scores
from ....selection.scores import as_scores
from ....sets.checks import integer
from ....sets.parts import Blockwise
from ....sets.pattern import Pattern
from ....sets.types import FloatArray
from ...constant_sets import Gradients
from ..atoms import Sets, check_self_attention, per_query_head, tokens
from .branches import Branch, NSASets, gated_gradients, gated_sum


def favourites(block: int) -> Pattern:
    """{ 0, own - 1, own } over (query, block), the blocks whose score is set to 1."""
    return Sinks(1) | Blockwise(Lookback(2), (block, 1))


def choice(scores: Scores | ArrayLike, *, block: int, top_k: int) -> Sets:
    """The top_k best blocks that have begun, with s_i(0) = s_i(own - 1) = s_i(own) = 1.

    With top_k of 3 or more these are always in, since a share of attention is at most 1. Differs:
    fla's docstring says "always selected"; with top_k below 3 they tie for the places, so that
    block 0 stays (the earliest, here) and the own block is lost.

    Parameters
    ----------
    scores : shares of attention, (n, m) or (G, n, m), m = ceil(n / block).
    block : tokens in a block, B.
    top_k : `block_counts`, the blocks a query has.

    Returns a pattern over (query, block), or one for each key head.

    >>> import numpy as np, sparse_ref as sr
    >>> shares = np.zeros((10, 5))
    >>> shares[:, 1] = 0.9
    >>> for top_k in (4, 2):
    ...     print(sr.published.nsa.fla.choice(shares, block=2, top_k=top_k).row(9, 5))
    [0 1 3 4]
    [0 3]
    """
    values = as_scores(scores)
    ones = favourites(block)
    atoms = np.arange(values.shape[-1])

    def rows(lo: int, hi: int) -> FloatArray:
        is_one = ones.contains(np.arange(lo, hi)[:, None], atoms)
        return np.where(is_one, 1, values.rows(lo, hi))

    raised = Scores(values.shape, rows)
    return selection.top_k(raised, top_k, Started(block))


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    block: int,
    top_k: int,
    keys: int = 0,
) -> NSASets:
    """The sets of the three branches: compressed, selected, window.

    Compressed are the complete blocks, (c + 1) B - 1 <= i; selected the tokens j <= i of `choice`,
    one set per key head; the window { i - keys < j <= i }, empty for keys = 0.

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H.
    block, top_k : as for `choice`.
    keys : the window of the code, the query's own key counted.
    """
    block = integer("block", block, 1)
    queries, tokens_of_k = as_array("q", q), as_array("k", k)
    check_self_attention(queries, tokens_of_k)
    means = selection.mean_pool(tokens_of_k, block)
    logits = selection.dot(queries, means, scale=queries.shape[-1] ** -0.5)
    complete = Complete(block)
    shares = selection.probabilities(logits, complete)
    by_key_head = selection.group_mean(shares, len(means))
    chosen = choice(by_key_head, block=block, top_k=top_k)
    selected = per_query_head(tokens(chosen, block, Causal()), len(queries))
    window = Lookback(keys) if integer("keys", keys, 0) else ~Full()
    return NSASets(complete, selected, window)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    gates: ArrayLike,
    *,
    block: int,
    top_k: int,
    keys: int = 0,
) -> np.ndarray:
    """out_i = sum over the three branches of g_b(i) softmax_j(q_i . k_j / sqrt(d)) v_j

    The compressed keys and values are the means over the blocks.

    Parameters
    ----------
    q, k, v : float arrays (H, n, d), (G, n, d), (G, n, e); any n.
    gates : (3, H, n), for compressed, selected and window; of the last only with keys > 0.
    block, top_k, keys : as for `sets`.

    Returns (H, n, e). The compressed branch gives 0 for i < B - 1.
    """
    branches = _branches(q, k, v, block, top_k, keys)
    return gated_sum(branches, as_array("gates", gates))


def backward(
    grad_out: ArrayLike,
    qkv: tuple[ArrayLike, ArrayLike, ArrayLike],
    gates: ArrayLike,
    *,
    block: int,
    top_k: int,
    keys: int = 0,
) -> tuple[Gradients, np.ndarray]:
    """((dq, dk, dv), dgates) of sum(grad_out * attention(...)), the choice of blocks constant.

    The means pass their gradient on to the tokens, 1 / |block| to each.
    """
    branches = _branches(*qkv, block, top_k, keys)
    grad = as_array("grad_out", grad_out)
    (means, selected, window), dgates = gated_gradients(grad, branches, as_array("gates", gates))
    dq = means[0] + selected[0] + window[0]
    n = dq.shape[-2]
    dk = _spread(means[1], block, n) + selected[1] + window[1]
    dv = _spread(means[2], block, n) + selected[2] + window[2]
    return (dq, dk, dv), dgates


def _spread(grad: np.ndarray, block: int, n: int) -> np.ndarray:
    """The gradient of the tokens, from that of their means."""
    block_of_token = np.arange(n) // block
    counts = np.bincount(block_of_token, minlength=grad.shape[-2])
    shares = grad / counts[:, None].astype(grad.dtype)
    return shares[..., block_of_token, :]


def _branches(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, block: int, top_k: int, keys: int
) -> list[Branch]:
    """The three branches."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    compressed, selected, window = sets(q, k, block=block, top_k=top_k, keys=keys)
    k_mean, v_mean = selection.mean_pool(k, block), selection.mean_pool(v, block)
    return [
        Branch(q, k_mean, v_mean, compressed),
        Branch(q, k, v, selected),
        Branch(q, k, v, window),
    ]
