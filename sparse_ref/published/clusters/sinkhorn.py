"""Sparse Sinkhorn attention: each block of queries over its own block and the blocks sorted to it.

Tay, Bahri, Yang, Metzler, Juan 2020, arXiv 2002.11296, sec. 3; sinkhorn-transformer
("lucidrains") after it.

Symbols:  b the length of a block, B = n / b;  R (m, B) the sorting matrix, of `sr.selection`;
K' = R K, V' = R V the sorted blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Causal, Chunk
from ...selection.sorting import check_blocks, sinkhorn_sets, sort_blocks
from ...sets.checks import flag, integer
from ...sets.listed import Listed
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ..softmax_parts import attend_to_parts, parts_backward

SinkhornRule = Literal["paper", "lucidrains"]


@dataclass(frozen=True)
class SinkhornAttention:
    """out_i = one softmax over the sorted blocks of the block of i, (K', V'), and its own, (K, V)

    Block u of queries has the rows u t to (u + 1) t - 1 of R, t = m / B of them. A row of R that is
    all zeros is no block of keys.

    Parameters
    ----------
    block : b, which divides n.
    rule : "paper" or "lucidrains".
    cut : above 0 for SortCut: all queries attend to the same first `cut` sorted blocks, R has
        `cut` rows or more. "paper" attends to nothing else; "lucidrains" keeps the own block.
    causal : keys j <= i of the own block; R must have nothing at or above the diagonal, as from
        `sinkhorn(causal=True)`. Not with `cut`, nor with "lucidrains": see
        `SinkhornCausalAttention`.

    Differs: "lucidrains" without `cut` takes the sorted keys for the sorted values, V' = R K, so
    that its output is not 0 if V is: a defect, kept here under its name. Its R is `top_shares` by
    default, with t choices, and scales keys and values both.

    >>> import numpy as np, sparse_ref as sr
    >>> x, zeros = np.random.default_rng(0).standard_normal((6, 4)), np.zeros((6, 4))
    >>> R = sr.selection.sinkhorn(np.eye(3))
    >>> paper, code = (sr.published.SinkhornAttention(2, rule) for rule in ("paper", "lucidrains"))
    >>> bool(paper(x, x, zeros, R).any()), bool(code(x, x, zeros, R).any())
    (False, True)
    >>> choices = sr.selection.top_shares(np.random.default_rng(0).standard_normal((4, 4)))
    >>> print(sr.picture(paper.sets(choices), 8))
    ██··██··
    ██··██··
    ··████··
    ··████··
    ····████
    ····████
    ··██··██
    ··██··██
    """

    block: int
    rule: SinkhornRule = "paper"
    cut: int = 0
    causal: bool = False

    def __post_init__(self):
        integer("SinkhornAttention: block", self.block, 1)
        integer("SinkhornAttention: cut", self.cut, 0)
        if self.rule not in ("paper", "lucidrains"):
            raise ValueError(
                f"SinkhornAttention: rule must be 'paper' or 'lucidrains', got {self.rule!r}"
            )
        is_plain = self.rule == "paper" and not self.cut
        if flag("SinkhornAttention: causal", self.causal) and not is_plain:
            raise ValueError(
                "SinkhornAttention: causal must be False with cut (Sinkhorn, SortCut is for "
                "encoders) and with 'lucidrains', got True"
            )

    def sets(self, matrix: ArrayLike) -> Pattern:
        """The keys of one head whose weight may be above 0: tokens of sorted blocks, own block."""
        r = np.asarray(matrix)
        if self.cut:
            has_block = (r[: self.cut] != 0).any(axis=0, keepdims=True)
            r = np.repeat(has_block, r.shape[1], axis=0)
        sorted_keys = sinkhorn_sets(r, self.block)
        return sorted_keys if self._is_paper_cut() else sorted_keys | self._block_keys()

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        matrix: ArrayLike,
    ) -> np.ndarray:
        """(..., n, e) from q, k (..., n, d), v (..., n, e) and R (..., m, B).

        The leading axes are alike, heads for instance.
        Raises ValueError for lengths that b does not divide, for an R of other columns, or one that
        is not causal if the layer is; else as `sr.attend` does.
        """
        arrays = flat_heads(q, k, v, matrix)
        out, _ = attend_to_parts(self._parts(*arrays))
        *leading, _ = np.shape(q)
        return out.reshape(*leading, out.shape[-1])

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        matrix: ArrayLike,
    ) -> tuple[np.ndarray, ...]:
        """(dq, dk, dv, dR): the gradients of sum(grad_out * layer(q, k, v, R))."""
        arrays = flat_heads(q, k, v, matrix)
        _, k_heads, v_heads, r = arrays
        grad = _flat(as_array("grad_out", grad_out))
        gradients = parts_backward(grad, self._parts(*arrays))
        dq = sum(dq_part for dq_part, _, _ in gradients)
        (_, dk_sorted, dv_sorted), *own = gradients
        if self._keys_are_values():
            dk_sorted += dv_sorted
            dv_sorted[:] = 0
        used = r[:, : self.cut or None]
        dk, dr_k = unsort(dk_sorted, k_heads, used)
        dv, dr_v = unsort(dv_sorted, v_heads, used)
        for _, dk_own, dv_own in own:
            dk += dk_own
            dv += dv_own
        dr = np.zeros_like(r)
        dr[:, : self.cut or None] = dr_k + dr_v
        shapes = map(np.shape, (q, k, v, matrix))
        return tuple(map(np.reshape, (dq, dk, dv, dr), shapes))

    def _keys_are_values(self):
        """The defect."""
        return self.rule == "lucidrains" and not self.cut

    def _is_paper_cut(self):
        """No own block."""
        return self.rule == "paper" and self.cut > 0

    def _block_keys(self):
        """The own block."""
        own = Chunk(self.block)
        return own & Causal() if self.causal else own

    def _parts(self, q, k, v, r):
        """The sorted blocks, and the own one."""
        key_blocks = check_blocks("SinkhornAttention", k.shape[1], self.block, r)
        blocks = self._check(q.shape[1], key_blocks, r)
        if self.cut:
            r = r[:, : self.cut]
        sorted_k, sorted_v = (sort_blocks(x, r, self.block) for x in (k, v))
        if self._keys_are_values():
            sorted_v = sorted_k
        choices = [_choices(rows, blocks, self.cut) for rows in r]
        patterns = [Blockwise(blocks_of, self.block) for blocks_of in choices]
        over_sorted = q, sorted_k, sorted_v, patterns
        if self._is_paper_cut() or blocks != key_blocks:
            return [over_sorted]
        return [over_sorted, (q, k, v, self._block_keys())]

    def _check(self, n, key_blocks, r):
        """n / b, if R has rows for each block of queries, and is causal if the layer is."""
        blocks = n // self.block
        if n % self.block or (blocks != key_blocks and self.rule == "paper"):
            raise ValueError(
                f"SinkhornAttention: q must have {key_blocks} blocks of {self.block}, as k has "
                f"(Sinkhorn, whole blocks), got {n} queries"
            )
        rows, unit = r.shape[1], max(blocks, 1)
        if self.cut > rows:
            raise ValueError(
                f"SinkhornAttention: matrix must have at least cut = {self.cut} rows, got {rows}"
            )
        if not self.cut and rows % unit:
            raise ValueError(
                f"SinkhornAttention: matrix must have a multiple of {unit} rows, got {rows}"
            )
        if self.causal and np.triu(r).any():
            raise ValueError(
                "SinkhornAttention: matrix must be 0 on and above the diagonal (causal Sinkhorn, "
                "blocks of the past only)"
            )
        return blocks


def _choices(r: np.ndarray, blocks: int, cut: int = 0) -> Listed:
    """The rows of R of each block of queries, all of them for SortCut, none that is zeros."""
    width = len(r) if cut else len(r) // max(blocks, 1)
    starts = np.zeros(blocks, int) if cut else width * np.arange(blocks)
    rows = starts[:, None] + np.arange(width)
    has_block = (r != 0).any(axis=1)
    return Listed.of_rows([choices[has_block[choices]] for choices in rows])


def flat_heads(*arrays: ArrayLike) -> list[np.ndarray]:
    """q, k, v and R, the leading axes as one."""
    names = "q", "k", "v", "matrix"
    heads = list(map(as_array, names, arrays))
    leading = {x.shape[:-2] for x in heads}
    if len(leading) > 1 or any(x.ndim < 2 for x in heads):
        shapes = ", ".join(str(x.shape) for x in heads)
        raise ValueError(
            f"q, k, v and matrix must agree in their leading axes, heads for instance, got {shapes}"
        )
    return list(map(_flat, heads))


def _flat(x: np.ndarray) -> np.ndarray:
    *leading, n, width = x.shape
    return x.reshape(prod(leading), n, width)


def unsort(
    grad: np.ndarray,
    x: np.ndarray,
    r: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients at x and at R of sum(grad * (R x)), by blocks: (H, B b, d) and (H, m, B)."""
    heads, m, count = r.shape
    numbers = x.shape[1] * x.shape[2] // max(count, 1)  # in a block
    blocks = x.reshape(heads, count, numbers)
    grad_blocks = grad.reshape(heads, m, numbers)
    dx = r.swapaxes(1, 2) @ grad_blocks
    return dx.reshape(x.shape), grad_blocks @ blocks.swapaxes(1, 2)
