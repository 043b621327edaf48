"""What error is allowed, from data.

A tolerance is twice the error of plain NumPy on the case in that precision, with logits, weights
and output rounded to it, plus what the rounding of logits and output alone may cost. For this,
NaN and the keys that no query attends to are 0.
"""

from __future__ import annotations

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import BITS, Precision, Score, attention, gradients
from .statement import (
    Arrays,
    CaseInputs,
    Entry,
    Gradients,
    Result,
    delta,
    sum_heads,
    weights,
)

Tolerances = dict[str, dict[str, float]]


def tolerances(arrays: Arrays, entry: Entry) -> Tolerances:
    """The largest errors allowed, {"out": {precision: error}, "lse": {precision: error}, ...}."""
    case = _finite_inputs(arrays, entry)
    right = case.result()
    magnitudes = _magnitudes(case, right)
    is_member = case.m > 0
    largest_logit = np.abs(case.x).max(initial=0, where=is_member)
    allowed: Tolerances = {name: {} for name in right.by_name()}
    for precision, bits in BITS.items():
        plain = rounded_result(case, Precision(bits, bits)).by_name()
        # a logit is rounded in float32 at least, whatever the precision of the arrays
        logit_rounding = 2.0 ** (1 - max(bits, 24))
        logit_error = 2 * logit_rounding * (1 + largest_logit)
        for name, array in right.by_name().items():
            plain_error = _largest_error(plain[name], array)
            error = 2 * plain_error + logit_error * magnitudes[name]
            if name != "lse":
                error += 2.0 ** (1 - bits) * np.abs(array).max()
            allowed[name][precision] = float(error)
    return allowed


def rounded_result(case: CaseInputs, precision: Precision) -> Result:
    """The result of plain NumPy at a precision."""
    score = Score(case.scale, case.softcap or None, sinks=case.sinks)
    qkv = case.q, case.k, case.v
    result = Result(*attention(*qkv, case.m, score, precision))
    if case.grad_out is None:
        return result
    dq, dk, dv = gradients(case.grad_out, *qkv, case.m, score, precision)
    return result._replace(gradients=Gradients(dq, dk, dv))


def _magnitudes(case: CaseInputs, right: Result) -> dict[str, float]:
    """By how much an output changes at most if all logits change by one, in first order."""
    magnitudes = {"out": float(np.abs(case.v).max()), "lse": 1.0}
    if case.grad_out is None:
        return magnitudes
    p = weights(case, right.lse)
    grad = np.abs(case.grad_out)
    dp = grad @ np.abs(case.values).mT
    row_delta = np.abs(delta(case, right.out))
    dx = p * (dp + row_delta[..., None])
    scale = abs(case.scale)
    sizes = {
        "dq": scale * dx @ np.abs(case.k[case.kv]),
        "dk": scale * sum_heads(case, dx.mT @ np.abs(case.q)),
        "dv": sum_heads(case, p.mT @ grad),
    }
    magnitudes |= {name: float(x.max()) for name, x in sizes.items()}
    return magnitudes


def _finite_inputs(arrays: Arrays, entry: Entry) -> CaseInputs:
    """The inputs of a case with 0 for NaN, inf and the keys that no query attends to."""
    if "k" not in arrays:  # in pages, of which only the keys are gathered
        return CaseInputs.from_arrays(arrays, entry)
    finite = {name: _finite(arrays[name]) for name in "qkv"}
    idle = idle_keys(arrays["mask"], len(finite["k"]))
    finite["k"][idle] = 0
    finite["v"][idle] = 0
    return CaseInputs.from_arrays({**arrays, **finite}, entry)


def _finite(x: FloatArray) -> FloatArray:
    """A copy of x with 0 for NaN and inf."""
    return np.nan_to_num(x, nan=0, posinf=0, neginf=0)


def idle_keys(mask: np.ndarray, kv_heads: int) -> BoolArray:
    """The keys that no query attends to, bool (G, n_k), from the mask (H, n_q, n_k)."""
    rows_of_groups = mask.reshape(kv_heads, -1, mask.shape[2])
    return np.logical_not((rows_of_groups > 0).any(axis=1))


def _largest_error(x: FloatArray, right: FloatArray) -> float:
    """The largest error, 0 for -inf in both."""
    with np.errstate(invalid="ignore"):
        error = np.abs(x - right)
    return float(np.nanmax(error, initial=0))
