"""The multiplicity of keys in a multiset of branches: LongNet's figures 2 and 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.image import AxesImage

from ...sets.branches import Branches
from ...sets.checks import lengths
from ...sets.hints import got
from ...sets.types import IntArray, Length
from ..drawing.axis_ticks import label_tokens
from ..drawing.colours import Colour, Shade, ramp
from ..drawing.member_cells import title_with_cell
from ..drawing.style import (
    NON_MEMBER_COLOUR,
    TOKEN_INCHES,
    CellGrid,
    Kind,
    add_legend,
    axes_or_new,
    draw_kinds,
    legend_entries,
    set_title,
)
from ..inputs.arguments import (
    Tokens,
    check_optional_axes,
    colour_list,
    title_text,
    token_labels,
)
from ..inputs.block_shares import Pair, block_or_default, of_blocks
from ..inputs.drawable import SetAt, set_at, title_of

LIGHT_COUNTS = "#93c1e8", "#2f74b5", "#0b2a52"
DARK_COUNTS = "#2a649b", "#6cb4ee", "#f2f8ff"


def multiplicity(
    branches: Branches | IntArray,
    n: Length | None = None,
    *,
    block: Length | None = None,
    tokens: Tokens | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """How often each key counts for each query, m_ij = |{ b : j in A_i^(b) }|, a colour per count.

    Above 512 positions a cell is a block, and shows how many branches have any pair in it: never
    less than the greatest m_ij there. Memory is that of the blocks.

    Parameters
    ----------
    branches : Branches, or an int array (n_q, n_k) of counts, such as `Probe.multiplicity` of one
        head; a block of it shows its greatest count.
    n : a length, or (n_q, n_k); may be left out for an array.
    block : the side of a cell, as in `plot.mask`.
    tokens, ax : as in `plot.mask`.
    title : by default the name of the branches, else their notation; "multiplicity" for an array.
    colours : one for each count from 0; by default grey, then darker with the count.

    Returns the image, whose array is the counts, int64. The legend has the counts that occur.
    Raises TypeError for anything else or a missing n, ValueError for a negative count and as
    `plot.mask` does.
    Source: Ding et al. 2023, arXiv 2307.02486, fig. 2 and 3.

    >>> import sparse_ref as sr
    >>> im = sr.plot.multiplicity(sr.Branches((sr.Causal(), sr.Window(0))), 3)
    >>> print(im.get_array().data)
    [[2 0 0]
     [1 2 0]
     [1 1 2]]
    >>> [text.get_text() for text in im.axes.get_legend().get_texts()]
    ['not attended', 'once', '2 times']
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    counts = _counts("branches", branches, n)
    grid = CellGrid(counts.shape, block_or_default(block, counts.shape))
    labels = token_labels(tokens, counts.shape, grid.block)
    kinds = _kinds(counts.most, grid.block != (1, 1), colours)
    text = title_text(title, counts.title)
    check_optional_axes(ax)
    values = counts.table(grid.block)
    least_cell = TOKEN_INCHES if labels else 0.0
    ax = axes_or_new(ax, grid.cells, 0.6, least_cell, grid.shape)
    im = draw_kinds(ax, values, kinds, grid)
    set_title(ax, title_with_cell(text, grid))
    add_legend(ax, legend_entries(kinds, values))
    if labels:
        label_tokens(ax, labels)
    return im


class _BranchSets(NamedTuple):
    """Branches at a length."""

    title: str
    sets: list[SetAt]

    @property
    def shape(self) -> Pair:
        """(n_q, n_k)."""
        return self.sets[0].shape

    @property
    def most(self) -> int:
        """The greatest count that there can be."""
        return len(self.sets)

    def table(self, block: Pair) -> IntArray:
        """How many branches have a pair in each block."""
        tables = [branch.shares(block) > 0 for branch in self.sets]
        return np.sum(tables, axis=0, dtype=np.int64)


class _CountArray(NamedTuple):
    """Counts as an int array (n_q, n_k)."""

    title: str
    array: IntArray

    @property
    def shape(self) -> Pair:
        """(n_q, n_k)."""
        n_q, n_k = self.array.shape
        return n_q, n_k

    @property
    def most(self) -> int:
        """The greatest count."""
        return int(self.array.max())

    def table(self, block: Pair) -> IntArray:
        """The greatest count of each block."""
        return of_blocks(np.maximum, self.array, block)


def _counts(name: str, branches: Any, n: Length | None) -> _BranchSets | _CountArray:
    """What is counted, checked."""
    if isinstance(branches, Branches):
        return _BranchSets(title_of(branches), [set_at(name, p, n) for p in branches])
    array = np.asarray(branches) if hasattr(branches, "__array__") else None
    if array is None or array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be Branches or an int array (n_q, n_k), {got(branches)}")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} must be a matrix (n_q, n_k), both at least 1, got {array.shape}")
    if n is not None and array.shape != lengths(n):
        raise ValueError(f"{name} must have shape {lengths(n)}, got {array.shape}")
    if array.min() < 0:
        raise ValueError(f"{name} must have counts of at least 0, got {array.min()}")
    return _CountArray("multiplicity", array.astype(np.int64))


def _kinds(most: int, is_blocks: bool, colours: Any) -> list[Kind]:
    """The kinds of cell for counts from 0 to `most`."""
    if is_blocks:
        names = ["no branch", "1 branch", *(f"{count} branches" for count in range(2, most + 1))]
    else:
        names = ["not attended", "once", *(f"{count} times" for count in range(2, most + 1))]
    names = names[: most + 1]
    shades = colour_list(colours, most + 1, "one for each count from 0")
    if shades is None:
        shades = [NON_MEMBER_COLOUR, *_count_shades(most)]
    return [Kind(name, shade) for name, shade in zip(names, shades)]


def _count_shades(most: int) -> list[Shade]:
    """A colour for each count from 1: the greater, the further from that of the page."""
    places = np.linspace(0, 1, most)
    lights = ramp(LIGHT_COUNTS)(places)
    darks = ramp(DARK_COUNTS)(places)
    pairs = zip(map(to_hex, lights), map(to_hex, darks))
    return [Shade(light, dark) for light, dark in pairs]
