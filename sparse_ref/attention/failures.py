"""Whether float32 can fail on the way to an answer that is a float32 number, and what then."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import Inputs

# by the dtype of sums: of n |v|, whose sums kernels hold times 2^80; of a bound of the logits; and
# of the largest number of q over the least, below which a row's are normal in one power of 2
SINGLE, DOUBLE = np.float32, np.float64
MAX_SUM = {SINGLE: 2.0**46, DOUBLE: 2.0**1020}
MAX_LOGIT = {SINGLE: 2.0**96, DOUBLE: np.inf}
MAX_RATIO = {SINGLE: 2.0**120, DOUBLE: np.inf}
MAX_GRADIENT = 2.0**120


def can_fail(head, scale: float, sums: Any) -> bool:
    """Whether attention over head = (q, k, v) can overflow or lose a number, whatever the sets are.

    Numbers that are inf or NaN already do not count.
    """
    q, k, v = head
    values = largest_finite(v) * k.shape[-2]
    return values >= MAX_SUM[sums] or can_logits_fail(q, k, scale, sums)


def can_gradients_fail(x: Inputs, grad: np.ndarray, out: np.ndarray) -> bool:
    """The same of the gradients in float32."""
    q, k, v = map(largest_finite, (x.q, x.k, x.v))
    g, y = largest_finite(grad), largest_finite(out)
    product = g * max(v, y) * x.v.shape[2]
    slope = 2 * abs(x.scale) * product
    pairs = max(x.n) * len(x.q)
    largest_sum = pairs * max(g, slope * max(q, k, 1.0))
    return largest_sum >= MAX_GRADIENT or can_logits_fail(x.q, x.k, x.scale, np.float32)


def can_logits_fail(q, k, scale: float, sums: Any) -> bool:
    """Whether scale q . k can, for a dtype of sums."""
    largest = largest_finite(q) * q.shape[-1]
    ratio = largest / least_nonzero(q)
    logit = abs(scale) * largest * max(largest_finite(k), 1.0)
    return logit >= MAX_LOGIT[sums] or ratio >= MAX_RATIO[sums]


def largest_finite(x: np.ndarray) -> float:
    """The largest |x| that is finite, in float64; 0 if there is none."""
    size = np.abs(x.astype(np.float64))
    return float(size.max(initial=0.0, where=np.isfinite(size)))


def least_nonzero(x: np.ndarray) -> float:
    """The least |x| that is not 0, in float64; inf if there is none."""
    size = np.abs(x.astype(np.float64))
    return float(size.min(initial=np.inf, where=size > 0))


def fill_nonfinite(x: np.ndarray, wider: np.ndarray) -> None:
    """What is inf or NaN in x becomes the same number of a float64 array, rounded."""
    lost = ~np.isfinite(x)
    with np.errstate(over="ignore"):
        x[lost] = wider[lost]
