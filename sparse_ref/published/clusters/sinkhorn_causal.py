"""sinkhorn-transformer's causal layer: blocks of the past, null blocks, half the heads rotated.

After Tay, Bahri, Yang, Metzler, Juan 2020, "Sparse Sinkhorn Attention", arXiv 2002.11296.

Symbols:  b the length of a block, B = n / b;  R the sorting matrix, (B count, count + B).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Causal, Chunk, Verticals, Window
from ...selection.sorting import check_blocks, sort_blocks, top_shares
from ...sets.checks import integer
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ..softmax_parts import Part, attend_to_parts, parts_backward
from .sinkhorn import flat_heads, unsort


@dataclass(frozen=True)
class SinkhornCausalAttention:
    """out_i = one softmax over `count` sorted blocks of the past, or null ones, and j <= i in block

    sinkhorn-transformer's causal layer. Heads h >= H / 2 work on the sequence rotated left by
    b - 1, whose blocks begin at position b - 1: block u of them is sorted from blocks before u in
    that order, and the last one holds position n - 1 and then 0 to b - 2, of which n - 1 alone
    sees sorted blocks, and the others do not see n - 1.

    R (H, B count, count + B) has `count` columns of null blocks in front: each is the head's
    learned null key and value, b times, so that the first blocks have something to sort from. A
    position of the past counts with the share that R gives its block: key and value are both
    scaled by it.

    Differs: the paper balances; this layer takes `top_shares`. The rows of a mixing matrix sum to
    less than 1 even where there are no nulls, since values are scaled.

    Parameters
    ----------
    block : b, which divides n.
    count : how many sorted blocks each block of queries has, at most B.
    """

    block: int
    count: int = 2

    def __post_init__(self):
        integer("SinkhornCausalAttention: block", self.block, 1)
        integer("SinkhornCausalAttention: count", self.count, 1)

    def sort(self, q: ArrayLike, k: ArrayLike, temperature: float = 1.0) -> np.ndarray:
        """R by its attention sort net: scores q_u . k_b / sqrt(d), the greatest of the past

        q_u is the mean of all queries up to the first of block u, k_b the sum over block b of the
        means of all keys up to each: nothing of what follows. q, k (H, n, d), not rotated.
        """
        q_means = self._running_means("q", q)
        k_means = self._running_means("k", k)
        heads, n, width = q_means.shape
        k_blocks = k_means.reshape(heads, n // self.block, self.block, width)
        k_sums = k_blocks.sum(axis=2)
        q_first = q_means[:, :: self.block] / sqrt(width)
        scores = q_first @ k_sums.swapaxes(1, 2)
        is_past = np.tri(n // self.block, k=-1, dtype=bool)
        past = np.where(is_past, scores, -np.inf)
        nulls = ((0, 0), (0, 0), (self.count, 0))
        return top_shares(np.pad(past, nulls), self.count, temperature)

    def _running_means(self, name: str, x: ArrayLike) -> np.ndarray:
        """The mean of the rotated sequence up to each position."""
        turned = self._turn(as_array(name, x), 1)
        n = turned.shape[1]
        if n % self.block:
            raise ValueError(
                f"SinkhornCausalAttention: n must be a multiple of block = {self.block} "
                f"(Sinkhorn, whole blocks), got {n}"
            )
        counts = np.arange(1, n + 1, dtype=turned.dtype)
        return turned.cumsum(axis=1) / counts[:, None]

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        matrix: ArrayLike,
        null_k: ArrayLike,
        null_v: ArrayLike,
    ) -> np.ndarray:
        """(H, n, e) from q, k (H, n, d), v (H, n, e), R and the nulls (H, d) and (H, e)."""
        arrays = flat_heads(q, k, v, matrix)
        parts = self._parts(arrays, null_k, null_v)
        out, _ = attend_to_parts(parts)
        return self._turn(out, -1)

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        matrix: ArrayLike,
        null_k: ArrayLike,
        null_v: ArrayLike,
    ) -> tuple[np.ndarray, ...]:
        """(dq, dk, dv, dR, dnull_k, dnull_v): the gradients of sum(grad_out * layer(...))."""
        arrays = flat_heads(q, k, v, matrix)
        _, k_heads, v_heads, r = arrays
        grad = self._turn(as_array("grad_out", grad_out), 1)
        parts = self._parts(arrays, null_k, null_v)
        (dq_sorted, dk_sorted, dv_sorted), own = parts_backward(grad, parts)
        dq_own, dk_own, dv_own = own
        dk_all, dr_k = unsort(dk_sorted, self._with_nulls(k_heads, null_k), r)
        dv_all, dr_v = unsort(dv_sorted, self._with_nulls(v_heads, null_v), r)
        length = self.count * self.block
        dq = self._turn(dq_sorted + dq_own, -1)
        dk = self._turn(dk_all[:, length:] + dk_own, -1)
        dv = self._turn(dv_all[:, length:] + dv_own, -1)
        dnull_k = dk_all[:, :length].sum(axis=1)
        dnull_v = dv_all[:, :length].sum(axis=1)
        return dq, dk, dv, dr_k + dr_v, dnull_k, dnull_v

    def _turn(self, x: np.ndarray, sign: int) -> np.ndarray:
        """The second half of the heads rotated left by b - 1, or back."""
        half = len(x) // 2
        step = -sign * (self.block - 1)
        turned = np.roll(x[half:], step, axis=1)
        return np.concatenate([x[:half], turned])

    def _with_nulls(self, x: np.ndarray, null: ArrayLike) -> np.ndarray:
        """The null blocks, and the rotated sequence after them."""
        rows = np.asarray(null, x.dtype)[:, None]
        nulls = np.repeat(rows, self.count * self.block, axis=1)
        return np.concatenate([nulls, self._turn(x, 1)], axis=1)

    def _parts(self, arrays, null_k, null_v) -> list[Part]:
        """The sorted blocks, and the own one, in the order rotated."""
        q, k, v, r = arrays
        heads, n, _ = q.shape
        extended_k, extended_v = self._with_nulls(k, null_k), self._with_nulls(v, null_v)
        columns = extended_k.shape[1]
        blocks = check_blocks("SinkhornCausalAttention", columns, self.block, r) - self.count
        if r.shape[1] != blocks * self.count:
            raise ValueError(
                f"SinkhornCausalAttention: matrix must have count n / block = "
                f"{blocks * self.count} rows, got {r.shape[1]}"
            )
        sorted_k = sort_blocks(extended_k, r, self.block)
        sorted_v = sort_blocks(extended_v, r, self.block)
        sides = [self._sides(n, head >= heads // 2) for head in range(heads)]
        seen, own = zip(*sides)
        turn = partial(self._turn, sign=1)
        q, k, v = map(turn, (q, k, v))
        return [(q, sorted_k, sorted_v, seen), (q, k, v, own)]

    def _sides(self, n: int, is_turned: bool) -> tuple[Pattern, Pattern]:
        """What a head sees of the sorted blocks, and of its own."""
        width = self.count * self.block
        over_sorted = Blockwise(Window(0), (self.block, width))
        own = Chunk(self.block) & Causal()
        if n == 0 or not is_turned:
            return over_sorted, own
        seam = n - self.block  # position n - 1, which positions 0 to b - 2 follow
        blocks = np.arange(n) // self.block
        ends = np.minimum(np.arange(n + 1), seam + 1)
        before_seam = Listed(ends, blocks[: seam + 1])
        past_of_seam = Verticals((seam,)) - Window(0)
        return Blockwise(before_seam, (1, width)), own - past_of_seam
