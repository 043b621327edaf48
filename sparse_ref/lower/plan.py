"""A pattern and a length -> gather-tiles: what the fast kernels read.

Rows are put in an order in which neighbours share keys. A tile is B = 64 rows; the union of their keys is cut
into chunks of 64. A chunk is full, every row attending to every key, or carries one 64-bit word a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from ..jit import compiled, parallel
from .explicit import CSR
from .runs import Runs, runs
from .stretches import size, spans_in, stretch, united

B = 64
ONES = np.uint64(2**64 - 1)
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

    def csr(self) -> CSR:
        """The same sets as keys row after row."""
        counts = np.zeros(self.shape[0], np.int64)
        _members(self.rows, self.ptr, self.keys, self.word, self.words, counts, np.zeros(0, np.int32))
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices, at = np.empty(indptr[-1], np.int32), indptr[:-1].copy()
        _members(self.rows, self.ptr, self.keys, self.word, self.words, at, indices)
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
    _count(sets.indptr, sets.table, sets.shape[1], rows, chunks)
    ptr = np.concatenate([[0], np.cumsum(chunks)])
    keys, words = np.empty((ptr[-1], B), np.int32), np.zeros((ptr[-1], B), np.uint64)
    pairs = np.zeros(len(rows), np.int64)
    _fill(sets.indptr, sets.table, sets.shape[1], rows, ptr, keys, words, pairs)
    real = np.where(rows >= 0, ONES, np.uint64(0))
    partial = np.ones(len(keys), bool)
    _partial(ptr, words, real, partial)
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
    _first(sets.indptr, sets.table, sets.shape[1], first)
    if (np.diff(first) >= 0).all():
        return plain
    sorted_ = np.argsort(first, kind="stable")
    return min(plain, sorted_, key=lambda order: _sampled_chunks(sets, order))


def _sampled_chunks(sets: Runs, order: np.ndarray) -> int:
    """How many chunks some evenly spread tiles of this order need."""
    rows = _tiles_of(order)
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]
    chunks = np.zeros(len(rows), np.int64)
    _count(sets.indptr, sets.table, sets.shape[1], rows, chunks)
    return int(chunks.sum())


@parallel
def _first(indptr, table, n, first):
    """The least key of each row, n where there is none."""
    for i in prange(len(first)):
        own = table[indptr[i]:indptr[i + 1]]
        first[i] = stretch(own, spans_in(own), 0, -1, n)[0]


@compiled
def _union(indptr, table, n, rows):
    """The tidy runs of all keys that any of these rows attends to."""
    slots = 0
    for i in rows:
        if i >= 0:
            slots += indptr[i + 1] - indptr[i]
    runs, t = np.empty((slots, 4), np.int64), 0
    for i in rows:
        if i >= 0:
            for r in range(indptr[i], indptr[i + 1]):
                runs[t] = table[r]
                t += 1
    out = np.empty((slots, 4), np.int64)
    return out[:united(runs, n, out)] if slots else out


@parallel
def _count(indptr, table, n, rows, chunks):
    for t in prange(len(rows)):
        chunks[t] = (size(_union(indptr, table, n, rows[t]), n) + B - 1) // B


@parallel
def _fill(indptr, table, n, rows, ptr, keys, words, pairs):
    for t in prange(len(rows)):
        own = _union(indptr, table, n, rows[t])
        spans = spans_in(own)
        one_class = len(own) == 1
        lo, hi, at = stretch(own, spans, 0, -1, n)
        for c in range(ptr[t], ptr[t + 1]):
            held = 0
            while held < B and lo < n:
                keys[c, held] = lo
                held += 1
                lo += 1
                if lo == hi:
                    lo, hi, at = stretch(own, spans, at, hi - 1, n)
            keys[c, held:] = keys[c, 0]
            for r in range(B):
                i = rows[t, r]
                if i >= 0:
                    w = _word(table[indptr[i]:indptr[i + 1]], keys[c, :held], own, one_class)
                    words[c, r] = w
                    pairs[t] += _ones(w)


@compiled
def _word(runs, keys, union, one_class):
    """Which of the ascending keys are in any of the runs, one bit each."""
    w = np.uint64(0)
    for r in range(len(runs)):
        start, stop, step, width = runs[r]
        low, high = max(start, keys[0]), min(stop, keys[-1] + 1)
        if low >= high:
            continue
        if step == 1 or (one_class and union[0, 2] == step and union[0, 3] == width
                         and (start - union[0, 0]) % step == 0):
            w |= _bits(keys, low, high)
            continue
        group = start + (low - start) // step * step
        while group < high:
            w |= _bits(keys, max(group, low), min(group + width, high))
            group += step
    return w


@compiled
def _bits(keys, low, high):
    """A word with the bits of the ascending keys in low <= key < high."""
    a, b = _rank(keys, low), _rank(keys, high)
    if a >= b:
        return np.uint64(0)
    return (ONES >> np.uint64(B - (b - a))) << np.uint64(a)


@compiled
def _rank(keys, x):
    """How many of the ascending keys are below x; at once where they are consecutive."""
    last = len(keys) - 1
    if keys[last] - keys[0] == last:
        return min(max(x - keys[0], 0), last + 1)
    lo, hi = 0, last + 1
    while lo < hi:
        mid = (lo + hi) // 2
        if keys[mid] < x:
            lo = mid + 1
        else:
            hi = mid
    return lo


@compiled
def _ones(w):
    """How many bits of a word are set."""
    total = 0
    while w:
        w &= w - np.uint64(1)
        total += 1
    return total


@parallel
def _partial(ptr, words, real, partial):
    """Which chunks miss any bit of a real row."""
    for t in prange(len(ptr) - 1):
        for c in range(ptr[t], ptr[t + 1]):
            partial[c] = (words[c] != real[t]).any()


@parallel
def _members(rows, ptr, keys, word, words, at, indices):
    """Write each row's keys from at[row] on, where `indices` has room; at[row] moves to its end."""
    for t in prange(len(rows)):
        for c in range(ptr[t], ptr[t + 1]):
            for r in range(B):
                i = rows[t, r]
                if i >= 0:
                    w = ONES if word[c] < 0 else words[word[c], r]
                    for b in range(B):
                        if (w >> np.uint64(b)) & np.uint64(1) != np.uint64(0):
                            if len(indices):
                                indices[at[i]] = keys[c, b]
                            at[i] += 1
