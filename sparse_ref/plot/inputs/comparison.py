"""Two sets of pairs in any form, compared by blocks: in both, in the first only, in the second.

Up to 4096 queries and keys both are bool matrices. Above, patterns are counted block by block, as
|E - A| = |E| - |E n A|, which needs no n x n.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...lower import dense
from ...sets.listed import Listed
from ...sets.mask import MAX_MASK
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray, Length
from .arguments import drawable_lengths, head_index, mask_array
from .block_shares import Pair, pair_counts
from .drawable import set_at

MASK_NAMES = "mask", "actual_mask"  # of a probe, of a report
Pairs = Pattern | BoolArray


class Side(NamedTuple):
    """One of the two: its argument's name, its pairs, its (n_q, n_k) if it has one, its leaks.

    `has_heads` if the pairs are those of one of several heads.
    """

    name: str
    pairs: Pairs
    shape: Pair | None = None
    leaks: Any = None
    has_heads: bool = False


class Counts(NamedTuple):
    """How many pairs of each block are in both, in the first only, in the second only, or leak."""

    both: IntArray
    missing: IntArray
    extra: IntArray
    leak: IntArray


def side_of(name: str, value: Any, head: int | None) -> Side:
    """A pattern as it is, lowered rows as a list of keys, a mask or that of a probe as an array."""
    if isinstance(value, Pattern):
        return Side(name, value)
    for attribute in () if hasattr(value, "__array__") else MASK_NAMES:
        masks = getattr(value, attribute, None)
        if isinstance(masks, np.ndarray):
            h = _head_index(name, masks, head)
            mask = mask_array(f"{name}.{attribute}", masks[h], None)
            leaks: Any = getattr(value, "leaks", None)
            is_like_mask = np.shape(leaks) == masks.shape
            leaks_of_head = leaks[h] if is_like_mask else None
            return Side(name, mask, mask.shape, leaks_of_head, masks.ndim == 3)
    pairs, shape = set_at(name, value, None)
    return Side(name, pairs, shape)


def _head_index(name: str, masks: BoolArray, head: int | None) -> Any:
    """The head of masks (H, n_q, n_k); all of a matrix."""
    if masks.ndim != 3:
        return ...
    return head_index(head, len(masks), f"heads of {name}")


def common_shape(sides: Sequence[Side], n: Length | None) -> Pair:
    """(n_q, n_k): n if it is given, or else that of the first array; all arrays must have it."""
    shapes = [side.shape for side in sides if side.shape is not None]
    if n is None and not shapes:
        name, pattern, *_ = sides[0]
        raise TypeError(f"n must be given if {name} is a pattern, got None for {pattern!r}")
    shape = shapes[0] if n is None else drawable_lengths(n)
    for side in sides:
        if side.shape not in (None, shape):
            raise ValueError(f"{side.name} must have shape {shape}, got {side.shape}")
    return shape


def compare(
    first: Side,
    second: Side,
    leaks: BoolArray | None,
    shape: Pair,
    block: Pair,
) -> Counts:
    """The pairs of each block; leaks that one of the sides has are none.

    >>> import sparse_ref as sr
    >>> sides = [Side("expected", sr.Causal()), Side("actual", sr.Full())]
    >>> compare(*sides, None, (4, 4), (2, 2)).extra
    array([[1, 4],
           [0, 1]])
    """
    pairs: list[Pairs] = [first.pairs, second.pairs]
    if leaks is not None:
        pairs.append(leaks)
    has_pattern = any(isinstance(p, Pattern) for p in pairs)
    in_one_form = _as_pattern if has_pattern and max(shape) > MAX_MASK else _as_mask
    operands: list[Any] = [in_one_form(p, shape) for p in pairs]
    expected, actual, *leak = operands
    in_first = pair_counts(expected, shape, block)
    in_second = pair_counts(actual, shape, block)
    in_both = pair_counts(expected & actual, shape, block)
    in_neither = np.zeros_like(in_both)
    for pairs_of_leaks in leak:
        outside = pairs_of_leaks & ~(expected | actual)
        in_neither += pair_counts(outside, shape, block)
    return Counts(in_both, in_first - in_both, in_second - in_both, in_neither)


def _as_mask(pairs: Pairs, shape: Pair) -> BoolArray:
    """The matrix of up to 4096 queries and keys."""
    return dense(pairs, shape) if isinstance(pairs, Pattern) else pairs


def _as_pattern(pairs: Pairs, shape: Pair) -> Pattern:
    """The pattern, or the keys of each row of an array."""
    if isinstance(pairs, Pattern):
        return pairs
    _, keys = np.nonzero(pairs)
    ends = np.cumsum(pairs.sum(axis=1))
    return Listed([0, *ends], keys)
