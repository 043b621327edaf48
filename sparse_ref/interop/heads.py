"""One pattern for all heads, or one per head; one array, or a stack with one array per head.

Exports stack what they make of each head. Imports read each head of a stack by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..sets.heads import heads_by_pattern
from ..sets.listed import Listed
from ..sets.pattern import Pattern
from ..sets.require import patterns_of_heads
from ..sets.types import BoolArray

PatternPerHead = Pattern | Sequence[Pattern]  # one pattern for all heads, or one per head
BlockSides = int | tuple[int, int]  # one side for queries and keys, or (b_q, b_k)
Heads = tuple[int, ...]

PAIRS_PER_SLAB = 1 << 22

Scalar = TypeVar("Scalar", bound=np.generic)


def stack_heads(
    form: Callable[[Pattern], NDArray[Scalar]],
    p: PatternPerHead,
) -> NDArray[Scalar]:
    """form(p) of one pattern; of a sequence, the forms of all heads as one array (H, ...)."""
    patterns = patterns_of_heads("p", p)
    if isinstance(p, Pattern):
        return form(p)
    form_of: dict[int, NDArray[Scalar]] = {}
    for pattern, heads in heads_by_pattern(patterns):
        form_of |= dict.fromkeys(heads, form(pattern))
    return np.stack([form_of[h] for h in range(len(patterns))])


def read_heads(
    read: Callable[[np.ndarray], Pattern],
    name: str,
    array: np.ndarray,
    axes: tuple[str, ...],
) -> Pattern | tuple[Pattern, ...]:
    """read(array) if the array has just these axes; a tuple, one per head, if heads come first."""
    if array.ndim == len(axes):
        return read(array)
    if array.ndim == len(axes) + 1:
        return tuple(read(head) for head in array)
    names = ", ".join(axes)
    is_batch = array.ndim == len(axes) + 2
    hint = f": pass one batch element, {name}[b]" if is_batch else ""
    raise ValueError(
        f"{name} must have axes ({names}) or (heads, {names}), got shape {array.shape}{hint}"
    )


def pattern_of_slabs(slabs: Iterable[BoolArray]) -> Listed:
    """The pattern whose mask is these bool matrices (rows, n_k), one below the other.

    Memory is O(nnz) and one slab.
    """
    counts = [np.zeros(1, np.int64)]
    keys = [np.zeros(0, np.int64)]
    for slab in slabs:
        counts.append(np.count_nonzero(slab, axis=1))
        keys.append(np.nonzero(slab)[1])
    return Listed(np.cumsum(np.concatenate(counts)), np.concatenate(keys))


def slab_bounds(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """(lo, hi) of each slab's rows; lo is a multiple of 8, so that its bits begin at a byte."""
    n_q, n_k = shape
    rows = max(PAIRS_PER_SLAB // max(n_k, 1) // 8, 1) * 8
    for lo in range(0, n_q, rows):
        yield lo, min(lo + rows, n_q)
