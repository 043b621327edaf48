"""What counts as right: tolerances from data, and an output held against the expected one.

A tolerance is twice the error that plain NumPy makes on the case in that precision, logits, weights and output rounded to it, and
what the rounding of logits and output alone may cost. Keys that no query looks at, and NaN, are 0 for this.
"""

from __future__ import annotations

import numpy as np

from ...attention.attend import attend_with_lse
from ..calling.rounded_attention import BITS, Precision, attention
from .dense import Given


def tolerances(arrays, patterns, scale: float) -> dict[str, dict[str, float]]:
    """The largest differences allowed, {"out": {precision: difference}, "lse": ...}."""
    finite = {name: np.nan_to_num(arrays[name], nan=0, posinf=0, neginf=0) for name in "qkv"}
    for x in (finite["k"], finite["v"]):
        x[outside(arrays["mask"], len(x))] = 0
    given = Given.of({**finite, "mask": arrays["mask"]}, scale)
    true = attend_with_lse(given.q, given.k, given.v, patterns, scale=scale, device="reference")
    largest = np.abs(given.x).max(initial=0, where=given.m > 0)
    allowed: dict[str, dict[str, float]] = {"out": {}, "lse": {}}
    for name, bits in BITS.items():
        working = 2.0 ** (1 - max(bits, 24))
        plain = attention(given.q, given.k, given.v, given.m, given.scale, Precision(bits, bits))
        of_out, of_lse = (_error(*pair) for pair in zip(plain, true))
        logits = 2 * working * (1 + largest)
        allowed["out"][name] = float(
            2 * of_out + logits * np.abs(given.v).max() + 2.0 ** (1 - bits) * np.abs(true[0]).max()
        )
        allowed["lse"][name] = float(2 * of_lse + logits)
    return allowed


def outside(mask, groups: int) -> np.ndarray:
    """The keys that no query looks at, bool (G, n_k), from the mask (H, n_q, n_k)."""
    return ~(mask.reshape(groups, -1, mask.shape[2]) > 0).any(axis=1)


def compared(entry, arrays, out, lse=None, precision: str = "float32") -> tuple[str, str]:
    """("pass", "acceptable" or "fail", why) of an output, and of its lse where given.

    NaN instead of a number is acceptable where the case says so; so is lse = inf for a row without keys.
    """
    wrong, nan, largest = _wrong(out, arrays["out"], entry["tolerance"]["out"][precision])
    if entry["expected"] == "acceptable":
        nan, wrong = wrong & nan, wrong & ~nan
    else:
        nan = np.zeros_like(wrong)
    if wrong.any():
        return "fail", _said(
            "out", wrong, out, arrays["out"], entry["tolerance"]["out"][precision], largest
        )
    infinite = False
    if lse is not None:
        off, _, largest = _wrong(lse, arrays["lse"], entry["tolerance"]["lse"][precision])
        infinite = np.isneginf(arrays["lse"]) & np.isposinf(lse)
        off &= ~infinite & ~nan.any(axis=-1)
        if off.any():
            return "fail", _said(
                "lse", off, lse, arrays["lse"], entry["tolerance"]["lse"][precision], largest
            )
    if nan.any():
        return (
            "acceptable",
            f"NaN at {int(nan.sum())} of {nan.size} numbers, which some sound implementations give",
        )
    return (
        ("acceptable", "lse is inf, not -inf, in rows without keys")
        if np.any(infinite)
        else ("pass", "")
    )


def _wrong(x, true, tolerance: float) -> tuple[np.ndarray, np.ndarray, float]:
    """(where x is not what is expected, where it is NaN, the largest finite difference)."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(x - true)
    right = (difference <= tolerance) | (x == true) | (np.isnan(x) & np.isnan(true))
    return ~right, np.isnan(x), float(difference.max(initial=0, where=np.isfinite(difference)))


def _said(name: str, wrong, x, true, tolerance: float, largest: float) -> str:
    """Where an array is wrong first, and by how much."""
    at = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = ", ".join(f"{axis} {index}" for axis, index in zip(("head", "i", "feature"), at))
    return (
        f"{name} is wrong at {int(wrong.sum())} of {wrong.size} numbers, first at {where}: {x[at]:.4g}, not {true[at]:.4g}; "
        f"off by up to {largest:.2g}, allowed {tolerance:.2g}"
    )


def _error(x, true) -> float:
    """The largest difference, 0 where both are -inf."""
    with np.errstate(invalid="ignore"):
        return float(np.nanmax(np.abs(x - true), initial=0))
