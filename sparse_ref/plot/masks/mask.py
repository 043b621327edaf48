"""The connectivity matrix [j in A_i]: cell by cell if it is small, else as shares of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ...sets.branches import Branches
from ...sets.factorized import Factorized
from ...sets.pattern import Pattern
from ...sets.types import Length
from ..drawing.axis_ticks import label_tokens
from ..drawing.colours import Colour
from ..drawing.member_cells import add_share_bar, draw_members, least_share, member_colours
from ..drawing.style import TOKEN_INCHES, CellGrid, axes_or_new, set_title
from ..inputs.arguments import Tokens, check_optional_axes, title_text, token_labels
from ..inputs.block_shares import block_or_default
from ..inputs.drawable import Drawable, set_at, title_of
from .branch_counts import multiplicity

Several = Branches | Factorized | Sequence[Pattern]


def mask(
    p: Drawable | Several,
    n: Length | None = None,
    *,
    block: Length | None = None,
    tokens: Tokens | None = None,
    title: str | None = None,
    colours: Sequence[Colour] | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """The connectivity matrix [j in A_i] in two colours; above 512 positions, shares of its blocks.

    A side longer than 512 is cut into blocks, and each shows its share of connected pairs. The
    colour bar names the blocks and gives the scale, which is logarithmic, so that a stride shows
    next to a full block. Rows are lowered 65,536 at a time, never as an n x n matrix.

    Parameters
    ----------
    p : a Pattern, what one is lowered to (CSR, Plan, BSR), or a bool array (n_q, n_k), True if
        query i attends to key j. Of Branches, steps or a sequence of patterns the picture is that
        of `plot.multiplicity`: in how many of them a pair is; `plot.heads` draws each.
    n : a length, or (n_q, n_k); may be left out for what has a shape of its own.
    block : the side of a cell in positions, or (b_q, b_k); by default 1 up to 512, and above
        what leaves 129 to 256 cells. At most 2,048 cells a side.
    tokens : a label for each position, at most 128, or a pair (of the queries, of the keys).
    title : by default the name of p if it has one, else its notation.
    colours : (of not attended, of attended) pairs; shares are shades of the second.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array is the matrix of 0 and 1, or of shares. Cells are square unless
    one side is 16 times the other.
    Raises TypeError for another p or a missing n, ValueError if n is below 1 or not the shape of p,
    and for tokens or colours of another number.

    >>> import sparse_ref as sr
    >>> im = sr.plot.mask(sr.Local(1), 3)
    >>> print(im.get_array().data)
    [[1 0 0]
     [1 1 0]
     [0 1 1]]
    >>> im.axes.get_title(), im.axes.get_ylabel(), im.axes.get_xlabel()
    ('Local(1)', 'query i', 'key j')
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    branches = _branches_of(p)
    if branches:
        return multiplicity(
            branches,
            n,
            block=block,
            tokens=tokens,
            title=title,
            colours=colours,
            ax=ax,
        )
    drawn = set_at("p", p, n)
    grid = CellGrid(drawn.shape, block_or_default(block, drawn.shape))
    labels = token_labels(tokens, drawn.shape, grid.block)
    colour_pair = member_colours(colours)
    text = title_text(title, title_of(p))
    check_optional_axes(ax)
    values = drawn.shares(grid.block)
    is_shares = grid.block != (1, 1)
    below = 0.6 if is_shares else 0.0
    least_cell = TOKEN_INCHES if labels else 0.0
    ax = axes_or_new(ax, grid.cells, below, least_cell, grid.shape)
    im = draw_members(ax, values, grid, colour_pair, least_share(values))
    if is_shares:
        add_share_bar(im, grid)
    set_title(ax, text)
    if labels:
        label_tokens(ax, labels)
    return im


def _branches_of(p: Any) -> Branches | None:
    """Several patterns as branches, with their name; None for one set."""
    if isinstance(p, Branches):
        return p
    if isinstance(p, Factorized):
        return Branches(p.steps, repr(p))
    is_sequence = isinstance(p, (list, tuple)) and len(p) > 0
    if not is_sequence or not all(isinstance(part, Pattern) for part in p):
        return None
    return Branches(tuple(p), ", ".join(map(repr, p)))
