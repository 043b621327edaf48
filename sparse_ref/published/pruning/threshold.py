"""Thresholds: keys whose logit or weight is too small are pruned, whatever their number.

Li et al. 2022, "Accelerating Attention through Gradient-Based Learned Runtime Pruning" (LeOPArd),
arXiv 2204.03227, sec. 3, prunes logits; Wang et al. 2021 (SpAtten), arXiv 2012.09852, prunes
weights by rank.

Symbols:  x_ij = scale q_i . k_j over j in A_i;  p_ij = softmax_j(x_ij);  t the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention import PatternLike, attend, attend_backward, attend_with_lse
from ...attention.arrays import as_array
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ...sets.types import FloatArray
from ..self_attention import Arrays
from .row_weights import Row, head_arrays, support_of_rows

Measure = Literal["logit", "weight"]


@dataclass(frozen=True)
class ThresholdAttention:
    """out_i = sum of p_ij v_j over { j in A_i : p_ij >= t }, or attention over the keys x_ij >= t

    Parameters
    ----------
    threshold : t. A key at t is in.
    measure : "weight" prunes after the softmax over A_i: the weights of a row that are at least t
        stay as they are, so that they sum to less than 1, a gate of each row. "logit" prunes before
        it: a softmax over the keys whose scaled logit is at least t.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    A row whose keys are all pruned gives 0. t = 0 with "weight" prunes nothing; t above 1 / 2 keeps
    at most one key. The choice is constant in the gradients, as the published code has it at run
    time; the soft threshold that LeOPArd learns t by is left out.

    Source: Li et al. 2022, sec. 3, for logits.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(4) * 3
    >>> layer = sr.published.ThresholdAttention(threshold=0.2)
    >>> print(sr.picture(layer.sets(x[:, :2], x[:, :2], sr.Causal())[0], 4))
    █···
    ·█··
    ███·
    ████
    """

    threshold: float
    measure: Measure = "weight"
    scale: float | None = None

    def __post_init__(self):
        if self.measure not in ("logit", "weight"):
            raise ValueError(
                f"ThresholdAttention: measure must be 'logit' or 'weight', got {self.measure!r}"
            )
        if np.isnan(self.threshold):
            raise ValueError("ThresholdAttention: threshold must be a number, got nan")

    def sets(
        self,
        q: ArrayLike,
        k: ArrayLike,
        pattern: PatternLike,
    ) -> tuple[Listed, ...]:
        """The keys that are not pruned, a pattern for each head; logits are in float64."""
        return support_of_rows(head_arrays(q, k, k, pattern, self.scale), self)

    def __call__(
        self, q: ArrayLike, k: ArrayLike, v: ArrayLike, pattern: PatternLike
    ) -> np.ndarray:
        """out (H, n_q, e) or (n_q, e), in the dtype of q, from q (H, n_q, d), k (G, n_k, d) and v
        (G, n_k, e), G dividing H, or two axes for one head. `pattern` is one for all heads, or one
        for each.
        """
        q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
        kept = self.sets(q, k, pattern)
        if self.measure == "logit":
            return attend(q, k, v, kept, scale=self.scale)
        return self._gate(q, k, v, kept, pattern)[0]

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        pattern: PatternLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * layer(q, k, v, pattern)), the choice constant.

        With "weight", a pruned key still is in the denominator: it is a key whose value is 0.
        """
        q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
        grad, kept = as_array("grad_out", grad_out), self.sets(q, k, pattern)
        if self.measure == "logit":
            out, lse = attend_with_lse(q, k, v, kept, scale=self.scale)
            return attend_backward(grad, q, k, v, out, lse, kept, scale=self.scale)
        out, lse = self._gate(q, k, v, kept, pattern)
        pruned = [p - chosen for p, chosen in zip(_patterns(pattern, kept), kept)]
        of_kept = attend_backward(grad, q, k, v, out, lse, kept, scale=self.scale)
        zeros = np.zeros_like(v)
        of_pruned = attend_backward(grad, q, k, zeros, out, lse, pruned, scale=self.scale)
        dq, dk, dv = of_kept
        return dq + of_pruned[0], dk + of_pruned[1], dv

    def _gate(self, q, k, v, kept, pattern):
        """The output over the keys kept, times their share of the softmax; and the lse over A_i."""
        out, lse = attend_with_lse(q, k, v, kept, scale=self.scale)
        _, whole_lse = attend_with_lse(q, k, v, pattern, scale=self.scale)
        is_empty = lse == -np.inf
        difference = np.where(is_empty, 0, lse) - np.where(is_empty, 0, whole_lse)
        share = np.where(is_empty, 0, np.exp(difference))
        return (out * share[..., None]).astype(out.dtype), whole_lse

    def row_weights(self, row: Row) -> FloatArray:
        """1 for each key that is not pruned, 0 for the others."""
        if self.measure == "logit":
            return (row.logits >= self.threshold).astype(np.float64)
        exponentials = np.exp(row.logits - row.logits.max())
        p = exponentials / exponentials.sum()
        return (p >= self.threshold).astype(np.float64)

    def row_gradients(
        self, row: Row, weights: FloatArray, grad: FloatArray
    ) -> tuple[FloatArray, float]:
        """Zeros: the choice is constant."""
        return np.zeros_like(grad), 0.0


def _patterns(pattern: PatternLike, kept: tuple[Listed, ...]) -> tuple[Pattern, ...]:
    """A of each head."""
    return patterns_of_heads("pattern", pattern, len(kept))
