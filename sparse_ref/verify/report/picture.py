"""The parts of a large mask that a picture shows: around the first keys that differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.glyphs import draw_difference
from ...sets.types import BoolArray, IntArray

CROP_ROWS, CROP_KEYS = 16, 64
SAMPLE_ROWS = 8  # if only some rows were read


def draw_crops(
    expected: BoolArray,
    actual: BoolArray,
    sampled_rows: IntArray | None,
) -> list[str]:
    """The lines of each crop, below a caption with its queries and keys.

    `sampled_rows` are the queries of the masks' rows; None if these are all queries.
    """
    lines = []
    height = CROP_ROWS if sampled_rows is None else SAMPLE_ROWS
    for rows, keys in crops(expected, actual, (height, CROP_KEYS)):
        queries = f"i {rows.start} to {rows.stop - 1}"
        if sampled_rows is not None:
            queries = f"i = {', '.join(map(str, sampled_rows[rows]))}"
        lines.append(f"{queries}, j {keys.start} to {keys.stop - 1}")
        lines += draw_difference(expected[rows, keys], actual[rows, keys]).split("\n")
    return lines


def crops(
    expected: BoolArray, actual: BoolArray, shape: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """(rows, keys) around the first extra key, and around the first missing key if none is shown.

    The masks are bool (n_q, n_k); a crop has at most `shape` rows and keys.
    """
    shown = np.zeros_like(expected)
    for wrong in (actual & ~expected, expected & ~actual):
        if wrong.any() and not (wrong & shown).any():
            i, j = np.argwhere(wrong)[0]
            rows = _slice_around(i, len(wrong), shape[0])
            keys = _slice_around(j, wrong.shape[1], shape[1])
            shown[rows, keys] = True
            yield rows, keys


def _slice_around(x: int, size: int, length: int) -> slice:
    """At most `length` positions, x in the midst of them as far as the borders allow."""
    start = max(0, min(int(x) - length // 2, size - length))
    return slice(start, min(start + length, size))
