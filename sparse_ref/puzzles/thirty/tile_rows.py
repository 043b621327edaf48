"""Puzzles 19 and 20: keys as compressed sparse rows, and an order of rows that fills tiles."""

from __future__ import annotations

import numpy as np

import sparse_ref as sr

from ..kinds import SparseRows, Value
from ..puzzle import Mistake, Puzzle


def block_csr(n):
    """(indptr, indices) of the keys of Block(4): the own block, up to the query."""
    i = np.arange(n)
    counts = i % 4 + 1
    indptr = np.append(0, np.cumsum(counts))
    t = np.arange(indptr[-1])
    shift = i // 4 * 4 - indptr[:-1]
    return indptr, t + np.repeat(shift, counts)


def _rows(first, counts):
    """Compressed sparse rows of `counts` consecutive keys from `first`."""
    indptr = np.append(0, np.cumsum(counts))
    t = np.arange(indptr[-1])
    return indptr, t + np.repeat(first - indptr[:-1], counts)


def _no_zero(n):
    indptr, indices = block_csr(n)
    return indptr[1:], indices


def _counts(n):
    indptr, indices = block_csr(n)
    return np.append(0, np.diff(indptr)), indices


def _exchange(n):
    indptr, indices = block_csr(n)
    return indices, indptr


def _no_last_stop(n):
    indptr, indices = block_csr(n)
    return indptr[:-1], indices


def _whole_blocks(n):
    first = np.arange(n) // 4 * 4
    return _rows(first, np.minimum(first + 4, n) - first)


def _places_in_the_block(n):
    indptr, indices = block_csr(n)
    return indptr, indices % 4


def _no_last_block(n):
    indptr, indices = block_csr(n // 4 * 4)
    return np.append(indptr, np.full(n % 4, indptr[-1])), indices


def _no_query(n):
    i = np.arange(n)
    return _rows(i // 4 * 4, i % 4)


def _last_four_keys(n):
    i = np.arange(n)
    counts = np.minimum(i + 1, 4)
    return _rows(i + 1 - counts, counts)


BLOCK_CSR = Puzzle(
    number="19",
    title="The rows of Block(4) as arrays",
    question="""\
Query i attends to its own block of 4, up to itself: { j <= i : j // 4 = i // 4 }, as in puzzle 5.

Return it for n queries as compressed sparse rows, two arrays of integers. indices has the keys of
row 0, then those of row 1, and so on, ascending in each row. indptr has n + 1 entries: the keys of
row i are indices[indptr[i] : indptr[i + 1]].

Write no loop in Python, and make no array of n x n: it must work for a million rows. n may be any
number from 0.""",
    kind=SparseRows(
        pattern=lambda: sr.Block(4),
        examples=((6,), (9,)),
        draw=lambda rng, size: (size,),
        sizes=range(40),
        large=(2000,),
        most_bytes=1_000_000,
    ),
    reference=block_csr,
    hints=(
        "Row i has i % 4 + 1 keys. indptr is 0, then the running sum of these counts.",
        "Number all pairs from 0: t. Pair t of row i is the key t - indptr[i] + i // 4 * 4.",
        "np.repeat(x, counts) writes x[i] once for each key of row i.",
    ),
    mistakes=(
        Mistake("indptr has no 0 in front: row 0 begins nowhere", _no_zero),
        Mistake("indptr and indices are exchanged", _exchange),
        Mistake("indptr has no last entry: row n - 1 ends nowhere", _no_last_stop),
        Mistake("indptr has the counts of the rows, not their running sum", _counts),
        Mistake("each row has its whole block: later keys must be cut off", _whole_blocks),
        Mistake("indices count from the start of the block, not from key 0", _places_in_the_block),
        Mistake("the last block is dropped if it is not full", _no_last_block),
        Mistake("the query itself is missing", _no_query),
        Mistake("these are the last 4 keys: the block's edge is not kept", _last_four_keys),
    ),
)


def row_order(n):
    """Queries of one residue mod 3 stand together, and so do their keys."""
    return np.argsort(np.arange(n) % 3, kind="stable")


def tile_count(order: np.ndarray) -> int:
    """How many tiles of 4 x 4 have a pair of Strided(3), if rows and keys stand in this order."""
    i, j = order[:, None], order
    mask = (j <= i) & ((i - j) % 3 == 0)
    tiles = mask.reshape(len(order) // 4, 4, -1, 4)
    return int(tiles.any(axis=(1, 3)).sum())


def fewest_tiles(n: int) -> int:
    """The tiles that no order can do without: each residue class is a triangle of tiles."""
    side = n // 12
    return 3 * side * (side + 1) // 2


def order_mistake(value: object, n: int) -> str:
    """What is wrong with an order of n rows; "" if it needs the fewest tiles."""
    order = np.asarray(value)
    if order.shape != (n,) or order.dtype.kind not in "iu":
        return f"the order must be {n} integers, got {order.dtype} of shape {order.shape}"
    is_row = (order >= 0) & (order < n)
    counts = np.bincount(order[is_row], minlength=n)
    if (counts != 1).any():
        row = int(np.argmax(counts != 1))
        return f"the order must have each row once, but row {row} {_times(counts[row])}"
    tiles = tile_count(order)
    if tiles == fewest_tiles(n):
        return ""
    return f"{tiles} tiles have a pair in this order, {fewest_tiles(n)} are enough"


def _times(count: int) -> str:
    """How often a row stands in an order."""
    return "is missing" if count == 0 else f"stands there {count} times"


def _old_order(n):
    return np.arange(n)


def _places(n):
    return np.argsort(row_order(n))


def _side_for_stride(n):
    return np.argsort(np.arange(n) % 4, kind="stable")


def _rows_of_one_class(n):
    return np.arange(0, n, 3)


ROW_ORDER = Puzzle(
    number="20.1",
    title="The order of rows that fills tiles",
    question="""\
Query i attends to every third key back, { j <= i : (i - j) mod 3 = 0 }, as in puzzle 4. A kernel
computes whole tiles of 4 rows x 4 keys, and skips a tile only if it has no pair at all.

In the order 0, 1, 2, ... every tile on and below the diagonal has pairs, and none is half full.
At n = 24 these are 21 tiles.

Return the order in which rows and keys should stand, an array of n integers: first the row that
comes first. Both are put in the same order. Touch as few tiles as you can. n is a multiple
of 12.""",
    kind=Value(
        examples=((24,), (12,), (36,), (48,)),
        accept=order_mistake,
    ),
    reference=row_order,
    hints=(
        "Which queries share a key with query 0? Which with query 1?",
        "Queries of one residue i % 3 only see each other. Put them next to each other.",
        'np.argsort(i % 3, kind="stable") keeps the rows of one residue in their order.',
    ),
    mistakes=(
        Mistake("the rows stand in their old order", _old_order),
        Mistake(
            "this is the inverse: it says where each row goes, not which row stands at each place",
            _places,
        ),
        Mistake(
            "rows are sorted by i % 4, the side of a tile, not by i % 3, the stride",
            _side_for_stride,
        ),
        Mistake("only one residue class is in the order: every row must be", _rows_of_one_class),
    ),
)

PUZZLES = (BLOCK_CSR, ROW_ORDER)
