"""Strided runs with a weight, 1 or -1, that add up to a set: what two of them share counts once.

The keys that two strided runs share are strided again, by the least common multiple of their steps:
the Chinese remainder theorem finds the first one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from .table import START, STEP, STOP, WIDTH, Runs, run_table, slots_of


class SignedRuns(NamedTuple):
    """Strided runs, int64 (runs, 4), each with the row that it is of, and its weight, 1 or -1."""

    table: IntArray
    row: IntArray
    weight: IntArray

    def take(self, mask) -> SignedRuns:
        """The runs with True in the mask, or with these numbers."""
        return SignedRuns(*(field[mask] for field in self))

    @property
    def start(self) -> IntArray:
        """Where the first group of each run begins."""
        return self.table[:, START]

    @property
    def stop(self) -> IntArray:
        """The key after which each run has none."""
        return self.table[:, STOP]

    @property
    def step(self) -> IntArray:
        """From one group of each run to the next."""
        return self.table[:, STEP]

    @property
    def width(self) -> IntArray:
        """The keys of a whole group of each run."""
        return self.table[:, WIDTH]

    @property
    def groups(self) -> IntArray:
        """How many groups each run has, those that 0 or the stop cuts included."""
        steps = -((self.start - self.stop) // self.step)
        return np.maximum(steps, 0)

    @property
    def last_start(self) -> IntArray:
        """Where the last group of each run begins."""
        return self.start + (self.groups - 1) * self.step

    @property
    def last_stop(self) -> IntArray:
        """The key after the last group of each run."""
        return np.minimum(self.last_start + self.width, self.stop)

    @property
    def counts(self) -> IntArray:
        """How many keys each run has."""
        whole_groups = (self.groups - 1) * self.width
        last_group = self.last_stop - self.last_start
        below_zero = np.minimum(self.start, 0)
        return np.where(self.groups > 0, whole_groups + last_group + below_zero, 0)


def concatenate(*parts: SignedRuns) -> SignedRuns:
    """The runs of all parts."""
    table, row, weight = zip(*parts)
    tables = np.concatenate(table)
    return SignedRuns(tables, np.concatenate(row), np.concatenate(weight))


def strided_runs(rows: Runs) -> SignedRuns:
    """The strided runs of rows in normal form, each with the weight 1."""
    numbers = np.flatnonzero(rows.table[:, STEP] > 1)
    return SignedRuns(rows.table[numbers], rows.row_of_run[numbers], np.ones_like(numbers))


def unite_runs(runs: SignedRuns) -> SignedRuns:
    """Runs of weight 1, ascending by row, and those that correct for keys in several of them.

    One that joins adds itself, less what it shares with the sum: 2^k - 1 runs for k of a row.
    """
    first = np.searchsorted(runs.row, runs.row)
    ranks = np.arange(len(runs.row)) - first
    total = runs.take(ranks == 0)
    for rank in range(1, ranks.max(initial=0) + 1):
        more = runs.take(ranks == rank)
        total = concatenate(total, more, _correction(total, more))
    return total


def _correction(total: SignedRuns, more: SignedRuns) -> SignedRuns:
    """Minus what each run of `total` shares with the run of `more` in its row, if there is one."""
    last_row = total.row.max(initial=-1)  # each row of `more` is one of `total`
    partner = np.full(last_row + 1, -1)
    partner[more.row] = np.arange(len(more.row))
    has_partner = partner[total.row] >= 0
    first = total.take(has_partner)
    second = more.take(partner[first.row])
    return _common_keys(first, second)


def _common_keys(first: SignedRuns, second: SignedRuns) -> SignedRuns:
    """Minus the keys in both runs of each pair: one run for each two residues that meet."""
    pair, place = _places(first.width * second.width)
    first, second = first.take(pair), second.take(pair)
    a = first.start + place // second.width
    b = second.start + place % second.width
    x, step = _common_residue(a, first.step, b, second.step)
    low = np.maximum(np.maximum(first.start, second.start), 0)
    stop = np.minimum(first.stop, second.stop)
    start = low + (x - low) % step
    is_last = start + step >= stop  # one key: its step is made small
    step[is_last] = 2
    stop[is_last] = np.minimum(start + 1, stop)[is_last]
    common = SignedRuns(run_table(start, stop, step), first.row, -first.weight)
    return common.take((x >= 0) & (start < stop))


def _places(counts: IntArray) -> tuple[IntArray, IntArray]:
    """(which, place) = (0, 0), (0, 1), ..., (1, 0), ...: each `which` counts[which] times."""
    which = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return which, np.arange(len(which)) - before[which]


def _common_residue(a, a_step, b, b_step):
    """(x, step): j = a mod a_step and j = b mod b_step if j = x mod step; x = -1 if no j is."""
    divisor = np.gcd(a_step, b_step)
    step = a_step // divisor * b_step
    modulus = b_step // divisor
    base = modulus.max(initial=0) + 1  # one number for each pair: quicker to sort than pairs
    pairs = a_step // divisor * base + modulus
    kinds, kind = np.unique(pairs, return_inverse=True)
    inverses = np.zeros(len(kinds), np.int64)
    for number, pair in enumerate(kinds.tolist()):
        p, q = divmod(pair, int(base))
        inverses[number] = pow(p, -1, q)
    whole, rest = np.divmod(b - a, divisor)
    turns = whole % modulus * inverses[kind] % modulus
    x = (a + a_step * turns) % step
    return np.where(rest == 0, x, -1), step


def outside_spans(runs: SignedRuns, rows: Runs) -> SignedRuns:
    """The runs, and those that correct for their keys in the spans of their rows."""
    is_span = rows.table[:, STEP] == 1
    spans = rows.table[is_span]
    spans_of_row = np.bincount(rows.row_of_run[is_span], minlength=rows.shape[0])
    span_indptr = np.concatenate([[0], np.cumsum(spans_of_row)])
    _, slots = slots_of(span_indptr, runs.row)
    pair, _ = _places(spans_of_row[runs.row])
    repeats = runs.take(pair)
    to_stop = _cut_runs(repeats, spans[slots, STOP], -1)
    to_start = _cut_runs(repeats, spans[slots, START], 1)
    return concatenate(runs, to_stop, to_start)


def _cut_runs(runs: SignedRuns, stop: IntArray, sign: int) -> SignedRuns:
    """The keys of each run below a stop, with another sign."""
    stops = np.minimum(runs.stop, stop)
    table = run_table(runs.start, stops, runs.step, runs.width)
    return SignedRuns(table, runs.row, sign * runs.weight)


def row_totals(runs: SignedRuns, rows: int) -> IntArray:
    """The number of keys of each row, int64 (rows,)."""
    totals = np.zeros(rows, np.int64)
    np.add.at(totals, runs.row, runs.counts * runs.weight)
    return totals


def signed_counts(rows: Runs, runs: SignedRuns) -> FloatArray:
    """At most how many signed runs the strided runs of each row become, float64 (rows,).

    Those that `unite_runs` and then `outside_spans` make; float64, since wide runs may share any
    number of residues.
    """
    n_q = rows.shape[0]
    united = np.ones(n_q)
    np.multiply.at(united, runs.row, 1.0 + runs.width)
    spans = rows.counts - np.bincount(runs.row, minlength=n_q)
    return united * (1 + 2 * spans)


def rows_of_many(rows: Runs, most: int, most_width: int) -> BoolArray:
    """Rows of several strided runs that become more signed runs, or are wider: bool (rows,)."""
    runs = strided_runs(rows)
    count = np.bincount(runs.row, minlength=rows.shape[0])
    widest = np.zeros(rows.shape[0], np.int64)
    np.maximum.at(widest, runs.row, runs.width)
    is_many = (widest > most_width) | (signed_counts(rows, runs) > most)
    return (count > 1) & is_many
