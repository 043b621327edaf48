"""Scores read some queries at a time, with what each query may see and must take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..patterns import Full
from ..sets.heads import PatternOfHeads, heads_by_pattern
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.types import BoolArray, FloatArray
from .scores import MAX_NUMBERS, Scores, as_scores, is_real

Masks = dict[int, BoolArray]  # by head


class Slab(NamedTuple):
    """Some queries of one head: scores (rows, m), -inf if not visible; forced bool (rows, m)."""

    scores: FloatArray
    forced: BoolArray
    head: int
    queries: slice


def slabs(
    scores: Scores | ArrayLike,
    visible: PatternOfHeads,
    forced: PatternOfHeads | None,
) -> Iterator[Slab]:
    """Every query of every head, some at a time, once what is given has been checked."""
    values = as_scores(scores)
    heads = head_count(values)
    n, m = values.shape[-2:]
    visible_by_head = _patterns("visible", visible, heads, m)
    must = ~Full() if forced is None else forced
    forced_by_head = _patterns("forced", must, heads, m)
    numbers_per_row = max(heads * m, 1)
    rows = max(MAX_NUMBERS // numbers_per_row, 1)
    for lo in range(0, n, rows):
        hi = min(lo + rows, n)
        queries = slice(lo, hi)
        by_head = _block(values, lo, hi).reshape(heads, hi - lo, m)
        visible_masks = _masks(visible_by_head, queries, m)
        forced_masks = _masks(forced_by_head, queries, m)
        for h, numbers in enumerate(by_head):
            can_see = visible_masks[h]
            must_take = can_see & forced_masks[h]
            _check_numbers(numbers, can_see, h, lo)
            seen = np.where(can_see, numbers, -np.inf)
            yield Slab(seen.astype(np.float64), must_take, h, queries)


def _block(scores: Scores, lo: int, hi: int) -> FloatArray:
    """The scores of the queries lo <= i < hi, (hi - lo, m) or (H, hi - lo, m)."""
    *heads, _, m = scores.shape
    block = np.asarray(scores.rows(lo, hi))
    expected = (*heads, hi - lo, m)
    if not is_real(block):
        raise TypeError(f"scores.rows must give real numbers, got {block.dtype}")
    if block.shape != expected:
        raise ValueError(f"scores.rows must give shape {expected}, got {block.shape}")
    return block


def _patterns(
    name: str,
    p: PatternOfHeads,
    heads: int,
    m: int,
) -> Sequence[Pattern]:
    """The pattern of each head, stated for m atoms."""
    patterns: Sequence[Pattern]
    patterns = patterns_of_heads(name, p, heads)
    for pattern in patterns:
        if pattern.own_length not in (None, m):
            raise ValueError(
                f"{name} {pattern!r} is stated for {pattern.own_length} atoms, "
                f"got scores of m = {m}"
            )
    return patterns


def _masks(patterns: Sequence[Pattern], queries: slice, m: int) -> Masks:
    """The `members` of each head's pattern, by head, made once for a pattern of several heads."""
    masks: Masks = {}
    for p, heads in heads_by_pattern(patterns):
        masks |= dict.fromkeys(heads, members(p, queries, m))
    return masks


def members(p: Pattern, queries: slice, m: int) -> BoolArray:
    """[e in A_i] for some queries, bool (rows, m). Raises IndexError if p has no row for one."""
    i = np.arange(queries.start, queries.stop)
    members = p.contains(i[:, None], np.arange(m))
    mask = np.asarray(members, bool)
    return np.broadcast_to(mask, (len(i), m))


def _check_numbers(scores: FloatArray, visible: BoolArray, head: int, first: int) -> None:
    """Refuse a NaN score of an atom that is visible."""
    bad = np.isnan(scores) & visible
    if bad.any():
        row, atom = np.argwhere(bad)[0]
        raise ValueError(
            f"scores must not be NaN, got one at head {head}, query {first + row}, atom {atom}"
        )


def head_count(scores: Scores) -> int:
    """H; scores of two axes are one head."""
    return scores.shape[0] if len(scores.shape) == 3 else 1
