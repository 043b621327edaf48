"""A factor on the output and one on the scale, fitted to all rows by least squares.

They are found long before they show in a single number.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import spacing
from ..reading.evidence import Evidence
from .comparison import Comparison, meant_statement

MIN_DEVIATION = 1e-3  # of a factor that is reported
MIN_ROWS = 32
SIGMAS = 6.0  # by which a fitted factor has to differ from 1
FIT_ROUNDS = 3  # of least squares
FIT_STEP = 1e-3  # of the scale, for the derivative of the output


def fit_factors(
    evidence: Evidence, x: Comparison, judged: BoolArray, budget: float
) -> tuple[float, float]:
    """(factor on out, ratio of the scale) that explain the output; 1 if chance explains it."""
    factor, ratio = 1.0, 1.0
    if judged.sum() < MIN_ROWS:  # the rounding of single weights looks like a factor
        return factor, ratio
    sigmas: FloatArray = np.zeros(2)
    for _ in range(FIT_ROUNDS):
        true, change = _at_scale(evidence, x, ratio)
        parts = [true[judged].ravel(), factor * change[judged].ravel()]
        columns = np.stack(parts, axis=1)
        rest = (x.out - factor * true)[judged].ravel()
        fitted, sigmas = _least_squares(columns, rest)
        factor, ratio = factor + fitted[0], ratio * (1 + fitted[1])
    true, _ = _at_scale(evidence, x, ratio)
    error = np.abs(x.out - factor * true)[judged].max(initial=0)
    rounding = max(MIN_DEVIATION, spacing(x.dtype) / 8)
    least_deviations = np.maximum(rounding, SIGMAS * sigmas)
    factors = np.array([factor, ratio])
    real = np.abs(factors - 1) > least_deviations
    if error > budget or not real.any():
        return 1.0, 1.0
    factor, ratio = np.where(real, factors, 1.0).tolist()
    return factor, ratio


def _least_squares(columns: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(the coefficients of y, their standard deviations); 0 for columns of zeros."""
    count = columns.shape[1]
    fitted, sigmas = np.zeros(count), np.zeros(count)
    used = columns.any(axis=0)
    is_finite = np.isfinite(columns).all()
    if len(y) <= count or not used.any() or not is_finite:
        return fitted, sigmas
    nonzero = columns[:, used]
    normal = np.linalg.pinv(nonzero.T @ nonzero)
    fitted[used] = normal @ (nonzero.T @ y)
    rest = y - columns @ fitted
    variance = (rest @ rest) / (len(y) - count)
    diagonal = np.maximum(np.diag(normal), 0)
    sigmas[used] = np.sqrt(diagonal * variance)
    return fitted, sigmas


def _at_scale(evidence: Evidence, x: Comparison, ratio: float) -> tuple[FloatArray, FloatArray]:
    """(out, d out / d log scale) of the rows read, (H, rows, e), at a ratio of the scale."""
    statement = meant_statement(evidence)
    outs = []
    for step in (0.0, FIT_STEP, -FIT_STEP):
        scale = statement.scale * ratio * (1 + step)
        other = replace(statement, meaning=replace(statement.meaning, scale=scale))
        out, _ = other.attend(x.inputs, evidence.expected, evidence.rows)
        outs.append(out)
    return outs[0], (outs[1] - outs[2]) / (2 * FIT_STEP)
