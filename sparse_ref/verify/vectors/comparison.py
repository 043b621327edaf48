"""The comparison of an output with the right one: pass, acceptable or fail, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ...sets.positions import first_index
from ...sets.types import BoolArray, FloatArray
from .statement import Arrays, Entry

AXES = {
    "out": ("head", "query", "feature"),
    "lse": ("head", "query"),
    "dq": ("head", "query", "feature"),
    "dk": ("kv head", "key", "feature"),
    "dv": ("kv head", "key", "feature"),
}


class Comparison(NamedTuple):
    """ "pass", "acceptable" or "fail", and why."""

    status: str
    message: str = ""


class _Mismatch(NamedTuple):
    """Where an array is not right, where it is NaN, and its largest finite error."""

    wrong: BoolArray
    nan: BoolArray
    largest_error: float


def compare(
    entry: Entry,
    arrays: Arrays,
    output: Arrays,
    precision: str = "float32",
) -> Comparison:
    """The arrays of an output, by name, compared with those of the case.

    NaN instead of a number is acceptable if the case says so, and lse = inf in a row without keys.
    """
    remarks = []
    nan_rows = None
    for name in _order(output):
        x, right = output[name], arrays[name]
        tolerance = entry["tolerance"][name][precision]
        mismatch = _mismatch(x, right, tolerance)
        tolerable = _tolerable(name, mismatch, entry["expected"], nan_rows)
        is_inf = _infinities(name, x, right)
        wrong = mismatch.wrong & ~tolerable & ~is_inf
        if wrong.any():
            mismatch = mismatch._replace(wrong=wrong)
            return Comparison("fail", _describe(name, mismatch, x, right, tolerance))
        if name == "out":
            nan_rows = np.any(tolerable, axis=-1)
        if name != "lse" and tolerable.any():
            count = f"{int(tolerable.sum())} of {tolerable.size}"
            remarks.append(f"{count} numbers are NaN, as in some sound implementations")
        if is_inf.any():
            remarks.append("lse is inf, not -inf, in rows without keys")
    return Comparison("acceptable", remarks[0]) if remarks else Comparison("pass")


def _infinities(name: str, x: FloatArray, right: FloatArray) -> BoolArray:
    """Where lse is inf for -inf."""
    return np.isneginf(right) & np.isposinf(x) & (name == "lse")


def _tolerable(
    name: str, mismatch: _Mismatch, expected: str, nan_rows: BoolArray | None
) -> BoolArray:
    """Wrong numbers that some sound implementations give: NaN, and the lse of rows with NaN."""
    if expected != "acceptable":
        return np.zeros_like(mismatch.wrong)
    if name == "lse" and nan_rows is not None:
        return mismatch.wrong & nan_rows
    return mismatch.wrong & mismatch.nan


def _order(names: Iterable[str]) -> list[str]:
    """The names in the order of AXES: out before lse."""
    present = set(names)
    return [name for name in AXES if name in present]


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
    place = ", ".join(f"{axis} {index}" for axis, index in zip(AXES[name], at))
    return (
        f"{name}: {int(wrong.sum())} of {wrong.size} numbers are wrong; first: {place} is "
        f"{x[at]:.4g}, expected {right[at]:.4g}; max error {mismatch.largest_error:.2g}, "
        f"allowed {tolerance:.2g}"
    )
