"""Are the numbers right? Compared with the float64 statement, within a budget taken from data.

The budget is twice the error of plain NumPy on the same input in the output's precision, with
logits in that precision or in float32, whichever is worse, plus the cost of rounding logits and
output. No tolerance is chosen, so none can be too wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...kernels import reference
from ...sets.types import BoolArray, FloatArray
from ..calling.rounded_attention import Precision, attention, bits_of, spacing
from ..calling.subject import Subject
from ..reading.evidence import Evidence
from .finding import Finding, count_noun, first_place

SPREADS = (1.0, 50.0)  # of the logits: ordinary ones, and some whose exp overflows float32


@dataclass(frozen=True)
class Numbers:
    """One comparison on random input.

    Attributes
    ----------
    spread : float
        The size of the logits.
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


def compare_numbers(
    subject: Subject, evidence: Evidence, scale: float | None, seed: int
) -> tuple[Numbers, ...]:
    """One Numbers for each spread of the logits, over the conforming rows; () if there are none."""
    if not evidence.conforming[:, evidence.rows].any():
        return ()
    rng = np.random.default_rng(seed)
    scale = subject.d**-0.5 if scale is None else scale
    return tuple(_compare(subject, evidence, scale, spread, rng) for spread in SPREADS)


def _compare(
    subject: Subject, evidence: Evidence, scale: float, spread: float, rng: np.random.Generator
) -> Numbers:
    """Random q, k, v through fn, the statement and plain NumPy."""
    rows, expected = evidence.rows, evidence.expected
    judged = evidence.conforming[:, rows]
    q, k, v = subject.normal(rng)
    side = np.float32(np.sqrt(spread))
    q, k = subject.round_input(q * side), subject.round_input(k * side)
    batch = q[None], k[None], v[None]
    outs, dtype, lses = subject.attend_batch(*batch)
    out, q = outs[0][:, rows], q[:, rows]
    true, true_lse = _statement(q, k, v, expected, scale)
    keys = np.repeat(k, len(q) // len(k), axis=0)
    products = q @ keys.swapaxes(1, 2)
    largest = np.abs(products * scale).max(initial=0, where=expected)

    plain = 0.0
    for logit_bits in {24, bits_of(dtype)}:
        precision = Precision(bits_of(dtype), logit_bits)
        plain_out, _ = attention(q, k, v, expected, scale, precision)
        plain = max(plain, _errors(plain_out, true)[judged].max())
    logit_rounding = 2 * spacing("float32") * (1 + largest) * np.abs(v).max()
    budget = 2 * plain + logit_rounding + spacing(dtype) * np.abs(true).max()

    finite = np.isfinite(out).all(axis=-1)
    finite_out = np.where(finite[..., None], out, 0)
    error = np.where(judged & finite, _errors(finite_out, true), 0)
    broken, wrong, wrong_lse = judged & ~finite, error > budget, np.zeros_like(judged)
    if lses is not None:
        wrong_lse = judged & ~_near(lses[0][:, rows], true_lse, largest, dtype)
    return Numbers(
        spread,
        int((judged & finite).sum()),
        float(error.max()),
        float(budget),
        first_place(error == error.max(), rows),
        int(wrong.sum()),
        first_place(wrong, rows),
        int(broken.sum()),
        first_place(broken, rows),
        int(wrong_lse.sum()),
        first_place(wrong_lse, rows),
    )


def _errors(out: FloatArray, true: FloatArray) -> FloatArray:
    """The largest difference of each row."""
    return np.abs(out - true).max(axis=-1)


def _statement(
    q: FloatArray, k: FloatArray, v: FloatArray, sets: BoolArray, scale: float
) -> tuple[FloatArray, FloatArray]:
    """(out (H, rows, e), lse (H, rows)) in float64, by the reference."""
    group = len(q) // len(k)
    outs, lses = [], []
    for head in range(len(q)):
        rows = q[head], k[head // group], v[head // group]
        exact_q, exact_k, exact_v = (x.astype(np.float64) for x in rows)
        out, lse = reference.attend(exact_q, exact_k, exact_v, sets[head], scale)
        outs.append(out)
        lses.append(lse)
    return np.stack(outs), np.stack(lses)


def _near(lse: FloatArray, true: FloatArray, largest: float, dtype: str) -> BoolArray:
    """Which log-sum-exps are right; rows without keys have -inf."""
    with np.errstate(invalid="ignore"):
        allowed = 16 * spacing(dtype) * (1 + largest)
        return (lse == true) | (np.abs(lse - true) <= allowed)


def number_findings(numbers: tuple[Numbers, ...]) -> Iterator[Finding]:
    """What is wrong with the numbers."""
    for x in numbers:
        logits = f"random logits of spread {x.spread:g}"
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
