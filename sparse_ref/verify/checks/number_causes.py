"""Findings about why numbers and log-sum-exps are wrong, if recomputation with a fault gives them.

One more call of fn. Rows count that have the right keys, whatever their weights sum to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import bits_of, digits_of, spacing
from ..calling.subject import Subject
from ..naming.bias import head_biases
from ..naming.lse_faults import describe_lse_fault
from ..naming.number_case import number_case
from ..naming.number_causes import find_number_cause
from ..reading.evidence import Evidence
from .comparison import Comparison, compare_with_statement, random_inputs
from .finding import Finding
from .numbers import SPREADS, Numbers

MAX_ROUNDING = 0.03
ROUNDING = 64.0  # spacings that are allowed if no row could be judged by itself


def number_cause_findings(
    subject: Subject, evidence: Evidence, numbers: tuple[Numbers, ...], seed: int
) -> Iterator[Finding]:
    """The causes of wrong numbers, of wrong sums of weights and of wrong log-sum-exps."""
    has_wrong_sums = bool(evidence.totals.has_wrong_sum().any())
    if evidence.base.side:  # at 0 there were no weights
        has_wrong_sums |= bool(evidence.uneven.any())
    has_wrong_numbers = any(x.wrong for x in numbers)
    has_wrong_lse = any(x.wrong_lse for x in numbers)
    is_wrong = has_wrong_sums or has_wrong_numbers or has_wrong_lse
    if evidence.base.is_given or not is_wrong:
        return
    wrong = [index for index, x in enumerate(numbers) if x.wrong or x.wrong_lse]
    first = wrong[0] if wrong else 0
    x = _comparison(subject, evidence, first, seed)
    digits = digits_of(x.out)
    if bits_of(digits or x.dtype) < bits_of(x.dtype):
        advice = f"declare precision={digits!r} if that is meant"
        text = f"outputs have the digits of {digits}, not of {x.dtype}"
        yield Finding("precision", f"{text}; {advice}")
        return
    allowed = numbers[first].budget if numbers else _rounding_error(x)
    case = number_case(evidence, x.inputs, x.out, x.lse, allowed)
    if has_wrong_sums or has_wrong_numbers:
        cause = find_number_cause(case, _decays(evidence))
        if cause is not None and not (cause.kind == "scale" and _has_right_scale(numbers)):
            yield Finding(cause.kind, cause.words)
    if has_wrong_lse:
        conforming = evidence.conforming[:, evidence.rows] & case.judged
        words = describe_lse_fault(replace(case, judged=conforming))
        if words:
            yield Finding("lse", f"lse is {words}")


def _has_right_scale(numbers: tuple[Numbers, ...]) -> bool:
    """Whether ordinary logits are right, of which a wrong scale would be seen or fitted."""
    return bool(numbers) and not numbers[0].wrong


def _comparison(subject: Subject, evidence: Evidence, index: int, seed: int) -> Comparison:
    """One of the comparisons of `compare_numbers` once more, with its arrays."""
    rng = np.random.default_rng(seed)
    dtype = evidence.totals.dtype
    inputs = [random_inputs(subject, spread, dtype, rng) for spread in SPREADS[: index + 1]]
    return compare_with_statement(subject, evidence, inputs[-1])


def _rounding_error(x: Comparison) -> float:
    """The error of right outputs, if no row could be compared."""
    largest = np.abs(x.inputs.v).max()
    return float(min(ROUNDING * spacing(x.dtype), MAX_ROUNDING) * largest)


def _decays(evidence: Evidence) -> FloatArray | None:
    """The factor per position that weights show, (H,), if they do in every head."""
    parts = evidence.weights, evidence.rows, evidence.uneven
    biases = head_biases(*parts, evidence.totals.dtype)
    slopes = np.array([bias.slope for bias in biases.values()])
    if len(slopes) < len(evidence.weights) or not slopes.all():
        return None
    return np.exp(-slopes)
