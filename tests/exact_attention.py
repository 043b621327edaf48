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
        arrays = long(self.q, self.k, self.v)
        vars(self).update(zip("qkv", arrays))  # the class is frozen

    @property
    def logits(self) -> np.ndarray:
        """scale q_i . k_j, -inf for pairs that are not connected."""
        dots = self.q @ self.k.T
        return np.where(self.mask, LONG(self.scale) * dots, -np.inf)

    def logit_errors(self, unit: float) -> np.ndarray:
        """How far each logit may be off."""
        dots = np.abs(self.q) @ np.abs(self.k).T
        size = abs(LONG(self.scale)) * dots
        roundings = self.q.shape[1] + 3
        return np.where(self.mask, roundings * unit * size, 0)

    def weights(self, lse: np.ndarray) -> np.ndarray:
        """exp(x_ij - lse_i), 0 in rows without keys."""
        return np.exp(self.logits - finite(lse)[:, None])

    def attend(self) -> tuple[np.ndarray, np.ndarray]:
        """(out, lse)"""
        x = self.logits
        sink = LONG(self.sink)
        top = x.max(axis=1, initial=sink)
        base = finite(top)
        of_keys = np.exp(x - base[:, None]).sum(axis=1)
        total = of_keys + np.exp(sink - base)
        with np.errstate(divide="ignore"):
            lse = base + np.log(total)
        return self.weights(lse) @ self.v, lse

    def backward(self, grad, out, lse) -> tuple[np.ndarray, ...]:
        """(dq, dk, dv) from the out and lse that are passed."""
        grad, out, lse = long(grad, out, lse)
        p = self.weights(lse)
        dx = p * self.slopes(grad, out)
        dq, dk = dx @ self.k, dx.T @ self.q
        scale = LONG(self.scale)
        return scale * dq, scale * dk, p.T @ grad

    def slopes(self, grad, out) -> np.ndarray:
        """grad_i . (v_j - out_i), (n_q, n_k)."""
        of_rows = (grad * out).sum(axis=1)
        return grad @ self.v.T - of_rows[:, None]

    def sink_slope(self, grad, out, lse) -> np.floating:
        """The gradient by the sink, from the out and lse that are passed."""
        grad, out, lse = long(grad, out, lse)
        exponents = np.minimum(LONG(self.sink) - finite(lse), 0)
        shares = np.exp(exponents)
        of_rows = (grad * out).sum(axis=1)
        return -(shares * of_rows).sum()

    def forward_budgets(self, sums) -> tuple[np.ndarray, np.ndarray]:
        """How far sums in this dtype may be off, for out and lse."""
        unit, least = float(finfo(sums).eps), float(finfo(sums).tiny)
        _, lse = self.attend()
        of_lse = self.logit_errors(unit).max(axis=1, initial=0)
        of_lse = of_lse + unit * np.abs(finite(lse))
        spread = 2 * of_lse + (self.mask.sum(axis=1) + 16) * unit
        of_p = spread[:, None] * self.weights(lse) + 4 * least * self.mask
        return of_p @ np.abs(self.v), of_lse + spread

    def backward_budgets(self, grad, out, lse, sums) -> tuple[np.ndarray, ...]:
        """How far sums in this dtype may be off, for dq, dk and dv."""
        unit, least = float(finfo(sums).eps), float(finfo(sums).tiny)
        grad, out, lse = long(grad, out, lse)
        p = self.weights(lse)
        logits = np.where(self.mask, self.logits, 0)
        sizes = np.abs(logits) + np.abs(finite(lse))[:, None]
        of_p = p * (self.logit_errors(unit) + 2 * unit * sizes + 16 * unit)
        of_p = of_p + 4 * least * self.mask
        slope = np.abs(self.slopes(grad, out))
        of_pairs = np.abs(grad) @ np.abs(self.v).T
        of_rows = np.abs(grad * out).sum(axis=1)
        roundings = grad.shape[1] + 4
        of_slope = roundings * unit * (of_pairs + of_rows[:, None])
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


def long(*arrays) -> list[np.ndarray]:
    """The arrays in LONG."""
    return [np.asarray(array).astype(LONG) for array in arrays]


def finite(lse: np.ndarray) -> np.ndarray:
    """Log-sum-exps, 0 for rows without keys."""
    return np.where(np.isneginf(lse), 0, lse)


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
    error = np.abs(found.astype(LONG) - finite(exact))[in_range]
    excess = error - budget[in_range]
    assert not (excess > 0).any(), f"{excess.max()} beyond the budget, of {error.max()}"
    assert not np.isnan(error).any()
