"""Which random blocks the published codes of BigBird draw: their two plans, bit for bit.

Zaheer et al. 2020, "Big Bird: Transformers for Longer Sequences", arXiv 2007.14062; `bigbird/core/attention.py` of
google-research/bigbird, whose draws Hugging Face transformers repeats in `models/big_bird`.

A plan is int64 (heads, nb - 2, r): the random blocks of the query blocks I = 1, ..., nb - 2. Each is drawn from NumPy's
legacy generator seeded with the layer, one permutation a row. Where a row has one block to choose from, that block fills all
its places; where it has fewer than r otherwise, the codes stop, and so does this.

Symbols:  I, J query and key block, from 0;  nb = n / block;  r how many random blocks a row has.
"""

from __future__ import annotations

import numpy as np

LENGTH, FOCUS = (
    4096,
    1024,
)  # positions of the published models, and as far as their random blocks lie


def focused_plan(n: int, block: int, r: int, layer: int, heads: int) -> np.ndarray:
    """The plan for the paper's lengths: drawn for N = floor(4096 / block) blocks, cut to the rows of n.

    Row I chooses among { 1 <= J <= last : |I - J| > 1 }, last = floor(1024 / block) - 1; rows N - 3 and N - 2 among all of
    { 1 <= J <= last }, their own window included. The heads are drawn one after another. Where 2 block >= 1024, last = N - 2.
    """
    drawn, total = np.random.RandomState(layer), LENGTH // block
    blocks = np.arange(1, 1 + (FOCUS // block - 1 if 2 * block < FOCUS else total - 2))
    plan = np.zeros((heads, total - 2, r), np.int64)
    for head in plan:
        for row in range(1, total - 1):
            choice = blocks if row >= total - 3 else blocks[np.abs(row - blocks) > 1]
            head[row - 1] = _chosen(drawn.permutation(choice), r, row)
    return plan[:, : n // block - 2]


def ranged_plan(n: int, block: int, r: int, layer: int, heads: int) -> np.ndarray:
    """The plan for other lengths: blocks drawn range by range, row by row, and head by head within a row.

    For the range s <= J < e, row I takes the first of a permutation of the whole range that lie outside its window
    |I - J| <= 1 and are neither 0 nor e - 1; nor (I, J) = (1, e - 2) or (e - 2, 1).
    """
    drawn, nb = np.random.RandomState(layer), n // block
    plan = np.zeros((heads, nb, r), np.int64)
    for rows, (start, stop), places in _ranges(nb, r):
        for row in rows:
            barred = [
                row - 1,
                row,
                row + 1,
                0,
                stop - 1,
                *[stop - 2] * (row == 1),
                *[1] * (row == stop - 2),
            ]
            for head in plan:
                choice = [
                    key
                    for key in drawn.permutation(np.arange(start, stop)).tolist()
                    if key not in barred
                ]
                head[row, places] = _chosen(choice, places.stop - places.start, row)
    return plan[:, 1:-1]


def _ranges(nb, r):
    """(rows, range of key blocks, which of the r places they fill), in the order in which they are drawn."""
    if nb > 2 * r + 5:
        return [(range(1, nb), (0, 2 * r + 5), slice(0, r))]
    if nb <= r + 5:
        return [(range(1, nb), (0, nb), slice(0, r))]
    end, half = r + 5, r // 2
    near, far = ((0, end), slice(0, half)), ((end, nb), slice(half, r))
    order = [
        (range(1, end), *near),
        (range(1, end), *far),
        (range(end, nb), *near),
        (range(end, nb), *far),
    ]
    return [part for part in order if part[2].start < part[2].stop]


def _chosen(permuted, r, row):
    """The first r blocks, or the only one."""
    if len(permuted) < r and len(permuted) != 1:
        raise ValueError(
            f"random must leave blocks to choose from, got {len(permuted)} for {r} places of query block {row}"
        )
    return permuted[:r]
