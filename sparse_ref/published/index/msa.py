"""MSA, MiniMax sparse attention: the best blocks by their best token, a set per indexer head.

Hugging Face transformers, `minimax_m3_vl`.

A_i = the tokens j <= i of the top_k best blocks b by  s_i(b) = max over j <= i in b of q_i . k_j,
and s_i(b) = +inf for the block of i and the local - 1 before it
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention.arrays import as_array
from ...patterns import Causal, Full, Lookback, Started
from ...selection import Scores, dot, pool_maximum
from ...selection.scores import as_scores
from ...sets.checks import integer
from ...sets.heads import PatternTuple
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ...sets.token_pools import Pooled, pool_count
from ...sets.types import FloatArray
from ..constant_sets import Gradients, attend_arrays, gradients
from .indexer import Index, check_index

__all__ = ["attention", "backward", "choice", "scores", "sets", "sets_of_heads"]


def scores(q: ArrayLike, k: ArrayLike, *, block: int) -> Scores:
    """s_i(b) = max over the tokens j <= i of block b of q_i . k_j, per head of the indexer

    Parameters
    ----------
    q, k : float arrays (H_I, n, d_I) and (n, d_I), the indexer's, with norm and rotation; its heads
        share the keys. No activation, no weight, no scale.
    block : tokens of a block.

    Returns Scores (H_I, n, ceil(n / block)); -inf for a block that has not begun. Raises
    ValueError if shapes disagree.
    """
    block = integer("block", block, 1)
    queries, keys = as_array("q", q), as_array("k", k)
    shared = keys[None] if keys.ndim == 2 else keys
    return pool_maximum(dot(queries, shared), block, Causal())


def choice(
    scores: Scores | ArrayLike,
    *,
    top_k: int,
    block: int,
    local: int = 1,
) -> PatternTuple:
    """The top_k best of the blocks that have begun at i, over (query, block), per indexer head

    The block of i and the local - 1 before it score +inf.

    Parameters
    ----------
    scores : (H_I, n, m) of `scores`, or an array, over the m = ceil(n / block) blocks.
    top_k, block, local : as for `sets`.
    """
    budget, block = integer("top_k", top_k, 0), integer("block", block, 1)
    best = selection.top_k(_with_local(scores, block, local), budget, Started(block))
    return PatternTuple(patterns_of_heads("scores", best))


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    top_k: int,
    block: int,
    local: int = 1,
) -> PatternTuple:
    """The tokens j <= i of the top_k best blocks, one pattern for each head of the indexer

    The block of i and the local - 1 before it are inside the budget: with top_k >= local all of
    them are in. With top_k < local they tie, and the smallest win, so that row i can lose its own
    block.

    Parameters
    ----------
    q, k : of the indexer, as for `scores`.
    top_k : how many blocks, 0 or more; 16 in the release.
    block : tokens of a block; 128 in the release.
    local : how many blocks up to the one of i, 0 or more; 1 in the release.

    Raises as `scores` and `sr.selection.top_k` do.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k = (np.random.default_rng(0).standard_normal(shape) for shape in ((1, 12, 4), (12, 4)))
    >>> (p,) = sr.published.msa.sets(q, k, top_k=2, block=3)
    >>> print(sr.picture(p, 12))
    █···········
    ██··········
    ███·········
    ████········
    █████·······
    ██████······
    ···████·····
    ···█████····
    ███···███···
    ███······█··
    ███······██·
    ███······███
    """
    values = scores(q, k, block=block)
    chosen = choice(values, top_k=top_k, block=block, local=local)
    return PatternTuple(Pooled(blocks, block) & Causal() for blocks in chosen)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    block: int,
    local: int = 1,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j, head h over the set h // (H / H_I) of `sets`

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G and H_I dividing H, with norm and rotation.
        The H_I sets and the G key heads need not go together.
    index : the arrays of `sets`, (q, k) of the indexer.
    top_k, block, local : as for `sets`.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises ValueError if H_I does
    not divide H, else as `sets` and `sr.attend` do.

    Differs: the code counts the blocks of keys in slots, and the block of i in positions, so that
    left padding or packed documents make rows that see nothing, or everything.
    """
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block, local=local)
    by_head = sets_of_heads(chosen, _head_count(q))
    return attend_arrays(q, k, v, by_head)


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    index: Index,
    *,
    top_k: int,
    block: int,
    local: int = 1,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v, ...)), the sets constant."""
    check_index(q, index)
    chosen = sets(*index, top_k=top_k, block=block, local=local)
    by_head = sets_of_heads(chosen, _head_count(q))
    return gradients(grad_out, q, k, v, by_head)


def sets_of_heads(chosen: Sequence[Pattern], heads: int) -> PatternTuple:
    """The sets of `heads` query heads: those of each indexer head, for a run of equal length.

    Raises ValueError if the number of sets does not divide `heads`.
    """
    patterns = patterns_of_heads("chosen", chosen)
    heads = integer("heads", heads, 1)
    if heads % len(patterns):
        raise ValueError(
            f"heads must be a multiple of the H_I = {len(patterns)} indexer heads, as "
            f"minimax_m3_vl requires, got {heads}"
        )
    run = heads // len(patterns)
    return PatternTuple(patterns[h // run] for h in range(heads))


def _with_local(scores: Scores | ArrayLike, block: int, local: int) -> Scores:
    """The scores, +inf at the block of i and the local - 1 before it."""
    values = as_scores(scores)
    *_, n, m = values.shape
    blocks = pool_count(n, block)
    if len(values.shape) != 3 or m != blocks:
        raise ValueError(
            f"scores must have shape (H_I, n, m) over the m = {blocks} blocks of n = {n} tokens, "
            f"block = {block}, got {values.shape}"
        )
    reach = integer("local", local, 0)
    near = Blockwise(Lookback(reach), (block, 1)) if reach else ~Full()

    def rows(lo: int, hi: int) -> FloatArray:
        queries = np.arange(lo, hi)[:, None]
        is_local = near.contains(queries, np.arange(m))
        return np.where(is_local, np.inf, values.rows(lo, hi))

    return Scores(values.shape, rows)


def _head_count(q: ArrayLike) -> int:
    """H; two axes are one head."""
    *heads, _, _ = np.shape(q)
    return heads[-1] if heads else 1
