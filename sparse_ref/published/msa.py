"""MSA, MiniMax sparse attention: the best blocks by their best token, a set per indexer head.

Hugging Face transformers, `minimax_m3_vl`.

A_i = the tokens j <= i of the topk best blocks b by  s_i(b) = max over j <= i in b of q_i . k_j,
and s_i(b) = +inf for the block of i and the local - 1 before it
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..attention import attend
from ..patterns import Causal, Full, Lookback, Started
from ..selection import Scores, dot, pool_maximum, top_k
from ..selection.scores import as_scores
from ..sets.checks import integer
from ..sets.heads import PatternTuple
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.token_pools import Pooled, pool_count
from ..sets.types import FloatArray
from .indexer import attention_backward

__all__ = ["attention", "attention_backward", "scores", "sets", "sets_of_heads"]


def scores(q: ArrayLike, k: ArrayLike, *, length: int) -> Scores:
    """s_i(b) = max over the tokens j <= i of block b of q_i . k_j, per head of the indexer

    Parameters
    ----------
    q, k : float arrays (H_I, n, d_I) and (n, d_I), the indexer's, with norm and rotation; its heads
        share the keys. No activation, no weight, no scale.
    length : tokens of a block.

    Returns Scores (H_I, n, ceil(n / length)); -inf for a block that has not begun. Raises
    ValueError if shapes disagree.
    """
    keys = np.asarray(k)
    shared = keys[None] if keys.ndim == 2 else keys
    return pool_maximum(dot(q, shared), length, Causal())


def sets(
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
    local: int = 1,
) -> PatternTuple:
    """The tokens j <= i of the topk best blocks, one pattern for each head of the indexer

    The block of i and the local - 1 before it score +inf, inside the budget: with topk >= local all
    of them are in. With topk < local they tie, and the smallest win, so that row i can lose its own
    block.

    Parameters
    ----------
    scores : (H_I, n, m) of `scores`, or an array, over the m = ceil(n / length) blocks.
    topk : how many blocks, 0 or more; 16 in the release.
    length : tokens of a block; 128 in the release.
    local : how many blocks up to the one of i, 0 or more; 1 in the release.

    Raises ValueError for another number of blocks, else as `sr.selection.top_k` does.

    >>> import numpy as np, sparse_ref as sr
    >>> from sparse_ref.published import msa
    >>> q, k = (np.random.default_rng(0).standard_normal(shape) for shape in ((1, 12, 4), (12, 4)))
    >>> (p,) = msa.sets(msa.scores(q, k, length=3), topk=2, length=3)
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
    budget, length = integer("topk", topk, 0), integer("length", length, 1)
    best = top_k(_with_local(scores, length, local), budget, Started(length))
    by_head = patterns_of_heads("best", best)
    return PatternTuple(Pooled(blocks, length) & Causal() for blocks in by_head)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    scores: Scores | ArrayLike,
    *,
    topk: int,
    length: int,
    local: int = 1,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j, head h over the set h // (H / H_I) of `sets`

    Parameters
    ----------
    q, k, v : (H, n, d), (G, n, d), (G, n, e), G and H_I dividing H, with norm and rotation.
        The H_I sets and the G key heads need not go together.
    scores, topk, length, local : as for `sets`.

    Returns (H, n, e), in the dtype of q; 0 at a query without tokens. Raises ValueError if H_I does
    not divide H, else as `sets` and `sr.attend` do. `attention_backward` takes what
    `sets_of_heads` gives.

    Differs: the code counts blocks in slots and local ones in positions, so that left padding or
    packed documents make rows that see nothing, or everything.
    """
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    chosen = sets(scores, topk=topk, length=length, local=local)
    heads = len(q) if q.ndim == 3 else 1
    return attend(q, k, v, sets_of_heads(chosen, heads))


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


def _with_local(scores: Scores | ArrayLike, length: int, local: int) -> Scores:
    """The scores, +inf at the block of i and the local - 1 before it."""
    values = as_scores(scores)
    *_, n, m = values.shape
    blocks = pool_count(n, length)
    if len(values.shape) != 3 or m != blocks:
        raise ValueError(
            f"scores must have shape (H_I, n, m) over the m = {blocks} blocks of n = {n} tokens, "
            f"length = {length}, got {values.shape}"
        )
    reach = integer("local", local, 0)
    near = Blockwise(Lookback(reach), (length, 1)) if reach else ~Full()

    def rows(lo: int, hi: int) -> FloatArray:
        queries = np.arange(lo, hi)[:, None]
        is_local = near.contains(queries, np.arange(m))
        return np.where(is_local, np.inf, values.rows(lo, hi))

    return Scores(values.shape, rows)
