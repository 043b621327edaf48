"""What the fast kernels compute: tiles of queries in the plan's order, chunks full or partial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from ...lower import TILE, Plan, plan
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from ...sets.types import BoolArray, FloatArray, IntArray, Length
from ..drawing.cells import CellImage
from ..drawing.colours import Shade, colour_on, text_colour
from ..drawing.member_cells import title_with_cell
from ..drawing.style import (
    NEITHER_COLOUR,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import drawable_lengths, plural, title_text
from ..inputs.block_shares import MAX_CELLS, Pair, block_for, proportions
from ..inputs.drawable import title_of

SKIPPED, UNUSED, USED, FULL = range(4)
PARTIAL = UNUSED  # of whole chunks, whose pairs are not told apart
FULL_COLOUR = Shade("#1b4f86", dark="#8cc8f6")
USED_COLOUR = Shade("#5f9fd6", dark="#4a86bd")
UNUSED_COLOUR = Shade("#f2b566", dark="#8a5a1c")
LEAST_OPACITY = 0.45
MAX_TILE_LINES = 32
MAX_LABELS = 16
CHUNKS_AT_A_TIME = 1 << 16


class _Chunks(NamedTuple):
    """Some chunks of a part: first row of the tile of each, keys, whether it is full, its words."""

    rows: IntArray
    keys: IntArray
    is_full: BoolArray
    words: np.ndarray


def tiles(
    p: Pattern | Plan,
    n: Length | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """What the fast kernels compute of a set: full chunks, partial ones, and what they skip.

    Rows are the queries in the order of `sr.plan`, 64 to a tile, named by their own numbers;
    columns are keys. A tile computes its keys in chunks of 64, gathered from wherever they are. A
    full chunk needs no mask. In a partial one the pairs outside the set are computed and not used,
    as are the rows that fill up the last tile. The parts of a plan in several orders are one below
    the other. Above 512 rows or keys a cell is a block, paler if less of it is computed.

    Parameters
    ----------
    p : a Pattern, or a Plan.
    n : a length, or (n_q, n_k), of a pattern; left out for a Plan, or its shape.
    title : by default the notation, the numbers of tiles and chunks, and the share of the chunks'
        pairs that is used.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is 0 for skipped, 1 computed and not used, 2 used in a partial
    chunk, 3 full; of blocks 0 skipped, 1 if at least half of what is computed there is in partial
    chunks, else 3.
    Raises as `sr.plan` and `Plan.check` do, and ValueError if there is no query or no key, or n is
    not the shape of a Plan.

    >>> import sparse_ref as sr
    >>> im = sr.plot.tiles(sr.Strided(2), 128)
    >>> [label.get_text() for label in im.axes.get_yticklabels()][:3]     # even queries first
    ['0', '16', '32']
    >>> print(im.get_array()[::32, ::33].data)         # rows 64 on are odd queries, with odd keys
    [[2 0 1 0]
     [2 0 1 0]
     [0 1 0 1]
     [0 2 0 1]]
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    whole = _plan_of(p, n)
    _, n_k = drawable_lengths(whole.shape)
    parts = whole.parts
    queries = np.concatenate([part.rows.ravel() for part in parts])
    shape = len(queries), n_k
    grid = CellGrid(shape, _block_for(shape), lines=False)
    has_pairs = grid.block == (1, 1)
    kinds = _kinds(whole, has_pairs)
    text = title_text(title, _numbers(p, whole))
    ax = axes_or_new(ax, proportions(shape, grid.block), below=0.6)
    if has_pairs:
        values = _pair_kinds(parts, queries, n_k)
        im = draw_kinds(ax, values, kinds, grid)
    else:
        values, shares = _block_kinds(parts, grid)
        im = _draw_blocks(ax, values, shares, kinds, grid)
    _draw_tile_borders(ax, parts)
    _label_queries(ax, queries)
    set_title(ax, title_with_cell(text, grid), y="query i, in the plan's order")
    add_legend(ax, legend_entries(kinds, values))
    return im


def _plan_of(p: Pattern | Plan, n: Length | None) -> Plan:
    """The plan of a pattern at n; a Plan once it has been checked."""
    if isinstance(p, Plan):
        p.check()
        if n is not None and drawable_lengths(n) != p.shape:
            raise ValueError(f"n must be left out or {p.shape} for this Plan, got {n!r}")
        return p
    require_pattern("p", p)
    if n is None:
        raise TypeError(f"n must be given if p is a pattern, got None for {p!r}")
    return plan(p, drawable_lengths(n))


def _block_for(shape: Pair) -> Pair:
    """Single pairs; or, if they are too many, whole tiles and blocks of keys."""
    if max(shape) <= MAX_CELLS:
        return 1, 1
    b_q, b_k = block_for(shape)
    return max(b_q, TILE), b_k


def _kinds(whole: Plan, has_pairs: bool) -> list[Kind]:
    """What a cell can be, with the numbers of chunks."""
    full = round(whole.full * whole.chunks)
    partial = whole.chunks - full
    skipped = Kind("skipped", NEITHER_COLOUR)
    full_kind = Kind(f"full chunks ({full:,})", FULL_COLOUR)
    label = f"partial chunks ({partial:,})"
    if not has_pairs:
        of_partial = Kind(label, UNUSED_COLOUR)
        return [skipped, of_partial, of_partial, full_kind]
    unused = Kind("computed, not used", UNUSED_COLOUR)
    used = Kind(label, USED_COLOUR)
    return [skipped, unused, used, full_kind]


def _numbers(p: Pattern | Plan, whole: Plan) -> str:
    """The title: what it is, how many tiles and chunks, how much of them is used."""
    tile_count = plural(whole.tiles, "tile")
    chunk_count = plural(whole.chunks, "chunk")
    share = f", {1 - whole.waste:.0%} used" if whole.chunks else ""
    return f"{title_of(p)}\n{tile_count}, {chunk_count}{share}"


def _chunks_of(parts: tuple[Plan, ...]) -> Iterator[_Chunks]:
    """The chunks of all parts, some at a time."""
    first_row = 0
    keys_of_chunk = np.arange(TILE)
    for part in parts:
        tile_numbers = np.arange(len(part.rows))
        tile_of_chunk = np.repeat(tile_numbers, np.diff(part.ptr))
        for lo in range(0, len(part.start), CHUNKS_AT_A_TIME):
            some = slice(lo, lo + CHUNKS_AT_A_TIME)
            start, word = part.start[some], part.word[some]
            keys = start[:, None] + keys_of_chunk
            is_gathered = start < 0
            keys[is_gathered] = part.keys[-1 - start[is_gathered]]
            is_full = word < 0
            words = part.words[word[~is_full]]
            rows = first_row + tile_of_chunk[some] * TILE
            yield _Chunks(rows, keys, is_full, words)
        first_row += part.rows.size


def _pair_kinds(
    parts: tuple[Plan, ...],
    queries: IntArray,
    n_k: int,
) -> np.ndarray:
    """The kind of each pair, uint8 (rows, n_k)."""
    kinds = np.zeros((len(queries), n_k), np.uint8)
    row_of_tile = np.arange(TILE)
    for chunks in _chunks_of(parts):
        rows = (chunks.rows[:, None] + row_of_tile)[:, :, None]
        columns = chunks.keys[:, None, :]
        full, partial = chunks.is_full, ~chunks.is_full
        pairs = rows[partial], columns[partial]
        values = np.where(_bits(chunks.words), USED, UNUSED)
        np.maximum.at(kinds, pairs, values.astype(np.uint8))
        kinds[rows[full], columns[full]] = FULL
    is_padding = (queries < 0)[:, None]
    kinds[is_padding & (kinds > UNUSED)] = UNUSED
    return kinds


def _bits(words: np.ndarray) -> BoolArray:
    """Whether row r of a tile attends to key c, bool (chunks, r, c)."""
    rows = np.arange(TILE, dtype=np.uint64)
    shifted = words[:, None, :] >> rows[:, None]
    is_set: BoolArray = shifted & np.uint64(1) > 0
    return is_set


def _block_kinds(
    parts: tuple[Plan, ...],
    grid: CellGrid,
) -> tuple[np.ndarray, FloatArray]:
    """(the kind of each block, uint8; the share of its pairs that is computed)."""
    b_q, b_k = grid.block
    rows, columns = grid.cells
    counts = np.zeros((2, rows * columns), np.int64)  # keys times tiles, in partial and full chunks
    for chunks in _chunks_of(parts):
        first_cell = chunks.rows // b_q * columns
        cells = first_cell[:, None] + chunks.keys // b_k
        for row, is_kind in zip(counts, (~chunks.is_full, chunks.is_full)):
            cells_of_kind = cells[is_kind].ravel()
            row += np.bincount(cells_of_kind, minlength=rows * columns)
    partial, full = counts.reshape(2, rows, columns)
    kinds = np.where(partial >= full, PARTIAL, FULL)
    kinds[partial + full == 0] = SKIPPED
    shares = (partial + full) * TILE / (b_q * b_k)
    return kinds.astype(np.uint8), np.minimum(shares, 1)


def _draw_blocks(
    ax: Axes,
    values: np.ndarray,
    shares: FloatArray,
    kinds: list[Kind],
    grid: CellGrid,
) -> CellImage:
    """Draw blocks over the colour of what is skipped, opaque if all of their pairs are computed."""
    rows, n_k = grid.shape
    corner = (-0.5, -0.5)
    under = Rectangle(corner, n_k, rows, color=colour_on(ax, NEITHER_COLOUR), linewidth=0)
    under.set_zorder(-1)
    ax.add_patch(under)
    im = draw_kinds(ax, values, kinds, grid)
    opacity = LEAST_OPACITY + (1 - LEAST_OPACITY) * shares
    alpha = np.where(values > SKIPPED, opacity, 1)
    im.set_alpha(alpha)  # type: ignore[arg-type]  # an array is allowed
    return im


def _draw_tile_borders(ax: Axes, parts: tuple[Plan, ...]) -> None:
    """Draw a line between tiles, if they are few, and a thicker one between parts."""
    colour = text_colour(ax)
    tile_counts = [len(part.rows) for part in parts]
    ends = np.cumsum(tile_counts)
    if ends[-1] <= MAX_TILE_LINES:
        for tile in range(1, ends[-1]):
            ax.axhline(tile * TILE - 0.5, color=colour, linewidth=0.3)
    for end in ends[:-1]:
        ax.axhline(end * TILE - 0.5, color=colour, linewidth=1.2)


def _label_queries(ax: Axes, queries: IntArray) -> None:
    """Label rows by the numbers of their queries; those that fill up a tile have none."""
    least_space = -(-len(queries) // MAX_LABELS)
    space = 1 << (least_space - 1).bit_length()
    spaced = range(0, len(queries), space)
    rows = [row for row in spaced if queries[row] >= 0]
    ax.set_yticks(rows, labels=[f"{queries[row]:,}" for row in rows])
