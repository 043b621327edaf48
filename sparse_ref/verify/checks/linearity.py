"""Is fn linear in V? Weights are read from outputs as if it were.

Small values are checked as the reading of sets needs them, and large and small ones for clipping.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .differences import differing_rows, largest
from .finding import Finding, findings_in

UNREADABLE = "the sets cannot be read out"
SMALL = 2.0**-4  # of v, so that no output is above 1
FACTORS = {  # of v; 1024 takes fp8 beyond 448
    2.0**10: "1024 times as large",
    2.0**-10: "1024 times smaller",
}
COARSE = 0.01  # of the largest output: below that are rounded values, not another function
COARSER = 0.1  # the same for sums of values, which rounding to 8 bits does not keep


def linearity_findings(subject: Subject, seed: int) -> Iterator[Finding]:
    """Rows that are not 0 at v = 0, or that do not add up for v of at most 1.

    The reading of sets needs no more. Larger values are checked by `range_findings`.
    """
    rng = np.random.default_rng(seed)
    q, k, v = subject.normal(rng)
    first, other = _sixteenths(v), _sixteenths(subject.normal(rng)[2])
    out, dtype = subject.attend(q, k, first)
    zeros = np.where(np.isfinite(out), 0, np.nan)
    at_zero, _ = subject.attend(q, k, 0 * v)
    wrong = differing_rows(at_zero, zeros, 0)
    if wrong.any():
        text = f"{{}} that are not 0 at v = 0, so the output is not linear in V; {UNREADABLE}"
        yield from findings_in("not linear", wrong, text, "row")
        return
    other_out, _ = subject.attend(q, k, other)
    mixed, _ = subject.attend(q, k, 2 * first - other)
    expected = 2 * out - other_out
    wrong = differing_rows(mixed, expected, _tolerance(expected, dtype, COARSER))
    if not wrong.any():
        return
    doubled, _ = subject.attend(q, k, 2 * first)
    not_doubled = differing_rows(doubled, 2 * out, _tolerance(2 * out, dtype, COARSE))
    if not_doubled.any():
        text = f"{{}} that do not double when v doubles{_cause(out, doubled, 2)}; {UNREADABLE}"
        yield from findings_in("not linear", not_doubled, text, "row")
        return
    text = f"{{}} whose output for 2 v - w is not 2 out(v) - out(w), not linear in V; {UNREADABLE}"
    yield from findings_in("not linear", wrong, text, "row")


def range_findings(subject: Subject, seed: int) -> Iterator[Finding]:
    """Rows that are not 1024 times larger, or smaller, when v is: values or outputs are clipped.

    The sets can be read in spite of that, since values of at most 1 show them.
    """
    q, k, v = subject.normal(np.random.default_rng(seed))
    small_out, dtype = subject.attend(q, k, SMALL * v)
    out = small_out / SMALL
    for factor, words in FACTORS.items():
        other, _ = subject.attend(q, k, factor * v)
        expected = factor * out
        wrong = differing_rows(other, expected, _tolerance(expected, dtype, COARSE))
        wrong &= np.isfinite(out).all(axis=-1)
        if dtype == "float16":  # sums of large values overflow
            wrong &= np.isfinite(other).all(axis=-1)
        text = f"{{}} that are not {words} if v is{_cause(out, other, factor)}"
        yield from findings_in("clip", wrong, text, "row")


def _cause(out: FloatArray, other: FloatArray, factor: float) -> str:
    """What an output looks like that is not `factor` times as large as the other."""
    before, after = largest(out), largest(other)
    if largest(other - out) < 0.05 * before:
        return ", but stay the same: output normalised (RMSNorm, LayerNorm)"
    if factor > 1 and after < 0.9 * factor * before:
        return (
            f", but reach {after:.4g} at most, expected {factor * before:.4g}: "
            f"values or output clipped at about {after:.4g}"
        )
    if factor < 1 and after < 0.5 * factor * before:
        return ": small values are rounded to 0"
    return ""


def _sixteenths(x: FloatArray) -> FloatArray:
    """x / 8 in sixteenths, up to 5 of them: 2 v - w of such is exact at any precision, below 1."""
    return np.rint(2 * x).clip(-5, 5) / 16


def _tolerance(expected: FloatArray, dtype: str, coarse: float) -> float:
    """The difference that rounding explains, or that of values rounded to a few bits."""
    return max(16 * spacing(dtype), coarse) * largest(expected)
