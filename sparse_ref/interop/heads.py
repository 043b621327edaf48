"""One pattern for all heads or one for each, on the way out; one matrix or a stack of them, on the way in, and where it errs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..sets.heads import patterns_of_heads
from ..sets.listed import Listed
from ..sets.pattern import Pattern

SLAB = 1 << 22  # pairs that are looked at together


def heads_of(p) -> tuple[Pattern, ...]:
    """The pattern of each head; a single pattern stands for all heads. Raises TypeError otherwise."""
    return patterns_of_heads("p", p)


def heads_by_pattern(patterns: tuple[Pattern, ...]) -> dict[Pattern, tuple[int, ...]]:
    """The heads of each distinct pattern, ascending."""
    heads: dict[Pattern, tuple[int, ...]] = {}
    for h, p in enumerate(patterns):
        heads[p] = (*heads.get(p, ()), h)
    return heads


def stacked(form: Callable, p) -> np.ndarray:
    """form(p) of one pattern; of a sequence, what `form` makes of each head in turn, (H, ...)."""
    patterns = heads_of(p)
    if isinstance(p, Pattern):
        return form(p)
    made = {each: form(each) for each in dict.fromkeys(patterns)}
    return np.stack([made[each] for each in patterns])


def unstacked(read: Callable, name: str, array: np.ndarray, axes: tuple[str, ...]):
    """read(array) of an array with these axes; with an axis of heads before them, a tuple with one for each head."""
    if array.ndim == len(axes):
        return read(array)
    if array.ndim != len(axes) + 1:
        said = ", ".join(axes)
        raise ValueError(
            f"{name} must have axes ({said}) or (heads, {said}), got shape {array.shape}"
            + (f": pass one batch element, {name}[b]" if array.ndim == len(axes) + 2 else "")
        )
    return tuple(read(each) for each in array)


def first_true(wrong) -> tuple[int, ...]:
    """The index of the first True of a bool array, which an error names."""
    return tuple(int(x) for x in np.argwhere(wrong)[0])


def listed(slabs: Iterable[np.ndarray]) -> Listed:
    """The pattern whose mask is these bool matrices (rows, n_k) one below the other; O(nnz) memory beside one of them."""
    counts, keys = [np.zeros(1, np.int64)], [np.zeros(0, np.int64)]
    for slab in slabs:
        counts.append(np.count_nonzero(slab, axis=1))
        keys.append(np.nonzero(slab)[1])
    return Listed(np.cumsum(np.concatenate(counts)), np.concatenate(keys))


def slabs_of(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """(lo, hi) of the rows to look at together: a multiple of 8 of them, so that a slab's bits begin at a byte."""
    n_q, n_k = shape
    rows = max(SLAB // max(n_k, 1) // 8, 1) * 8
    for lo in range(0, n_q, rows):
        yield lo, min(lo + rows, n_q)
