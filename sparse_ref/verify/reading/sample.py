"""Evidence at large n: random checksums of all rows, and the keys of some.

No array of every pair is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.subject import Subject
from ..meaning.statement import Statement
from .base import base_inputs, faint_keys, relative_sizes, row_masks
from .checksums import Checksums, RowMismatch, read_checksums
from .evidence import Evidence, RowTotals
from .members import count_members
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
        The random sums of all rows; `mismatched` are the rows whose sums are not those of their
        set.
    blind : bool (H, n_q)
        Rows with so many keys that one of them is below their rounding.
    known : bool (H, rows, n_k)
        The keys of which it is known whether fn attends to them.
    """

    is_sample: ClassVar[bool] = True

    sums: Checksums
    blind: BoolArray
    known: BoolArray


def read_sample(
    subject: Subject,
    patterns: tuple[Pattern, ...],
    statement: Statement,
    seed: int,
    reads_keys: bool = True,
) -> Sampled:
    """The checksums of all rows; then, in some dozens of calls, the keys of some that mismatch."""
    rng = np.random.default_rng(seed)
    base = base_inputs(subject, statement)
    statement = base.statement or statement
    sums = read_checksums(subject, base, rng)
    mismatch = _mismatch_of_heads(sums, patterns, statement)
    wrong, totals = mismatch.wrong, _totals(sums, mismatch)
    judged = totals.nonempty | (statement.meaning.fill is None)
    n_k = subject.n[1]
    rows = sample_rows(wrong, subject.heads * n_k)
    expected = np.stack([row_masks(p, rows, n_k) for p in patterns])
    wrong_rows = wrong[:, rows] & reads_keys
    weights, known = _read_wrong_rows(subject, expected, wrong_rows, rows, sums, rng)
    x = base.logits(rows)
    sizes = relative_sizes(weights, x, expected)
    faint = faint_keys(x, expected) & known
    members = count_members(sizes, x, expected, faint, sums.dtype)
    actual = np.where(known & ~members.faint, members.mask, expected)
    return Sampled(
        patterns=patterns,
        rows=rows,
        expected=expected,
        actual=actual,
        reachable=actual,
        weights=np.where(actual & wrong_rows[..., None], sizes, 0),
        multiplicity=members.counts,
        uneven=members.uneven,
        finite=sums.finite,
        mismatched=wrong,
        wrongly_nonzero=wrong & ~totals.nonempty,
        totals=totals,
        conforming=judged & ~wrong & sums.finite & ~totals.has_wrong_sum(),
        leaks=None,
        faint=members.faint,
        base=base,
        sums=sums,
        blind=mismatch.blind,
        known=known | ~wrong_rows[..., None],
    )


def _mismatch_of_heads(
    sums: Checksums, patterns: tuple[Pattern, ...], statement: Statement
) -> RowMismatch:
    """The rows of all heads, (H, n_q); under a declared fill those with keys are judged."""
    heads = [sums.mismatch(head, p) for head, p in enumerate(patterns)]
    mismatch = RowMismatch(*map(np.stack, zip(*heads)))
    judged = (mismatch.sizes > 0) | (statement.meaning.fill is None)
    return mismatch._replace(wrong=mismatch.wrong & judged)


def _totals(sums: Checksums, mismatch: RowMismatch) -> RowTotals:
    """The totals of all rows; those of wrong rows are the sums that came."""
    wrong, sizes = mismatch.wrong, mismatch.sizes
    row_sums = np.where(wrong, sums.row_sums, mismatch.row_sums)
    known = ~wrong & sums.finite
    return RowTotals(sizes > 0, known, sizes, row_sums, mismatch.meant_sums, sums.dtype)


def _read_wrong_rows(
    subject: Subject,
    expected: BoolArray,
    wrong: BoolArray,
    rows: IntArray,
    sums: Checksums,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """(weights, which of them were read), both (H, rows, n_k), of the rows in `wrong` (H, rows)."""
    weights = np.zeros(expected.shape, np.float32)
    known = np.zeros(expected.shape, bool)
    unread = wrong.any(axis=0)
    if unread.any():
        sets, wanted = expected[:, unread], wrong[:, unread]
        parts = read_rows(subject, sets, wanted, rows[unread], sums, rng)
        weights[:, unread], known[:, unread] = parts
    return weights, known & wrong[..., None]


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
    return x[spread_over(len(x), most)]


def spread_over(n: int, most: int) -> IntArray:
    """At most so many of 0 to n - 1, ascending, from end to end."""
    return np.linspace(0, n - 1, min(most, n), dtype=int)
