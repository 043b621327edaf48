"""The picture of a report: the sets of one head compared, cropped to where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..._text import html_text
from ...sets.glyphs import draw_difference
from ...sets.types import BoolArray, IntArray

MAX_ROWS, MAX_KEYS = 16, 64  # of a picture, or of each crop
SAMPLE_ROWS = 8  # of a crop, if only some rows were read
LEGEND = "█ both   · neither   + only in fn   - only in the expected set"
LEAK_LEGEND = "   ~ leak: only with large logits"
COLOURS = {"+": "#b35900", "-": "#0b4f8a", "~": "#8a1f7a"}
GLYPHS = re.compile(r"\++|-+|~+")


class HeadMasks(NamedTuple):
    """Masks of one head, bool (rows, n_k): the expected set, the actual one, and leaks.

    `leaks` are keys outside both that some input lets fn attend to. `sampled_rows` are the queries
    of the rows; None if these are all queries.
    """

    expected: BoolArray
    actual: BoolArray
    leaks: BoolArray
    sampled_rows: IntArray | None = None

    def part(self, rows: slice, keys: slice) -> Sequence[str]:
        """The lines of a part of the picture."""
        expected, actual, leaks, _ = self
        parts = expected[rows, keys], actual[rows, keys], leaks[rows, keys]
        return draw_difference(*parts).split("\n")


def draw_head(head: int, masks: HeadMasks) -> list[str]:
    """A caption with a legend, and the picture below it; large ones are cropped."""
    legend = LEGEND + LEAK_LEGEND * bool(masks.leaks.any())
    n_q, n_k = masks.expected.shape
    if masks.sampled_rows is None and n_q <= MAX_ROWS and n_k <= MAX_KEYS:
        return [f"head {head}   {legend}", *masks.part(slice(None), slice(None))]
    (caption, lines), *others = _captioned_crops(masks)
    picture = [f"head {head}, {caption}   {legend}", *lines]
    for other, lines in others:
        picture += [other, *lines]
    return picture


def in_colours(line: str) -> str:
    """A line of a picture in HTML, the keys that differ in colours."""
    return GLYPHS.sub(_run_in_colour, html_text(line))


def _run_in_colour(run: re.Match[str]) -> str:
    """Some equal glyphs in their colour."""
    return f'<span style="color:{COLOURS[run[0][0]]}">{run[0]}</span>'


def _captioned_crops(masks: HeadMasks) -> Iterator[tuple[str, Sequence[str]]]:
    """(caption, lines) of each crop; the caption says its queries and keys, and why it is shown."""
    sampled_rows = masks.sampled_rows
    for reason, rows, keys in crops(masks):
        queries = f"i {rows.start} to {rows.stop - 1}"
        if sampled_rows is not None:
            queries = f"i = {', '.join(map(str, sampled_rows[rows]))}"
        caption = f"{queries}, j {keys.start} to {keys.stop - 1} ({reason})"
        yield caption, masks.part(rows, keys)


def crops(masks: HeadMasks) -> Iterator[tuple[str, slice, slice]]:
    """(reason, rows, keys) around the first extra key or leak, and around the first missing key.

    The second comes only if the first crop shows no missing key.
    """
    height = MAX_ROWS if masks.sampled_rows is None else SAMPLE_ROWS
    extra = masks.actual & ~masks.expected
    missing = masks.expected & ~masks.actual
    first = ("first extra key", extra) if extra.any() else ("first leak", masks.leaks)
    shown = np.zeros_like(missing)
    for reason, wrong in (first, ("first missing key", missing)):
        if wrong.any() and not (wrong & shown).any():
            i, j = np.argwhere(wrong)[0]
            rows = _slice_around(i, len(wrong), height)
            keys = _slice_around(j, wrong.shape[1], MAX_KEYS)
            shown[rows, keys] = True
            yield reason, rows, keys


def _slice_around(x: int, size: int, length: int) -> slice:
    """At most `length` positions, x in the midst of them as far as the borders allow."""
    start = max(0, min(int(x) - length // 2, size - length))
    return slice(start, min(start + length, size))
