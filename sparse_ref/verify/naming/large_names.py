"""Names at large n: patterns that the rows read suggest, tested with the random sums of all rows.

Some rows are read key by key. A pattern is a name only if it has these rows and if the random sums
of every row are those of its sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from ...patterns import Band, Causal, Full, Lookback, Strided, Window
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from ..calling.arrays import ProbeError
from ..calling.subject import Subject
from ..reading.base import base_inputs, member_keys, row_masks
from ..reading.checksums import Checksums, read_checksums
from ..reading.probe import base_weights
from ..reading.sampled_rows import read_rows
from . import faulty_rows  # noqa: F401  # lowers what hypotheses are made of
from .diagnosis import (
    Diagnosis,
    head_exchanges,
    hypothesis_diagnosis,
    merge_heads,
    mismatch_diagnosis,
    nothing_diagnosis,
    pattern_diagnosis,
)
from .hypotheses import complements, confirm, missing_parts, shift_steps, shifts
from .identify import identify
from .mismatches import count_rows, mismatches
from .tile_faults import rounded_edges, skipped_tiles

ROWS_PER_HEAD = 8  # read by `names`
SMALLER_LENGTH = 1024  # at which `names` reads every pair
SHOWN_STRETCHES = 6  # of keys of a row, in words


class RowSample(NamedTuple):
    """Rows that were read key by key: their queries (rows,), and what was read, (H, rows, n_k).

    expected and actual are the sets; known says which keys were read. The sample of one head has
    arrays (rows, n_k).
    """

    queries: IntArray
    expected: BoolArray
    actual: BoolArray
    known: BoolArray

    def head(self, h: int) -> RowSample:
        """The rows of one head."""
        masks = (mask[h] for mask in self[1:])
        return RowSample(self.queries, *masks)

    def agrees_with(self, masks: BoolArray) -> bool:
        """Whether masks, of the shape of `actual`, are what was read."""
        return not ((self.actual != masks) & self.known).any()

    def complete_rows(self) -> RowSample:
        """The rows of which every key was read, in all heads."""
        rows = self.known.all(axis=(0, 2))
        masks = (mask[:, rows] for mask in self[1:])
        return RowSample(self.queries[rows], *masks)


def diagnose_sample(
    patterns: Sequence[Pattern], sums: Checksums, wrong: BoolArray, sample: RowSample
) -> tuple[Diagnosis, ...]:
    """Every explanation of each head that has rows in `wrong`, bool (H, n_q), at a large n.

    Names and exchanged heads are tested in all rows; edges, the future and documents are those of
    the rows read.
    """
    if not wrong.any():
        return ()
    diagnoses = list(_head_exchanges(patterns, sums))
    explanations: dict[tuple[Pattern, bytes, bytes], list[Diagnosis]] = {}
    for head, p in enumerate(patterns):
        if not wrong[head].any():
            continue
        own = sample.head(head)
        key = p, sums.out[head].tobytes(), own.actual.tobytes()
        if key not in explanations:
            explanations[key] = list(_explanations(p, sums, head, wrong[head], own))
        diagnoses += [replace(diagnosis, heads=(head,)) for diagnosis in explanations[key]]
    complete = sample.complete_rows()
    for head, p in enumerate(patterns):
        _, expected, actual, _ = complete.head(head)
        for part in mismatches(p, expected, actual, complete.queries):
            diagnoses.append(replace(mismatch_diagnosis(part), heads=(head,)))
    return merge_heads(diagnoses)


def _explanations(
    p: Pattern, sums: Checksums, head: int, wrong: BoolArray, sample: RowSample
) -> Iterator[Diagnosis]:
    """What explains all rows of one head: another pattern, a shift, a missing part, the inverse."""
    if not sums.row_sums[head].any():
        yield nothing_diagnosis(p)
        return

    @cache
    def matches(q: Pattern) -> bool:
        return matches_all_rows(q, sums, head, sample)

    n = len(wrong), sample.actual.shape[1]
    hypotheses = [
        *confirm(shifts(p, n, shift_steps(n)), matches),
        *confirm(missing_parts(p), matches),
        *confirm(skipped_tiles(p, n), matches),
        *islice(confirm(complements(p), matches), 1),
    ]
    wholes = [hypothesis_diagnosis(hypothesis) for hypothesis in hypotheses]
    yield from (x for x in wholes if x.kind == "alignment")
    suggestions = dict.fromkeys(suggest_patterns(sample))
    name = next((q for q in suggestions if matches(q)), None)
    if name is not None:
        parts = mismatches(p, sample.expected, sample.actual, sample.queries)
        yield pattern_diagnosis(name, p, parts, count_rows(wrong))
    yield from (x for x in wholes if x.kind != "alignment")
    if name not in (Full(), Causal()):  # many roundings end in these
        rounded = confirm(rounded_edges(p, n, sample.queries, sample.agrees_with), matches)
        yield from map(hypothesis_diagnosis, islice(rounded, 1))


def _head_exchanges(patterns: Sequence[Pattern], sums: Checksums) -> Iterator[Diagnosis]:
    """Heads that have one another's sets in all rows."""
    distinct = list(dict.fromkeys(patterns))
    if len(distinct) == 1:
        return
    places = [distinct.index(p) for p in patterns]
    heads = range(len(patterns))
    matches = [[_sums_match(p, sums, head) for p in distinct] for head in heads]
    yield from head_exchanges(np.array(matches)[:, places], places)


def _sums_match(p: Pattern, sums: Checksums, head: int) -> bool:
    """Whether the random sums of all rows of a head are those of p."""
    return not sums.mismatch(head, p).wrong.any()


def matches_all_rows(q: Pattern, sums: Checksums, head: int, sample: RowSample) -> bool:
    """Whether a head has the sets of q: in the rows read, and by random sums in all others."""
    n = sample.known.shape[1]
    try:
        masks = row_masks(q, sample.queries, n)
        return sample.agrees_with(masks) and _sums_match(q, sums, head)
    except (IndexError, ValueError):  # q has no such rows
        return False


def suggest_patterns(sample: RowSample) -> Iterator[Pattern]:
    """Patterns that the rows of one head may come from, as far as their keys are known."""
    actual, queries = sample.actual, sample.queries
    not_empty = actual.any(axis=-1)
    if not not_empty.any():
        return
    rows = actual[not_empty]
    first = rows.argmax(axis=-1)
    reversed_keys = rows[:, ::-1]
    last = rows.shape[1] - 1 - reversed_keys.argmax(axis=-1)
    left = int((queries[not_empty] - first).max())
    right = int((last - queries[not_empty]).max())
    yield from (Causal(), Full())
    if left >= 0:
        yield from (Lookback(left + 1), Window(max(left, right, 0)))
    if left + right >= 0:
        yield Band(left, right)
    longest = int(actual.sum(axis=-1).argmax())
    keys = np.flatnonzero(actual[longest])
    unknown_before = np.cumsum(~sample.known[longest])[keys]
    steps = np.diff(keys)[np.diff(unknown_before) == 0]  # nothing unread lies between
    if len(steps) and np.median(steps) > 1:
        yield Strided(int(np.median(steps)))


@dataclass(frozen=True)
class Names:
    """Of each head: the pattern that all its rows have, if any; and some rows, (i, their keys)."""

    names: tuple[list[Pattern], ...]
    rows: tuple[list[tuple[int, str]], ...]


def names(subject: Subject, seed: int = 0) -> Names:
    """The names of what fn attends to at equal logits. Raises ProbeError if fn does.

    Nothing is expected. The rows read suggest patterns, and so does the mask of every pair at a
    smaller length.
    """
    rng = np.random.default_rng(seed)
    n_q, n_k = subject.n
    sums = read_checksums(subject, base_inputs(subject), rng)
    spread = np.linspace(0, n_q - 1, min(ROWS_PER_HEAD, n_q), dtype=int)
    queries = np.unique(spread)
    nothing = np.zeros((subject.heads, len(queries), n_k), bool)
    all_rows = np.ones((subject.heads, len(queries)), bool)
    weights, known = read_rows(subject, nothing, all_rows, queries, sums, rng)
    sample = RowSample(queries, nothing, member_keys(weights), known)

    def first_name(head: int, candidates: Iterable[Pattern]) -> list[Pattern]:
        rows = sample.head(head)
        return [q for q in candidates if matches_all_rows(q, sums, head, rows)][:1]

    heads = range(subject.heads)
    patterns = [first_name(head, suggest_patterns(sample.head(head))) for head in heads]
    if not all(patterns):
        for head, mask in enumerate(_masks_at_smaller_length(subject)):
            patterns[head] = patterns[head] or first_name(head, identify(mask))
    rows = [_rows_in_words(sample.head(head)) for head in heads]
    return Names(tuple(patterns), tuple(rows))


def _masks_at_smaller_length(subject: Subject) -> Iterator[BoolArray]:
    """The mask of each head at a smaller length, if fn takes one."""
    n_q, n_k = subject.n
    smaller = replace(subject, n=(min(n_q, SMALLER_LENGTH), min(n_k, SMALLER_LENGTH)))
    try:
        weights, _ = base_weights(smaller, base_inputs(smaller))
    except ProbeError:
        return
    yield from np.isfinite(weights) & member_keys(weights)


def _rows_in_words(sample: RowSample) -> list[tuple[int, str]]:
    """(query, its keys in words) of one head."""
    rows = zip(sample.queries, sample.actual, sample.known)
    return [(int(i), in_words(keys, known)) for i, keys, known in rows]


def in_words(keys: BoolArray, known: BoolArray) -> str:
    """The keys of a row, bool (n_k,), evenly spaced ones together: `0 to 90 by 3, 97 to 99`."""
    positions = np.flatnonzero(keys)
    stretches: list[str] = []
    while len(positions):
        if len(stretches) == SHOWN_STRETCHES:
            stretches.append(f"{len(positions):,} more")
            break
        step = int(positions[1] - positions[0]) if len(positions) > 1 else 1
        ends = np.append(np.diff(positions) != step, True)
        last = int(np.argmax(ends))
        suffix = f" by {step}" if step > 1 else ""
        single = f"{positions[0]}"
        stretches.append(single if last == 0 else f"{single} to {positions[last]}{suffix}")
        positions = positions[last + 1 :]
    unread = int((~known).sum())
    text = ", ".join(stretches) or "no keys"
    return f"{text}; {unread:,} keys unread" if unread else text
