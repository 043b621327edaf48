"""One call of fn on random input, compared with the float64 statement at the rows read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...sets.types import FloatArray, IntArray
from ..calling.rounded_attention import bits_of, round_to
from ..calling.subject import Subject
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence


@dataclass(frozen=True, eq=False)
class Comparison:
    """Inputs, and what fn and the statement make of them at the rows read, (H, rows, e)."""

    inputs: Inputs
    out: FloatArray
    lse: FloatArray | None
    true: FloatArray
    true_lse: FloatArray
    dtype: str


def random_inputs(
    subject: Subject,
    spread: float,
    dtype: str,
    rng: np.random.Generator,
) -> Inputs:
    """Random q, k and v with logits of this spread, exact in the dtypes of input and output."""
    q, k, v = subject.normal(rng)
    side = np.float32(np.sqrt(spread))
    inputs = [subject.round_input(x) for x in (q * side, k * side, v)]
    bits = bits_of(dtype)
    return Inputs(*[round_to(x, bits) for x in inputs])


def compare_with_statement(subject: Subject, evidence: Evidence, inputs: Inputs) -> Comparison:
    """One call of fn, and the statement of the rows read."""
    rows, statement = evidence.rows, meant_statement(evidence)
    batch = [x[None] for x in inputs]
    outs, dtype, lses = subject.attend_batch(*batch)
    true, true_lse = statement.attend(inputs, evidence.expected, rows)
    lse = None if lses is None else _lse_of_rows(lses[0], rows, true_lse)
    judged = statement.meaning.precision or dtype
    return Comparison(inputs, outs[0][:, rows], lse, true, true_lse, judged)


def _lse_of_rows(lse: FloatArray, rows: IntArray, true: FloatArray) -> FloatArray:
    """lse of the rows, (H, rows), of an array (H, n_q).

    If there are as many heads as queries, its shape is that of (n_q, H), too: of the two orders the
    one that is nearer to the right numbers is taken.
    """
    heads, n_q = lse.shape
    orders = [lse, lse.T] if heads == n_q else [lse]
    has_keys = np.isfinite(true)

    def distance(x: FloatArray) -> float:
        """The sum of all errors; inf if a row with keys has no number."""
        return float(np.abs(x[has_keys] - true[has_keys]).sum())

    readings = [order[:, rows] for order in orders]
    distances = np.nan_to_num([distance(x) for x in readings], nan=np.inf)
    return readings[int(distances.argmin())]


def meant_statement(evidence: Evidence) -> Statement:
    """The statement that the evidence is judged by."""
    statement = evidence.base.statement
    assert statement is not None
    return statement
