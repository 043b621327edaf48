"""One comparison of numbers, and what other computations would give on the same input.

An explanation of wrong numbers is a computation with one fault. It is confirmed if its outputs are
those that came, in every row, within the error that is allowed of right ones.

Symbols:  x logits and p weights, (H, rows, n_k);  top the largest logit of a row;  g key head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import softmax, spacing
from ..meaning.statement import Inputs, Statement
from ..reading.evidence import Evidence

MUCH_NEARER = 0.3  # of the error of what is meant, which half precision may allow for itself
MAX_ROWS = 16  # on which explanations are tried first


@dataclass(frozen=True, eq=False)
class NumberCase:
    """What fn made of some queries, and what was meant.

    Attributes
    ----------
    statement : Statement
    inputs : Inputs
        q (H, n_q, d), k (G, n_k, d) and v (G, n_k, e).
    queries : int64 (rows,)
        The queries compared.
    sets : (H, rows, n_k)
        How often each key counts.
    judged : bool (H, rows)
        The rows compared: those with the right keys.
    out : FloatArray (H, rows, e)
    lse : FloatArray (H, rows) or None
    allowed, allowed_lse : float
        The error of right outputs and log-sum-exps.
    """

    statement: Statement
    inputs: Inputs
    queries: IntArray
    sets: Any
    judged: BoolArray
    out: FloatArray
    lse: FloatArray | None = None
    allowed: float = 1e-5
    allowed_lse: float = 1e-4

    @cached_property
    def members(self) -> BoolArray:
        """Which keys count, (H, rows, n_k)."""
        return np.asarray(self.sets) > 0

    @cached_property
    def x(self) -> FloatArray:
        """The logits that are meant, -inf outside the sets."""
        return self.logits(self.statement)

    @cached_property
    def values(self) -> FloatArray:
        """v of each query head, (H, n_k, e), in float64."""
        q, _, v = self.inputs
        group = len(q) // len(v)
        return np.repeat(np.asarray(v, np.float64), group, axis=0)

    def logits(self, statement: Statement, k: FloatArray | None = None) -> FloatArray:
        """The logits by another statement, or with other keys; -inf outside the sets."""
        k = self.inputs.k if k is None else k
        x = statement.logits(self.inputs.q, k, self.queries)
        return np.where(self.members, x, -np.inf)

    def logits_at_scale(self, scale: float) -> FloatArray:
        """The logits with another factor of q . k."""
        meaning = replace(self.statement.meaning, scale=scale)
        return self.logits(replace(self.statement, meaning=meaning))

    def sum_of_values(self, p: FloatArray) -> FloatArray:
        """p @ v, (H, rows, e)."""
        return np.matmul(p * self.sets, self.values)

    def softmax(self, x: FloatArray) -> FloatArray:
        """The outputs of the softmax of logits that are -inf outside the sets."""
        sinks = self.statement.meaning.sinks_of(self.statement.heads)
        p, _ = softmax(x, self.members, sinks)
        return self.sum_of_values(p)

    def is_output(self, out: FloatArray) -> bool:
        """Whether this is what came in all rows that are judged, and nearer than what is meant."""
        allowed = min(self.allowed, self.worst_error * MUCH_NEARER)
        return self.is_near(out, self.out, allowed)

    def is_output_of(self, outputs: Outputs) -> bool:
        """Whether a function of the case gives what came, tried on a few rows first."""
        some = self.few_rows
        return some.is_output(outputs(some)) and self.is_output(outputs(self))

    def is_near(self, predicted: FloatArray, actual: FloatArray, allowed: float) -> bool:
        """Whether predictions are right in all rows that are judged."""
        predicted, actual = predicted[self.judged], actual[self.judged]
        if not predicted.size or not np.isfinite(predicted).all():
            return False
        largest = np.abs(self.values).max(initial=1e-30)
        growth = max(1.0, np.abs(predicted).max() / largest)
        with np.errstate(invalid="ignore"):
            near = np.abs(predicted - actual) <= allowed * growth
        return bool(near.all())

    @cached_property
    def few_rows(self) -> NumberCase:
        """The case with a few of its rows, some of them with wrong numbers."""
        errors = np.where(self.judged, self.errors(), -1)
        half = MAX_ROWS // 2
        worst = np.argsort(-errors.max(axis=0))[:half]
        spread = np.linspace(0, len(self.queries) - 1, half, dtype=int)
        return self.with_rows(np.union1d(worst, spread))

    def with_rows(self, rows: IntArray) -> NumberCase:
        """The case with some of its rows, by their index."""
        return replace(
            self,
            queries=self.queries[rows],
            sets=np.asarray(self.sets)[:, rows],
            judged=self.judged[:, rows],
            out=self.out[:, rows],
            lse=None if self.lse is None else self.lse[:, rows],
        )

    @cached_property
    def worst_error(self) -> float:
        """The largest error of the rows that are judged."""
        return float(self.errors().max(initial=0, where=self.judged))

    @property
    def is_wrong(self) -> bool:
        """Whether a row that is judged has wrong numbers."""
        return bool((self.errors() > self.allowed)[self.judged].any())

    def errors(self) -> FloatArray:
        """The largest error of each row, (H, rows)."""
        true, _ = self.statement.attend(self.inputs, self.sets, self.queries)
        with np.errstate(invalid="ignore"):
            error = np.abs(self.out - true).max(axis=-1)
        return np.where(np.isnan(error), np.inf, error)


def number_case(
    evidence: Evidence, inputs: Inputs, out: FloatArray, lse: FloatArray | None, allowed: float
) -> NumberCase:
    """The case of rows that were read: out (H, rows, e) and lse (H, rows) came of these inputs."""
    statement = evidence.base.statement
    assert statement is not None
    rows = evidence.rows
    right = evidence.finite & ~evidence.mismatched & ~evidence.wrongly_nonzero
    judged = right[:, rows] & np.any(evidence.expected, axis=-1)
    x = statement.logits(inputs.q, inputs.k, rows)
    largest = np.abs(x).max(initial=0)
    allowed_lse = 16 * spacing(evidence.totals.dtype) * (1 + float(largest))
    fields = statement, inputs, rows, evidence.expected, judged, out, lse
    return NumberCase(*fields, allowed, allowed_lse)


Outputs = Callable[[NumberCase], FloatArray]  # (H, rows, e)
