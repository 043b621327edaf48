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
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from .probe import Probe, read_probe


class RowTotals(NamedTuple):
    """Per row, (H, n_q), at equal logits.

    nonempty : has any keys.  known : the sums are those of its own keys.
    sizes : number of keys, with multiplicity.  row_sums : sum of weights.
    dtype : the name of the output's dtype.
    """

    nonempty: BoolArray
    known: BoolArray
    sizes: FloatArray
    row_sums: FloatArray
    dtype: str

    def has_wrong_sum(self) -> BoolArray:
        """Rows with keys whose weights do not sum to 1, beyond the rounding of the dtype."""
        allowed = 6 * spacing(self.dtype) + 2.0**-24 * np.sqrt(self.sizes)
        return self.nonempty & self.known & (np.abs(self.row_sums - 1) > allowed)


class Leaks(NamedTuple):
    """What masked keys do once their logits are the largest.

    leaks : keys (H, n_q, n_k) or rows (H, n_q) with masked keys that get weight, bool.
    overflow : bool (H, n_q), rows with NaN or inf then.
    rows : how many rows were tested.
    """

    leaks: BoolArray
    overflow: BoolArray
    rows: int


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


@dataclass(frozen=True, eq=False)
class Exhaustive(Evidence):
    """Every pair, as a probe read it."""

    probe: Probe


def read_every_pair(subject: Subject, patterns: tuple[Pattern, ...]) -> Exhaustive:
    """Probe every pair. Raises ValueError if a pattern has no such n, or n is above 4096."""
    expected = np.stack([_mask(p, subject.n) for p in patterns])
    probe = read_probe(subject)
    finite = ~probe.nan_rows
    actual = np.where(finite[..., None], probe.mask, expected)
    mismatched = np.any(actual != expected, axis=-1)
    nonempty = np.any(probe.mask, axis=-1)
    sizes = probe.multiplicity.sum(axis=-1)
    known = np.ones_like(nonempty)
    totals = RowTotals(nonempty, known, sizes, probe.row_sums, probe.dtype)
    uneven = uneven_rows(probe.weights, probe.multiplicity)
    once = np.all(probe.multiplicity <= 1, axis=-1)
    even = once & ~uneven & ~totals.has_wrong_sum()
    return Exhaustive(
        patterns=patterns,
        rows=np.arange(subject.n[0]),
        expected=expected,
        actual=actual,
        reachable=probe.mask | probe.leaks,
        weights=probe.weights,
        multiplicity=probe.multiplicity,
        uneven=uneven,
        finite=finite,
        mismatched=mismatched,
        wrongly_nonzero=nonempty & ~np.any(expected, axis=-1),
        totals=totals,
        conforming=finite & ~mismatched & even,
        leaks=Leaks(probe.leaks, probe.overflow, finite.size),
        probe=probe,
    )


def _mask(p: Pattern, n: tuple[int, int]) -> BoolArray:
    """[j in A_i]; refuses a listed pattern with another number of rows."""
    check_pattern(p, n)
    return p.mask(n)


def uneven_rows(weights: FloatArray, multiplicity: IntArray) -> BoolArray:
    """Rows whose weights are not in proportion to how often keys count."""
    weight = np.abs(weights) / np.maximum(multiplicity, 1)
    counts = multiplicity > 0
    least = weight.min(axis=-1, initial=np.inf, where=counts)
    return weight.max(axis=-1, initial=0, where=counts) > 1.02 * least
