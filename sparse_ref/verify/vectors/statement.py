"""Dense attention on the arrays of a case, in float64, for other masks, logits and key heads too.

It is a second statement, next to `attend`. The known bugs are small changes of it.

Symbols:  x logits, (H, n_q, n_k);  m how many times a key counts, (H, n_q, n_k);  kv[h] the key
head of query head h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray

Arrays = Mapping[str, np.ndarray]  # the arrays of a case, by name


class Result(NamedTuple):
    """What attention returns: out (H, n_q, e) and lse (H, n_q)."""

    out: FloatArray
    lse: FloatArray


@dataclass(frozen=True, eq=False)
class CaseInputs:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e) in float64, m (H, n_q, n_k), and the scale."""

    q: FloatArray
    k: FloatArray
    v: FloatArray
    m: FloatArray
    scale: float

    @classmethod
    def from_arrays(cls, arrays: Arrays, scale: float) -> CaseInputs:
        """The inputs in the arrays of a case."""
        q, k, v = (arrays[name].astype(np.float64) for name in "qkv")
        return cls(q, k, v, arrays["mask"].astype(np.float64), scale)

    @property
    def kv(self) -> IntArray:
        """The key head that each query head reads."""
        queries_per_key_head = len(self.q) // len(self.k)
        return np.arange(len(self.q)) // queries_per_key_head

    @property
    def x(self) -> FloatArray:
        """The logits."""
        return logits(self.q, self.k[self.kv], self.scale)

    @property
    def values(self) -> FloatArray:
        """v (H, n_k, e), repeated for the query heads."""
        return self.v[self.kv]

    @property
    def empty(self) -> BoolArray:
        """Which rows have no keys, (H, n_q)."""
        return self.m.sum(axis=-1) == 0

    def result(
        self,
        m: FloatArray | None = None,
        kv: IntArray | None = None,
        scale: float | None = None,
    ) -> Result:
        """(out, lse), with another m, other key heads or another scale if given."""
        m = self.m if m is None else m
        kv = self.kv if kv is None else kv
        scale = self.scale if scale is None else scale
        x = logits(self.q, self.k[kv], scale)
        return softmax(x, m, self.v[kv])


def logits(q: FloatArray, k: FloatArray, scale: float) -> FloatArray:
    """x = scale q . k"""
    with np.errstate(invalid="ignore", over="ignore"):
        return q @ k.mT * scale


def softmax(x: FloatArray, m: FloatArray, v: FloatArray) -> Result:
    """out_i = sum_j P_ij v_j,  P_ij = m_ij exp(x_ij - lse_i);  0 and -inf in rows without keys."""
    # rounded_attention at 53 bits is the same, except with NaN. It multiplies v by weights of 0,
    # and some cases have NaN in v at non-members, where 0 * NaN would be NaN.
    with np.errstate(all="ignore"):
        x = np.where(m > 0, x, -np.inf)
        top = x.max(axis=-1, keepdims=True)
        finite_top = np.where(top == -np.inf, 0, top)
        p = m * np.exp(x - finite_top)
        total = p.sum(axis=-1, keepdims=True)
        lse = np.log(total) + top
        is_member = m[..., None] > 0
        terms = p[..., None] * v[:, None]
        sums = np.where(is_member, terms, 0).sum(axis=2)
        out = sums / np.where(total == 0, 1, total)
        return Result(out, lse[..., 0])
