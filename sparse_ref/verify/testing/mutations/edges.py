"""Sets that are wrong at their edges: a key more or less, the future, rounding to tiles.

The mask is (H, n_q, n_k); a change gets the attention, whose i, j and past it may use, and the
stage that gives the right mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import BoolArray
from .attention import Attention, Change
from .mutation import family


def first_keys(mask: BoolArray) -> Any:
    """The first key of each row, (H, n_q, 1); n_k in empty rows."""
    first = mask.argmax(axis=-1)[..., None]
    return np.where(has_keys(mask), first, mask.shape[-1])


def has_keys(mask: BoolArray) -> Any:
    """Which rows are not empty, (H, n_q, 1)."""
    return mask.any(axis=-1, keepdims=True)


def last_keys(mask: BoolArray) -> Any:
    """The last key of each row, (H, n_q, 1); -1 in empty rows."""
    return mask.shape[-1] - 1 - first_keys(mask[..., ::-1])


def left_edge(keys: int, *, rows: Any = slice(None)) -> Change:
    """So many keys more at the left edge; fewer if negative, but never the last one."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        first, last = first_keys(correct), last_keys(correct)
        start = first - keys
        more = (a.j < first) & (a.j >= start) & has_keys(correct)
        fewer = (a.j < start) & (a.j < last)
        wrong = (correct | more) if keys > 0 else correct & ~fewer
        return replace_rows(correct, wrong, rows)

    return change


def right_edge(keys: int, *, rows: Any = slice(None)) -> Change:
    """So many keys more at the right edge; fewer if negative, but never the first one."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        first, last = first_keys(correct), last_keys(correct)
        end = last + keys
        more = (a.j > last) & (a.j <= end) & has_keys(correct)
        fewer = (a.j > end) & (a.j > first)
        wrong = (correct | more) if keys > 0 else correct & ~fewer
        return replace_rows(correct, wrong, rows)

    return change


def replace_rows(correct: BoolArray, wrong: BoolArray, rows: Any) -> BoolArray:
    """The wrong mask in these rows, and the right one in all others."""
    result = correct.copy()
    result[:, rows] = wrong[:, rows]
    return result


def left_edge_in_tiles(tile: int) -> Change:
    """The left edge rounded down to a multiple of the tile."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        first = first_keys(correct)
        start = first // tile * tile
        return correct | (a.j < first) & (a.j >= start) & has_keys(correct)

    return change


def left_edge_rounded_up(tile: int) -> Change:
    """The left edge rounded up to a multiple of the tile, if keys remain."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        start = -(-first_keys(correct) // tile) * tile
        return correct & (a.j >= np.minimum(start, last_keys(correct)))

    return change


def right_edge_in_tiles(tile: int) -> Change:
    """The right edge rounded up to the end of a tile."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        last = last_keys(correct)
        end = last // tile * tile + tile
        return correct | (a.j > last) & (a.j < end) & (last >= 0)

    return change


def whole_tiles(tile: int, *, causal: bool) -> Change:
    """Every pair of each tile that has some pair; cut to the past if causal."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        heads = len(correct)
        n_q, n_k = -(-a.n_q // tile), -(-a.n_k // tile)
        padded = np.zeros((heads, n_q * tile, n_k * tile), bool)
        padded[:, : a.n_q, : a.n_k] = correct
        tiles = padded.reshape(heads, n_q, tile, n_k, tile)
        some = tiles.any(axis=(2, 4))
        rows = some.repeat(tile, axis=1)[:, : a.n_q]
        wide = rows.repeat(tile, axis=2)[..., : a.n_k]
        return correct | (wide & a.past if causal else wide)

    return change


def set_of_tile(tile: int, *, last: bool) -> Change:
    """All queries of a tile with the set of its first or last one."""

    def change(a: Attention, mask: Any) -> BoolArray:
        rows = np.arange(a.n_q) // tile * tile
        if last:
            rows = np.minimum(rows + tile - 1, a.n_q - 1)
        return mask()[:, rows]

    return change


def future(keys: int | None, *, rows: Any = slice(None)) -> Change:
    """So many keys after each query as well; None for all."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        ahead = a.j - a.i - a.shift
        wrong = correct | (ahead > 0) & (True if keys is None else ahead <= keys)
        return replace_rows(correct, wrong, rows)

    return change


def future_in_tile(tile: int) -> Change:
    """The future within the tile of the query."""

    def change(a: Attention, mask: Any) -> BoolArray:
        tile_of_query = (a.i + a.shift) // tile
        return mask() | (a.j // tile == tile_of_query) & ~a.past

    return change


def by_distance(factor: float) -> Change:
    """The reach of each row to the left times a factor: halved or doubled windows."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        reach = last_keys(correct) - first_keys(correct) + 1
        start = last_keys(correct) - np.maximum(np.floor(reach * factor), 1) + 1
        if factor < 1:
            return correct & (a.j >= start)
        before = a.j < first_keys(correct)
        return correct | (a.j >= start) & before & has_keys(correct)

    return change


MUTATIONS = (
    *family(
        "mask",
        "compare every row at an n longer than the window, with values that all differ",
        {
            "one key too many at the left edge": left_edge(1),
            "one key too few at the left edge": left_edge(-1),
            "two keys too many at the left edge": left_edge(2),
            "half of the window": by_distance(0.5),
            "twice the window": by_distance(2),
            "no left edge: all keys before the window too": left_edge(1 << 30),
            "one key too few at the right edge": right_edge(-1),
        },
    ),
    *family(
        "mask",
        "change keys after a query: its output must not change",
        {
            "one key too many at the right edge": right_edge(1),
            "the next key seen": future(1),
            "the whole future seen": future(None),
            "the future seen within tiles of 4": future_in_tile(4),
            "the future seen within tiles of 16": future_in_tile(16),
            "the future seen by every second query": future(None, rows=slice(0, None, 2)),
            "the future seen by the first query": future(None, rows=slice(0, 1)),
            "the next key seen by the first 8 queries": future(1, rows=slice(0, 8)),
        },
    ),
    *family(
        "mask",
        "compare every row, at n = 2 or 3 tiles, with values that all differ",
        {
            "left edge rounded down to tiles of 8": left_edge_in_tiles(8),
            "left edge rounded down to tiles of 64": left_edge_in_tiles(64),
            "left edge rounded up to tiles of 8": left_edge_rounded_up(8),
            "right edge rounded up to tiles of 8": right_edge_in_tiles(8),
            "whole tiles of 4": whole_tiles(4, causal=False),
            "whole tiles of 16": whole_tiles(16, causal=False),
            "whole tiles of 4, cut to the past": whole_tiles(4, causal=True),
            "whole tiles of 16, cut to the past": whole_tiles(16, causal=True),
            "all queries of a tile of 8 with the keys of its first": set_of_tile(8, last=False),
            "all queries of a tile of 8 with the keys of its last": set_of_tile(8, last=True),
        },
    ),
    *family(
        "mask",
        "compare every row, the first and the last ones too",
        {
            "one key too many at the left edge of the last query": left_edge(
                1, rows=slice(-1, None)
            ),
            "one key too few at the left edge of the last query": left_edge(
                -1, rows=slice(-1, None)
            ),
            "one key too few at the left edge of every 16th query": left_edge(
                -1, rows=slice(15, None, 16)
            ),
            "one key too few at the right edge of the last query": right_edge(
                -1, rows=slice(-1, None)
            ),
            "one key too many at the left edge from query 32 on": left_edge(
                1, rows=slice(32, None)
            ),
        },
    ),
)
