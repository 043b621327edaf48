"""Are the numbers right? Compared with the float64 statement, within a budget taken from data.

The budget is twice the error of plain NumPy on the same input in the output's precision, with
logits in that precision or in float32, whichever is worse, plus the cost of rounding logits and
output. No tolerance is chosen, so none can be too wide. Kernels keep logits in float32: whether the
numbers are as exact as that is reported by itself. A factor on the output and one on the scale are
fitted to all rows, and found long before they show in a single number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import Precision, bits_of, round_to, spacing
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence
from .finding import Finding, count_noun, first_place

SPREADS = (1.0, 50.0)  # of the logits: ordinary ones, and some whose exp overflows float32
GIVEN = 0.0  # the spread of q and k that were given
MIN_DEVIATION = 1e-3  # of a factor that is reported
SIGMAS = 6.0  # by which a fitted factor has to differ from 1
FIT_ROUNDS = 3  # of least squares
FIT_STEP = 1e-3  # of the scale, for the derivative of the output


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
    def logits_in_words(self) -> str:
        """Which logits the comparison has."""
        return f"logits of spread {self.spread:g}" if self.spread else "the q and k given"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Inputs, and what fn and the statement make of them at the rows read, (H, rows, e)."""

    inputs: Inputs
    out: FloatArray
    lse: FloatArray | None
    true: FloatArray
    true_lse: FloatArray
    dtype: str


def compare_numbers(subject: Subject, evidence: Evidence, seed: int) -> tuple[Numbers, ...]:
    """One Numbers for each spread of the logits, over the conforming rows; () if there are none."""
    if not evidence.conforming[:, evidence.rows].any():
        return ()
    rng = np.random.default_rng(seed)
    if evidence.base.is_given:
        _, _, v = subject.normal(rng)
        inputs = Inputs(evidence.base.q, evidence.base.k, v)
        return (_compare(evidence, compare_with_statement(subject, evidence, inputs), GIVEN),)
    numbers = []
    for spread in SPREADS:
        inputs = random_inputs(subject, spread, evidence.totals.dtype, rng)
        comparison = compare_with_statement(subject, evidence, inputs)
        numbers.append(_compare(evidence, comparison, spread))
    return tuple(numbers)


def random_inputs(subject: Subject, spread: float, dtype: str, rng: np.random.Generator) -> Inputs:
    """Random q, k and v with logits of this spread, exact in the dtypes of input and output."""
    q, k, v = subject.normal(rng)
    side = np.float32(np.sqrt(spread))
    rounded = [round_to(subject.round_input(x), bits_of(dtype)) for x in (q * side, k * side, v)]
    return Inputs(*rounded)


def compare_with_statement(subject: Subject, evidence: Evidence, inputs: Inputs) -> Comparison:
    """One call of fn, and the statement of the rows read."""
    rows, statement = evidence.rows, meant(evidence)
    batch = [x[None] for x in inputs]
    outs, dtype, lses = subject.attend_batch(*batch)
    true, true_lse = statement.attend(inputs, evidence.expected, rows)
    lse = None if lses is None else lses[0][:, rows]
    judged = statement.meaning.precision or dtype
    return Comparison(inputs, outs[0][:, rows], lse, true, true_lse, judged)


def meant(evidence: Evidence) -> Statement:
    """The statement that the evidence is judged by."""
    statement = evidence.base.statement
    assert statement is not None
    return statement


def _compare(evidence: Evidence, x: Comparison, spread: float) -> Numbers:
    """The differences of one comparison."""
    rows, statement, dtype = evidence.rows, meant(evidence), x.dtype
    judged = evidence.conforming[:, rows]
    logits = statement.logits(x.inputs.q, x.inputs.k, rows)
    largest = np.abs(logits).max(initial=0, where=evidence.expected)
    bits = bits_of(dtype)
    budgets = [
        _budget(evidence, x, Precision(bits, logit_bits), largest) for logit_bits in (24, bits)
    ]
    finite = np.isfinite(x.out).all(axis=-1)
    finite_out = np.where(finite[..., None], x.out, 0)
    error = np.where(judged & finite, _errors(finite_out, x.true), 0)
    broken, wrong = judged & ~finite, error > max(budgets)
    wrong_lse = np.zeros_like(judged)
    if x.lse is not None:
        wrong_lse = judged & ~_near(x.lse, x.true_lse, largest, dtype)
    factor, ratio = 1.0, 1.0
    if not broken.any() and spread != SPREADS[-1]:
        factor, ratio = _fitted_factors(statement, evidence, x, judged, max(budgets))
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


def _budget(evidence: Evidence, x: Comparison, precision: Precision, largest: float) -> float:
    """Twice the error of plain NumPy at this precision, and the rounding of logits and output."""
    judged = evidence.conforming[:, evidence.rows]
    out, _ = meant(evidence).attend(x.inputs, evidence.expected, evidence.rows, precision)
    plain = _errors(out, x.true)[judged].max()
    logit_rounding = 2 * spacing("float32") * (1 + largest) * np.abs(x.inputs.v).max()
    return 2 * plain + logit_rounding + spacing(x.dtype) * np.abs(x.true).max()


def _fitted_factors(
    statement: Statement, evidence: Evidence, x: Comparison, judged: BoolArray, budget: float
) -> tuple[float, float]:
    """(factor on out, ratio of the scale) that explain the output; 1 if chance explains it."""
    factor, ratio = 1.0, 1.0
    sigmas = np.zeros(2)
    for _ in range(FIT_ROUNDS):
        true, change = _at_scale(statement, evidence, x, ratio)
        columns = np.stack([true[judged].ravel(), factor * change[judged].ravel()], axis=1)
        rest = (x.out - factor * true)[judged].ravel()
        fitted, sigmas = _least_squares(columns, rest)
        factor, ratio = factor + fitted[0], ratio * (1 + fitted[1])
    true, _ = _at_scale(statement, evidence, x, ratio)
    error = np.abs(x.out - factor * true)[judged].max(initial=0)
    least = np.maximum(max(MIN_DEVIATION, spacing(x.dtype) / 8), SIGMAS * sigmas)
    real = np.abs(np.array([factor, ratio]) - 1) > least
    if error > budget or not real.any():
        return 1.0, 1.0
    return (float(factor) if real[0] else 1.0), (float(ratio) if real[1] else 1.0)


def _least_squares(columns: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(the coefficients of y, their standard deviations); 0 for columns of zeros."""
    fitted, sigmas = np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    used = columns.any(axis=0)
    if len(y) <= columns.shape[1] or not used.any() or not np.isfinite(columns).all():
        return fitted, sigmas
    some = columns[:, used]
    normal = np.linalg.pinv(some.T @ some)
    fitted[used] = normal @ (some.T @ y)
    rest = y - columns @ fitted
    variance = (rest @ rest) / (len(y) - columns.shape[1])
    sigmas[used] = np.sqrt(np.maximum(np.diag(normal), 0) * variance)
    return fitted, sigmas


def _at_scale(
    statement: Statement, evidence: Evidence, x: Comparison, ratio: float
) -> tuple[FloatArray, FloatArray]:
    """(out, d out / d log scale) of the rows read, (H, rows, e), at a ratio of the scale."""
    outs = []
    for step in (0.0, FIT_STEP, -FIT_STEP):
        meaning = replace(statement.meaning, scale=statement.scale * ratio * (1 + step))
        other = replace(statement, meaning=meaning)
        outs.append(other.attend(x.inputs, evidence.expected, evidence.rows)[0])
    return outs[0], (outs[1] - outs[2]) / (2 * FIT_STEP)


def _errors(out: FloatArray, true: FloatArray) -> FloatArray:
    """The largest difference of each row."""
    return np.abs(out - true).max(axis=-1)


def _near(lse: FloatArray, true: FloatArray, largest: float, dtype: str) -> BoolArray:
    """Which log-sum-exps are right; rows without keys have -inf."""
    with np.errstate(invalid="ignore"):
        allowed = 16 * spacing(dtype) * (1 + largest)
        return (lse == true) | (np.abs(lse - true) <= allowed)


def number_findings(numbers: tuple[Numbers, ...], scale: float) -> Iterator[Finding]:
    """What is wrong with the numbers."""
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
