"""Hierarchies: tokens as keys of their own, and coarse keys that stand for pools of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage

from ...lower import check_pattern, nnz
from ...sets.checks import integer
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from ...sets.token_pools import Pooled, pool_count
from ...sets.types import BoolArray, Length
from ..drawing.axis_ticks import label_tokens
from ..drawing.cells import MAX_VECTOR_CELLS
from ..drawing.colours import Colour, colour_on, mix, page_colour, part_colours
from ..drawing.member_cells import title_with_cell
from ..drawing.style import (
    NEITHER_COLOUR,
    TOKEN_INCHES,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import Tokens, colour_list, drawable_lengths, title_text, token_labels
from ..inputs.block_shares import Pair, block_for, pair_counts, proportions

PALEST = 0.66  # how much of the page's colour is in that of the coarsest level
LevelLike = Pattern | tuple[Pattern, int] | tuple[Pattern, int, int]


class _Level(NamedTuple):
    """A pattern over (query, atom); atom e is `length` tokens from e `stride` on."""

    name: str
    pattern: Pattern
    length: int
    stride: int

    @property
    def tokens(self) -> Pattern:
        """The tokens that the atoms of each query stand for."""
        if self.length == self.stride == 1:
            return self.pattern
        return Pooled(self.pattern, self.length, self.stride)

    @property
    def label(self) -> str:
        """The entry in the legend: how many tokens an atom stands for."""
        tokens = "a token" if self.length == 1 else f"{self.length:,} tokens"
        distance = "" if self.length == self.stride else f", every {self.stride:,}"
        return f"{self.name}: {tokens} a key{distance}"

    def atoms(self, n_k: int) -> int:
        """How many atoms n_k tokens have; the last ones may be cut off."""
        return pool_count(n_k, self.stride)


def levels(
    parts: Mapping[str, LevelLike] | Sequence[LevelLike] | Any,
    n: Length,
    *,
    tokens: Tokens | None = None,
    colours: Sequence[Colour] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """The tokens that each query's keys stand for, level by level: fine keys dark, coarse pale.

    A coarse key, an atom, is a pool of tokens: a compressed block of NSA, a group of
    H-Transformer-1D. It is drawn over all tokens that it stands for, with lines between atoms up to
    64 queries and tokens. A token in several levels has the colour of the finest. Levels of one
    length differ in hue. On a dark page fine keys are bright. Above 512, a cell is a block, and
    shows the finest level that it has any pair of.

    Parameters
    ----------
    parts : levels by name: a pattern over (query, token); (pattern over (query, atom), length), the
        tokens of an atom; or (pattern, length, stride), from one atom to the next. A sequence has
        levels without names. What has `coarse_sets(n)`, as `sr.published.HTransformer1D`, has atoms
        of 2^l tokens at level l, for groups of as many queries.
    n : tokens, or (n_q, n_k). There are ceil(n_k / stride) atoms, the last possibly cut off by n.
    tokens : a label for each position, at most 128, or a pair (of the queries, of the keys).
    colours : one for each level; by default shades as above.
    title : by default how many keys a query has, on average, of how many tokens.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is 0 where no level has a pair, and m for the m-th level.
    Raises TypeError for no pattern, no integers or no parts; ValueError for no levels, lengths or
    strides below 1, and patterns that are stated for another length.
    Source: Yuan et al. 2025, NSA, fig. 2, right; Zhu and Soricut 2021, H-Transformer-1D, sec. 6.

    >>> import sparse_ref as sr
    >>> near_and_far = {"near": sr.Lookback(2), "far": (sr.Complete(3), 3)}
    >>> im = sr.plot.levels(near_and_far, 7)
    >>> print(im.get_array().data)
    [[1 0 0 0 0 0 0]
     [1 1 0 0 0 0 0]
     [2 1 1 0 0 0 0]
     [2 2 1 1 0 0 0]
     [2 2 2 1 1 0 0]
     [2 2 2 2 1 1 0]
     [2 2 2 2 2 1 1]]
    >>> im.axes.get_title()
    '2.9 keys a query, of 7 tokens'
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    shape = drawable_lengths(n)
    given = _levels(parts, shape)
    grid = CellGrid(shape, block_for(shape), lines=False)
    labels = token_labels(tokens, shape, grid.block)
    given_colours = colour_list(colours, len(given), "one for each level")
    is_member = [pair_counts(level.tokens, shape, grid.block) > 0 for level in given]
    values = _finest(given, is_member)
    text = title_text(title, _numbers(given, shape))
    ax = axes_or_new(ax, proportions(shape, grid.block), 0.6, TOKEN_INCHES if labels else 0.0)
    names = [level.label for level in given]
    kinds = [Kind("no key", NEITHER_COLOUR)]
    kinds += map(Kind, names, given_colours or _colours(ax, given))
    im = draw_kinds(ax, values, kinds, grid)
    if max(shape) <= MAX_VECTOR_CELLS:
        _draw_borders(ax, given, values)
    set_title(ax, title_with_cell(text, grid), "token j")
    add_legend(ax, legend_entries(kinds, values))
    if labels:
        label_tokens(ax, labels)
    return im


def _levels(parts: Any, shape: Pair) -> list[_Level]:
    """The levels, each with a pattern that has rows for its atoms."""
    n_q, n_k = shape
    named: Any
    if hasattr(parts, "coarse_sets"):
        named = _hierarchy(parts, shape)
    elif isinstance(parts, Mapping):
        named = parts
    elif isinstance(parts, list | tuple):
        named = {f"level {m}": part for m, part in enumerate(parts)}
    else:
        raise TypeError(f"parts must be levels by name, or a sequence of them, got {parts!r}")
    if not named:
        raise ValueError("parts must have at least 1 level, got none")
    given = [_level(name, part) for name, part in named.items()]
    for level in given:
        check_pattern(level.pattern, (n_q, level.atoms(n_k)))
    return given


def _hierarchy(layer: Any, shape: Pair) -> dict[str, LevelLike]:
    """The levels of H-Transformer-1D: groups of 2^l queries attend to groups of 2^l tokens."""
    n_q, n_k = shape
    if n_q != n_k:
        raise ValueError(f"n must be one length for {layer!r}, got {shape}")
    parts: dict[str, LevelLike] = {}
    for level, p in enumerate(layer.coarse_sets(n_k)):
        group = 2**level
        parts[f"level {level}"] = (Blockwise(p, (group, 1)), group)
    return parts


def _level(name: Any, part: Any) -> _Level:
    """One level, from a pattern or a tuple."""
    argument = f"parts[{name!r}]"
    pattern, *sizes = part if isinstance(part, tuple) else (part, 1)
    require_pattern(argument, pattern)
    if len(sizes) not in (1, 2):
        raise TypeError(
            f"{argument} must be (pattern, length) or (pattern, length, stride), got {part!r}"
        )
    length = integer(f"{argument}: length", sizes[0], 1)
    stride = integer(f"{argument}: stride", sizes[-1], 1)
    has_pools = max(length, stride) > 1
    if has_pools and pattern.own_length is not None:
        raise ValueError(
            f"{argument} must be stated for every number of atoms, got one for {pattern.own_length}"
        )
    return _Level(str(name), pattern, length, stride)


def _finest(given: list[_Level], is_member: list[BoolArray]) -> np.ndarray:
    """1 + the index of the finest level in each cell, the first of equals; 0 if there is none."""
    values = np.zeros(is_member[0].shape, np.uint8)
    order = np.argsort([level.length for level in given], kind="stable")
    for m in order:
        is_free = values == 0
        values[is_member[m] & is_free] = m + 1
    return values


def _colours(ax: Axes, given: list[_Level]) -> list[Colour]:
    """A colour for each level: the coarser, the more of the page's; hues if two are equal."""
    page = page_colour(ax)
    lengths = [level.length for level in given]
    greatest = max(log2(max(lengths)), 1)
    most_equal = max(map(lengths.count, lengths))
    hues = part_colours(most_equal)
    colours = []
    for m, length in enumerate(lengths):
        equal_before = lengths[:m].count(length)
        hue = colour_on(ax, hues[equal_before])
        share = PALEST * log2(length) / greatest
        colours.append(mix(hue, page, share))
    return colours


def _draw_borders(ax: Axes, given: list[_Level], values: np.ndarray) -> None:
    """Draw lines between atoms side by side, where their level is the finest."""
    tokens = np.arange(1, values.shape[1])
    segments = []
    for m, level in enumerate(given, 1):
        starts = tokens % level.stride == 0
        ends = (tokens - level.length) % level.stride == 0
        is_border = starts | ends & (tokens >= level.length)
        of_level = values == m
        is_inside = of_level[:, 1:] & of_level[:, :-1]
        for i, place in np.argwhere(is_inside & is_border):
            x = place + 0.5
            segments.append([(x, i - 0.5), (x, i + 0.5)])
    width = min(0.8, 16 / max(values.shape))
    lines = LineCollection(segments, colors=[page_colour(ax)], linewidths=width)
    ax.add_collection(lines)


def _numbers(given: list[_Level], shape: Pair) -> str:
    """How many keys a query has on average."""
    n_q, n_k = shape
    shapes = [(n_q, level.atoms(n_k)) for level in given]
    pairs = sum(nnz(level.pattern, of_atoms) for level, of_atoms in zip(given, shapes))
    return f"{pairs / n_q:,.1f} keys a query, of {n_k:,} tokens"
