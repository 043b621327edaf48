"""FlexPrefill: lines of blocks that cover a share of the last queries' attention, head by head.

Lai et al. 2025, "FlexPrefill: A Context-Aware Sparse Attention Mechanism for Efficient
Long-Sequence Inference", arXiv 2502.20766, sec. 3; the code is `flex_prefill_attention.py` of
FlexPrefill a24b27b, whose choice of blocks was executed.

Symbols:  B the block, m = ceil(n / B) blocks;  p the attention of the last B queries, a mean over
them: a_j of column j, b_o of diagonal o = i - j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal, Full, Sinks
from ...patterns.minference import vertical_slash
from ...selection.largest import softmax
from ...sets.checks import integer
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.token_pools import pool_count
from ...sets.types import BoolArray, FloatArray, IntArray
from .atoms import check_self_attention
from .minference import line_scores

COUNT_UNIT = 128  # by which the code divides tokens, whatever the block is


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    share: float,
    block: int = 128,
    divergence: float = 0.0,
    least: int = 1,
    most: int | None = None,
) -> PatternTuple:
    """A_i = { j <= i : J in V or I - J in S, or (I, J) in E },  I, J the blocks of i, j

    V are blocks of columns, the first among them, and S of diagonals, the main one among them: of
    each the best, as many as columns or diagonals are needed to go beyond `share`, over 128,
    rounded up. E is empty, unless the means of the last block predict its attention to blocks well
    (a square root of their Jensen-Shannon divergence below `divergence`): then V and S have `least`
    blocks, and E the best pairs of blocks, by the softmax of means, that add up to share m.

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H.
    share, divergence : gamma and tau of the paper, from 0 to 1.
    block : B. Blocks of diagonals are cut where n is no multiple of B: the main one is the short
        one.
    least, most : tokens that V and S have at least and at most, rounded up to blocks.

    Returns a pattern over tokens for each head. Prompts up to 2 B tokens, or `least` rounded up,
    are dense. Ties go to the first of V, the nearest of S. The own token is always in.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    check_self_attention(queries, keys)
    heads, n, _ = queries.shape
    least_blocks = pool_count(integer("least", least, 1), integer("block", block, 1))
    if n <= max(2, least_blocks) * block:
        return PatternTuple([Causal()] * heads)
    most_blocks = pool_count(n if most is None else integer("most", most, 1), block)
    bounds = least_blocks, min(most_blocks, pool_count(n, block))
    columns, diagonals = (x / block for x in line_scores(queries, keys, last=block))
    predicted = _predicts(queries, keys, columns, block) < divergence
    patterns = []
    for h in range(heads):
        limits = (least_blocks, least_blocks) if predicted[h] else bounds
        lines = _lines(columns[h], diagonals[h], share, block, limits)
        key_head = h * len(keys) // heads
        extra = ~Full()
        if predicted[h]:
            extra = _best_pairs(queries[h], keys[key_head], share, block)
        patterns.append(Blockwise(lines | extra, block) & Causal())
    return PatternTuple(patterns)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    share: float,
    block: int = 128,
    divergence: float = 0.0,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i, with no bounds on V and S.

    Parameters and errors are those of `sets` and of `sr.attend`. A method of prefilling: the last
    queries decide for all.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, share=share, block=block, divergence=divergence)
    return attend(q, k, v, pattern)


def _lines(
    columns: FloatArray,
    diagonals: FloatArray,
    share: float,
    block: int,
    bounds: tuple[int, int],
) -> Pattern:
    """V and S over blocks."""
    starts = np.arange(0, len(columns), block)
    of_columns = np.add.reduceat(columns, starts)
    furthest_first = np.add.reduceat(diagonals[::-1], starts)
    verticals = _best(of_columns, _count(columns, share, bounds))
    slashes = _best(furthest_first[::-1], _count(diagonals, share, bounds))
    return vertical_slash(verticals, slashes)


def _count(shares: FloatArray, share: float, bounds: tuple[int, int]) -> int:
    """The blocks of 128 lines, of which the best go beyond the share; from least to most."""
    cumulative = np.cumsum(np.sort(shares)[::-1])
    lines = int(np.count_nonzero(cumulative <= share)) + 1
    count = lines // COUNT_UNIT + 1
    least, most = bounds
    return min(max(count, least), most)


def _best(sums: FloatArray, count: int) -> list[int]:
    """The `count` blocks of the greatest sums, the first among them."""
    chosen = selection.top_k(sums[None], count, Full(), forced=Sinks(1))
    assert isinstance(chosen, Pattern)  # one head
    blocks: list[int] = chosen.row(0, len(sums)).tolist()
    return blocks


def _predicts(q: FloatArray, k: FloatArray, columns: FloatArray, block: int) -> FloatArray:
    """sqrt(JS) of the attention to blocks by means and by p, (H,); NaN if a block has none."""
    _, n, d = q.shape
    last = q[:, n - block :].mean(axis=1, keepdims=True)
    logits = selection.dot(last, selection.mean_pool(k, block), scale=d**-0.5)
    by_means = softmax(np.asarray(logits)[:, 0])
    starts = range(0, n, block)
    by_tokens = np.add.reduceat(columns, starts, axis=-1)
    middle = (by_means + by_tokens) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = by_means * np.log(by_means / middle)
        other_terms = by_tokens * np.log(by_tokens / middle)
        sums = terms.sum(axis=-1) + other_terms.sum(axis=-1)
        root: FloatArray = np.sqrt(sums / 2)
    return root


def _best_pairs(q: FloatArray, k: FloatArray, share: float, block: int) -> Listed:
    """E of one head: the best pairs of blocks, up to share m in all."""
    q_mean, k_mean = selection.mean_pool(q, block), selection.mean_pool(k, block)
    logits = selection.dot(q_mean, k_mean, scale=q.shape[-1] ** -0.5)
    shares = np.asarray(selection.probabilities(logits, Causal()))
    flat = shares.ravel()
    order: IntArray = np.argsort(-flat, kind="stable")
    fits: BoolArray = np.cumsum(flat[order]) <= share * len(shares)
    mask = np.zeros(flat.shape, bool)
    mask[order[fits]] = True
    return Listed.of_rows(np.flatnonzero(row) for row in mask.reshape(shares.shape))
