"""Whether two patterns have the same sets at one length: by samples first, then row by row.

The sets of a pattern without a length of its own do not depend on n, which only cuts them off.
So two of them differ at every length from some n on.

Symbols:  i query, j key;  n_q queries, n_k keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any

import numpy as np

from ...lower import all_runs, key_counts, normalise, unite
from ...sets.mask import MAX_MASK, brute_mask
from ...sets.parts import Blockwise
from ...sets.pattern import Complement, Difference, Intersection, Pattern
from ...sets.types import IntArray

Shape = tuple[int, int]
MAX_DENSE_PAIRS = 1 << 18  # compared pair by pair
MAX_LISTED = 1 << 14  # queries and keys, up to which whole rows and columns are compared
MAX_LOWERED = 1 << 17  # queries and keys, up to which all rows are compared
MAX_CUT = 1 << 11  # the same of intersections and differences, whose keys may have to be listed
ROWS = 10  # drawn for a sample, and columns
MORE_ROWS = 24  # compared beyond that
MAX_NUMBERS = 32  # of a pattern, whose neighbourhood is sampled
NEAR = np.arange(-2, 3)


def sets_differ(p: Pattern, other: Pattern, n: Shape) -> bool:
    """Whether some A_i differ; beyond 131,072 queries or keys, in a sample of pairs."""
    if sample_differs(p, other, n):
        return True
    return max(n) <= MAX_LOWERED and rows_differ(p, other, n)


def sample_differs(p: Pattern, other: Pattern, n: Shape) -> bool:
    """Whether A_i differ in some whole rows and columns; at large n, in some pairs.

    The last row and the last column are among them.
    """
    if min(n) == 0:
        return False
    if max(n) > MAX_LISTED:
        return _differ_at(p, other, *_pairs_near_numbers(p, n))
    return _differ_in_rows(p, other, n, ROWS)


def rows_differ(p: Pattern, other: Pattern, n: Shape) -> bool:
    """Whether any A_i differ, every row compared; of large intersections, some rows and columns."""
    if n[0] * n[1] <= MAX_DENSE_PAIRS:
        return not np.array_equal(brute_mask(p, n), brute_mask(other, n))
    if max(n) > MAX_CUT and (_is_cut(p) or _is_cut(other)):
        return max(n) <= MAX_LISTED and _differ_in_rows(p, other, n, MORE_ROWS)
    try:
        left, right = all_runs(p, n), all_runs(other, n)
    except TypeError:  # a class of patterns that cannot be lowered
        if max(n) > MAX_MASK:
            return False
        return not np.array_equal(brute_mask(p, n), brute_mask(other, n))
    if left.only_spans and right.only_spans:  # in normal form
        same_counts = np.array_equal(left.indptr, right.indptr)
        return not (same_counts and np.array_equal(left.table, right.table))
    sizes = key_counts(left)
    if not np.array_equal(sizes, key_counts(right)):
        return True
    both = normalise(unite([left, right]))
    return not np.array_equal(sizes, key_counts(both))


def numbers_of(p: Any) -> set[int]:
    """The distances and positions that a pattern names, without their signs, 0 left out."""
    if isinstance(p, Blockwise):
        blocks = np.multiply.outer(p.block, [1, *numbers_of(p.pattern)])
        return set(blocks.ravel().tolist())
    if isinstance(p, tuple):
        return set(chain.from_iterable(map(numbers_of, p)))
    if isinstance(p, int) and not isinstance(p, bool):
        return {abs(p)} - {0}
    if isinstance(p, Pattern) and is_dataclass(p):
        return set(chain.from_iterable(numbers_of(value) for _, value in field_values(p)))
    return set()


def field_values(p: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of the fields of a dataclass."""
    for field in fields(p):
        yield field.name, getattr(p, field.name)


def _differ_at(p: Pattern, other: Pattern, i: IntArray, j: IntArray) -> bool:
    """Whether some of these pairs are in one set only."""
    members, others = p.contains(i, j), other.contains(i, j)
    return bool(np.any(np.not_equal(members, others)))


def _differ_in_rows(p: Pattern, other: Pattern, n: Shape, count: int) -> bool:
    """Whether A_i differ in so many rows and columns, the first and the last ones among them."""
    n_q, n_k = n
    rows, columns = _sample(n_q, count), _sample(n_k, count)
    if _differ_at(p, other, rows[:, None], np.arange(n_k)):
        return True
    return _differ_at(p, other, np.arange(n_q)[:, None], columns)


def _is_cut(p: Pattern) -> bool:
    """Whether a part of a pattern is an intersection, a difference or a complement."""
    if isinstance(p, Intersection | Difference | Complement):
        return True
    if not is_dataclass(p):
        return False
    parts = (value for _, value in field_values(p) if isinstance(value, Pattern))
    return any(map(_is_cut, parts))


def _sample(n: int, count: int = ROWS) -> IntArray:
    """The first, the last and some other positions."""
    drawn = np.random.default_rng(n).integers(0, n, count)
    ends = [0, 1, 2, n - 3, n - 2, n - 1]
    positions = np.concatenate([ends, drawn])
    return np.unique(positions.clip(0, n - 1))


def _pairs_near_numbers(p: Pattern, n: Shape) -> tuple[IntArray, IntArray]:
    """(i, j): some queries, and keys at the distances and positions that the pattern names."""
    n_q, n_k = n
    numbers = sorted(number for number in numbers_of(p) if number <= 2 * max(n))
    largest = np.array(numbers[-MAX_NUMBERS:], np.int64)
    places = np.add.outer(largest, NEAR).ravel()
    i = np.concatenate([_sample(n_q), places.clip(0, n_q - 1)])
    i = np.unique(i)[:, None]
    fixed = np.concatenate([_sample(n_k), places])
    distances = np.concatenate([NEAR, places, -places])
    keys = [np.tile(fixed, (len(i), 1)), i + distances]
    return i, np.concatenate(keys, axis=1).clip(0, n_k - 1)
