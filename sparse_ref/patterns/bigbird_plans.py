"""Which random blocks the published codes of BigBird draw: their two plans, bit for bit.

Zaheer et al. 2020, "Big Bird: Transformers for Longer Sequences", arXiv 2007.14062;
`bigbird/core/attention.py` of google-research/bigbird, whose draws Hugging Face transformers
repeats in `models/big_bird`.

A plan is int64 (heads, nb - 2, r): the random blocks of the query blocks I = 1, ..., nb - 2. Each
is drawn from NumPy's legacy generator seeded with the layer, one permutation per row. If a row has
one block to choose from, that block fills all its places; if it has fewer than r otherwise, the
codes stop, and so does this.

Symbols:  I, J query and key block, from 0;  nb = n / block;  r how many random blocks a row has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..sets.budget import spend, stopwatch
from ..sets.types import BoolArray, IntArray

PAPER_LENGTH = 4096  # positions of the published models
FOCUS = 1024  # their random blocks lie below this position
DRAW_SECONDS, BLOCK_SECONDS = 2e-5, 3e-8  # of one draw, and of each block in what it permutes


def focus_plan(n, block, r, layer, heads) -> IntArray:
    """The plan for the paper's lengths, drawn for N = floor(4096 / block) blocks, cut to n.

    Row I chooses among { 1 <= J <= last : |I - J| > 1 }, last = floor(1024 / block) - 1; rows N - 3
    and N - 2 among all of { 1 <= J <= last }, their own window included. The heads are drawn one
    after another. If 2 block >= 1024, last = N - 2.
    """
    generator = np.random.RandomState(layer)
    total = PAPER_LENGTH // block
    last = FOCUS // block - 1 if 2 * block < FOCUS else total - 2
    blocks = np.arange(1, last + 1)
    plan = _empty_plan(heads, total - 2, r, permuted=last)
    for head in stopwatch(plan):
        for row in range(1, total - 1):
            choice = blocks if row >= total - 3 else blocks[np.abs(row - blocks) > 1]
            head[row - 1] = first_blocks(generator.permutation(choice), r, row)
    return plan[:, : n // block - 2]


def range_plan(n, block, r, layer, heads) -> IntArray:
    """The plan for other lengths: drawn range by range, row by row, and head by head in a row.

    For the range s <= J < e, row I takes the first of a permutation of the whole range that lie
    outside its window |I - J| <= 1 and are neither 0 nor e - 1; nor is (I, J) = (1, e - 2) or
    (e - 2, 1).
    """
    generator = np.random.RandomState(layer)
    blocks = n // block
    plan = _empty_plan(heads, blocks, r, permuted=min(blocks, 2 * r + 5))
    for rows, keys, places in _ranges(blocks, r):
        candidates = np.array(keys)
        for row in rows:
            is_free = _free_blocks(row, keys.stop)
            for head in stopwatch(plan):
                permuted = generator.permutation(candidates)
                choice = permuted[is_free[permuted]]
                head[row, places] = first_blocks(choice, len(places), row)
    return plan[:, 1:-1]


def _empty_plan(heads: int, rows: int, r: int, permuted: int) -> IntArray:
    """A plan to be filled, each row of a head by a permutation of so many blocks."""
    draw = DRAW_SECONDS + permuted * BLOCK_SECONDS
    spend(heads * rows * draw, heads * rows * r * 8)
    return np.zeros((heads, rows, r), np.int64)


class Draws(NamedTuple):
    """These rows draw from these key blocks, to fill these of the r places of a row."""

    rows: range
    keys: range
    places: range


def blocks_to_skip(row: int, stop: int) -> list[int]:
    """The blocks that a row does not take from a range that ends at `stop`."""
    barred = [row - 1, row, row + 1, 0, stop - 1]
    if row == 1:
        barred.append(stop - 2)
    if row == stop - 2:
        barred.append(1)
    return barred


def _free_blocks(row: int, stop: int) -> BoolArray:
    """Which of the blocks before `stop` a row may take."""
    is_free = np.ones(stop, bool)
    barred = [block for block in blocks_to_skip(row, stop) if block < stop]
    is_free[barred] = False
    return is_free


def _ranges(blocks: int, r: int) -> list[Draws]:
    """The draws of a plan, in their order."""
    rows = range(1, blocks)
    all_places = range(r)
    if blocks > 2 * r + 5:
        return [Draws(rows, range(2 * r + 5), all_places)]
    if blocks <= r + 5:
        return [Draws(rows, range(blocks), all_places)]
    end = r + 5
    near, far = range(end), range(end, blocks)
    first, second = all_places[: r // 2], all_places[r // 2 :]
    order = []
    for some_rows in (range(1, end), range(end, blocks)):
        order += [Draws(some_rows, near, first), Draws(some_rows, far, second)]
    return [draws for draws in order if draws.places]


def first_blocks(permuted: IntArray, r: int, row: int) -> IntArray:
    """The first r blocks, or the only one."""
    if len(permuted) < r and len(permuted) != 1:
        raise ValueError(
            f"random must leave blocks to choose from, "
            f"got {len(permuted)} for {r} places of query block {row}"
        )
    return permuted[:r]
