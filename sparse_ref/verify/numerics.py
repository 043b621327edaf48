"""Are the numbers right? Against the float64 statement, within an error budget that is taken from data.

The budget is twice the error that plain NumPy makes on the same input in the precision that came back, plus what the
rounding of logits and output alone may cost: no tolerance is chosen, so none can be chosen too wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..attention import attend
from .subject import BITS, Subject, first, spacing

SPREADS = (1.0, 50.0)  # of the logits: ordinary ones, and some whose exp overflows float32


@dataclass(frozen=True)
class Numbers:
    """One comparison on random input. `rows` is how many queries of all heads were compared; `error` and `budget` are
    largest absolute differences; `at` is (head, i) of the error; `wrong` counts rows beyond the budget, with `wrong_at`
    the first, and `broken` those that hold NaN or inf, with `broken_at` the first."""

    spread: float
    rows: int
    error: float
    budget: float
    at: tuple[int, ...]
    wrong: int
    wrong_at: tuple[int, ...]
    broken: int
    broken_at: tuple[int, ...]


def compared(call: Subject, patterns, expected, judged, scale, seed: int) -> tuple[Numbers, ...]:
    """One Numbers for each spread of the logits, over the rows in `judged`, bool (H, n_q); () where there are none."""
    rng = np.random.default_rng(seed)
    return tuple(_compared(call, patterns, expected, judged, scale, spread, rng) for spread in SPREADS if judged.any())


def _compared(call: Subject, patterns, expected, judged, scale, spread, rng) -> Numbers:
    """Random q, k, v through fn, the statement and plain NumPy."""
    q, k, v = call.normal(rng)
    q, k = (x * np.float32(np.sqrt(spread)) for x in (q, k))
    factor = 1 / math.sqrt(call.d) if scale is None else scale
    out, dtype = call(q, k, v)
    true = attend(q.astype(np.float64), k.astype(np.float64), v.astype(np.float64), patterns, scale=factor, device="reference")
    largest = np.abs(_logits(q, k, factor)).max(initial=0, where=expected)
    floor = 2 * spacing("float32") * (1 + largest) * np.abs(v).max() + spacing(dtype) * np.abs(true).max()
    finite = np.isfinite(out).all(axis=-1)
    broken, compared = judged & ~finite, judged & finite
    error = np.where(compared, np.abs(np.where(finite[..., None], out, 0) - true).max(axis=-1), 0)
    plain = np.abs(_plain(q, k, v, expected, factor, BITS[dtype]) - true).max(axis=-1)[judged].max()
    budget = 2 * plain + floor
    return Numbers(spread, int(compared.sum()), float(error.max()), float(budget), first(error == error.max()),
                   int((error > budget).sum()), first(error > budget), int(broken.sum()), first(broken))


def _plain(q, k, v, mask, scale, bits: int) -> np.ndarray:
    """Dense float32 attention, masked by -inf, with inputs, weights and output rounded to `bits` significant bits."""
    q, k, v = (_rounded(x, bits) for x in (q, k, v))
    x = np.where(mask, _logits(q, k, np.float32(scale)), np.float32(-np.inf))
    top = x.max(axis=-1, keepdims=True)
    p = np.exp(x - np.where(top == -np.inf, 0, top))
    total = p.sum(axis=-1, keepdims=True)
    out = _rounded(p, bits) @ np.repeat(v, len(q) // len(v), axis=0) / np.where(total == 0, 1, total)
    return _rounded(out, bits)


def _logits(q, k, scale) -> np.ndarray:
    """scale q . k, (H, n_q, n_k)."""
    return q @ np.repeat(k, len(q) // len(k), axis=0).swapaxes(1, 2) * scale


def _rounded(x, bits: int) -> np.ndarray:
    """x with a significand of so many bits, in float32."""
    fraction, exponent = np.frexp(x)
    return x if bits >= 24 else np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits).astype(np.float32)
