"""Why numbers are wrong where sets are right: another scale, a score curve, heads that read other key heads, ghosts.

Some keys, J, get a logit of their own: k_j = (1, 0, ...) for j in J and 0 elsewhere, q_i = (t, 0, ...). What J's values get of
row i, over what the others get, is then a e^f(t) / b, so that f, the logit as a function of q . k, is read off as
log of that ratio at t less that at 0, whatever else the weights hang on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .finding import Finding, found_in
from .frameworks import spacing
from .held import Held
from .subject import Subject

STEPS = (1.0, 4.0, 16.0, 64.0)  # logits at the usual scale
CONSTANT = 12.0


def reasons(call: Subject, dtype: str, scale: float | None, seed: int) -> Iterator[Finding]:
    """What explains numbers that are wrong, as far as it is known here."""
    expected, unit = (call.d**-0.5 if scale is None else scale), call.d**0.5
    curve = score_curve(call, [sign * t * unit for t in STEPS for sign in (1, -1)], seed)
    slope = (curve[0] - curve[1]) / (2 * STEPS[0] * unit)
    if not np.isfinite(slope):
        return
    tolerance = 0.01 + 16 * spacing(dtype)
    bent = any(np.isfinite(y) and abs(y) < (1 - 2 * tolerance) * abs(t * unit * slope) for t, y in zip(STEPS[1:], curve[2::2]))
    if bent:
        yield Finding("curve", f"logits are no multiple of q . k: {curve[0]:.4g}, {curve[2]:.4g}, {curve[4]:.4g} where it is "
                      f"{', '.join(f'{t * unit:.4g}' for t in STEPS[:3])}" + _cap(curve))
    elif abs(slope - expected) > tolerance * abs(expected):
        yield Finding("scale", f"logits are {slope:.4g} q . k, where {expected:.4g} q . k is expected"
                      + (" (1 / sqrt(d))" if scale is None else ""))


def _cap(curve) -> str:
    """The c of a soft cap c tanh(x / c), where the curve ends at one and has the shape of it."""
    up = [(t, y) for t, y in zip(STEPS, curve[::2]) if np.isfinite(y)]
    if not 0 < up[0][1] < up[-1][1]:
        return ""

    def capped(c, t):  # with the slope that begins as the curve does
        return c * np.tanh(t / STEPS[0] * np.arctanh(min(up[0][1] / c, 0.999)))
    low, high = up[-1][1], 100 * up[-1][1]
    for _ in range(60):
        c = (low + high) / 2
        low, high = (c, high) if capped(c, up[-1][0]) < up[-1][1] else (low, c)
    return f", as with a soft cap of {c:.3g}" if all(abs(capped(c, t) - y) < 0.02 * abs(y) for t, y in up) else ""


def score_curve(call: Subject, points, seed: int) -> list[float]:
    """The logit at each of these q . k, the median over rows that have keys in J and others; NaN where none tell."""
    rng = np.random.default_rng(seed)
    chosen = rng.random(call.n[1]) < 0.5
    at_0 = _odds(call, chosen, 0.0)
    curve = []
    for t in points:
        with np.errstate(invalid="ignore"):
            moved = _odds(call, chosen, t) - at_0
        curve.append(float(np.median(moved[np.isfinite(moved)])) if np.isfinite(moved).any() else np.nan)
    return curve


def _odds(call: Subject, chosen, t: float) -> np.ndarray:
    """log of what the chosen keys weigh, over what the others do, (H, n_q)."""
    q, k = np.zeros((call.heads, call.n[0], call.d)), np.zeros((call.kv_heads, call.n[1], call.d))
    q[..., 0], k[:, chosen, 0] = t, 1
    weights = []
    for held in (chosen, ~chosen):
        v = np.zeros((call.kv_heads, call.n[1], call.e))
        v[:, held] = 1
        weights.append(call(q, k, v)[0][..., 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(weights[0]) - np.log(weights[1])


def other_key_heads(call: Subject, held: Held) -> Iterator[Finding]:
    """Query heads that read the values of another key head than h // (H / G), or mix several."""
    if call.kv_heads == 1:
        return
    v = np.zeros((call.kv_heads, call.n[1], call.e)) + np.arange(1, call.kv_heads + 1)[:, None, None]
    out = call(*call.equal, v)[0][..., 0]
    own = np.arange(call.heads) // (call.heads // call.kv_heads)
    known = held.some & (held.row_sums > 0.01) & np.isfinite(out)
    with np.errstate(invalid="ignore", divide="ignore"):
        read = out / held.row_sums - 1
    wrong = known & (np.abs(read - own[:, None]) > 0.25 + 8 * spacing(held.dtype) * (own[:, None] + 1))
    if wrong.any():
        told = {int(h): round(float(np.median(read[h][known[h]])), 2) + 0.0 for h in np.flatnonzero(wrong.any(axis=1))}
        named = ", ".join(f"{h} reads {g:g}" for h, g in list(told.items())[:8])
        modulo = all(abs(g - h % call.kv_heads) < 0.25 for h, g in told.items())
        yield from found_in("kv map", wrong, "{} of heads that read the values of other key heads than "
                            f"h // {call.heads // call.kv_heads}: head {named}"
                            f"{f', as h mod {call.kv_heads} would' if modulo else ''}", "row")


def diluted(call: Subject, held: Held) -> Iterator[Finding]:
    """Rows whose weights do not sum to 1; told apart is what only dilutes them, as keys of logit 0 and value 0 do."""
    wrong = held.unnormalised
    if not wrong.any():
        return
    side = np.sqrt(CONSTANT / np.sqrt(call.d))  # q . k = CONSTANT sqrt(d) everywhere, which moves nothing but what is beside it
    ones = np.ones((call.kv_heads, call.n[1], call.e))
    sums = call(np.full((call.heads, call.n[0], call.d), side), np.full((call.kv_heads, call.n[1], call.d), side), ones)[0][..., 0]
    less = (held.row_sums < 1) & (np.abs(sums - 1) < 0.1 * np.abs(held.row_sums - 1) + 16 * spacing(held.dtype))
    with np.errstate(divide="ignore", invalid="ignore"):
        many = held.many * (1 / held.row_sums - 1)
    yield from found_in("ghost", wrong & less, "{} diluted, as by keys of logit 0 and value 0, {:.4g} of them: padding that is not "
                        "masked, a sink, or softmax + 1", "row", many)
    yield from found_in("row sum", wrong & ~less, "{} with weights that do not sum to 1, but to {:.6g}", "row", held.row_sums)
