"""In which order rows are cut into tiles, so that the 64 rows of a tile share their keys.

As they are (windows, blocks); by the residue of their first key (strided and dilated sets); by their first key
(buckets); or, where all of these leave the tiles mostly empty, each beside those that it shares most keys with (`overlap`).
Some evenly spread tiles of an order are tried. Sets of windows and strided keys together may want two orders at once, and
then two plans.

Queries with the same keys may share a row of the sets: query i has row of[i].
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import prange

from ..._jit import one_thread, parallel
from ..runs.run_algebra import apart, taken
from ..runs.run_loops import spans_in, stretch
from ..runs.table import Runs, key_counts, normalise
from .bitmask import TILE
from .chunks import unlike
from .overlap import by_overlap

SAMPLE = 16  # tiles looked at to judge an order
ENOUGH = 2  # times the chunks that a sample needs at least: no other order is looked for
WORTH = 1.5  # times fewer chunks make two parts worth their merging
LISTED = 1 << 26  # keys up to which they are listed, to see which rows share them
LOOKED_AT = 1 << 16  # runs looked at to find the commonest step


def parted(sets: Runs, of: np.ndarray) -> list[tuple[Runs, np.ndarray]]:
    """The sets with their tiles; or, where that takes fewer chunks, spans and strided keys apart, each with tiles of their own."""
    rows, chunks, enough = ordered(sets, of)
    strided = sets.table[:, 2] > 1
    if not enough and strided.any() and not strided.all():
        parts = [(part, *ordered(part, of)) for part in apart(sets)]
        if WORTH * sum(part[2] for part in parts) < chunks:
            return [(part, rows) for part, rows, _, _ in parts]
    return [(sets, rows)]


def ordered(sets: Runs, of: np.ndarray) -> tuple[np.ndarray, int, bool]:
    """The tiles in the first order known here that wastes little, else in the one that needs the fewest chunks; how many chunks a
    sample needs, and whether that is little."""
    found: list = []
    for each in orders(sets, of):
        chunks, fewest = sampled_chunks(sets, of, each)
        found.append((chunks, len(found), each))
        if chunks <= ENOUGH * fewest:
            break
    chunks, _, best = min(found)
    return tiles_of(best), chunks, chunks <= ENOUGH * fewest


def orders(sets: Runs, of: np.ndarray) -> Iterator[np.ndarray]:
    """The orders of the queries that are worth trying, the likeliest first."""
    first = np.zeros(sets.shape[0], np.int64)
    first_keys(sets.indptr, sets.table, sets.shape[1], first)
    first = first[of]
    step = commonest_step(sets)
    if step > 1:
        yield np.argsort(first % step, kind="stable")
    if (np.diff(first) < 0).any():
        yield np.argsort(first, kind="stable")
    yield np.arange(len(of))
    if key_counts(sets).sum() <= LISTED:
        yield np.argsort(by_overlap(sets)[of], kind="stable")


def tiles_of(order: np.ndarray) -> np.ndarray:
    """Rows in this order, 64 a tile, -1 beyond the last."""
    rows = np.full(-(-len(order) // TILE) * TILE, -1, np.int32)
    rows[: len(order)] = order
    return rows.reshape(-1, TILE)


def sampled(order: np.ndarray) -> np.ndarray:
    """Some evenly spread tiles of this order."""
    rows = tiles_of(order)
    return rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]


def sets_in(rows: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Which sets the queries of each tile have, -1 where there is no query."""
    return np.where(rows >= 0, of[rows], -1)


def unions(sets: Runs, rows: np.ndarray) -> tuple[Runs, np.ndarray]:
    """The runs of all keys of each tile, whose sets are `rows`, those of tile t in row t; and which are unlike the one before,
    bool (tiles, 64)."""
    distinct = np.empty(rows.shape, bool)
    unlike(sets.indptr, sets.table, rows, distinct)
    own = taken(sets, rows[distinct])
    first = np.concatenate([[0], np.cumsum(distinct.sum(axis=1))])
    return normalise(Runs(own.indptr[first], own.table, (len(rows), sets.shape[1]))), distinct


def sampled_chunks(sets: Runs, of: np.ndarray, order: np.ndarray) -> tuple[int, int]:
    """How many chunks the sampled tiles need, and how many they would need at least, were each full but the last."""
    rows = sets_in(sampled(order), of)
    with one_thread():
        chunks = -(-key_counts(unions(sets, rows)[0]) // TILE)
        keys = np.zeros(rows.shape, np.int64)
        keys[rows >= 0] = key_counts(taken(sets, rows[rows >= 0]))
    return int(chunks.sum()), int((-(-keys.sum(axis=1) // TILE**2)).sum())


def commonest_step(sets: Runs) -> int:
    """The step that most strided runs have, of a sample; 1 where there are none."""
    sample = sets.table[:: max(len(sets.table) // LOOKED_AT, 1), 2]
    steps, many = np.unique(sample[sample > 1], return_counts=True)
    return int(steps[np.argmax(many)]) if len(steps) else 1


@parallel
def first_keys(indptr, table, n, first):
    """The least key of each row, n where there is none."""
    for i in prange(len(first)):
        own = table[indptr[i] : indptr[i + 1]]
        first[i] = stretch(own, spans_in(own), 0, -1, n)[0]
