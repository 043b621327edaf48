"""Evidence at large n: random checksums of all rows, and the keys of some.

No array of every pair is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.subject import Subject
from .checksums import Checksums, read_checksums
from .evidence import Evidence, Leaks, RowTotals
from .leaks import read_leaks
from .probe import key_counts
from .sampled_rows import read_rows

WRONG_ROWS = 4  # read in each head, if there are so many
RIGHT_ROWS = 64  # read, and half as many wrong ones
MAX_CELLS = 1 << 24  # of the sets that are read


@dataclass(frozen=True, eq=False)
class Sampled(Evidence):
    """Checksums of all rows, and the keys of some.

    Attributes
    ----------
    sums : Checksums
        The random sums of all rows.
    mismatched, blind : bool (H, n_q)
        Rows whose checksums are not those of their set; rows with so many keys that one is below
        their rounding.
    known : bool (H, rows, n_k)
        The keys of which it is known whether fn attends to them.
    """

    is_sample: ClassVar[bool] = True
    patterns: tuple[Pattern, ...]
    sums: Checksums
    totals: RowTotals
    mismatched: BoolArray
    blind: BoolArray
    rows: IntArray
    expected: BoolArray
    actual: BoolArray
    weights: FloatArray
    known: BoolArray

    @classmethod
    def read(cls, subject: Subject, patterns: tuple[Pattern, ...], seed: int) -> Sampled:
        """Some dozens of calls: the checksums, then the keys of some rows that mismatch."""
        rng = np.random.default_rng(seed)
        sums = read_checksums(subject, rng)
        heads = [sums.mismatch(head, p) for head, p in enumerate(patterns)]
        wrong, blind, sizes, row_sums = (np.stack(parts) for parts in zip(*heads))
        row_sums = np.where(wrong, sums.row_sums, row_sums)
        totals = RowTotals(sizes > 0, ~wrong & sums.finite, sizes, row_sums, sums.dtype)
        rows = sample_rows(wrong, subject.heads * subject.n[1])
        expected = np.stack([row_masks(p, rows, subject.n[1]) for p in patterns])
        weights = np.zeros(expected.shape, np.float32)
        known = np.ones(expected.shape, bool)
        read = wrong[:, rows].any(axis=0)
        if read.any():
            wanted = wrong[:, rows[read]]
            weights[:, read], known[:, read] = read_rows(
                subject, expected[:, read], wanted, rows[read], sums.dtype, rng
            )
        right = ~wrong[:, rows, None]
        known |= right
        actual = np.where(known & ~right, weights != 0, expected)
        weights = np.where(actual & ~right, weights, 0)
        return cls(patterns, sums, totals, wrong, blind, rows, expected, actual, weights, known)

    @cached_property
    def multiplicity(self) -> IntArray:
        return key_counts(self.weights, self.weights != 0)

    @property
    def reachable(self) -> BoolArray:
        return self.actual

    @property
    def finite(self) -> BoolArray:
        return self.sums.finite

    @cached_property
    def conforming(self) -> BoolArray:
        return ~self.mismatched & self.finite & ~self.totals.unnormalised

    @property
    def wrongly_nonzero(self) -> BoolArray:
        return ~self.totals.nonempty & self.finite & (self.sums.row_sums != 0)

    def read_leaks(self, subject: Subject, seed: int) -> Leaks:
        """Those of the conforming ones of as many rows as q is wide."""
        rng = np.random.default_rng(seed)
        return read_leaks(subject, self.patterns, self.conforming, rng)

    def attending(self, keys: IntArray) -> BoolArray:
        n_q = self.mismatched.shape[1]
        queries = np.arange(n_q)[:, None]
        rows = {
            p: np.broadcast_to(p.contains(queries, keys), (n_q, len(keys))).any(axis=1)
            for p in set(self.patterns)
        }
        return np.stack([rows[p] for p in self.patterns])

    def coverage(self) -> list[str]:
        size, blind = self.blind.size, int(self.blind.sum())
        unread = int((~self.known).sum())
        chance = f"2^-{self.sums.signs.shape[1]}"
        checked = f"all {size:,} rows" if not blind else f"{size - blind:,} of {size:,} rows"
        numbers = int(self.conforming_read.sum())
        lines = [
            f"coverage: keys checked in {checked} (chance to miss one wrong key: {chance} a row); "
            f"numbers in {numbers:,} rows",
            "not checked: masks that depend on q and k (top-k, hashing)",
        ]
        if blind:
            lines.append(
                f"not checked: single keys in {blind:,} rows with so many keys "
                f"that {self.sums.dtype} rounds one away"
            )
        if unread:
            lines.append(f"not checked: {unread:,} keys of mismatching rows (too many calls)")
        return lines


def row_mask(p: Pattern, i: int, n: int) -> BoolArray:
    """The set of one query, bool (n,)."""
    mask = np.zeros(n, bool)
    mask[np.asarray(p.row(i, n), int)] = True
    return mask


def row_masks(p: Pattern, rows: Sequence[int] | IntArray, n: int) -> BoolArray:
    """The sets of some queries, bool (rows, n)."""
    return np.stack([row_mask(p, int(i), n) for i in rows])


def sample_rows(wrong: BoolArray, width: int) -> IntArray:
    """The rows to read: some of each head in `wrong`, bool (H, n_q), and some of no head in it."""
    most = max(min(RIGHT_ROWS, MAX_CELLS // width), WRONG_ROWS)
    per_head = [_spread(np.flatnonzero(head), WRONG_ROWS) for head in wrong]
    wrong_rows = np.unique(np.concatenate(per_head))
    right_rows = _spread(np.flatnonzero(~wrong.any(axis=0)), most)
    some_wrong = _spread(wrong_rows, max(most // 2, WRONG_ROWS))
    return np.unique(np.concatenate([some_wrong, right_rows]))


def _spread(x: IntArray, most: int) -> IntArray:
    """So many of x, from end to end."""
    return x[np.linspace(0, len(x) - 1, min(most, len(x)), dtype=int)]
