"""What an implementation attends to, next to the expected sets: every pair, or a sample.

Both kinds of evidence have the same fields, so that one protocol judges both.

Symbols:  H heads;  `rows` are the queries whose keys were read one by one: all of them, or some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from ...sets.pattern import Pattern
from ...sets.require import check_pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import softmax, spacing
from ..calling.subject import Subject
from ..meaning.statement import Statement
from .base import BaseInputs, base_inputs, faint_keys, relative_sizes
from .hostile import HOSTILE_LOGIT, hostile_logit, read_faint_keys, read_hostile_weights
from .members import MemberCounts, count_members
from .probe import Probe, base_weights


class RowTotals(NamedTuple):
    """Per row, (H, n_q), at equal logits.

    nonempty : has any keys.  known : the sums are those of its own keys.
    sizes : number of keys, with multiplicity.  row_sums : sum of weights.
    meant_sums : what row_sums should be: 1, or less by the share of a sink.
    dtype : the name of the dtype whose rounding is allowed.
    """

    nonempty: BoolArray
    known: BoolArray
    sizes: FloatArray
    row_sums: FloatArray
    meant_sums: FloatArray
    dtype: str

    def has_wrong_sum(self) -> BoolArray:
        """Rows with keys whose weights do not sum to what is meant, beyond rounding."""
        allowed = 6 * spacing(self.dtype) + 2.0**-24 * np.sqrt(self.sizes)
        wrong = np.abs(self.row_sums - self.meant_sums) > allowed * self.meant_sums
        return self.nonempty & self.known & wrong


class Leaks(NamedTuple):
    """What masked keys do once their logits are the largest.

    leaks : keys (H, n_q, n_k) or rows (H, n_q) with masked keys that get weight, bool.
    overflow : bool (H, n_q), rows with NaN or inf then.
    rows : how many rows were tested.
    logit : how far from 0 the logits are then.
    largest : the largest weight of a masked key, NaN if single keys were not read.
    """

    leaks: BoolArray
    overflow: BoolArray
    rows: int
    logit: float = HOSTILE_LOGIT
    largest: float = np.nan


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was read of an implementation at equal logits.

    Attributes
    ----------
    patterns : tuple of Pattern
        The expected pattern of each head.
    rows : int64 (rows,)
        The queries whose keys were read, ascending.
    expected, actual : bool (H, rows, n_k)
        The sets of these rows. `actual` is the expected set where nothing could be read.
    reachable : bool (H, rows, n_k)
        The keys that some input lets fn attend to, leaks included.
    weights : float (H, rows, n_k)
        The weights, 0 where nothing had to be read.
    multiplicity : int64 (H, rows, n_k)
        How often each key counts.
    uneven : bool (H, rows)
        Rows whose weights are not in proportion to how often keys count.
    finite, mismatched, wrongly_nonzero : bool (H, n_q)
        Rows without NaN and inf; without the expected keys; not 0 though they expect no key.
    totals : RowTotals
    conforming : bool (H, n_q)
        Rows with the expected keys, each once, and with equal weights that sum to 1.
    leaks : Leaks or None
        What masked keys do, if that was read, too.
    faint : bool (H, rows, n_k)
        Keys whose weight is too small to be read, and which are taken as expected.
    base : BaseInputs
        The q and k at which sets were read.
    """

    is_sample: ClassVar[bool] = False

    patterns: tuple[Pattern, ...]
    rows: IntArray
    expected: BoolArray
    actual: BoolArray
    reachable: BoolArray
    weights: FloatArray
    multiplicity: IntArray
    uneven: BoolArray
    finite: BoolArray
    mismatched: BoolArray
    wrongly_nonzero: BoolArray
    totals: RowTotals
    conforming: BoolArray
    leaks: Leaks | None
    faint: BoolArray
    base: BaseInputs


@dataclass(frozen=True, eq=False)
class Exhaustive(Evidence):
    """Every pair, as a probe read it."""

    probe: Probe


class PairReading(NamedTuple):
    """What was read of every pair, before it is compared with the expected sets.

    weights : (H, n_q, n_k), 0 in rows that are not judged.  members : the keys with weight.
    sizes : the weights less what the meant logits explain.  logits : these, None if all are equal.
    finite : bool (H, n_q).  leaks : None if q and k are given.  dtype : of the output.
    """

    weights: FloatArray
    sizes: FloatArray
    members: MemberCounts
    logits: FloatArray | None
    finite: BoolArray
    leaks: Leaks | None
    dtype: str

    @property
    def row_sums(self) -> FloatArray:
        """The sums of the weights of each row, (H, n_q)."""
        sums = self.weights.sum(axis=-1)
        return np.where(self.finite, sums, np.nan)

    def totals(self, actual: BoolArray, statement: Statement) -> RowTotals:
        """The totals of rows with these sets."""
        return RowTotals(
            nonempty=np.any(actual, axis=-1),
            known=self.finite,
            sizes=self.members.counts.sum(axis=-1),
            row_sums=self.row_sums,
            meant_sums=meant_sums(self.logits, actual, statement),
            dtype=judged_dtype(statement, self.dtype),
        )

    def probe(self, side: float) -> Probe:
        """The same as a probe, of entries `side` of q and k."""
        mask, leaks = self.members.mask, self.leaks
        return Probe(
            self.weights,
            mask,
            self.members.counts,
            self.row_sums,
            ~self.finite,
            np.zeros_like(mask) if leaks is None else leaks.leaks,
            np.zeros_like(self.finite) if leaks is None else leaks.overflow,
            self.dtype,
            side,
        )


def read_every_pair(
    subject: Subject,
    patterns: tuple[Pattern, ...],
    statement: Statement,
    inputs: tuple[FloatArray, FloatArray] | None = None,
) -> Exhaustive:
    """Read every pair. Raises ValueError if a pattern has no such n, or n is above 4096."""
    expected = np.stack([_mask(p, subject.n) for p in patterns])
    base = base_inputs(subject, statement, inputs)
    statement = base.statement or statement
    pairs = _read_pairs(subject, base, statement, expected)
    members, finite = pairs.members, pairs.finite
    readable = finite[..., None] & ~members.faint
    actual = np.where(readable, members.mask, expected)
    mismatched = np.any(actual != expected, axis=-1)
    totals, probe = pairs.totals(actual, statement), pairs.probe(base.side)
    once = np.all(members.counts <= 1, axis=-1)
    even = once & ~members.uneven & ~totals.has_wrong_sum()
    judged = finite & judged_rows(statement, expected)
    return Exhaustive(
        patterns=patterns,
        rows=np.arange(subject.n[0]),
        expected=expected,
        actual=actual,
        reachable=actual | probe.leaks,
        weights=np.where(members.mask, pairs.sizes, 0),
        multiplicity=members.counts,
        uneven=members.uneven,
        finite=finite,
        mismatched=mismatched,
        wrongly_nonzero=totals.nonempty & ~np.any(expected, axis=-1),
        totals=totals,
        conforming=even & judged & ~mismatched,
        leaks=pairs.leaks,
        faint=members.faint,
        base=base,
        probe=probe,
    )


def _read_pairs(
    subject: Subject, base: BaseInputs, statement: Statement, expected: BoolArray
) -> PairReading:
    """The weights at the base inputs, and what masked keys do."""
    x = base.logits(np.arange(subject.n[0]))
    weights, dtype = base_weights(subject, base)
    finite = np.all(np.isfinite(weights), axis=-1)
    judged = finite & judged_rows(statement, expected)
    weights = np.where(judged[..., None], weights, 0)
    sizes = relative_sizes(weights, x, expected)
    faint = faint_keys(x, expected)
    attended = read_faint_keys(subject, base, faint) if faint.any() else None
    members = count_members(sizes, x, expected, faint, dtype, attended)
    leaks = None
    if not base.is_given:
        mask = members.mask | (members.faint & expected)
        leaks = _read_leaks(subject, mask, judged, statement)
    return PairReading(weights, sizes, members, x, finite, leaks, dtype)


def _read_leaks(
    subject: Subject, mask: BoolArray, judged: BoolArray, statement: Statement
) -> Leaks:
    """What every masked key does."""
    logit, allowed = hostile_logit(statement)
    weights, overflow = read_hostile_weights(subject, mask, logit)
    leaking = (weights > allowed) & judged[..., None]
    largest = float(weights.max(initial=0, where=leaking))
    return Leaks(leaking, overflow & judged, judged.size, logit, largest)


def judged_rows(statement: Statement, sets: BoolArray) -> BoolArray:
    """All rows; under a declared fill those with keys, since the others average something."""
    nonempty = np.any(sets, axis=-1)
    return nonempty | (statement.meaning.fill is None)


def judged_dtype(statement: Statement, dtype: str) -> str:
    """The precision that was declared, or that of the output."""
    return statement.meaning.precision or dtype


def meant_sums(x: FloatArray | None, sets: BoolArray, statement: Statement) -> FloatArray:
    """What the weights of each row should sum to: less than 1 by the share of a sink."""
    sinks = statement.meaning.sinks_of(statement.heads)
    if sinks is None:
        return np.ones(sets.shape[:2])
    logits = np.zeros(sets.shape) if x is None else x
    weights, _ = softmax(logits, sets, sinks)
    return weights.sum(axis=-1)


def _mask(p: Pattern, n: tuple[int, int]) -> BoolArray:
    """[j in A_i]; refuses a listed pattern with another number of rows."""
    check_pattern(p, n)
    return p.mask(n)
