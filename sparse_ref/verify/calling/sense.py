"""Does a way of calling make sense? Tests of the axes that need no pattern.

The values of one key head reach the query heads of one group; the queries of one head change its
output and no other, and all of its columns; and something passes from one position to others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray
from .layouts import BATCHED
from .rounded_attention import spacing
from .subject import Subject

STEP = 8.0  # added to values
LARGE_STEP = 1024.0  # added to those of one position, since its weight may be small
MIN_SHARE = 0.75  # of the columns that a query changes


class Doubts(NamedTuple):
    """How many tests of sense a way of calling fails.

    A right function of the right axes passes the `hard` ones: heads, columns, positions. The `soft`
    one asks that two rows attend to the middle key, which some patterns do not.
    """

    hard: int
    soft: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.hard + self.soft


def sense_doubts(subject: Subject, batch: int = 1) -> Doubts:
    """The tests of sense that fail, in three calls.

    Each call has a batch of so many sequences, in layouts that have one.

    Raises
    ------
    ProbeError
        As `Subject.attend_batch`.
    """
    size = batch if subject.form.layout in BATCHED else 1
    pair = _Batch(subject, size)
    by_values = pair.changes(pair.q, pair.k, _other_values(pair.v))
    q = pair.q.copy()
    q[0, :, 0] += 4 * np.sqrt(subject.d)
    k = q if subject.form.shared_qk else pair.k
    by_queries = pair.changes(q, k, pair.v)
    heads = np.any(by_queries.large, axis=(1, 2))
    columns = np.any(by_queries.nonzero[0], axis=0)
    of_position = _columns(subject.e, 2)
    rows = np.any(by_values.large[..., of_position], axis=(0, 2))
    is_local = rows.sum() < 2
    hard = (
        np.any(heads[1:]) or not _is_grouped(by_values.large, subject),
        heads[0] and columns.mean() < MIN_SHARE,
        is_local and not heads[0],
    )
    return Doubts(sum(map(bool, hard)), int(is_local))


class _Changes(NamedTuple):
    """Which entries of the output (H, n_q, e) change by more than rounding explains, or at all."""

    large: BoolArray
    nonzero: BoolArray


class _Batch:
    """Random q, k, v in a batch of so many sequences, and the output of the first."""

    def __init__(self, subject: Subject, size: int):
        rng = np.random.default_rng(0)
        self.subject = subject
        self.q, self.k, self.v = subject.normal(rng)
        self.rest = [subject.normal(rng) for _ in range(size - 1)]
        self.out, self.dtype = self.attend(self.q, self.k, self.v)

    def attend(self, *qkv: FloatArray) -> tuple[FloatArray, str]:
        """(out (H, n_q, e), dtype) with this as the first sequence."""
        batch = map(np.stack, zip(qkv, *self.rest))
        out, dtype, _ = self.subject.attend_batch(*batch)
        return out[0], dtype

    def changes(self, *qkv: FloatArray) -> _Changes:
        """What changes in the output."""
        out, _ = self.attend(*qkv)
        finite = np.isfinite(out) & np.isfinite(self.out)
        before, after = np.where(finite, [self.out, out], 0)
        change = np.abs(after - before)
        largest = np.abs(after).max(axis=(0, 1), initial=0)
        large = change > 8 * spacing(self.dtype) * largest
        return _Changes(large, change != 0)


def _columns(e: int, remainder: int) -> BoolArray:
    """Every third column: for the first key head, for the last, and for a position."""
    return np.arange(e) % 3 == remainder


def _other_values(v: FloatArray) -> FloatArray:
    """v (G, n_k, e) changed in the first key head, in the last, and at the middle position, each in
    columns of its own.
    """
    heads, n_k, e = v.shape
    step = np.zeros_like(v)
    step[0][:, _columns(e, 0)] = STEP
    if heads > 1:
        step[-1][:, _columns(e, 1)] = STEP
    step[:, n_k // 2, _columns(e, 2)] = LARGE_STEP
    return v + step


def _is_grouped(changed: BoolArray, subject: Subject) -> bool:
    """Whether the first and the last key head reach as many query heads as a group has, and none
    in common. Which ones is not asked.
    """
    e, axes = subject.e, (1, 2)
    first = np.any(changed[..., _columns(e, 0)], axis=axes)
    last = np.any(changed[..., _columns(e, 1)], axis=axes)
    most = max(first.sum(), last.sum())
    return most <= subject.group and not np.any(first & last)
