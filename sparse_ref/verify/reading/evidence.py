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
from .base import BaseInputs, base_inputs, faint_keys, member_keys, relative_sizes
from .probe import (
    HOSTILE_LOGIT,
    Probe,
    base_weights,
    hostile_logit,
    key_counts,
    read_faint_keys,
    read_hostile_weights,
)

UNEVEN = 1e-4  # of log weights, which no rounding of float32 explains


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


def read_every_pair(
    subject: Subject,
    patterns: tuple[Pattern, ...],
    statement: Statement,
    given: tuple[FloatArray, FloatArray] | None = None,
) -> Exhaustive:
    """Read every pair. Raises ValueError if a pattern has no such n, or n is above 4096."""
    expected = np.stack([_mask(p, subject.n) for p in patterns])
    base = base_inputs(subject, statement, given)
    statement = base.statement or statement
    x = base.logits(np.arange(subject.n[0]))
    weights, dtype = base_weights(subject, base)
    finite = np.all(np.isfinite(weights), axis=-1)
    weights = np.where(judged_rows(statement, expected)[..., None], weights, 0)
    weights = np.where(finite[..., None], weights, 0)
    sizes = relative_sizes(weights, x, expected)
    faint = faint_keys(x, expected)
    mask = member_keys(np.where(faint, 0, sizes))
    attended = read_faint_keys(subject, base, faint) if faint.any() else None
    if attended is not None:
        mask, faint = mask | attended, np.zeros_like(faint)
    readable = mask if attended is None else mask & ~attended
    counts = key_counts(sizes, readable)
    uneven = uneven_rows(sizes, counts, x, dtype)
    counts = np.where(uneven[..., None] | (mask & ~readable), mask, counts)
    faint |= uneven[..., None] & expected & ~mask
    actual = np.where(finite[..., None] & ~faint, mask, expected)
    leaks = None
    if not base.is_given:
        judged = finite & judged_rows(statement, expected)
        leaks = _read_leaks(subject, mask | (faint & expected), judged, statement)
    row_sums = np.where(finite, weights.sum(axis=-1), np.nan)
    probe = Probe(
        weights,
        mask,
        counts,
        row_sums,
        ~finite,
        np.zeros_like(mask) if leaks is None else leaks.leaks,
        np.zeros_like(finite) if leaks is None else leaks.overflow,
        dtype,
        base.side,
    )
    totals = RowTotals(
        nonempty=np.any(actual, axis=-1),
        known=finite,
        sizes=counts.sum(axis=-1),
        row_sums=row_sums,
        meant_sums=meant_sums(x, actual, statement),
        dtype=judged_dtype(statement, dtype),
    )
    once = np.all(counts <= 1, axis=-1)
    even = once & ~uneven & ~totals.has_wrong_sum()
    mismatched = np.any(actual != expected, axis=-1)
    return Exhaustive(
        patterns=patterns,
        rows=np.arange(subject.n[0]),
        expected=expected,
        actual=actual,
        reachable=actual | probe.leaks,
        weights=np.where(mask, sizes, 0),
        multiplicity=counts,
        uneven=uneven,
        finite=finite,
        mismatched=mismatched,
        wrongly_nonzero=np.any(actual, axis=-1) & ~np.any(expected, axis=-1),
        totals=totals,
        conforming=even & finite & ~mismatched & judged_rows(statement, expected),
        leaks=leaks,
        faint=faint,
        base=base,
        probe=probe,
    )


def _read_leaks(
    subject: Subject, mask: BoolArray, finite: BoolArray, statement: Statement
) -> Leaks:
    """What every masked key does."""
    logit, allowed = hostile_logit(statement)
    weights, overflow = read_hostile_weights(subject, mask, logit)
    leaking = (weights > allowed) & finite[..., None]
    largest = float(weights.max(initial=0, where=leaking))
    return Leaks(leaking, overflow & finite, finite.size, logit, largest)


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


def uneven_rows(sizes: FloatArray, counts: IntArray, x: FloatArray | None, dtype: str) -> BoolArray:
    """Rows whose weights are not in proportion to how often keys count.

    `sizes` are the weights less what the meant logits x explain. What the rounding of logits and
    weights explains is allowed.
    """
    size = np.abs(sizes) / np.maximum(counts, 1)
    member = counts > 0
    log_size = np.log(np.where(member, size, 1))
    least = log_size.min(axis=-1, initial=np.inf, where=member)
    most = log_size.max(axis=-1, initial=-np.inf, where=member)
    logits = 0.0 if x is None else np.where(member, np.abs(x), 0).max(axis=-1)
    allowed = UNEVEN + 4 * spacing(dtype) * (1 + logits)
    return most - least > allowed
