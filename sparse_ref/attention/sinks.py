"""Sinks: a logit per head in the denominator of the softmax, without a value.

out_i = sum_j exp(x_ij) v_j / (exp(sink_h) + sum_j exp(x_ij)),
lse_i = log(exp(sink_h) + sum_j exp(x_ij))
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeVar

import numpy as np

from ..sets.positions import first_index
from ..sets.types import FloatArray
from .arrays import FLOATS, as_array, return_as

Array = TypeVar("Array")


def check_sink(sink: Any, heads: int) -> FloatArray:
    """The logits of the sinks, float64 (H,).

    Raises TypeError for anything but floats, ValueError for another shape, NaN or inf.
    """
    array = as_array("sink", sink)
    if array.dtype.name not in FLOATS:
        raise TypeError(f"sink must be one of {', '.join(FLOATS)}, got {array.dtype}")
    if array.shape != (heads,):
        raise ValueError(
            f"sink must have shape (H,) = ({heads},), one logit for each head of q, "
            f"got {array.shape}"
        )
    logits: FloatArray = array.astype(np.float64)
    is_bad = np.isnan(logits) | (logits == np.inf)
    if is_bad.any():
        (h,) = first_index(is_bad)
        raise ValueError(f"sink[{h}] must be finite, or -inf for no sink, got {logits[h]}")
    return logits


def add_sink(out: np.ndarray, lse: np.ndarray, sink: np.ndarray) -> None:
    """Add to each head the sink of its own, out (H, n, e), lse (H, n) in float64, sink (H,).

    out becomes exp(lse - lse') out, lse becomes lse' = log(exp(lse) + exp(sink)). A sink of -inf
    leaves every bit.
    """
    for h in np.flatnonzero(sink > -np.inf):
        with np.errstate(invalid="ignore"):  # a row that is inf or NaN stays so
            total = np.logaddexp(lse[h], sink[h])
            share = np.exp(lse[h] - total)[:, None]
            np.multiply(out[h], share, out=out[h], casting="same_kind")
        lse[h] = total


def sink_gradient(grad_out: Array, out: Array, lse: Array, sink: Array) -> Array:
    """dsink, the gradient of sum(grad_out * out) by the sinks of out = attend(..., sink=sink).

    With P_i = exp(sink_h - lse_i), the share of the sink, and g = grad_out:

        dsink_h = - sum_i P_i (g_i . out_i)

    over the queries of head h in the whole batch, summed in float64. It is the slope of a key whose
    value is 0. P is as exact as lse: float32 rounds an lse of 1e4 by 5e-4, and P by as much of it.

    Parameters
    ----------
    grad_out, out : arrays
        (..., H, n_q, e), the gradient at the output of `attend`, and that output.
    lse : array
        (..., H, n_q), from `attend_with_lse` with this sink, natural log, the sink included.
    sink : array
        (H,), natural logits. A sink of -inf gets 0, and so does one over no queries.

    Returns
    -------
    dsink : array
        (H,), in the dtype and kind of `sink`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: arrays that are no floats, shapes that disagree, NaN or inf in sink.

    >>> import numpy as np, sparse_ref as sr
    >>> q, k, v = np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    >>> sink = np.zeros(1)              # out = 1 / (1 + exp(sink))
    >>> out, lse = sr.attend_with_lse(q, k, v, sr.Full(), sink=sink)
    >>> sr.attention.sink_gradient(np.ones_like(out), out, lse, sink)
    array([-0.25])
    """
    y = _float_array("out", out)
    if y.ndim < 2:
        raise ValueError(f"out must have axes (..., H, n_q, e) or (n_q, e), got {y.shape}")
    grad = _float_array("grad_out", grad_out, y.shape)
    lse_of_rows = _float_array("lse", lse, y.shape[:-1])
    shape = y.shape if y.ndim > 2 else (1, *y.shape)
    *batch, heads, n, width = shape
    logits = check_sink(sink, heads)
    rows = prod(batch), heads, n
    grad, y = (x.reshape(*rows, width) for x in (grad, y))
    lse_of_rows = lse_of_rows.reshape(rows)
    slopes = np.zeros(heads)
    for h in np.flatnonzero(logits > -np.inf).tolist():
        share = _share_of_sink(h, logits[h], lse_of_rows[:, h])
        with np.errstate(invalid="ignore", over="ignore"):  # grad or out may be inf or NaN
            products = grad[:, h].astype(np.float64) * y[:, h]
            slopes[h] = -(share * products.sum(axis=-1)).sum()
    dtype = as_array("sink", sink).dtype
    with np.errstate(over="ignore"):  # a slope that is beyond the dtype
        return return_as(slopes.astype(dtype), sink)


def _share_of_sink(h: int, logit: float, lse: np.ndarray) -> np.ndarray:
    """exp(logit - lse), in float64. Refuses an lse that is too small to include the sink."""
    bits = 20 if lse.itemsize > 2 else 5  # that rounding surely leaves
    slack = 2.0**-bits * max(abs(logit), 1.0)
    wide: np.ndarray = lse.astype(np.float64)
    is_small = wide < logit - slack
    if is_small.any():
        least = wide[is_small].min()
        raise ValueError(
            f"lse must include the sink, at least sink[{h}] = {logit}, got {least}: "
            "pass that of attend_with_lse(..., sink=sink)"
        )
    return np.exp(np.minimum(logit - wide, 0))  # above 0 only by rounding


def _float_array(
    name: str,
    x: Any,
    shape: tuple[int, ...] | None = None,
) -> np.ndarray:
    """An array of floats of this shape, or of any."""
    array = as_array(name, x)
    if array.dtype.name not in FLOATS:
        raise TypeError(f"{name} must be one of {', '.join(FLOATS)}, got {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    return array
