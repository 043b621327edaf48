"""Evidence at large n: random checksums of all rows, and the keys of some.

No array of every pair is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from ..calling.subject import Subject
from ..meaning.statement import Statement
from .base import base_inputs, faint_keys, member_keys, relative_sizes, row_masks
from .checksums import Checksums, read_checksums
from .evidence import Evidence, RowTotals, uneven_rows
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
    subject: Subject, patterns: tuple[Pattern, ...], statement: Statement, seed: int
) -> Sampled:
    """Some dozens of calls: the checksums, then the keys of some rows that mismatch."""
    rng = np.random.default_rng(seed)
    base = base_inputs(subject, statement)
    statement = base.statement or statement
    sums = read_checksums(subject, base, rng)
    heads = [sums.mismatch(head, p) for head, p in enumerate(patterns)]
    wrong, blind, sizes, row_sums, meant = (np.stack(parts) for parts in zip(*heads))
    judged = (sizes > 0) | (statement.meaning.fill is None)
    wrong &= judged
    row_sums = np.where(wrong, sums.row_sums, row_sums)
    totals = RowTotals(sizes > 0, ~wrong & sums.finite, sizes, row_sums, meant, sums.dtype)
    n_k = subject.n[1]
    rows = sample_rows(wrong, subject.heads * n_k)
    right = ~wrong[:, rows, None]
    expected = np.stack([row_masks(p, rows, n_k) for p in patterns])
    weights = np.zeros(expected.shape, np.float32)
    known = np.ones(expected.shape, bool)
    read = wrong[:, rows].any(axis=0)
    if read.any():
        sets, wanted = expected[:, read], wrong[:, rows[read]]
        weights[:, read], known[:, read] = read_rows(subject, sets, wanted, rows[read], sums, rng)
    known |= right
    x = base.logits(rows)
    sized = relative_sizes(weights, x, expected)
    faint = faint_keys(x, expected) & known & ~right
    mask = member_keys(np.where(faint, 0, sized))
    counts = key_counts(sized, mask)
    uneven = uneven_rows(sized, counts, x, sums.dtype)
    counts = np.where(uneven[..., None], mask, counts)
    faint |= uneven[..., None] & expected & ~mask
    actual = np.where(known & ~right & ~faint, mask, expected)
    return Sampled(
        patterns=patterns,
        rows=rows,
        expected=expected,
        actual=actual,
        reachable=actual,
        weights=np.where(actual & ~right, sized, 0),
        multiplicity=counts,
        uneven=uneven,
        finite=sums.finite,
        mismatched=wrong,
        wrongly_nonzero=wrong & (sizes == 0),
        totals=totals,
        conforming=judged & ~wrong & sums.finite & ~totals.has_wrong_sum(),
        leaks=None,
        faint=faint,
        base=base,
        sums=sums,
        blind=blind,
        known=known,
    )


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
