"""The difference of two arrays as a whole: a sign, a factor, axes, a constant, a function."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

MAX_DENOMINATOR = 64
FUNCTIONS = {
    "the exponential of": np.exp,
    "the logarithm of": np.log,
    "the square of": np.square,
    "the square root of": np.sqrt,
    "1 divided by": np.reciprocal,
}


def whole_difference(actual: Any, wanted: Any, rtol: float) -> str:
    """What turns `wanted`, a float array, into `actual` as a whole; "" if nothing known does.

    Integers and bools have no such words.

    >>> x = np.array([[1.0, 2.0], [3.0, 5.0]])
    >>> whole_difference(-x, x, 1e-9), whole_difference(x.T, x, 1e-9)
    ('the sign is wrong', 'it is transposed')
    >>> whole_difference(x / 3, x, 1e-9), whole_difference(x + 2, x, 1e-9)
    ('it is 1/3 times what is wanted', 'it is what is wanted plus 2')
    >>> whole_difference(np.exp(x), x, 1e-9)
    'it is the exponential of what is wanted'
    """
    if wanted.dtype.kind != "f":
        return ""
    is_transposed = actual.ndim == 2 and actual.shape == wanted.shape[::-1]
    if is_transposed and np.allclose(actual.T, wanted, rtol, atol=0):
        return "it is transposed"
    if actual.shape != wanted.shape:
        return ""
    if not all(np.isfinite(x).all() for x in (actual, wanted)):
        return ""
    if wanted.size < 2:  # one number has a factor and a summand, whatever it is
        return ""
    words = _factor(actual, wanted, rtol) or _summand(actual, wanted, rtol)
    return words or _function(actual, wanted, rtol)


def place_words(near: Any) -> str:
    """The only row, column or entry in which two arrays differ, in words.

    >>> place_words(np.eye(3) < 1), place_words(np.arange(6).reshape(3, 2) < 4)
    ('', ', only in row 2')
    """
    if near.ndim == 1 and near.size > 2 and np.sum(~near) == 1:
        return ", and only there"
    if near.ndim != 2:
        return ""
    for axis, name in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(~near.all(axis=axis))
        if len(lines) == 1 < near.shape[1 - axis]:
            return f", only in {name} {lines[0]}"
    return ""


def _factor(actual: Any, wanted: Any, rtol: float) -> str:
    """A factor that all entries share, in words."""
    members = wanted != 0
    if not members.any():
        return ""
    factor = float(actual[members][0] / wanted[members][0])
    if factor == 0 or not np.allclose(actual, factor * wanted, rtol, atol=0):
        return ""
    if np.isclose(factor, -1, rtol):
        return "the sign is wrong"
    return f"it is {_number(factor)} times what is wanted"


def _summand(actual: Any, wanted: Any, rtol: float) -> str:
    """A number that is added to all entries, in words."""
    summand = float((actual - wanted).flat[0])
    if not np.allclose(actual, wanted + summand, rtol, atol=0):
        return ""
    sign = "plus" if summand > 0 else "minus"
    return f"it is what is wanted {sign} {_number(abs(summand))}"


def _function(actual: Any, wanted: Any, rtol: float) -> str:
    """A function that was applied to all entries, or was left out, in words."""
    for words, function in FUNCTIONS.items():
        with np.errstate(all="ignore"):
            is_equal = np.allclose(actual, function(wanted), rtol, atol=0)
        if is_equal:
            return f"it is {words} what is wanted"
    return ""


def _number(x: float) -> str:
    """A number, as a fraction of small numbers if it is one."""
    fraction = Fraction(x).limit_denominator(MAX_DENOMINATOR)
    is_exact = np.isclose(float(fraction), x, rtol=1e-9, atol=0)
    return str(fraction) if is_exact else f"{x:.4g}"
