"""Whatever states or holds one set, as a pattern or a mask at a length: what figures count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...lower import BSR, CSR, Plan, check_pattern
from ...sets.branches import Branches
from ...sets.checks import lengths
from ...sets.factorized import Factorized
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, Length
from .arguments import drawable_lengths, mask_array
from .block_shares import Pair, shares

Drawable = Pattern | CSR | Plan | BSR | BoolArray
MAX_OWN_TITLE = 400  # characters of a notation; a longer one is cut


class SetAt(NamedTuple):
    """One set at a length: a pattern with rows for the shape, or a bool array of it."""

    p: Pattern | BoolArray
    shape: Pair

    def shares(self, block: Pair) -> FloatArray:
        """The share of connected pairs in each block."""
        return shares(self.p, self.shape, block)


def set_at(name: str, p: Any, n: Length | None) -> SetAt:
    """The set that p is at length n; what has a shape of its own may do without n.

    Raises TypeError for what is no set, or several, ValueError for another length than its own.
    """
    if isinstance(p, Pattern) and n is not None:
        return SetAt(p, check_pattern(p, drawable_lengths(n)))
    is_sequence = isinstance(p, (list, tuple))
    if is_sequence and any(isinstance(head, Pattern) for head in p):
        raise TypeError(
            f"{name} must be one set, got {len(p)} patterns: plot.heads draws one per head"
        )
    if not isinstance(p, (CSR, Plan, BSR)):
        array = mask_array(name, p, n)
        return SetAt(array, array.shape)
    if n is not None and lengths(n) != p.shape:
        raise ValueError(f"{name} must have shape {lengths(n)}, got {p.shape}")
    shape = drawable_lengths(p.shape)
    return SetAt(_rows_of(p), shape)


def sets_at(sets: Mapping[str, Any], n: Length | None) -> list[SetAt]:
    """The sets at length n, all of one shape, by the names that errors give them."""
    drawn = {name: set_at(name, p, n) for name, p in sets.items()}
    first_name, first = next(iter(drawn.items()))
    for name, one in drawn.items():
        if one.shape != first.shape:
            raise ValueError(
                f"{name} must have the shape of {first_name}, {first.shape}, got {one.shape}"
            )
    return list(drawn.values())


def _rows_of(rows: CSR | Plan | BSR) -> Listed:
    """The keys of lowered sets, row by row."""
    if isinstance(rows, BSR):
        return _rows_of_blocks(rows)
    if isinstance(rows, Plan):
        rows = rows.csr()
    rows.check()
    return Listed(rows.indptr, rows.indices)


def _rows_of_blocks(blocks: BSR) -> Listed:
    """The keys of block-sparse rows; cells beyond the shape are padding."""
    n_q, n_k = blocks.shape
    t, row, column = np.nonzero(blocks.data)
    counts = np.diff(blocks.indptr)
    block_rows = np.repeat(np.arange(len(counts)), counts)
    b_q, b_k = blocks.data.shape[1:]
    i = block_rows[t] * b_q + row
    j = blocks.indices[t].astype(np.int64) * b_k + column
    inside = (i < n_q) & (j < n_k)
    i, j = i[inside], j[inside]
    order = np.lexsort((j, i))
    row_ends = np.cumsum(np.bincount(i, minlength=n_q))
    return Listed(np.append(0, row_ends), j[order])


def title_of(p: Any, most: int = MAX_OWN_TITLE) -> str:
    """The name of what has one, else its notation; "mask" for arrays, the type of lowered sets.

    Of more than `most` characters the beginning is left.
    """
    if isinstance(p, (CSR, Plan, BSR)):
        return type(p).__name__
    if not isinstance(p, (Pattern, Branches, Factorized)):
        return "mask"
    name = getattr(p, "name", "")
    title = name if isinstance(name, str) and name else repr(p)
    return title if len(title) <= most else f"{title[: most - 1]}…"
