"""Dense attention over the arrays of a case, in float64: a second statement, all rows at once, that takes other masks and logits.

Symbols:  x logits, (H, n_q, n_k);  m how many times a key counts, (H, n_q, n_k);  kv[h] the key head of query head h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Result = tuple[np.ndarray, np.ndarray]  # out (H, n_q, e), lse (H, n_q)


@dataclass(frozen=True, eq=False)
class Given:
    """A case to compute with: q (H, n_q, d), k (G, n_k, d), v (G, n_k, e) in float64, m, and the scale."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    m: np.ndarray
    scale: float

    @classmethod
    def of(cls, arrays, scale: float) -> Given:
        """From the arrays of a case."""
        q, k, v = (arrays[name].astype(np.float64) for name in "qkv")
        return cls(q, k, v, arrays["mask"].astype(np.float64), scale)

    @property
    def kv(self) -> np.ndarray:
        """The key head that each query head reads."""
        return np.arange(len(self.q)) // (len(self.q) // len(self.k))

    @property
    def x(self) -> np.ndarray:
        """The logits."""
        return logits(self.q, self.k[self.kv], self.scale)

    @property
    def values(self) -> np.ndarray:
        """v with a head for each of q."""
        return self.v[self.kv]

    @property
    def empty(self) -> np.ndarray:
        """Rows without keys, (H, n_q)."""
        return self.m.sum(axis=-1) == 0

    def result(self, m=None, kv=None, scale=None) -> Result:
        """(out, lse); with another m, other key heads or another scale where given."""
        kv, scale = self.kv if kv is None else kv, self.scale if scale is None else scale
        return softmax(logits(self.q, self.k[kv], scale), self.m if m is None else m, self.v[kv])


def logits(q, k, scale) -> np.ndarray:
    """x = scale q . k"""
    with np.errstate(invalid="ignore", over="ignore"):
        return q @ k.mT * scale


def softmax(x, m, v) -> Result:
    """(out, lse):  out_i = sum_j P_ij v_j,  P_ij = m_ij exp(x_ij - lse_i);  0 and -inf in rows without keys."""
    with np.errstate(all="ignore"):
        x = np.where(m > 0, x, -np.inf)
        top = x.max(axis=-1, keepdims=True)
        p = m * np.exp(x - np.where(top == -np.inf, 0, top))
        total = p.sum(axis=-1, keepdims=True)
        sums = np.where(m[..., None] > 0, p[..., None] * v[:, None], 0).sum(axis=2)  # no 0 x NaN
        return sums / np.where(total == 0, 1, total), (np.log(total) + top)[..., 0]
