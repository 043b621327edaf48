"""Lesson 8: a window over a video, the place of a patch in tile order, and full tiles."""

from __future__ import annotations

import numpy as np

import sparse_ref as sr

from ..kinds import PatternAnswer, Value
from ..puzzle import Mistake, Puzzle

VIDEO = 3, 3, 4
NEAR = sr.Window(1)
MOVED = sr.natten(3, 3), sr.natten(4, 3)


def video_window():
    """A pattern for each axis: this frame and the one before, rows near, columns near."""
    shape = 3, 3, 4
    near = sr.Window(1)
    return sr.Grid(shape, (sr.Lookback(2), near, near))


def _video(*axes):
    """The set of the video with these patterns along its axes, as an answer."""
    return lambda: sr.Grid(VIDEO, axes)


def tile_place(row, column, width, side):
    """All patches of the tiles before this one, and those before the patch in its tile."""
    tile = row // side * (width // side) + column // side
    inside = row % side * side + column % side
    return tile * side**2 + inside


def _tile(row, column, width, side):
    return row // side * (width // side) + column // side


def _row_by_row(row, column, width, side):
    return row * width + column


def _narrow_tiles(row, column, width, side):
    inside = row % side * side + column % side
    return _tile(row, column, width, side) * side + inside


def _column_by_column(row, column, width, side):
    inside = column % side * side + row % side
    return _tile(row, column, width, side) * side**2 + inside


def _tiles_along_the_diagonal(row, column, width, side):
    tile = row // side + column // side
    inside = row % side * side + column % side
    return tile * side**2 + inside


def _long_rows_of_tiles(row, column, width, side):
    tile = row // side * width + column // side
    inside = row % side * side + column % side
    return tile * side**2 + inside


def _place_case(rng, side):
    """A patch of a picture of whole tiles, with more columns than rows or fewer."""
    width = side * int(rng.integers(1, 6))
    row = int(rng.integers(0, 5 * side))
    column = int(rng.integers(0, width))
    return row, column, width, side


def full_tiles(tiles, side, radius):
    """Patches of tiles t apart are up to (t + 1) side - 1 apart; that must be near on both axes."""
    farthest = (radius + 1) // side - 1
    along_axis = 0
    for first in range(tiles):
        for second in range(tiles):
            along_axis += abs(first - second) <= farthest
    return along_axis**2


def _along_axis(tiles, farthest):
    """Pairs of tiles of one axis that are at most so far apart."""
    first, second = np.indices((tiles, tiles))
    return int((abs(first - second) <= farthest).sum())


def _one_axis(tiles, side, radius):
    return _along_axis(tiles, (radius + 1) // side - 1)


def _nearest_patches(tiles, side, radius):
    return _along_axis(tiles, radius // side) ** 2


def _one_patch_too_far(tiles, side, radius):
    return _along_axis(tiles, radius // side - 1) ** 2


def _tiles_with_a_pair(tiles, side, radius):
    return _along_axis(tiles, (radius - 1) // side + 1) ** 2


def _borderless(tiles, side, radius):
    near_tiles = max(2 * ((radius + 1) // side) - 1, 0)
    return (tiles * near_tiles) ** 2


def _tile_case(rng, side):
    """A few tiles along an axis, and a radius of up to three of them."""
    tiles = int(rng.integers(1, 6))
    return tiles, side, int(rng.integers(0, 3 * side + 1))


PLACES = (0, 2, 4, 2), (3, 5, 6, 3)
TILES = (4, 8, 6), (4, 8, 7)

PUZZLES = (
    Puzzle(
        number="08.1",
        title="A window over a video",
        question=(
            "A video has 3 frames of 3 by 4 patches, read frame by frame and row by row. Each "
            "patch attends to its neighbourhood of 3 by 3 patches, cut at the borders, in its own "
            "frame and in the frame before. Return the pattern."
        ),
        kind=PatternAnswer(
            lengths=(36,),
            drawn_lengths=(),
            pattern=video_window,
        ),
        reference=video_window,
        hints=(
            "sr.Grid(shape, patterns) takes one pattern for each axis; frames come first.",
            "In time: the last two, sr.Lookback(2). In space: sr.Window(1) cuts at the border.",
        ),
        mistakes=(
            Mistake(
                "it looks one frame ahead: sr.Window(1) in time goes both ways",
                _video(NEAR, NEAR, NEAR),
            ),
            Mistake(
                "only its own frame: Lookback counts keys, and the own frame is one of them",
                _video(sr.Lookback(1), NEAR, NEAR),
            ),
            Mistake(
                "three frames: Lookback counts keys, and the own frame is one of them",
                _video(sr.Lookback(3), NEAR, NEAR),
            ),
            Mistake(
                "rows and columns exchanged: a frame has 3 rows of 4 columns",
                lambda: sr.Grid((3, 4, 3), (sr.Lookback(2), NEAR, NEAR)),
            ),
            Mistake(
                "moved inward at the borders, as NATTEN does: cut was asked for",
                _video(sr.Lookback(2), *MOVED),
            ),
            Mistake(
                "7 by 7 patches: Window counts to one side, without the query",
                _video(sr.Lookback(2), sr.Window(3), sr.Window(3)),
            ),
            Mistake(
                "only patches that were read before: in space it must look both ways",
                _video(sr.Lookback(2), sr.Lookback(2), sr.Lookback(2)),
            ),
        ),
    ),
    Puzzle(
        number="08.2",
        title="The place of a patch in tile order",
        question=(
            "A picture is cut into square tiles, `side` patches on each side, and is read tile by "
            "tile: the tiles row by row, and the patches of a tile row by row. Which place, "
            "counted from 0, has the patch at (row, column)? The width is a multiple of the side. "
            "Write it in closed form."
        ),
        kind=Value(draw=_place_case, examples=PLACES),
        reference=tile_place,
        hints=(
            "Which tile is the patch in, and how many patches does each tile before it have?",
            "row // side and column // side find the tile; row % side and column % side the place "
            "in it.",
        ),
        mistakes=(
            Mistake(
                "row by row over the whole picture: the order before the change",
                _row_by_row,
            ),
            Mistake(
                "a tile has side * side patches, not side",
                _narrow_tiles,
            ),
            Mistake(
                "column by column inside the tile",
                _column_by_column,
            ),
            Mistake(
                "a row of tiles has width // side of them, not width",
                _long_rows_of_tiles,
            ),
            Mistake(
                "each row of tiles before this one has width // side tiles, not 1",
                _tiles_along_the_diagonal,
            ),
        ),
    ),
    Puzzle(
        number="08.3",
        title="Full tiles",
        question=(
            "A square picture has `tiles` by `tiles` tiles of `side` by `side` patches, and is "
            "read tile by tile. Each patch attends to those at most `radius` rows and at most "
            "`radius` columns away, cut at the borders. A kernel computes tiles of side * side "
            "queries by as many keys. How many of its tiles are full, that is, have no pair that "
            "must be masked?"
        ),
        kind=Value(draw=_tile_case, sizes=range(1, 6), examples=TILES),
        reference=full_tiles,
        hints=(
            "Take one axis. How far apart are the farthest patches of two tiles, t tiles apart?",
            "(t + 1) side - 1. The tile is full along this axis if that is at most the radius; "
            "and it must be full along both axes.",
        ),
        mistakes=(
            Mistake(
                "one axis only: a tile must be full along rows and along columns",
                _one_axis,
            ),
            Mistake(
                "the radius in tiles: the farthest patches of tiles t apart are (t + 1) side - 1 "
                "apart",
                _nearest_patches,
            ),
            Mistake(
                "farthest patches are (t + 1) side - 1 apart, not (t + 1) side",
                _one_patch_too_far,
            ),
            Mistake(
                "partial tiles are counted, too: all of a full tile's pairs attend",
                _tiles_with_a_pair,
            ),
            Mistake(
                "each tile with itself only: a small radius fills none, a large one fills others",
                lambda tiles, side, radius: tiles**2,
            ),
            Mistake(
                "tiles that the border cuts off are counted",
                _borderless,
            ),
        ),
    ),
)
