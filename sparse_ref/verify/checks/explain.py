"""Why numbers are wrong where sets are right: another scale, a score curve, heads that read other key heads, ghosts.

Some keys, J, have q . k = t, and all others q . k = s. What J's values get of row i, over what the others get, is then
a e^f(t) / b e^f(s), so that f(t) - f(s), of the logit f as a function of q . k, is read off as the log of that ratio less
that at t = s = 0, whatever else the weights hang on. f(64) is reached by steps that are short enough for half precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..calling.frameworks import spacing
from ..calling.subject import Subject
from ..reading.row_totals import Held
from .finding import Finding, found_in

STEPS = (1.0, 4.0, 8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 64.0)  # logits at about the usual scale
CONSTANT = 12.0


def reasons(call: Subject, dtype: str, scale: float | None, seed: int) -> Iterator[Finding]:
    """What explains numbers that are wrong, as far as it is known here."""
    expected, unit = (
        (call.d**-0.5 if scale is None else scale),
        2.0 ** round(np.log2(call.d) / 2),
    )  # exact in any precision
    slope, curve = score_curve(call, unit, seed)
    if not np.isfinite(slope):
        return
    tolerance = 0.01 + 16 * spacing(dtype)
    if any(
        np.isfinite(y) and abs(y - t * unit * slope) > 2 * tolerance * abs(t * unit * slope)
        for t, y in zip(STEPS, curve)
    ):
        shown = [
            (t * unit, y) for t, y in zip(STEPS, curve) if t in (1, 4, 16, 64) and np.isfinite(y)
        ]
        yield Finding(
            "curve",
            f"logits are no multiple of q . k: {', '.join(f'{y:.4g}' for _, y in shown)} where it is "
            f"{', '.join(f'{x:.4g}' for x, _ in shown)}" + _cap(curve),
        )
    elif abs(slope - expected) > tolerance * abs(expected):
        yield Finding(
            "scale",
            f"logits are {slope:.4g} q . k, where {expected:.4g} q . k is expected"
            + (" (1 / sqrt(d))" if scale is None else ""),
        )


def _cap(curve) -> str:
    """The c of a soft cap c tanh(x / c), where the curve ends at one and has the shape of it."""
    up = [(t, y) for t, y in zip(STEPS, curve) if np.isfinite(y)]
    if not 0 < up[0][1] < up[-1][1]:
        return ""

    def capped(c, t):  # with the slope that begins as the curve does
        return c * np.tanh(t / STEPS[0] * np.arctanh(min(up[0][1] / c, 0.999)))

    low, high = up[-1][1], 100 * up[-1][1]
    for _ in range(60):
        c = (low + high) / 2
        low, high = (c, high) if capped(c, up[-1][0]) < up[-1][1] else (low, c)
    return (
        f", as with a soft cap of {c:.3g}"
        if all(abs(capped(c, t) - y) < 0.02 * abs(y) for t, y in up)
        else ""
    )


def score_curve(call: Subject, unit: float, seed: int) -> tuple[float, list[float]]:
    """(its slope at 0, the logit where q . k is each of STEPS times the unit), medians over rows with keys in J and others."""
    chosen = np.random.default_rng(seed).random(call.n[1]) < 0.5
    at_0 = _odds(call, chosen, 0.0, 0.0)

    def rise(t, s):
        with np.errstate(invalid="ignore"):
            moved = _odds(call, chosen, t * unit, s * unit) - at_0
        return float(np.median(moved[np.isfinite(moved)])) if np.isfinite(moved).any() else np.nan

    first = rise(STEPS[0], 0.0)
    rises = [rise(STEPS[1], 0.0), *(rise(t, s) for s, t in pairwise(STEPS[1:]))]
    return (first - rise(-STEPS[0], 0.0)) / (2 * STEPS[0] * unit), [
        first,
        *np.cumsum(rises).tolist(),
    ]


def _odds(call: Subject, chosen, t: float, s: float) -> np.ndarray:
    """log of what the chosen keys weigh, over what the others do, (H, n_q)."""
    q, k = call.equal
    q[..., 0], k[..., 0] = 1, np.where(chosen, t, s)
    weights = [
        call.wide(q, k, held[:, None].astype(float))[0][..., 0] for held in (chosen, ~chosen)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(weights[0]) - np.log(weights[1])


def other_key_heads(call: Subject, held: Held) -> Iterator[Finding]:
    """Query heads that read the values of another key head than h // (H / G), or mix several."""
    if call.kv_heads == 1:
        return
    v = (
        np.zeros((call.kv_heads, call.n[1], call.e))
        + np.arange(1, call.kv_heads + 1)[:, None, None]
    )
    out = call(*call.equal, v)[0][..., 0]
    own = np.arange(call.heads) // (call.heads // call.kv_heads)
    known = held.some & (held.row_sums > 0.01) & np.isfinite(out)
    with np.errstate(invalid="ignore", divide="ignore"):
        read = out / held.row_sums - 1
    wrong = known & (
        np.abs(read - own[:, None]) > 0.25 + 8 * spacing(held.dtype) * (own[:, None] + 1)
    )
    if wrong.any():
        told = {
            int(h): round(float(np.median(read[h][known[h]])), 2) + 0.0
            for h in np.flatnonzero(wrong.any(axis=1))
        }
        named = ", ".join(f"{h} reads {g:g}" for h, g in list(told.items())[:8])
        modulo = all(abs(g - h % call.kv_heads) < 0.25 for h, g in told.items())
        yield from found_in(
            "kv map",
            wrong,
            "{} of heads that read the values of other key heads than "
            f"h // {call.heads // call.kv_heads}: head {named}"
            f"{f', as h mod {call.kv_heads} would' if modulo else ''}",
            "row",
        )


def diluted(call: Subject, held: Held) -> Iterator[Finding]:
    """Rows whose weights do not sum to 1; told apart is what only dilutes them, as keys of logit 0 and value 0 do."""
    wrong = held.unnormalised
    if not wrong.any():
        return
    side = np.sqrt(
        CONSTANT / np.sqrt(call.d)
    )  # q . k = CONSTANT sqrt(d) everywhere, which moves nothing but what is beside it
    ones = np.ones((call.kv_heads, call.n[1], call.e))
    sums = call(
        np.full((call.heads, call.n[0], call.d), side),
        np.full((call.kv_heads, call.n[1], call.d), side),
        ones,
    )[0][..., 0]
    allowed = 0.1 * np.abs(held.row_sums - 1) + 16 * spacing(held.dtype) + 2.0**-24 * held.many
    less = (held.row_sums < 1) & (np.abs(sums - 1) < allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        many = held.many * (1 / held.row_sums - 1)
    yield from found_in(
        "ghost",
        wrong & less,
        "{} diluted, as by keys of logit 0 and value 0, {:.4g} of them: padding that is not "
        "masked, a sink, or softmax + 1",
        "row",
        many,
    )
    yield from found_in(
        "row sum",
        wrong & ~less,
        "{} with weights that do not sum to 1, but to {:.6g}",
        "row",
        held.row_sums,
    )
