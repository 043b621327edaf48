"""XAttention: blocks by the softmax of antidiagonal sums, the fewest that hold a share of it.

Xu et al. 2025, "XAttention: Block Sparse Attention with Antidiagonal Scoring", arXiv 2503.16428;
the code is `xattn/src/utils.py` and `Xattention.py`.

Symbols:  S the stride, B the block;  s_I(J) the attention that the squares of block row I give to
block J;  F_I the forced blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import selection
from ...attention import attend
from ...attention.arrays import as_array
from ...patterns import Causal
from ...sets.checks import integer
from ...sets.heads import PatternTuple
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.types import BoolArray, FloatArray
from .atoms import Sets, check_self_attention


def block_scores(q: ArrayLike, k: ArrayLike, *, block: int, stride: int) -> FloatArray:
    """s_I(J) = sum over squares a of block row I, b of block J of softmax_b(x_ab), b <= a

    with x the antidiagonal sums of each S x S square, over sqrt(d) S.

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H, or (n, d).
    block, stride : B and S. Raises ValueError if S does not divide B.

    Returns (H, m, m) or (m, m), m = ceil(n / B). Each whole row sums to B / S. O(n B / S^2) memory
    for the squares of one row of blocks.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    check_self_attention(queries, keys)
    in_block = _squares_in_block(block, stride)
    scale = queries.shape[-1] ** -0.5 / stride
    squares = selection.antidiagonal(queries, keys, stride, scale=scale)
    shares = selection.probabilities(squares, Causal())
    firsts = range(0, squares.shape[-1], in_block)
    rows = []
    for first in firsts:
        last = min(first + in_block, squares.shape[-1])
        attention_of_row = shares.rows(first, last).sum(axis=-2)
        rows.append(np.add.reduceat(attention_of_row, firsts, axis=-1))
    heads = squares.shape[:-2]
    empty = np.zeros((*heads, 0, 0), queries.dtype)
    return np.stack(rows, axis=-2) if rows else empty


def choice(scores: ArrayLike, *, threshold: float, first_chunk: int) -> Sets:
    """A_I = F_I u { 0 } u the fewest best J < I with  sum over A_I of s_I >= threshold sum_J s_I(J)

    F_I is { 0, I }. The code works through the rows in chunks. In the first chunk, I < first_chunk,
    0 is not forced, and takes its place in the order; and one block more than these is taken. 0 is
    in nevertheless, since it fills the places that remain.

    Parameters
    ----------
    scores : (m, m) or (H, m, m), not negative. Those of J > I are not read.
    threshold : the share, from 0 to 1.
    first_chunk : rows of blocks in the first chunk.

    Returns a pattern over (block, block), or one per head. Ties go to the smallest block. A row
    without attention has { 0, I }.

    >>> import numpy as np, sparse_ref as sr
    >>> scores = np.tile([1.0, 4, 3, 2, 0], (5, 1))
    >>> for first_chunk in (0, 5):
    ...     p = sr.published.xattention.choice(scores, threshold=0.4, first_chunk=first_chunk)
    ...     print(sr.picture(p, 5), end="\\n\\n")
    █····
    ██···
    █·█··
    ██·█·
    ██··█
    <BLANKLINE>
    █····
    ██···
    ███··
    ████·
    ███·█
    <BLANKLINE>
    """
    values = np.asarray(scores)
    *_, rows, columns = np.atleast_2d(values).shape
    if values.ndim not in (2, 3) or rows != columns:
        raise ValueError(f"scores must have shape (m, m) or (H, m, m), got {values.shape}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1, got {threshold!r}")
    early = integer("first_chunk", first_chunk, 0)
    by_head = values if values.ndim == 3 else values[None]
    heads = by_head.astype(np.float64)
    chosen = PatternTuple(
        Listed.of_rows(
            np.flatnonzero(_row(numbers[: block + 1], threshold, block < early))
            for block, numbers in enumerate(head)
        )
        for head in heads
    )
    return chosen if values.ndim == 3 else chosen[0]


def _row(scores: FloatArray, threshold: float, is_early: bool) -> BoolArray:
    """[J in A_I] for J <= I, from s_I(0), ..., s_I(I)."""
    required = threshold * scores.sum()
    mask = np.zeros(len(scores), bool)
    mask[-1] = True
    mask[0] = not is_early or mask[0]
    rest = np.where(mask, 0, scores)
    order = np.argsort(-rest, kind="stable")
    order = order[~mask[order]]
    best_first = rest[order]
    sum_before = np.cumsum(best_first) - best_first
    before = scores[mask].sum() + sum_before
    count = np.count_nonzero(before < required)
    extra = is_early and required > 0
    mask[order[: count + extra]] = True
    mask[0] = True
    return mask


def sets(
    q: ArrayLike,
    k: ArrayLike,
    *,
    block: int = 128,
    stride: int = 16,
    threshold: float = 0.9,
    chunk: int | None = None,
) -> Sets:
    """A_i = { j <= i : floor(j / B) in A_I },  I = floor(i / B)

    Parameters
    ----------
    q, k : float arrays (H, n, d) and (G, n, d), G dividing H, or (n, d); any n.
    block, stride, threshold : B, S, and the share of attention to keep.
    chunk : tokens that the code scores at a time, a multiple of B; `chunk_length(n)` unless given.

    Returns a pattern over tokens, or a tuple with one per head. No row is empty.
    """
    queries, keys = as_array("q", q), as_array("k", k)
    scores = block_scores(queries, keys, block=block, stride=stride)
    n = queries.shape[-2]
    length = chunk_length(n) if chunk is None else integer("chunk", chunk, 1)
    if length % block:
        raise ValueError(f"chunk must be a multiple of the block, {block}, got {length}")
    chosen = choice(scores, threshold=threshold, first_chunk=length // block)
    if isinstance(chosen, tuple):
        return PatternTuple(Blockwise(p, block) & Causal() for p in chosen)
    return Blockwise(chosen, block) & Causal()


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    block: int = 128,
    stride: int = 16,
    threshold: float = 0.9,
    chunk: int | None = None,
) -> np.ndarray:
    """out_i = softmax_j(q_i . k_j / sqrt(d)) v_j over j in A_i.

    Parameters and errors are those of `sets` and of `sr.attend`. It is a method of inference: the
    choice of blocks sees the whole prompt of a row of blocks, so that later queries of a block row
    decide the blocks of earlier ones.
    """
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    pattern = sets(q, k, block=block, stride=stride, threshold=threshold, chunk=chunk)
    return attend(q, k, v, pattern)


def chunk_length(n: int) -> int:
    """max(2048, min(P, 2^28 / P)) tokens, P the power of 2 from n on: what the code scores at once.

    >>> import sparse_ref as sr
    >>> [sr.published.xattention.chunk_length(n) for n in (100, 5000, 100_000)]
    [2048, 8192, 2048]
    """
    power = 1 << max(integer("n", n, 0) - 1, 0).bit_length()
    return max(min(max(2048, power), (1 << 28) // power), 2048)


def _squares_in_block(block: int, stride: int) -> int:
    """B / S."""
    block, stride = integer("block", block, 1), integer("stride", stride, 1)
    if block % stride:
        raise ValueError(f"block must be a multiple of the stride, {stride}, got {block}")
    return block // stride
