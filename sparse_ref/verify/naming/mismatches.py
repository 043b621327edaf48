"""The difference of two masks in words: keys too many or missing at an edge, in the future.

E is the expected mask and A the actual one, bool (rows, n_k); row r belongs to query queries[r].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...sets.parts import Documents
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.types import BoolArray, IntArray
from .hypotheses import GLOBAL_RULES, operands

SHOWN_POSITIONS = 8


class Mismatch(NamedTuple):
    """Keys that differ: their kind, a cause in words, and the cause with the number of rows."""

    kind: str
    cause: str
    text: str

    @classmethod
    def of_rows(cls, kind: str, cause: str, rows: BoolArray) -> Mismatch:
        """The mismatch of some rows, bool (rows,)."""
        return cls(kind, cause, cls(kind, cause, "").in_rows(count_rows(rows)))

    def in_rows(self, rows: str) -> str:
        """The cause with another number of rows, in words."""
        preposition = "of" if self.kind.endswith("edge") else "in"
        return f"{self.cause} {preposition} {rows}"


def mismatches(
    p: Pattern,
    E: BoolArray,
    A: BoolArray,
    queries: IntArray,
) -> list[Mismatch]:
    """The mismatches that have words; other differing keys may have none."""
    edges = _edges(E, A, queries)
    documents = _documents(p, A & ~E, queries)
    return [*edges, *documents]


def missing_globals(p: Pattern, E: BoolArray, A: BoolArray) -> str:
    """In which full rows and columns keys are missing, if they are missing nowhere else; or ""."""
    missing, extra = E & ~A, A & ~E
    if not missing.any() or extra.any() or not _may_have_globals(p):
        return ""
    full_rows, full_columns = _global_rows_and_columns(E)
    if missing[~full_rows][:, ~full_columns].any():
        return ""
    rows = np.flatnonzero(full_rows & np.any(missing, axis=1))
    columns = np.flatnonzero(full_columns & np.any(missing, axis=0))
    lists = [
        _list_positions(noun, positions)
        for noun, positions in (("rows", rows), ("columns", columns))
        if len(positions)
    ]
    return f"keys of the global {' and '.join(lists)} are missing"


def count_keys(keys: BoolArray) -> str:
    """How many keys per row of a bool (rows, n_k): `one key`, `3 keys`, or `up to 3 keys`."""
    counts = keys.sum(axis=1)[np.any(keys, axis=1)]
    most = int(counts.max())
    text = "one key" if most == 1 else f"{most:,} keys"
    return text if (counts == most).all() else f"up to {most:,} keys"


def count_rows(rows: BoolArray) -> str:
    """How many rows, of how many: `3 of 12 rows`."""
    return f"{int(rows.sum()):,} of {len(rows):,} rows"


def _edges(E: BoolArray, A: BoolArray, queries: IntArray) -> Iterator[Mismatch]:
    """Keys too many or missing at one end of the rows, and keys after the query."""
    both = np.any(E, axis=1) & np.any(A, axis=1)
    if not both.any():
        return
    extra, missing = A & ~E, E & ~A
    after_query = np.arange(E.shape[1]) > queries[:, None]
    causal = not (E & after_query).any()
    future = extra & after_query & causal
    sides = (
        ("left", extra & _before_first(E), missing & _before_first(A)),
        ("right", extra & _after_last(E) & ~future, missing & _after_last(A)),
    )
    for side, more, fewer in sides:
        for keys, noun in ((more, "too many"), (fewer, "missing")):
            at_edge = keys & both[:, None]
            if at_edge.any():
                cause = f"{count_keys(at_edge)} {noun} at the {side} edge"
                yield Mismatch.of_rows(f"{side} edge", cause, np.any(at_edge, axis=1))
    if future.any():
        cause = f"the future leaks: {count_keys(future)} after i"
        yield Mismatch.of_rows("future", cause, np.any(future, axis=1))


def _before_first(mask: BoolArray) -> BoolArray:
    """The positions before the first key of each row."""
    keys, first = np.arange(mask.shape[1]), mask.argmax(axis=1)
    return keys < first[:, None]


def _after_last(mask: BoolArray) -> BoolArray:
    """The positions after the last key of each row."""
    return _before_first(mask[:, ::-1])[:, ::-1]


def _documents(p: Pattern, extra: BoolArray, queries: IntArray) -> Iterator[Mismatch]:
    """Extra keys that belong to another packed document than their query."""
    parts = [p, *(part for part, _ in operands(p))]
    documents = next((part for part in parts if isinstance(part, Documents)), None)
    if documents is None:
        return
    same_document = Documents(documents.lengths).contains(
        queries[:, None], np.arange(extra.shape[1])
    )
    other = extra & ~same_document
    if other.any():
        cause = f"documents leak: {count_keys(other)} of other documents"
        yield Mismatch.of_rows("documents", cause, np.any(other, axis=1))


def _may_have_globals(p: Pattern) -> bool:
    """False only if all parts of p are rules, none of them a global one."""
    parts = [part for part, _ in operands(p)] or [p]
    return not all(isinstance(x, Rule) and not isinstance(x, GLOBAL_RULES) for x in parts)


def _global_rows_and_columns(E: BoolArray) -> tuple[BoolArray, BoolArray]:
    """The full rows (n_q,) and columns (n_k,); of a causal E, columns that are full below i = j."""
    after_query = np.triu(np.ones(E.shape, bool), 1)
    if (E & after_query).any():
        return np.all(E, axis=1), np.all(E, axis=0)
    columns = np.all(E | after_query, axis=0)
    # Full columns after the last that is not full are the end of a window, and not global.
    columns[np.flatnonzero(~columns).max(initial=-1) :] = False
    return np.zeros(len(E), bool), columns


def _list_positions(noun: str, positions: IntArray) -> str:
    """The positions in words, the first of them if there are many."""
    shown = ", ".join(map(str, positions[:SHOWN_POSITIONS]))
    return f"{noun} {shown}{', ...' if len(positions) > SHOWN_POSITIONS else ''}"
