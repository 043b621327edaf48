"""Why numbers are wrong if the sets are right: another scale, or a curve such as a soft cap.

Some keys, J, have q . k = t, and all others q . k = s. What the values of J get of row i, over what
the others get, is then a e^f(t) / b e^f(s), with the logit f as a function of q . k. So f(t) - f(s)
is the log of that ratio, less the log at t = s = 0, whatever else the weights depend on. f(64) is
reached by steps short enough for half precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, starmap
from typing import Any, NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..meaning.statement import Statement
from .finding import Finding

STEPS = (1.0, 4.0, 8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 64.0)  # logits at about the usual scale
CLEAR_SLOPE = 0.05  # of the expected one, below which logits hardly depend on q . k
SHOWN_STEPS = (1.0, 4.0, 16.0, 64.0)


class ScoreCurve(NamedTuple):
    """The logit as a function of q . k: its slope at 0, and its value where q . k is each of STEPS
    times the unit.
    """

    unit: float
    slope: float
    logits: list[float]

    def points(self) -> list[tuple[float, float]]:
        """(step, logit) where the logit is finite."""
        points = zip(STEPS, self.logits)
        return [(t, y) for t, y in points if np.isfinite(y)]

    def bends(self, tolerance: float) -> bool:
        """Whether it is not the straight line of its slope."""
        for t, y in self.points():
            line = t * self.unit * self.slope
            if abs(y - line) > 2 * tolerance * abs(line):
                return True
        return False


def score_findings(
    subject: Subject, statement: Statement, dtype: str, seed: int
) -> Iterator[Finding]:
    """A scale or a curve that explains wrong numbers, if it is not the one that is meant."""
    curve = score_curve(subject, seed)
    if not np.isfinite(curve.slope) or statement.meaning.transform is not None:
        return
    tolerance = 0.01 + 16 * spacing(dtype)
    expected = statement.scale
    cap = statement.meaning.softcap
    if curve.bends(tolerance) and not _has_cap(curve, statement, tolerance):
        shown = [(t, y) for t, y in curve.points() if t in SHOWN_STEPS]
        logits = ", ".join(f"{y:.4g}" for _, y in shown)
        products = ", ".join(f"{t * curve.unit:.4g}" for t, _ in shown)
        text = f"logits are no multiple of q . k: {logits} at q . k = {products}"
        declared = "" if cap is None else f"; declared softcap={cap:g}"
        yield Finding("curve", text + _describe_cap(curve, declared))
    elif cap is not None and not curve.bends(tolerance):
        yield Finding("curve", f"no soft cap, declared softcap={cap:g}")
    elif abs(curve.slope - expected) > tolerance * abs(expected):
        is_default = statement.meaning.scale is None
        usual = " (1 / sqrt(d))" if is_default else ""
        text = f"logits are {curve.slope:.4g} q . k, expected {expected:.4g} q . k{usual}"
        has_slope = abs(curve.slope) > CLEAR_SLOPE * abs(expected)
        advice = f"; declare scale={curve.slope:.4g} if that is meant" if has_slope else ""
        yield Finding("scale", text + advice)


def _has_cap(curve: ScoreCurve, statement: Statement, tolerance: float) -> bool:
    """Whether the curve is that of the declared soft cap."""
    score = statement.score(np.zeros(0, int))
    if score.softcap is None:
        return False
    for t, y in curve.points():
        logit = t * curve.unit * score.scale
        meant = float(score.softcap * np.tanh(logit / score.softcap))
        if abs(y - meant) > 2 * tolerance * abs(meant):
            return False
    return True


def score_curve(subject: Subject, seed: int) -> ScoreCurve:
    """Medians over the rows that have keys in J and others."""
    unit = 2.0 ** round(np.log2(subject.d) / 2)  # exact in any precision
    in_J = np.random.default_rng(seed).random(subject.n[1]) < 0.5
    odds_at_0 = _log_odds(subject, in_J, 0.0, 0.0)

    def rise(t: float, s: float) -> float:
        """f(t) - f(s)"""
        with np.errstate(invalid="ignore"):
            rises = _log_odds(subject, in_J, t * unit, s * unit) - odds_at_0
        finite = np.isfinite(rises)
        return float(np.median(rises[finite])) if finite.any() else np.nan

    first = rise(STEPS[0], 0.0)
    from_0 = (0.0, *STEPS[1:])
    steps = [rise(t, s) for s, t in pairwise(from_0)]
    difference = first - rise(-STEPS[0], 0.0)
    slope = difference / (2 * STEPS[0] * unit)
    logits = np.cumsum(steps).tolist()
    return ScoreCurve(unit, slope, [first, *logits])


def _log_odds(subject: Subject, in_J: BoolArray, t: float, s: float) -> FloatArray:
    """log of the weight of the keys in J, q . k = t, over that of others, q . k = s, (H, n_q)."""
    q, k = subject.equal_logits
    q[..., 0] = 1
    k[..., 0] = np.where(in_J, t, s)
    logs: list[Any] = []
    for keys in (in_J, ~in_J):
        out, _ = subject.attend_wide(q, k, keys[:, None].astype(float))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs.append(np.log(out[..., 0]))
    with np.errstate(invalid="ignore"):
        return logs[0] - logs[1]


def _describe_cap(curve: ScoreCurve, declared: str) -> str:
    """The c of a soft cap c tanh(x / c), if the curve ends at one and has its shape."""
    points = curve.points()
    (_, first), (end, last) = points[0], points[-1]
    if not 0 < first < last:
        return declared

    def cap(c: float, t: float) -> float:
        """A cap that begins as the curve does."""
        start = np.arctanh(min(first / c, 0.999))
        return c * np.tanh(t / STEPS[0] * start)

    low, high = last, 100 * last
    for _ in range(60):
        c = (low + high) / 2
        if cap(c, end) < last:
            low = c
        else:
            high = c

    def is_near(t: float, y: float) -> bool:
        return abs(cap(c, t) - y) < 0.02 * abs(y)

    if all(starmap(is_near, points)):
        advice = declared or f"; declare softcap={c:.3g} if that is meant"
        return f", as with a soft cap of {c:.3g}{advice}"
    return declared
