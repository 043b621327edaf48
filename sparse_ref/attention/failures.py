"""Whether float32 can fail on the way to an answer that is a float32 number, and what then."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import Inputs

# by the dtype of sums: of n |v|, whose sums kernels hold times 2^80; and of a bound of the logits
SINGLE, DOUBLE = np.float32, np.float64
MAX_SUM = {SINGLE: 2.0**46, DOUBLE: 2.0**1020}
MAX_LOGIT = {SINGLE: 2.0**120, DOUBLE: np.inf}
MAX_GRADIENT = 2.0**120
SCALES = 2.0**-126, 2.0**128  # that are normal numbers of float32


def is_scale_extreme(scale: float) -> bool:
    """Whether the scale is not 0, and no normal number of float32."""
    least, most = SCALES
    return scale != 0 and not least <= abs(scale) <= most


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
    """Whether scale q . k can, for a dtype of sums; also if q or k have inf, which spoils rows."""
    of_q, of_k = largest_finite(q) * q.shape[-1], largest_finite(k)
    largest_logit = of_q * max(of_k, 1.0) * max(abs(scale), 1.0)
    has_inf = np.isinf(q).any() or np.isinf(k).any()
    return largest_logit >= MAX_LOGIT[sums] or bool(has_inf)


def largest_finite(x: np.ndarray) -> float:
    """The largest |x| that is finite, in float64; 0 if there is none."""
    size = np.abs(x.astype(np.float64))
    return float(size.max(initial=0.0, where=np.isfinite(size)))


def fill_nonfinite(x: np.ndarray, wider: np.ndarray) -> None:
    """What is inf or NaN in x becomes the same number of a float64 array, rounded."""
    lost = ~np.isfinite(x)
    with np.errstate(over="ignore"):
        x[lost] = wider[lost]
