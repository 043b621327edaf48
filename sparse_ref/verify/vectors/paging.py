"""Keys and values in pages, as in the caches of serving engines.

Key t of sequence s is at position t mod page_size of page block_table[s, t // page_size]. Entries
of the table behind a sequence's last page name an unused page. What lies in unused pages, and
behind the last key of a page, is stale: a case says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...sets.types import FloatArray, IntArray

HUGE = 32768
STALE = {  # what is in unused pages and in tails; None for other keys' numbers
    "numbers": (None, None),
    "huge": (HUGE, HUGE),
    "nan pages": (np.nan, None),
    "nan": (np.nan, np.nan),
}


@dataclass(frozen=True, eq=False)
class Pages:
    """k (pages, G, page_size, d), v (pages, G, page_size, e), table (S, blocks), lengths (S,)."""

    k: FloatArray
    v: FloatArray
    table: IntArray
    lengths: IntArray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Pages | None:
        """The pages of a case, if it has any."""
        if "block_table" not in arrays:
            return None
        names = ("k_pages", "v_pages", "block_table", "seq_lens")
        return cls(*(arrays[name] for name in names))

    @property
    def size(self) -> int:
        """How many keys a page holds."""
        return self.k.shape[2]

    @property
    def blocks(self) -> IntArray:
        """How many pages each sequence uses, (S,)."""
        return -(-self.lengths // self.size)


def gather(pages: Pages) -> tuple[FloatArray, FloatArray]:
    """k (G, n_k, d) and v (G, n_k, e), sequence after sequence."""
    page, position = _all_places(pages.table, pages.lengths, pages.size)
    k = pages.k[page, :, position]
    v = pages.v[page, :, position]
    return k.swapaxes(0, 1), v.swapaxes(0, 1)


def _all_places(
    table: IntArray,
    lengths: IntArray,
    page_size: int,
) -> IntArray:
    """The page and the position in it of each key of all sequences, (2, n_k)."""
    places = [_places(row, n, page_size) for row, n in zip(table, lengths)]
    return np.concatenate(places, axis=1)


def _places(row: IntArray, length: int, page_size: int) -> IntArray:
    """The page and the position in it of each key of a sequence, (2, length)."""
    block, position = np.divmod(np.arange(length), page_size)
    return np.stack([row[block], position])


def in_pages(
    k: FloatArray, v: FloatArray, lengths: IntArray, page_size: int, stale: str
) -> dict[str, np.ndarray]:
    """k and v of sequences in pages, by name; no sequence's pages are in order."""
    blocks = -(-lengths // page_size)
    table = _scattered_table(blocks)
    page, position = _all_places(table, lengths, page_size)
    pages = {}
    for name, x in (("k_pages", k), ("v_pages", v)):
        pages[name] = _stale_pages(x, table, page_size, stale)
        pages[name][page, :, position] = x.swapaxes(0, 1)
    return {**pages, "block_table": table, "seq_lens": lengths}


def _scattered_table(blocks: IntArray) -> IntArray:
    """A table in which later blocks lie before earlier ones; pages 0 and 1 are unused."""
    used = int(blocks.sum())
    order = np.arange(used, 0, -1) + 1
    columns = int(blocks.max()) + 1
    table = np.zeros((len(blocks), columns), np.int64)
    ends = np.cumsum(blocks)
    for row, count, end in zip(table, blocks, ends):
        row[:count] = order[end - count : end]
    return table


def _stale_pages(
    x: FloatArray,
    table: IntArray,
    page_size: int,
    stale: str,
) -> FloatArray:
    """Pages (pages, G, page_size, width) before the keys x (G, n_k, width) are written to them."""
    in_unused, in_tails = STALE[stale]
    count = int(table.max()) + 1
    heads, _, width = x.shape
    shape = count, heads, page_size, width
    pages = np.resize(x[:, ::-1], shape)
    is_used = np.isin(np.arange(count), table[table > 0])
    if in_unused is not None:
        pages[~is_used] = in_unused
    if in_tails is not None:
        pages[is_used] = in_tails
    return pages
