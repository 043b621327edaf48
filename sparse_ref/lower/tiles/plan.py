"""A pattern and a length -> gather-tiles: what the fast kernels read.

Rows are put in an order in which neighbours share keys. A tile is 64 rows; the union of their
keys is cut into chunks of 64. A chunk is full, every row attending to every key, or has one
64-bit word per key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from operator import sub

import numpy as np

from ...sets.array_checks import descents, fault_of, with_kernel_arrays
from ...sets.listed import Listed
from ...sets.notebook import summary_table
from ...sets.pattern import Pattern
from ...sets.require import check_pattern
from ...sets.types import IntArray, Length
from ..explicit import CSR
from ..runs.runs_of import runs_of
from ..runs.table import Runs, indptr_of, normalise
from ..runs.unique_rows import unique_rows
from .bitmask import TILE
from .chunks import find_partial, list_tiles, walk
from .order import Tiles, sets_of_tiles, split_plan, tile_unions
from .plan_checks import check_plan, links

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """A pattern lowered to gather-tiles, to be used as often as wanted: attend(q, k, v, plan).

    `print(plan)` gives the number of tiles and chunks, the share of full chunks, the share of
    chunks whose keys are gathered, the padding waste and the bytes of the arrays.

    Parameters
    ----------
    shape : (n_q, n_k).
    rows : int32 array (tiles, 64), the queries of each tile; -1 fills up the last tile.
    ptr : int64 array (tiles + 1,); the chunks of tile t are ptr[t] <= c < ptr[t + 1].
    start : int64 array (chunks,); the keys of a chunk are start, ..., start + 63; if start < 0,
        they are gathered: keys[-1 - start].
    keys : int32 array (gathered chunks, 64); a chunk of fewer keys repeats its first. The keys that
        some row attends to ascend in a tile.
    word : int64 array (chunks,), the row of `words` that belongs to the chunk; -1 for a full chunk.
    words : uint64 array (chunks that are not full, 64); bit r of words[word, c] is set if row r
        attends to key c.
    nnz : the number of connected pairs, those of `rest` included.
    rest : a Plan of the queries' other keys, or None. Windows and strided keys may want rows in two
        orders; then `attend` merges the two results. A key of both counts twice, as in Branches.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    ptr: np.ndarray
    start: np.ndarray
    keys: np.ndarray
    word: np.ndarray
    words: np.ndarray
    nnz: int
    rest: Plan | None = None

    @property
    def parts(self) -> tuple[Plan, ...]:
        """The plan without `rest`, followed by the parts of `rest`."""
        chain = links(self)
        totals = [link.nnz for link in chain]
        own_nnz = map(sub, totals, [*totals[1:], 0])
        parts = map(partial(replace, rest=None), chain)
        return tuple(replace(part, nnz=nnz) for part, nnz in zip(parts, own_nnz))

    @property
    def tiles(self) -> int:
        """The number of tiles of all parts."""
        return sum(len(part.rows) for part in self.parts)

    @property
    def chunks(self) -> int:
        """The number of chunks of all parts."""
        return sum(len(part.start) for part in self.parts)

    @property
    def full(self) -> float:
        """The share of chunks that are full; 1.0 if there are no chunks."""
        full = [np.count_nonzero(part.word < 0) for part in self.parts]
        return sum(full) / self.chunks if self.chunks else 1.0

    @property
    def gather_share(self) -> float:
        """The share of chunks whose keys are not consecutive; 0.0 if there are no chunks."""
        gathered = sum(len(part.keys) for part in self.parts)
        return gathered / max(self.chunks, 1)

    @property
    def waste(self) -> float:
        """The share of the chunks' cells without a connected pair; 0.0 if there are no chunks."""
        cells = self.chunks * TILE**2
        return 1.0 - self.nnz / cells if cells else 0.0

    @property
    def arrays(self) -> Arrays:
        """rows, ptr, start, keys, word, words: what kernels read of one part."""
        return self.rows, self.ptr, self.start, self.keys, self.word, self.words

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        return sum(array.nbytes for part in self.parts for array in part.arrays)

    def check(self) -> None:
        """Check arrays that were made by hand, in O(tiles + chunks) time.

        Raises
        ------
        TypeError
            A field is no NumPy array, a subclass of it, or of another dtype; shape is no pair of
            ints, nnz no int, or rest no Plan.
        ValueError
            The arrays do not fit one another or the shape, a query is in two tiles or in none, a
            tile has a key twice, nnz is not the number of pairs, or rest is the plan itself.
        """
        check_plan(self)

    def csr(self) -> CSR:
        """The same sets, key by key.

        Raises as `check` does, and ValueError if a key of the plan is in `rest` as well.
        """
        self.check()
        parts = [with_kernel_arrays(part) for part in self.parts]
        counts = np.zeros(self.shape[0], np.int64)
        no_indices = np.zeros(0, np.int32)
        for part in parts:
            list_tiles(len(part.rows), *part.arrays, counts, no_indices)
        indptr = indptr_of(counts)
        indices = np.empty(indptr[-1], np.int32)
        at = indptr[:-1].copy()
        for part in parts:
            list_tiles(len(part.rows), *part.arrays, at, indices)
        rows = CSR(indptr, indices, self.shape)
        return rows if self.rest is None else _merge_keys(rows)

    def __repr__(self):
        fault = fault_of(self)
        if fault:
            return f"<Plan that check refuses: {fault}>"
        numbers = (
            f"nnz={self.nnz:,}",
            f"{self.tiles:,} tiles",
            f"{self.chunks:,} chunks",
            f"{self.full:.0%} full",
            f"{self.gather_share:.0%} gathered",
            f"{self.waste:.0%} padding waste",
            f"{self.nbytes:,} bytes",
        )
        return f"Plan(shape={self.shape}, {', '.join(numbers)})"

    def _repr_html_(self) -> str:
        fault = fault_of(self)
        if fault:
            return summary_table("Plan that check refuses", {"reason": fault})
        n_q, n_k = self.shape
        numbers = {
            "queries × keys": f"{n_q:,} × {n_k:,}",
            "connected pairs": f"{self.nnz:,}",
            "tiles of 64 queries": f"{self.tiles:,}",
            "chunks of 64 keys": f"{self.chunks:,}",
            "full chunks: every query of the tile attends to every key": f"{self.full:.0%}",
            "gathered chunks: the keys are not consecutive": f"{self.gather_share:.0%}",
            "padding waste: cells of the chunks without a connected pair": f"{self.waste:.0%}",
            "bytes": f"{self.nbytes:,}",
        }
        return summary_table("Plan: a set lowered to gather-tiles", numbers)


def _merge_keys(rows: CSR) -> CSR:
    """Rows whose keys come from several parts, sorted; ValueError if two parts have one key."""
    counts = np.diff(rows.indptr)
    row_of_key = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((rows.indices, row_of_key))
    merged = CSR(rows.indptr, rows.indices[order], rows.shape)
    repeats = np.flatnonzero(descents(merged.indptr, merged.indices))
    if len(repeats):
        t = int(repeats[0])
        raise ValueError(
            "Plan: rest must have other keys than the plan, "
            f"got key {merged.indices[t]} of query {row_of_key[t]} in both"
        )
    return merged


def plan(p: Pattern, n: Length) -> Plan:
    """The gather-tiles of a pattern at length n, or (n_q, n_k).

    Time grows with the runs and the number of chunks, about nnz / 4096 for patterns whose
    neighbouring rows share keys. Memory is 16 bytes per chunk, 256 more if its keys are not
    consecutive and 512 more if it is not full.

    Raises
    ------
    TypeError
        `p` is not a Pattern, or is several of them.
    ValueError
        A length is negative, is 2**31 or more, or is one for which p has no rows.

    >>> import sparse_ref as sr
    >>> sr.plan(sr.Strided(128), 16_384)  # doctest: +NORMALIZE_WHITESPACE
    Plan(shape=(16384, 16384), nnz=1,056,768, 256 tiles, 384 chunks, 33% full, 100% gathered,
         33% padding waste, 303,112 bytes)
    """
    sets, set_of = distinct_sets(p, n)
    parts = split_plan(sets, set_of)
    first, *others = [_plan_tiles(part, tiles, set_of) for part, tiles in parts]
    for rest in others:
        first = replace(first, rest=rest, nnz=first.nnz + rest.nnz)
    return first


def distinct_sets(p: Pattern, n: Length) -> tuple[Runs, IntArray]:
    """(sets, set_of): the runs of sets of keys in normal form, and the row of each query's set.

    Only listed rows that repeat share a row.
    """
    n_q, n_k = check_pattern(p, n)
    queries = set_of = np.arange(n_q)
    if isinstance(p, Listed):
        queries, set_of = unique_rows(p)
    return normalise(runs_of(p, queries, n_k)), set_of


def _plan_tiles(sets: Runs, tiles: Tiles, set_of: IntArray) -> Plan:
    """The plan of the queries in these tiles: its chunks are counted, then written."""
    rows = sets_of_tiles(tiles, set_of)
    unions, changes = tile_unions(sets, rows)
    numbers = sets.indptr, sets.table, sets.shape[1]
    tile_runs = unions.indptr, unions.table
    counts = np.zeros((len(tiles), 4), np.int64)
    nothing = _allocate(0, 0, 0)
    walk(len(rows), numbers, tile_runs, rows, changes, counts, nothing, False)
    ends = np.cumsum(counts, axis=0)
    totals = counts.sum(axis=0)
    places = ends - counts
    ptr = np.append(places[:, 0], totals[0])
    chunks = _allocate(*totals[:3])
    walk(len(rows), numbers, tile_runs, rows, changes, places, chunks, True)
    start, keys, word, words = chunks
    word, words = _drop_full(tiles, ptr, word, words)
    nnz = int(places[:, 3].sum())
    shape = len(set_of), sets.shape[1]
    return Plan(shape, tiles, ptr, start, keys, word, words, nnz)


def _allocate(chunks: int, gathered: int, partial: int) -> Arrays:
    """Room for start, keys, word and words."""
    return (
        np.empty(chunks, np.int64),
        np.empty((gathered, TILE), np.int32),
        np.empty(chunks, np.int64),
        np.empty((partial, TILE), np.uint64),
    )


def _drop_full(tiles, ptr, word, words) -> Arrays:
    """word and words without the words of chunks that prove to be full."""
    partial = np.ones(len(words), bool)
    find_partial(tiles, ptr, word, words, partial)
    if partial.all():
        return word, words
    new_place = np.where(partial, np.cumsum(partial) - 1, -1)
    return np.where(word >= 0, new_place[word], -1), words[partial]
