"""Attention over given sets and its gradients in longdouble, and how far rounding may take others.

An oracle: it imports nothing of the library. The bounds are the usual ones, with u the unit of the
dtype that sums are in: a product of d terms is off by (d + 2) u |x| . |y|, an exponential by the
error of its argument, or by the least normal number if it underflows, and what is returned in a
narrower dtype by half its own unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ml_dtypes import finfo

LONG = np.longdouble


@dataclass(frozen=True, eq=False)
class Head:
    """One head of attention: q (n_q, d), k (n_k, d), v (n_k, e), mask bool (n_q, n_k).

    `sink` is one more logit in each row, whose value is 0.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    mask: np.ndarray
    scale: float
    sink: float = -np.inf

    def __post_init__(self):
        for name in "qkv":
            vars(self)[name] = np.asarray(vars(self)[name]).astype(LONG)

    @property
    def logits(self) -> np.ndarray:
        """scale q_i . k_j, -inf for pairs that are not connected."""
        return np.where(self.mask, LONG(self.scale) * (self.q @ self.k.T), -np.inf)

    def logit_errors(self, unit: float) -> np.ndarray:
        """How far each logit may be off."""
        size = abs(LONG(self.scale)) * (np.abs(self.q) @ np.abs(self.k).T)
        return np.where(self.mask, (self.q.shape[1] + 3) * unit * size, 0)

    def weights(self, lse: np.ndarray) -> np.ndarray:
        """exp(x_ij - lse_i), 0 in rows without keys."""
        finite = np.where(np.isneginf(lse), 0, lse)[:, None]
        return np.exp(self.logits - finite)

    def attend(self) -> tuple[np.ndarray, np.ndarray]:
        """(out, lse)"""
        x = self.logits
        sink = LONG(self.sink)
        top = x.max(axis=1, initial=sink)
        base = np.where(np.isneginf(top), 0, top)
        total = np.exp(x - base[:, None]).sum(axis=1) + np.exp(sink - base)
        with np.errstate(divide="ignore"):
            lse = base + np.log(total)
        return self.weights(lse) @ self.v, lse

    def backward(self, grad, out, lse) -> tuple[np.ndarray, ...]:
        """(dq, dk, dv) from the out and lse that are passed."""
        grad, out, lse = (np.asarray(x).astype(LONG) for x in (grad, out, lse))
        p = self.weights(lse)
        dx = p * (grad @ self.v.T - (grad * out).sum(axis=1)[:, None])
        scale = LONG(self.scale)
        return scale * (dx @ self.k), scale * (dx.T @ self.q), p.T @ grad

    def sink_slope(self, grad, out, lse) -> np.floating:
        """The gradient by the sink, from the out and lse that are passed."""
        grad, out, lse = (np.asarray(x).astype(LONG) for x in (grad, out, lse))
        finite = np.where(np.isneginf(lse), 0, lse)
        shares = np.exp(np.minimum(LONG(self.sink) - finite, 0))
        return -(shares * (grad * out).sum(axis=1)).sum()

    def forward_budgets(self, sums) -> tuple[np.ndarray, np.ndarray]:
        """How far sums in this dtype may be off, for out and lse."""
        unit, least = float(finfo(sums).eps), float(finfo(sums).tiny)
        _, lse = self.attend()
        shown = np.where(np.isneginf(lse), 0, lse)
        of_lse = self.logit_errors(unit).max(axis=1, initial=0) + unit * np.abs(shown)
        spread = 2 * of_lse + (self.mask.sum(axis=1) + 16) * unit
        of_p = spread[:, None] * self.weights(lse) + 4 * least * self.mask
        return of_p @ np.abs(self.v), of_lse + spread

    def backward_budgets(self, grad, out, lse, sums) -> tuple[np.ndarray, ...]:
        """How far sums in this dtype may be off, for dq, dk and dv."""
        unit, least = float(finfo(sums).eps), float(finfo(sums).tiny)
        grad, out, lse = (np.asarray(x).astype(LONG) for x in (grad, out, lse))
        p, shown = self.weights(lse), np.where(np.isneginf(lse), 0, lse)[:, None]
        sizes = np.abs(np.where(self.mask, self.logits, 0)) + np.abs(shown)
        of_p = p * (self.logit_errors(unit) + 2 * unit * sizes + 16 * unit)
        of_p = of_p + 4 * least * self.mask
        products = np.abs(grad) @ np.abs(self.v).T, (np.abs(grad) * np.abs(out)).sum(axis=1)
        slope = np.abs(grad @ self.v.T - (grad * out).sum(axis=1)[:, None])
        of_slope = (grad.shape[1] + 4) * unit * (products[0] + products[1][:, None])
        of_dx = of_p * slope + p * of_slope
        rows = sum(self.mask.shape) + 8
        of_dx = of_dx + rows * unit * p * slope + 4 * least * self.mask
        of_dv = of_p + rows * unit * p
        scale = abs(LONG(self.scale))
        return (
            scale * (of_dx @ np.abs(self.k)),
            scale * (of_dx.T @ np.abs(self.q)),
            of_dv.T @ np.abs(grad),
        )


def assert_within(found, exact, budget, sums):
    """Assert that rounding explains each error; numbers beyond the range of the dtype are left out.

    `sums` is the dtype in which sums are.
    """
    own = finfo(found.dtype)
    tiny = float(own.smallest_subnormal) + 4 * float(finfo(sums).tiny)
    budget = budget + float(own.eps) * np.abs(exact) + tiny
    empty = np.isneginf(exact)
    assert np.array_equal(np.isneginf(found.astype(LONG)), empty)
    in_range = ~empty & (np.abs(exact) + budget < float(own.max))
    error = np.abs(found.astype(LONG) - np.where(empty, 0, exact))[in_range]
    excess = error - np.where(empty, 0, budget)[in_range]
    assert not (excess > 0).any(), (excess.max(), error.max())
    assert not np.isnan(error).any()
