"""The order in which rows are cut into tiles, so that the 64 rows of a tile share their keys.

Candidates: as they are (windows, blocks); by the residue of their first key (strided and dilated
sets); by their first key (buckets); and, if all of these leave the tiles mostly empty, by shared
keys (`overlap`). Each is tried on some evenly spread tiles. Windows and strided keys in one set
may want two orders; then they get two plans.

Queries with the same keys may share a row of the sets: the keys of query i are in row set_of[i].
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..._jit import one_thread
from ...sets.types import BoolArray, IntArray
from ..runs.keys import key_counts
from ..runs.run_algebra import split_by_step
from ..runs.table import START, STEP, Runs, indptr_of, normalise, select_rows
from .bitmask import TILE
from .chunks import differs_from_previous
from .overlap import overlap_positions

Tiles = NDArray[np.int32]  # the queries of each tile, (tiles, 64)

SAMPLE_TILES = 16  # tiles that an order is tried on
GOOD_RATIO = 2  # chunks per chunk that the sample needs at least: good enough, no search goes on
SPLIT_GAIN = 1.5  # the factor in chunks from which two plans are worth their merge
MAX_LISTED_KEYS = 1 << 26  # keys that may be listed to see which rows share them
SAMPLE_RUNS = 1 << 16  # runs searched for the commonest step


def split_plan(sets: Runs, set_of: IntArray) -> list[tuple[Runs, Tiles]]:
    """The sets with their tiles; or spans and strided keys separately, each with their own tiles.

    The latter if it takes at least SPLIT_GAIN times fewer chunks.
    """
    tiles, chunks, good = best_order(sets, set_of)
    strided = sets.table[:, STEP] > 1
    if good or not strided.any() or strided.all():
        return [(sets, tiles)]
    parts, split_chunks = [], 0
    for part in split_by_step(sets) or ():
        part_tiles, part_chunks, _ = best_order(part, set_of)
        parts.append((part, part_tiles))
        split_chunks += part_chunks
    return parts if parts and SPLIT_GAIN * split_chunks < chunks else [(sets, tiles)]


def best_order(sets: Runs, set_of: IntArray) -> tuple[Tiles, int, bool]:
    """(tiles, chunks, good) of the first order that is good, else of the one with fewest chunks.

    `chunks` is the number that the sampled tiles take. Of equals, the first is the best.
    """
    best, best_chunks, fewest = np.arange(0), -1, 0
    for order in candidate_orders(sets, set_of):
        chunks, fewest = chunks_of_sample(sets, set_of, order)
        if best_chunks < 0 or chunks < best_chunks:
            best, best_chunks = order, chunks
        if chunks <= GOOD_RATIO * fewest:
            break
    return tiles_of(best), best_chunks, best_chunks <= GOOD_RATIO * fewest


def candidate_orders(sets: Runs, set_of: IntArray) -> Iterator[IntArray]:
    """Orders of the queries, the likeliest to be good first."""
    first = first_keys(sets)[set_of]
    step = commonest_step(sets)
    if step > 1:
        yield np.argsort(first % step, kind="stable")
    if (np.diff(first) < 0).any():
        yield np.argsort(first, kind="stable")
    yield np.arange(len(set_of))
    if key_counts(sets).sum() <= MAX_LISTED_KEYS:
        positions = overlap_positions(sets)
        yield np.argsort(positions[set_of], kind="stable")


def first_keys(sets: Runs) -> IntArray:
    """The least key of each row in normal form, int64 (rows,); n if it has none."""
    rows, n = sets.shape
    first = np.full(rows, n)
    first_of_run = np.maximum(sets.table[:, START], 0)
    np.minimum.at(first, sets.row_of_run, first_of_run)
    return first


def commonest_step(sets: Runs) -> int:
    """The step that most strided runs of a sample have; 1 if there are no strided runs."""
    every = max(len(sets.table) // SAMPLE_RUNS, 1)
    sample = sets.table[::every, STEP]
    steps, counts = np.unique(sample[sample > 1], return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else 1


def chunks_of_sample(sets: Runs, set_of: IntArray, order: IntArray) -> tuple[int, int]:
    """(chunks that the sampled tiles take, chunks that they would take if all were full)."""
    rows = sets_of_tiles(sample_tiles(order), set_of)
    real = rows >= 0
    keys = np.zeros(rows.shape, np.int64)
    with one_thread():
        tile_keys = key_counts(tile_unions(sets, rows)[0])
        keys[real] = key_counts(select_rows(sets, rows[real]))
    chunks = -(-tile_keys // TILE)
    fewest = -(-keys.sum(axis=1) // TILE**2)
    return int(chunks.sum()), int(fewest.sum())


def sample_tiles(order: IntArray) -> Tiles:
    """Some evenly spread tiles of this order."""
    tiles = tiles_of(order)
    count = min(SAMPLE_TILES, len(tiles))
    return tiles[np.linspace(0, len(tiles) - 1, count, dtype=int)]


def tiles_of(order: IntArray) -> Tiles:
    """The queries in this order, int32 (tiles, 64), -1 after the last."""
    count = -(-len(order) // TILE)
    tiles = np.full(count * TILE, -1, np.int32)
    tiles[: len(order)] = order
    return tiles.reshape(-1, TILE)


def sets_of_tiles(tiles: Tiles, set_of: IntArray) -> IntArray:
    """The row of the sets of each query of each tile, -1 if there is no query."""
    return np.where(tiles >= 0, set_of[tiles], -1)


def tile_unions(sets: Runs, rows: IntArray) -> tuple[Runs, BoolArray]:
    """(the runs of all keys of tile t in row t, which rows differ from the row before in the tile).

    The second is bool (tiles, 64). Only rows that differ are united.
    """
    changes = np.empty(rows.shape, bool)
    differs_from_previous(sets.indptr, sets.table, rows, changes)
    runs = select_rows(sets, rows[changes])
    first = indptr_of(changes.sum(axis=1))
    shape = len(rows), sets.shape[1]
    unions = Runs(runs.indptr[first], runs.table, shape)
    return normalise(unions), changes
