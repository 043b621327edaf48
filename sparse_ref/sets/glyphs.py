"""Bool matrices as text: one glyph per cell, queries from the top, keys from the left."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .._text import html_text
from .types import BoolArray

ATTENDS, NOT = "█", "·"
MAX_PICTURE = 256
PRE = '<pre style="font-family:monospace;line-height:1.0;letter-spacing:0">'


class Picture(str):
    """A picture in text whose repr is the picture itself; a notebook shows it in monospace."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"{PRE}{html_text(self)}</pre>"


def draw_mask(mask: BoolArray) -> Picture:
    """The picture of a bool matrix: █ attends, · does not."""
    return join_glyphs(np.where(mask, ATTENDS, NOT))


def draw_difference(
    expected: BoolArray, actual: BoolArray, leaks: BoolArray | None = None
) -> Picture:
    """Two bool matrices in one picture: █ both, · neither, + only in `actual`, - only in
    `expected`, ~ in neither but in `leaks`.
    """
    cases, glyphs = [expected & actual, actual, expected], [ATTENDS, "+", "-"]
    if leaks is not None:
        cases, glyphs = [*cases, leaks], [*glyphs, "~"]
    return join_glyphs(np.select(cases, glyphs, NOT))


def join_glyphs(glyphs: np.ndarray) -> Picture:
    """A matrix of glyphs as lines."""
    return Picture("\n".join("".join(row) for row in glyphs))


def side_by_side(pictures: Iterable[str]) -> Picture:
    """Pictures of one height next to each other, with two spaces between them."""
    lines = zip(*(picture.split("\n") for picture in pictures))
    return Picture("\n".join(map("  ".join, lines)))
