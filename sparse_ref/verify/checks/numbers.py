"""Are the numbers right? Compared with the float64 statement, within a budget taken from data.

The budget is twice the error of plain NumPy on the same input in the output's precision, with
logits in that precision or in float32, whichever is worse, plus the cost of rounding logits and
output. No tolerance is chosen, so none can be too wide. Kernels keep logits in float32: whether the
numbers are as exact as that is reported by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import Precision, bits_of, spacing
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence
from .comparison import Comparison, compare_with_statement, meant_statement, random_inputs
from .finding import Finding, count_noun, first_place
from .fitted_factors import fit_factors

SPREADS = (1.0, 50.0)  # of the logits: ordinary ones, and some whose exp overflows float32
NO_WEIGHT = 30.0  # of logits, below which e^x is rounded away
GIVEN = 0.0  # the spread of q and k that were given


@dataclass(frozen=True)
class Numbers:
    """One comparison on random input.

    Attributes
    ----------
    spread : float
        The size of the logits; 0 if q and k were given.
    rows : int
        How many queries of all heads were compared.
    error, budget : float
        The largest absolute difference, and what is allowed.
    at : tuple of int
        (head, query) of the error.
    wrong, wrong_at : int, tuple of int
        How many rows are beyond the budget, and the first.
    broken, broken_at : int, tuple of int
        How many rows have NaN or inf, and the first.
    wrong_lse, lse_at : int, tuple of int
        In how many rows the log-sum-exp that fn returned is wrong, and the first.
    float32_budget : float
        What is allowed if logits are kept in float32.
    factor, scale_ratio : float
        The factors on the output and on the scale that fit all rows best; 1 if none differs from 1
        by more than chance.
    dtype : str
        The precision by which numbers are judged.
    """

    spread: float
    rows: int
    error: float
    budget: float
    at: tuple[int, ...]
    wrong: int
    wrong_at: tuple[int, ...]
    broken: int
    broken_at: tuple[int, ...]
    wrong_lse: int = 0
    lse_at: tuple[int, ...] = ()
    float32_budget: float = np.inf
    factor: float = 1.0
    scale_ratio: float = 1.0
    dtype: str = "float32"

    @property
    def is_fitted(self) -> bool:
        """Whether another factor or scale explains the numbers."""
        return self.factor != 1 or self.scale_ratio != 1

    @property
    def logits_in_words(self) -> str:
        """Which logits the comparison has."""
        return f"logits of spread {self.spread:g}" if self.spread else "the q and k given"


def compare_numbers(subject: Subject, evidence: Evidence, seed: int) -> tuple[Numbers, ...]:
    """One Numbers for each spread of the logits, over the conforming rows; () if there are none."""
    if not evidence.conforming[:, evidence.rows].any():
        return ()
    rng = np.random.default_rng(seed)
    if evidence.base.is_given:
        _, _, v = subject.normal(rng)
        inputs = Inputs(evidence.base.q, evidence.base.k, v)
        comparison = compare_with_statement(subject, evidence, inputs)
        return (_compare(evidence, comparison, GIVEN),)
    numbers = []
    for spread in SPREADS:
        inputs = random_inputs(subject, spread, evidence.totals.dtype, rng)
        comparison = compare_with_statement(subject, evidence, inputs)
        numbers.append(_compare(evidence, comparison, spread))
    return tuple(numbers)


def _compare(evidence: Evidence, x: Comparison, spread: float) -> Numbers:
    """The differences of one comparison."""
    rows, statement, dtype = evidence.rows, meant_statement(evidence), x.dtype
    logits = statement.logits(x.inputs.q, x.inputs.k, rows)
    judged = evidence.conforming[:, rows] & _above_fill(statement, logits, evidence.expected)
    largest = np.abs(logits).max(initial=0, where=evidence.expected)
    bits = bits_of(dtype)
    budgets = [
        _budget(evidence, x, Precision(bits, logit_bits), largest) for logit_bits in (24, bits)
    ]
    finite = np.all(np.isfinite(x.out), axis=-1)
    finite_out = np.where(finite[..., None], x.out, 0)
    error = np.where(judged & finite, _errors(finite_out, x.true), 0)
    broken, wrong = judged & ~finite, error > max(budgets)
    wrong_lse = np.zeros_like(judged)
    if x.lse is not None:
        wrong_lse = judged & ~_near(x.lse, x.true_lse, largest, dtype)
    factor, ratio = 1.0, 1.0
    if not broken.any() and spread != SPREADS[-1]:
        factor, ratio = fit_factors(evidence, x, judged, max(budgets))
    return Numbers(
        spread,
        int((judged & finite).sum()),
        float(error.max()),
        float(max(budgets)),
        first_place(error == error.max(), rows),
        int(wrong.sum()),
        first_place(wrong, rows),
        int(broken.sum()),
        first_place(broken, rows),
        int(wrong_lse.sum()),
        first_place(wrong_lse, rows),
        float(budgets[0]),
        factor,
        ratio,
        dtype,
    )


def _above_fill(statement: Statement, logits: FloatArray, sets: BoolArray) -> BoolArray:
    """Rows of which masked keys have almost no weight next to a declared fill, (H, rows)."""
    fill = statement.meaning.fill
    if fill is None:
        return np.ones(sets.shape[:2], bool)
    top = np.where(sets, logits, -np.inf).max(axis=-1)
    masked_top = np.where(sets, 0, logits).max(axis=-1)
    return top - (fill + np.maximum(masked_top, 0)) > NO_WEIGHT


def _budget(evidence: Evidence, x: Comparison, precision: Precision, largest: float) -> float:
    """Twice the error of plain NumPy at this precision, and the rounding of logits and output."""
    judged = evidence.conforming[:, evidence.rows]
    statement = meant_statement(evidence)
    out, _ = statement.attend(x.inputs, evidence.expected, evidence.rows, precision)
    plain = _errors(out, x.true)[judged].max(initial=0)
    largest_v = np.abs(x.inputs.v).max()
    logit_rounding = 2 * spacing("float32") * (1 + largest) * largest_v
    out_rounding = spacing(x.dtype) * np.abs(x.true).max()
    return 2 * plain + logit_rounding + out_rounding


def _errors(out: FloatArray, true: FloatArray) -> FloatArray:
    """The largest difference of each row."""
    return np.abs(out - true).max(axis=-1)


def _near(lse: FloatArray, true: FloatArray, largest: float, dtype: str) -> BoolArray:
    """Which log-sum-exps are right; rows without keys have -inf."""
    with np.errstate(invalid="ignore"):
        allowed = 16 * spacing(dtype) * (1 + largest)
        is_near = np.abs(lse - true) <= allowed
        return (lse == true) | is_near


def number_findings(numbers: tuple[Numbers, ...], scale: float) -> Iterator[Finding]:
    """What is wrong with the numbers."""
    has_other_cause = any(x.wrong and not x.is_fitted for x in numbers)
    for x in numbers:
        logits = x.logits_in_words if not x.spread else f"random {x.logits_in_words}"
        if x.broken:
            text = f"{count_noun(x.broken, 'row')} with NaN or inf at {logits}"
            yield Finding("nan", text, x.broken, x.broken_at)
        if x.wrong:
            text = (
                f"wrong numbers in {x.wrong:,} of {x.rows:,} rows with the right keys, "
                f"at {logits}: error up to {x.error:.2g}, allowed {x.budget:.2g}"
            )
            yield Finding("numerics", text, x.wrong, x.wrong_at)
        if x.wrong_lse:
            text = f"wrong log-sum-exp in {count_noun(x.wrong_lse, 'row')}, at {logits}"
            yield Finding("lse", text, x.wrong_lse, x.lse_at)
        if has_other_cause and not x.wrong:
            continue  # what bends large logits shifts the scale of small ones
        if x.factor != 1:
            yield Finding("factor", f"out is {x.factor:.4g} of what it should be, in all rows")
        if x.scale_ratio != 1:
            actual = scale * x.scale_ratio
            text = f"logits are {actual:.5g} q . k, expected {scale:.5g} q . k, in all rows"
            yield Finding("scale", f"{text}: {x.scale_ratio:.4g} of the scale")


def rounding_remarks(numbers: tuple[Numbers, ...]) -> Iterator[str]:
    """Whether half precision is as exact as with logits in float32, which kernels keep."""
    judged = [x for x in numbers if bits_of(x.dtype) < 24 and x.rows]
    if not judged or any(x.wrong or x.broken for x in judged):
        return
    worst = max(judged, key=lambda x: x.error / x.float32_budget)
    exact = worst.error <= worst.float32_budget
    sizes = f"error {worst.error:.2g}, {worst.float32_budget:.2g} with float32 logits"
    answer = "yes" if exact else f"no ({sizes}; logits rounded to {worst.dtype}?)"
    yield f"as exact as float32 logits: {answer}"
