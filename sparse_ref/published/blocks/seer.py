"""SeerAttention: a learned gate scores blocks from pooled queries and keys; a threshold decides.

Gao et al. 2024, "SeerAttention: Learning Intrinsic Sparse Attention in Your LLMs", arXiv
2410.13276, sec. 3; the code is `seer_attn/prefill_sparse` and `seer_attn/modules/common.py` of
SeerAttention aba03e3, whose gate and masks were executed.

Symbols:  block I of queries, J of keys, B tokens each;  P the pools of a block, one after the other
in channels;  W the gate's matrices, one per head.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal
from ...selection import Scores
from ...selection.scores import as_scores
from ...sets.checks import flag
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from .atoms import Sets, check_self_attention

POOLS: dict[str, Callable[..., FloatArray]] = {
    "avg": selection.mean_pool,
    "max": selection.max_pool,
    "min": selection.min_pool,
}
DENSE_ROWS = 2


def pool_channels(x: ArrayLike, pools: Sequence[str], *, block: int) -> FloatArray:
    """P(x): the pools named "avg", "max", "min", one after the other in channels, (G, m, c d)."""
    values = as_array("x", x)
    for name in pools:
        if name not in POOLS:
            names = ", ".join(POOLS)
            raise ValueError(f"pools must be of {names}, got {name!r}")
    channels = [POOLS[name](values, block) for name in pools]
    return np.concatenate(channels, axis=-1)


def gate_scores(
    q_pools: ArrayLike,
    k_pools: ArrayLike,
    W_q: ArrayLike,
    W_k: ArrayLike,
) -> Scores:
    """s_I(J) = softmax_{J <= I}( (P(q)_I W_q) . (P(k)_J W_k) / sqrt(e) )

    Parameters
    ----------
    q_pools, k_pools : float arrays (H, m, c d) and (G, m, c d), of queries and keys without
        rotation; the rotation of blocks, which the code applies after W, is left out.
    W_q, W_k : (H, c d, e) and (G, c d, e), from the right.

    Returns Scores (H, m, m).
    """
    queries = np.asarray(q_pools) @ np.asarray(W_q)
    keys = np.asarray(k_pools) @ np.asarray(W_k)
    logits = selection.dot(queries, keys, scale=queries.shape[-1] ** -0.5)
    return selection.probabilities(logits, Causal())


def threshold_choice(
    scores: Scores | ArrayLike, threshold: float, *, dense_last: bool = False
) -> Sets:
    """A_I = { J <= I : s_I(J) > threshold }, over (block, block)

    Nothing is forced: a row loses its own block, and all blocks, if none is above the threshold.
    dense_last: the last two rows have all their blocks.
    """
    values = as_scores(scores)
    rows = values.shape[-2]
    strictly = np.nextafter(float(threshold), np.inf)  # in which scores are compared
    return selection.at_least(values, strictly, Causal(), forced=_last(rows, dense_last))


def ratio_choice(scores: Scores | ArrayLike, ratio: float, *, dense_last: bool = False) -> Sets:
    """A_I = the k best J <= I, k = floor(m (1 - sqrt(1 - ratio))), at least 1, for m blocks.

    With k blocks in each of m rows, about `ratio` of the pairs J <= I are in. Ties go to the
    smallest block. dense_last as for `threshold_choice`.
    """
    values = as_scores(scores)
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio must be from 0 to 1, got {ratio!r}")
    rows = values.shape[-2]
    count = max(int((1 - math.sqrt(1 - ratio)) * rows), 1)
    return selection.top_k(values, count, Causal(), forced=_last(rows, dense_last))


def sets(blocks: Sets, *, block: int) -> Sets:
    """A_i = { j <= i : floor(j / B) in A_I },  I = floor(i / B); rows can be empty."""
    if isinstance(blocks, Pattern):
        return Blockwise(blocks, block) & Causal()
    return PatternTuple(Blockwise(p, block) & Causal() for p in blocks)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    blocks: Sets,
    *,
    block: int,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i; 0 in rows without blocks.

    Parameters
    ----------
    q, k, v : as for `sr.attend`, without a batch, rotated.
    blocks : what `threshold_choice` or `ratio_choice` chose.
    block : B.

    A method of prefilling: the pools of a block of queries see its last query. The gate learns from
    the maxima of attention over blocks, not through this.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    check_self_attention(q, k)
    return attend(q, k, v, sets(blocks, block=block))


def _last(rows: int, dense_last: bool) -> Pattern | None:
    """The pairs of the last two rows, or none."""
    first = rows - DENSE_ROWS
    if not flag("dense_last", dense_last):
        return None
    lines = [range(row + 1) if row >= first else () for row in range(rows)]
    return Listed.of_rows(lines)
