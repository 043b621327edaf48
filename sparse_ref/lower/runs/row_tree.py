"""Sets that runs would be too many for: expressions of runs, painted as bits when they are read.

`RowSet` is what a pattern lowers to: Runs if they are few, else a RowTree over such Runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...sets.types import IntArray
from .keys import key_counts
from .meet import max_keys, meet
from .paint import (
    DIFFERENCE,
    INTERSECTION,
    KEYS,
    MAX_GAP,
    SPANS,
    UNION,
    count_rows,
    list_rows,
)
from .table import START, STEP, WIDTH, Runs, concatenate_rows, indptr_of, normalise, unite

CODES = {"|": UNION, "&": INTERSECTION, "-": DIFFERENCE}


@dataclass(frozen=True, eq=False)
class RowTree:
    """A_i = a_i | b_i | ..., a_i & b_i & ..., or a_i - b_i - ..., by the sign between the parts.

    Runs among the parts are in normal form.
    """

    sign: str
    parts: tuple[RowSet, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(n_q, n_k)."""
        return self.parts[0].shape


RowSet = Runs | RowTree


def transform(rows: RowSet, change: Callable[[Runs], RowSet]) -> RowSet:
    """The set with `change` of each of its Runs, for a change that | & - commute with."""
    if isinstance(rows, Runs):
        return change(rows)
    parts = tuple(transform(part, change) for part in rows.parts)
    return RowTree(rows.sign, parts)


def size(rows: RowSet) -> float:
    """At least the number of keys of all rows."""
    if isinstance(rows, Runs):
        return max_keys(rows)
    sizes = [size(part) for part in rows.parts]
    if rows.sign == "|":
        return sum(sizes)
    return min(sizes) if rows.sign == "&" else sizes[0]


def run_count(rows: RowSet) -> int:
    """The number of runs of the set, or of those in its expression."""
    if isinstance(rows, Runs):
        return len(rows.table)
    return sum(map(run_count, rows.parts))


def frame(rows: RowSet) -> Runs:
    """Few runs that contain the set, in normal form: strided runs of short gaps become spans."""
    if isinstance(rows, Runs):
        return _without_short_gaps(rows)
    if rows.sign == "-":
        return frame(rows.parts[0])
    frames = [frame(part) for part in rows.parts]
    if rows.sign == "|":
        return normalise(unite(frames))
    smallest, *others = sorted(frames, key=max_keys)
    for other in others:
        shared = meet(smallest, other)
        smallest = smallest if shared is None else shared
    return smallest


def as_runs(rows: RowSet) -> Runs:
    """The same sets as runs: spans if they are an expression, 32 bytes each."""
    if isinstance(rows, Runs):
        return rows
    call = _painting(rows)
    counts = np.zeros((rows.shape[0], 2), np.int64)
    count_rows(*call, counts)
    indptr = indptr_of(counts[:, SPANS])
    table = np.empty((indptr[-1], 4), np.int64)
    list_rows(*call, indptr, table)
    return Runs(indptr, table, rows.shape)


def counts_of(rows: RowSet) -> IntArray:
    """|A_i| of each row, int64 (n_q,): |a| - |a & b| for a - b if a & b is few runs."""
    if isinstance(rows, Runs):
        return key_counts(normalise(rows))
    runs = [part for part in rows.parts if isinstance(part, Runs)]
    if rows.sign == "-" and len(runs) == len(rows.parts):
        first, *others = runs
        shared = meet(first, normalise(unite(others)))
        if shared is not None:
            return key_counts(first) - key_counts(shared)
    counts = np.zeros((rows.shape[0], 2), np.int64)
    count_rows(*_painting(rows), counts)
    return counts[:, KEYS]


def _without_short_gaps(runs: Runs) -> Runs:
    """The runs with each strided run of short gaps replaced by the span that it lies in."""
    gap = runs.table[:, STEP] - runs.table[:, WIDTH]
    short = (gap > 0) & (gap <= MAX_GAP)
    if not short.any():
        return runs
    table = runs.table.copy()
    table[short, STEP:] = 1
    table[short, START] = np.maximum(table[short, START], 0)
    return normalise(replace(runs, table=table))


def _painting(rows: RowTree) -> tuple:
    """The number of rows, the sets, the frame and the stack's depth, for the loops of `paint`."""
    program, leaves = _program(rows)
    n_q, n_k = rows.shape
    together = concatenate_rows(leaves, (n_q * len(leaves), n_k))
    sets = np.array(program), together.indptr, together.table, n_q, n_k
    shade = frame(rows)
    return n_q, sets, (shade.indptr, shade.table), _depth(rows)


def _program(rows: RowTree) -> tuple[list[int], list[Runs]]:
    """(the expression in postfix notation, the Runs that its numbers stand for)."""
    program: list[int] = []
    leaves: list[Runs] = []
    stack: list[RowSet | int] = [rows]
    while stack:
        item = stack.pop()
        if isinstance(item, int):
            program.append(item)
        elif isinstance(item, Runs):
            program.append(len(leaves))
            leaves.append(item)
        else:
            code = CODES[item.sign]
            for part in reversed(item.parts[1:]):
                stack += [code, part]
            stack.append(item.parts[0])
    return program, leaves


def _depth(rows: RowSet) -> int:
    """How many sets of bits wait at most while the program runs."""
    if isinstance(rows, Runs):
        return 1
    first, *others = map(_depth, rows.parts)
    return max(first, 1 + max(others, default=0))
