"""What was chosen, in any of its forms, as counts: how often each query has each atom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...sets.hints import got
from ...sets.pattern import Pattern
from ...sets.types import IntArray

Shape = tuple[int, int]  # queries, atoms
FORMS = "a pattern, one per head, lists of atoms per query, or an array of them padded with -1"


class Choice(Protocol):
    """How often some queries of one head have each atom."""

    def counts(self, lo: int, hi: int, m: int) -> IntArray:
        """int64 (hi - lo, m)."""
        ...


Choices = tuple[Choice, ...]  # one per head


@dataclass(frozen=True)
class PatternChoice:
    """The atoms of a pattern."""

    pattern: Pattern

    def counts(self, lo: int, hi: int, m: int) -> IntArray:
        """int64 (hi - lo, m)."""
        i = np.arange(lo, hi)[:, None]
        members = np.asarray(self.pattern.contains(i, np.arange(m)), bool)
        return np.broadcast_to(members, (hi - lo, m)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class MaskChoice:
    """The atoms of a bool array (n, m)."""

    mask: np.ndarray

    def counts(self, lo: int, hi: int, m: int) -> IntArray:
        """int64 (hi - lo, m)."""
        return self.mask[lo:hi].astype(np.int64)


@dataclass(frozen=True, eq=False)
class ListChoice:
    """The atoms atoms[indptr[i] : indptr[i + 1]] of each query, in any order, with repeats."""

    indptr: IntArray
    atoms: IntArray

    def counts(self, lo: int, hi: int, m: int) -> IntArray:
        """int64 (hi - lo, m)."""
        ends = self.indptr[lo : hi + 1]
        rows = np.repeat(np.arange(hi - lo), np.diff(ends))
        atoms = self.atoms[ends[0] : ends[-1]]
        counts = np.bincount(rows * m + atoms, minlength=(hi - lo) * m)
        return counts.reshape(hi - lo, m)


def choices_of(chosen: Any, heads: int, shape: Shape) -> Choices:
    """What each head chose; one choice for all heads is that of each.

    Raises TypeError for none of the forms, ValueError for another number of heads or queries, and
    for atoms beyond the last.
    """
    if isinstance(chosen, Pattern):
        return (PatternChoice(chosen),) * heads
    is_sequence = isinstance(chosen, list | tuple)
    if is_sequence and chosen and isinstance(chosen[0], Pattern):
        _check_count("heads", len(chosen), heads)
        return tuple(map(PatternChoice, chosen))
    depth = 2 if is_sequence and not chosen else _depth(chosen)
    if depth not in (2, 3):
        raise TypeError(f"chosen must be {FORMS}, {got(chosen)}")
    if depth == 2:
        return (_choice(chosen, shape, ""),) * heads
    _check_count("heads", len(chosen), heads)
    return tuple(_choice(rows, shape, f" of head {h}") for h, rows in enumerate(chosen))


def _depth(chosen: Any) -> int:
    """How deep lists are nested, or the axes of an array; an empty list holds numbers."""
    if hasattr(chosen, "ndim"):
        return int(chosen.ndim)
    depth = 0
    while isinstance(chosen, Sequence) and not isinstance(chosen, str):
        depth += 1
        chosen = max(chosen, key=_depth, default=None)
    return depth + int(getattr(chosen, "ndim", 0))


def _choice(rows: Any, shape: Shape, of_head: str) -> Choice:
    """The choice of one head, once its rows fit n queries and m atoms."""
    n, m = shape
    _check_count(f"queries{of_head}", len(rows), n)
    if str(getattr(rows, "dtype", "")).endswith("bool"):
        mask = np.asarray(rows)
        if mask.shape != shape:
            raise ValueError(f"chosen{of_head} must have shape {shape}, got {mask.shape}")
        return MaskChoice(mask)
    lists = [_atoms(row, m, f"query {i}{of_head}") for i, row in enumerate(rows)]
    indptr = np.cumsum([0, *map(len, lists)])
    atoms = [np.zeros(0, np.int64), *lists]
    return ListChoice(indptr, np.concatenate(atoms))


def _atoms(row: Any, m: int, place: str) -> IntArray:
    """The atoms of one query, without the padding."""
    atoms = np.asarray(row)
    if atoms.size == 0:
        return np.zeros(0, np.int64)
    if atoms.dtype.kind not in "iu" or atoms.ndim != 1:
        raise TypeError(f"chosen must list integers, got {atoms.dtype} at {place}")
    if atoms.max() >= m or atoms.min() < -1:
        is_bad = (atoms >= m) | (atoms < -1)
        bad = atoms[is_bad][0]
        raise ValueError(f"chosen must have atoms below m = {m}, or -1, got {bad} at {place}")
    return atoms[atoms >= 0].astype(np.int64)


def _check_count(noun: str, count: int, expected: int) -> None:
    """Refuse another number of heads or queries than the scores have."""
    if count != expected:
        raise ValueError(f"chosen must have the {noun} of scores, {expected}, got {count}")
