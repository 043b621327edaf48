"""What counts as right: tolerances from data, and the comparison of an output with the right one.

A tolerance is twice the error of plain NumPy on the case in that precision, with logits, weights
and output rounded to it, plus what the rounding of logits and output alone may cost. For this,
NaN and the keys that no query attends to are 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...attention import attend_with_lse
from ...sets.pattern import Pattern
from ...sets.positions import first_index
from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import BITS, Precision, attention
from .statement import Arrays, CaseInputs

Entry = Mapping[str, Any]  # a case in index.json


class Comparison(NamedTuple):
    """ "pass", "acceptable" or "fail", and why."""

    status: str
    message: str = ""


class _Mismatch(NamedTuple):
    """Where an array is not right, where it is NaN, and its largest finite error."""

    wrong: BoolArray
    nan: BoolArray
    largest_error: float


def tolerances(
    arrays: Arrays, patterns: Sequence[Pattern], scale: float
) -> dict[str, dict[str, float]]:
    """The largest errors allowed, {"out": {precision: error}, "lse": {precision: error}}."""
    case = _finite_inputs(arrays, scale)
    qkv = (case.q, case.k, case.v)
    right = attend_with_lse(*qkv, patterns, scale=scale, device="reference")
    is_member = case.m > 0
    largest_logit = np.abs(case.x).max(initial=0, where=is_member)
    largest_value = np.abs(case.v).max()
    largest_out = np.abs(right[0]).max()
    allowed: dict[str, dict[str, float]] = {"out": {}, "lse": {}}
    for name, bits in BITS.items():
        plain = attention(*qkv, case.m, case.scale, Precision(bits, bits))
        # a logit is rounded in float32 at least, whatever the precision of the arrays
        logit_rounding = 2.0 ** (1 - max(bits, 24))
        logit_error = 2 * logit_rounding * (1 + largest_logit)
        out_rounding = 2.0 ** (1 - bits) * largest_out
        out_error = _largest_error(plain[0], right[0])
        lse_error = _largest_error(plain[1], right[1])
        allowed["out"][name] = float(2 * out_error + logit_error * largest_value + out_rounding)
        allowed["lse"][name] = float(2 * lse_error + logit_error)
    return allowed


def _finite_inputs(arrays: Arrays, scale: float) -> CaseInputs:
    """The inputs of a case with 0 for NaN, inf and the keys that no query attends to."""
    mask = arrays["mask"]
    finite = {name: _finite(arrays[name]) for name in "qkv"}
    idle = idle_keys(mask, len(finite["k"]))
    finite["k"][idle] = 0
    finite["v"][idle] = 0
    return CaseInputs.from_arrays({**finite, "mask": mask}, scale)


def _finite(x: FloatArray) -> FloatArray:
    """A copy of x with 0 for NaN and inf."""
    return np.nan_to_num(x, nan=0, posinf=0, neginf=0)


def idle_keys(mask: np.ndarray, groups: int) -> BoolArray:
    """The keys that no query attends to, bool (G, n_k), from the mask (H, n_q, n_k)."""
    rows_of_groups = mask.reshape(groups, -1, mask.shape[2])
    return np.logical_not((rows_of_groups > 0).any(axis=1))


def compare(
    entry: Entry,
    arrays: Arrays,
    out: FloatArray,
    lse: FloatArray | None = None,
    precision: str = "float32",
) -> Comparison:
    """An output, and its lse if given, compared with those of the case.

    NaN instead of a number is acceptable if the case says so, and lse = inf in a row without keys.
    """
    right_out, right_lse = arrays["out"], arrays["lse"]
    tolerance = {name: entry["tolerance"][name][precision] for name in ("out", "lse")}

    mismatch = _mismatch(out, right_out, tolerance["out"])
    may_be_nan = entry["expected"] == "acceptable"
    acceptable_nan = mismatch.wrong & mismatch.nan & may_be_nan
    wrong = mismatch.wrong & ~acceptable_nan
    if wrong.any():
        mismatch = mismatch._replace(wrong=wrong)
        return Comparison("fail", _describe("out", mismatch, out, right_out, tolerance["out"]))

    has_inf = False
    if lse is not None:
        mismatch = _mismatch(lse, right_lse, tolerance["lse"])
        is_inf = np.isneginf(right_lse) & np.isposinf(lse)
        has_inf = bool(is_inf.any())
        wrong = mismatch.wrong & ~is_inf & ~acceptable_nan.any(axis=-1)
        if wrong.any():
            mismatch = mismatch._replace(wrong=wrong)
            return Comparison("fail", _describe("lse", mismatch, lse, right_lse, tolerance["lse"]))

    if acceptable_nan.any():
        count = f"{int(acceptable_nan.sum())} of {acceptable_nan.size}"
        return Comparison(
            "acceptable", f"{count} numbers are NaN, as in some sound implementations"
        )
    if has_inf:
        return Comparison("acceptable", "lse is inf, not -inf, in rows without keys")
    return Comparison("pass")


def _mismatch(x: FloatArray, right: FloatArray, tolerance: float) -> _Mismatch:
    """Where x differs from the right array by more than the tolerance."""
    with np.errstate(invalid="ignore"):
        error = np.abs(x - right)
    both_nan = np.isnan(x) & np.isnan(right)
    is_right = (error <= tolerance) | (x == right) | both_nan
    largest = error.max(initial=0, where=np.isfinite(error))
    return _Mismatch(~is_right, np.isnan(x), float(largest))


def _describe(
    name: str, mismatch: _Mismatch, x: FloatArray, right: FloatArray, tolerance: float
) -> str:
    """How many numbers of an array are wrong, the first of them, and the largest error."""
    wrong = mismatch.wrong
    at = first_index(wrong)
    axes = zip(("head", "query", "feature"), at)
    place = ", ".join(f"{axis} {index}" for axis, index in axes)
    return (
        f"{name}: {int(wrong.sum())} of {wrong.size} numbers are wrong; first: {place} is "
        f"{x[at]:.4g}, expected {right[at]:.4g}; max error {mismatch.largest_error:.2g}, "
        f"allowed {tolerance:.2g}"
    )


def _largest_error(x: FloatArray, right: FloatArray) -> float:
    """The largest error, 0 for -inf in both."""
    with np.errstate(invalid="ignore"):
        error = np.abs(x - right)
    return float(np.nanmax(error, initial=0))
