"""What an implementation attends to, next to the expected sets: every pair, or a sample.

Both kinds of evidence, `Exhaustive` here and `Sampled`, answer the same questions, so that one
protocol judges both.

Symbols:  H heads;  `rows` are the queries whose keys were read one by one, all of them at small n.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from ...lower import dense
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.frameworks import spacing
from ..calling.subject import Subject
from .probe import Probe, read_probe


class RowTotals(NamedTuple):
    """Per row, (H, n_q), at equal logits.

    nonempty : has any keys.  known : the sums are those of its own keys.  sizes : number of keys,
    with multiplicity. row_sums : sum of weights.  dtype : the name of the output's dtype.
    """

    nonempty: BoolArray
    known: BoolArray
    sizes: FloatArray
    row_sums: FloatArray
    dtype: str

    @property
    def unnormalised(self) -> BoolArray:
        """Rows with keys whose weights do not sum to 1, beyond the rounding of the dtype and of
        long sums.
        """
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


class Evidence(ABC):
    """What was read of an implementation.

    Attributes
    ----------
    patterns : tuple of Pattern
        The expected pattern of each head.
    rows : int64 (rows,)
        The queries whose keys were read, ascending.
    expected, actual : bool (H, rows, n_k)
        The sets of these rows. `actual` is the expected set where nothing could be read.
    weights : float (H, rows, n_k)
        The weights at equal logits, 0 where nothing had to be read.
    totals : RowTotals
    finite : bool (H, n_q)
        Rows without NaN and inf.
    mismatched : bool (H, n_q)
        Rows that do not have the expected keys.
    is_sample : bool
        Whether only some rows were read.
    """

    is_sample: ClassVar[bool] = False

    patterns: tuple[Pattern, ...]
    rows: IntArray
    expected: BoolArray
    actual: BoolArray
    weights: FloatArray
    totals: RowTotals
    finite: BoolArray
    mismatched: BoolArray

    @property
    @abstractmethod
    def multiplicity(self) -> IntArray:
        """How often each key of the rows read counts, (H, rows, n_k)."""

    @property
    @abstractmethod
    def reachable(self) -> BoolArray:
        """The keys that some input lets fn attend to, (H, rows, n_k), leaks included."""

    @property
    @abstractmethod
    def conforming(self) -> BoolArray:
        """Rows with the expected keys, each once, with equal weights that sum to 1, bool (H, n_q)."""

    @property
    @abstractmethod
    def wrongly_nonzero(self) -> BoolArray:
        """Rows with no expected key, whose output is not 0, bool (H, n_q)."""

    @abstractmethod
    def read_leaks(self, subject: Subject, seed: int) -> Leaks:
        """What masked keys do once their logits are the largest."""

    @abstractmethod
    def attending(self, keys: IntArray) -> BoolArray:
        """Rows whose expected set has any of these keys, bool (H, n_q)."""

    @abstractmethod
    def coverage(self) -> list[str]:
        """What was checked and what was not, in lines; nothing if every pair was read."""

    @cached_property
    def uneven(self) -> BoolArray:
        """Rows of those read whose weights are not in proportion to how often keys count, bool (H,
        rows).
        """
        return uneven_rows(self.weights, self.multiplicity)

    @property
    def conforming_read(self) -> BoolArray:
        """The conforming ones of the rows read, bool (H, rows)."""
        return self.conforming[:, self.rows]


@dataclass(frozen=True, eq=False)
class Exhaustive(Evidence):
    """Every pair, as a probe read it."""

    patterns: tuple[Pattern, ...]
    expected: BoolArray
    probe: Probe

    @classmethod
    def read(cls, subject: Subject, patterns: tuple[Pattern, ...]) -> Exhaustive:
        """Probe every pair."""
        expected = np.stack([dense(p, subject.n) for p in patterns])
        return cls(patterns, expected, read_probe(subject))

    @property
    def rows(self) -> IntArray:
        return np.arange(self.expected.shape[1])

    @cached_property
    def actual(self) -> BoolArray:
        return np.where(self.finite[..., None], self.probe.mask, self.expected)

    @property
    def weights(self) -> FloatArray:
        return self.probe.weights

    @property
    def multiplicity(self) -> IntArray:
        return self.probe.multiplicity

    @property
    def reachable(self) -> BoolArray:
        return self.probe.mask | self.probe.leaks

    @property
    def totals(self) -> RowTotals:
        nonempty = self.probe.mask.any(axis=-1)
        sizes = self.multiplicity.sum(axis=-1)
        known = np.ones_like(nonempty)
        return RowTotals(nonempty, known, sizes, self.probe.row_sums, self.probe.dtype)

    @property
    def finite(self) -> BoolArray:
        return ~self.probe.nan_rows

    @cached_property
    def mismatched(self) -> BoolArray:
        return (self.actual != self.expected).any(axis=-1)

    @cached_property
    def conforming(self) -> BoolArray:
        once = (self.multiplicity <= 1).all(axis=-1)
        right = self.finite & ~self.mismatched & once
        return right & ~self.uneven & ~self.totals.unnormalised

    @property
    def wrongly_nonzero(self) -> BoolArray:
        return self.totals.nonempty & ~self.expected.any(axis=-1)

    def read_leaks(self, subject: Subject, seed: int) -> Leaks:
        """Those that the probe has read."""
        return Leaks(self.probe.leaks, self.probe.overflow, self.finite.size)

    def attending(self, keys: IntArray) -> BoolArray:
        return self.expected[..., keys].any(axis=-1)

    def coverage(self) -> list[str]:
        return []


def uneven_rows(weights: FloatArray, multiplicity: IntArray) -> BoolArray:
    """Rows whose weights are not in proportion to how often keys count."""
    weight = np.abs(weights) / np.maximum(multiplicity, 1)
    counts = multiplicity > 0
    least = weight.min(axis=-1, initial=np.inf, where=counts)
    return weight.max(axis=-1, initial=0, where=counts) > 1.02 * least
