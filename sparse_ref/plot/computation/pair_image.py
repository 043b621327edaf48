"""A number for each pair of a set, positive or negative: the slopes of logits, a bias."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from ...sets.types import FloatArray
from ..drawing.axis_ticks import label_tokens
from ..drawing.colours import Shade, colour_on, ramp
from ..drawing.scales import CLEAR, add_bar, hatch
from ..drawing.style import (
    EXTRA_COLOUR,
    MISSING_COLOUR,
    TOKEN_INCHES,
    CellGrid,
    axes_or_new,
    draw_cells,
    set_title,
)
from ..inputs.arguments import Tokens, title_text, token_labels
from ..inputs.block_shares import MAX_CELLS, proportions
from ..inputs.drawable import Drawable, set_at, title_of

ZERO_COLOUR = Shade("#e2e2e2", dark="#2e2e2e")


def pair_values(
    values: ArrayLike,
    p: Drawable,
    *,
    label: str = "value of a pair",
    tokens: Tokens | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """A number for each pair of a set: blue above 0, orange below, pale at 0.

    Cells outside the set are hatched, whatever their numbers are. The scale reaches equally far to
    both sides, to the largest size of a number in the set.

    Parameters
    ----------
    values : real numbers (n_q, n_k), at most 512 a side, finite where a pair is in the set.
    p : the set, as `plot.mask` takes it.
    label : what the numbers are, below the colour bar.
    tokens : a label for each position, at most 128, or a pair (of the queries, of the keys).
    title : the notation of p unless given.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array, float64 (n_q, n_k), is masked outside the set.
    Raises TypeError for another p and for values that are no real numbers, ValueError for values
    of another shape, above 512 a side, without queries or keys, or not finite in the set.

    >>> import numpy as np, sparse_ref as sr
    >>> im = sr.plot.pair_values([[1, 7], [-2, 0.5]], sr.Causal())
    >>> print(im.get_array(), im.get_clim())
    [[1.0 --]
     [-2.0 0.5]] (-2.0, 2.0)
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    numbers = _real_numbers(values)
    grid = CellGrid((numbers.shape[0], numbers.shape[1]))
    shares = set_at("p", p, grid.shape).shares(grid.block)
    members = shares > 0
    _check_members(numbers, members)
    labels = token_labels(tokens, grid.shape, grid.block)
    table = np.ma.masked_where(~members, numbers)
    text = title_text(title, title_of(p))
    sides = proportions(grid.shape, grid.block)
    left = TOKEN_INCHES if labels else 0.0
    ax = axes_or_new(ax, sides, 0.6, left)
    hatch(ax, grid)
    sizes = np.abs(numbers[members])
    greatest = sizes.max(initial=0) or 1.0
    shades = EXTRA_COLOUR, ZERO_COLOUR, MISSING_COLOUR
    scale = ramp([colour_on(ax, shade) for shade in shades], CLEAR)
    im = draw_cells(ax, table, grid, scale, Normalize(-greatest, greatest))
    add_bar(ax, im, f"{label} (hatched: outside the set)")
    set_title(ax, text)
    if labels:
        label_tokens(ax, labels)
    return im


def _real_numbers(values: ArrayLike) -> FloatArray:
    """The numbers as float64 (n_q, n_k)."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"values must be real numbers, got dtype {array.dtype}")
    if array.ndim != 2 or not array.size:
        raise ValueError(f"values must have shape (n_q, n_k), both at least 1, got {array.shape}")
    if max(array.shape) > MAX_CELLS:
        raise ValueError(f"values must have at most {MAX_CELLS} a side, got {array.shape}")
    return array.astype(np.float64)


def _check_members(numbers: FloatArray, members: np.ndarray) -> None:
    """ValueError for a number in the set that is not finite."""
    wrong = np.argwhere(members & ~np.isfinite(numbers))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(f"values must be finite in the set, got {numbers[i, j]} at ({i}, {j})")
