"""A pattern and a length -> gather-tiles: what the fast kernels read.

Rows are put in an order in which neighbours share keys. A tile is B = 64 rows; the union of their keys is cut
into chunks of 64. A chunk is full, every row attending to every key, or carries one 64-bit word a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .chunks import ONES, B, count, fill, first_keys, members, partial_chunks
from .explicit import CSR
from .runs import Runs, runs

SAMPLE = 16  # tiles looked at to choose between two orders of the rows


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """A pattern lowered to gather-tiles, to be used as often as wanted: attend(q, k, v, plan).

    shape : (n_q, n_k).
    rows : int32 (tiles, 64), the queries of each tile; -1 fills the last.
    ptr : int64 (tiles + 1,); the chunks of tile t are ptr[t] <= c < ptr[t + 1].
    keys : int32 (chunks, 64), ascending in a tile; the last chunk of a tile repeats its first key to fill up.
    word : int64 (chunks,), where the chunk's words are, or -1 where the chunk is full.
    words : uint64 (not full chunks, 64); bit c of words[word, r] says that row r attends to key c.
    nnz : how many pairs are connected.

    `print(plan)` says how many tiles and chunks there are, the share of full chunks, the share of the chunks'
    cells that hold no connected pair (padding waste), and the bytes of the arrays.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    ptr: np.ndarray
    keys: np.ndarray
    word: np.ndarray
    words: np.ndarray
    nnz: int

    @property
    def full(self) -> float:
        """The share of chunks that are full; 1.0 where there are none."""
        return float((self.word < 0).mean()) if len(self.word) else 1.0

    @property
    def waste(self) -> float:
        """The share of the chunks' cells that hold no connected pair; 0.0 where there are none."""
        return 1.0 - self.nnz / (len(self.keys) * B * B) if len(self.keys) else 0.0

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        return sum(a.nbytes for a in (self.rows, self.ptr, self.keys, self.word, self.words))

    def check(self):
        """Raise ValueError where the arrays point outside one another or a query stands in two tiles, as those made by hand may."""
        once = np.bincount(self.rows[self.rows >= 0], minlength=self.shape[0])  # how often each query stands in a tile
        sound = (len(once) == self.shape[0] and (once == 1).all()
                 and all(table.shape == (len(table), B) for table in (self.rows, self.keys, self.words))
                 and len(self.ptr) == len(self.rows) + 1 and self.ptr[0] == 0 and self.ptr[-1] == len(self.keys) == len(self.word)
                 and (np.diff(self.ptr) >= 0).all() and self.keys.min(initial=0) >= 0
                 and self.keys.max(initial=-1) < self.shape[1] and self.word.max(initial=-1) < len(self.words))
        if not sound:
            raise ValueError(f"Plan: rows, ptr, keys, word and words must fit one another and the shape, got {self!r}")

    def csr(self) -> CSR:
        """The same sets as keys row after row."""
        counts = np.zeros(self.shape[0], np.int64)
        members(self.rows, self.ptr, self.keys, self.word, self.words, counts, np.zeros(0, np.int32))
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices, at = np.empty(indptr[-1], np.int32), indptr[:-1].copy()
        members(self.rows, self.ptr, self.keys, self.word, self.words, at, indices)
        return CSR(indptr, indices, self.shape)

    def __repr__(self):
        return (f"Plan(shape={self.shape}, nnz={self.nnz:,}, {len(self.rows):,} tiles, {len(self.keys):,} chunks, "
                f"{self.full:.0%} full, {self.waste:.0%} padding waste, {self.nbytes:,} bytes)")


def plan(p, n) -> Plan:
    """The gather-tiles of a pattern at length n, or (n_q, n_k).

    Time and memory follow the number of chunks, about nnz / 4096 for patterns whose neighbouring rows share keys.

    >>> import sparse_ref as sr
    >>> sr.plan(sr.Strided(128), 16_384)
    Plan(shape=(16384, 16384), nnz=1,056,768, 256 tiles, 384 chunks, 33% full, 33% padding waste, 300,040 bytes)
    """
    sets = runs(p, n)
    rows = _tiles_of(_order(sets))
    chunks = np.zeros(len(rows), np.int64)
    count(sets.indptr, sets.table, sets.shape[1], rows, chunks)
    ptr = np.concatenate([[0], np.cumsum(chunks)])
    keys, words = np.empty((ptr[-1], B), np.int32), np.zeros((ptr[-1], B), np.uint64)
    pairs = np.zeros(len(rows), np.int64)
    fill(sets.indptr, sets.table, sets.shape[1], rows, ptr, keys, words, pairs)
    real = np.where(rows >= 0, ONES, np.uint64(0))
    partial = np.ones(len(keys), bool)
    partial_chunks(ptr, words, real, partial)
    word = np.where(partial, np.cumsum(partial) - 1, -1)
    return Plan(sets.shape, rows, ptr, keys, word, words[partial], int(pairs.sum()))


def _tiles_of(order: np.ndarray) -> np.ndarray:
    """Rows in this order, 64 a tile, -1 beyond the last."""
    rows = np.full(-(-len(order) // B) * B, -1, np.int32)
    rows[:len(order)] = order
    return rows.reshape(-1, B)


def _order(sets: Runs) -> np.ndarray:
    """The rows as they are, or sorted by their first key (residue classes, buckets): whichever needs fewer chunks."""
    plain = np.arange(sets.shape[0])
    first = np.zeros(len(plain), np.int64)
    first_keys(sets.indptr, sets.table, sets.shape[1], first)
    if (np.diff(first) >= 0).all():
        return plain
    sorted_ = np.argsort(first, kind="stable")
    return min(plain, sorted_, key=lambda order: _sampled_chunks(sets, order))


def _sampled_chunks(sets: Runs, order: np.ndarray) -> int:
    """How many chunks some evenly spread tiles of this order need."""
    rows = _tiles_of(order)
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]
    chunks = np.zeros(len(rows), np.int64)
    count(sets.indptr, sets.table, sets.shape[1], rows, chunks)
    return int(chunks.sum())
