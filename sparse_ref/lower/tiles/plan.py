"""A pattern and a length -> gather-tiles: what the fast kernels read.

Rows are put in an order in which neighbours share keys. A tile is B = 64 rows; the union of their keys is cut
into chunks of 64. A chunk is full, every row attending to every key, or carries one 64-bit word a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..explicit import CSR
from ..runs.lowering import sets_of
from ..runs.table import Runs
from .bitmask import TILE
from .chunks import members, partial_words, walk
from .order import parted, sets_in, unions


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """A pattern lowered to gather-tiles, to be used as often as wanted: attend(q, k, v, plan).

    shape : (n_q, n_k).
    rows : int32 (tiles, 64), the queries of each tile; -1 fills the last.
    ptr : int64 (tiles + 1,); the chunks of tile t are ptr[t] <= c < ptr[t + 1].
    start : int64 (chunks,); a chunk's keys are start, ..., start + 63, or keys[-1 - start] where start < 0.
    keys : int32 (gathered chunks, 64), ascending in a tile; a chunk of fewer keys repeats its first to fill up.
    word : int64 (chunks,), where the chunk's words are, or -1 where the chunk is full.
    words : uint64 (not full chunks, 64); bit r of words[word, c] says that row r attends to key c.
    nnz : how many pairs are connected, those of `rest` included.
    rest : a Plan of the queries' other keys, or None: windows and strided keys may want rows in two orders; results are merged.

    `print(plan)` says how many tiles and chunks there are, the share of full chunks and of those whose keys are
    gathered, the share of the chunks' cells that hold no connected pair (padding waste), and the bytes of the arrays.
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
        """The plan without `rest`, and the parts of that; itself where there is none."""
        if self.rest is None:
            return (self,)
        return replace(self, rest=None, nnz=self.nnz - self.rest.nnz), *self.rest.parts

    @property
    def chunks(self) -> int:
        """How many chunks all parts have."""
        return sum(len(part.start) for part in self.parts)

    @property
    def full(self) -> float:
        """The share of chunks that are full; 1.0 where there are none."""
        return (
            sum(int((part.word < 0).sum()) for part in self.parts) / self.chunks
            if self.chunks
            else 1.0
        )

    @property
    def gathered(self) -> float:
        """The share of chunks whose keys are not consecutive; 0.0 where there are none."""
        return sum(len(part.keys) for part in self.parts) / max(self.chunks, 1)

    @property
    def waste(self) -> float:
        """The share of the chunks' cells that hold no connected pair; 0.0 where there are none."""
        return 1.0 - self.nnz / (self.chunks * TILE * TILE) if self.chunks else 0.0

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """rows, ptr, start, keys, word, words: what kernels read of one part."""
        return self.rows, self.ptr, self.start, self.keys, self.word, self.words

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        return sum(a.nbytes for part in self.parts for a in part.arrays)

    def check(self):
        """Raise ValueError where the arrays point outside one another or a query stands in two tiles, as those made by hand may."""
        once = np.bincount(
            self.rows[self.rows >= 0], minlength=self.shape[0]
        )  # how often each query stands in a tile
        sound = (
            len(once) == self.shape[0]
            and (once == 1).all()
            and all(
                table.shape == (len(table), TILE) for table in (self.rows, self.keys, self.words)
            )
            and len(self.ptr) == len(self.rows) + 1
            and self.ptr[0] == 0
            and self.ptr[-1] == len(self.start) == len(self.word)
            and (np.diff(self.ptr) >= 0).all()
            and self.keys.min(initial=0) >= 0
            and self.keys.max(initial=-1) < self.shape[1]
            and self.word.max(initial=-1) < len(self.words)
            and self.start.min(initial=0) >= -len(self.keys)
            and self.start.max(initial=-1) <= max(self.shape[1] - TILE, -1)
        )
        if not sound:
            raise ValueError(
                f"Plan: rows, ptr, start, keys, word and words must fit one another and the shape, got {self!r}"
            )
        if self.rest:
            if self.rest.shape != self.shape:
                raise ValueError(
                    f"Plan: rest must have the shape {self.shape}, got {self.rest.shape}"
                )
            self.rest.check()

    def csr(self) -> CSR:
        """The same sets as keys row after row."""
        counts = np.zeros(self.shape[0], np.int64)
        for part in self.parts:
            members(*part.arrays, counts, np.zeros(0, np.int32))
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices, at = np.empty(indptr[-1], np.int32), indptr[:-1].copy()
        for part in self.parts:
            members(*part.arrays, at, indices)
        if self.rest:
            indices = indices[np.lexsort((indices, np.repeat(np.arange(len(counts)), counts)))]
        return CSR(indptr, indices, self.shape)

    def __repr__(self):
        tiles = sum(len(part.rows) for part in self.parts)
        return (
            f"Plan(shape={self.shape}, nnz={self.nnz:,}, {tiles:,} tiles, {self.chunks:,} chunks, "
            f"{self.full:.0%} full, {self.gathered:.0%} gathered, {self.waste:.0%} padding waste, {self.nbytes:,} bytes)"
        )


def plan(p, n) -> Plan:
    """The gather-tiles of a pattern at length n, or (n_q, n_k).

    Time follows the runs and the number of chunks, about nnz / 4096 for patterns whose neighbouring rows share keys.
    Memory is 16 bytes a chunk, 256 more where its keys are not consecutive and 512 more where it is not full.

    >>> import sparse_ref as sr
    >>> sr.plan(sr.Strided(128), 16_384)
    Plan(shape=(16384, 16384), nnz=1,056,768, 256 tiles, 384 chunks, 33% full, 100% gathered, 33% padding waste, 303,112 bytes)
    """
    sets, of = sets_of(p, n)
    first, *others = [_tiled(part, rows, sets_in(rows, of)) for part, rows in parted(sets, of)]
    for rest in others:
        first = replace(first, rest=rest, nnz=first.nnz + rest.nnz)
    return first


def _tiled(sets: Runs, rows: np.ndarray, in_tile: np.ndarray) -> Plan:
    """The plan of the queries that stand in these tiles, and of the sets that they have."""
    own, distinct = unions(sets, in_tile)
    numbers, joined = (sets.indptr, sets.table, sets.shape[1]), (own.indptr, own.table)
    places = np.zeros((len(rows), 4), np.int64)
    walk(numbers, joined, in_tile, distinct, places, _room(0, 0, 0), False)
    ends = np.cumsum(places, axis=0)
    places, totals = ends - places, ends[-1] if len(ends) else np.zeros(4, int)
    start, keys, word, words = chunks = _room(*totals[:3])
    ptr = np.concatenate([places[:, 0], totals[:1]])
    walk(numbers, joined, in_tile, distinct, places, chunks, True)
    partial = np.ones(len(words), bool)
    partial_words(rows, ptr, word, words, partial)
    if not partial.all():
        moved = np.where(partial, np.cumsum(partial) - 1, -1)
        word, words = np.where(word >= 0, moved[word], -1), words[partial]
    return Plan(
        (int((rows >= 0).sum()), sets.shape[1]),
        rows,
        ptr,
        start,
        keys,
        word,
        words,
        int(places[:, 3].sum()),
    )


def _room(chunks: int, gathered: int, partial: int) -> tuple[np.ndarray, ...]:
    """start, keys, word and words, to be filled."""
    return (
        np.empty(chunks, np.int64),
        np.empty((gathered, TILE), np.int32),
        np.empty(chunks, np.int64),
        np.empty((partial, TILE), np.uint64),
    )
