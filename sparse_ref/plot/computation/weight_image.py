"""The weights of attention, drawn on the sets that it is over."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from ...attention import PatternLike, attend
from ...attention.arrays import as_array
from ...lower import CSR, Plan
from ...sets.branches import Branches
from ...sets.require import patterns_of_heads
from ...sets.types import BoolArray, FloatArray
from ..drawing.axis_ticks import label_tokens
from ..drawing.member_cells import cell_text
from ..drawing.scales import add_bar, hatch, number_colours
from ..drawing.style import TOKEN_INCHES, CellGrid, axes_or_new, draw_cells, set_title
from ..inputs.arguments import Tokens, drawable_lengths, head_index, title_text, token_labels
from ..inputs.block_shares import Pair, block_for, pair_counts, proportions
from ..inputs.drawable import set_at, title_of

VALUES_AT_A_TIME = 64  # columns of values in a pass of attention


def weights(
    q: ArrayLike,
    k: ArrayLike,
    p: PatternLike,
    *,
    head: int | None = None,
    scale: float | None = None,
    tokens: Tokens | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """How much each query attends to each key:  P_ij = softmax_j(scale q_i . k_j) over A_i

    Cells outside the sets are hatched, so that they differ from a weight of 0. The weights are
    those of `sr.attend`, read out of it with one-hot values: a row adds up to 1, and a query
    without keys has a hatched row. Above 512, a cell is a block: what a query of it gives to the
    keys of it, on average, so that rows still add up to 1. There is never an n x n array.

    Parameters
    ----------
    q, k : arrays (n_q, d) and (n_k, d), or (H, n_q, d) and (G, n_k, d), G dividing H; in a dtype
        that `sr.attend` takes.
    p : Pattern, Branches, CSR or Plan, or a sequence with one for each head.
    head : the head to draw, from 0; may be left out if there is one.
    scale : the factor of the logits; 1 / sqrt(d) unless given.
    tokens : a label for each position, at most 128, or a pair (of the queries, of the keys).
    title : the notation of p unless given.
    ax : the axes to draw on; a new figure by default.

    Returns the image, whose array, float64 (n_q, n_k) or one number a block, is masked outside the
    sets.
    Raises as `sr.attend` does, and ValueError for arrays of other axes, no queries or no keys, or a
    missing head, and for tokens of another number.

    >>> import numpy as np, sparse_ref as sr
    >>> im = sr.plot.weights(np.zeros((3, 1)), np.zeros((3, 1)), sr.Local(1))
    >>> print(im.get_array())
    [[1.0 -- --]
     [0.5 0.5 --]
     [-- 0.5 0.5]]
    >>> import matplotlib.pyplot as plt; plt.close(im.figure)
    """
    arrays = as_array("q", q), as_array("k", k)
    queries, keys, sets = _one_head(*arrays, p, head)
    shape = drawable_lengths((len(queries), len(keys)))
    grid = CellGrid(shape, block_for(shape))
    labels = token_labels(tokens, shape, grid.block)
    values = _block_weights(queries, keys, sets, scale, grid.block)
    table = np.ma.masked_where(_is_outside(sets, grid), values)
    of_head = "" if head is None else f", head {head}"
    text = title_text(title, f"{title_of(sets)}{of_head}")
    ax = axes_or_new(ax, proportions(shape, grid.block), 0.6, TOKEN_INCHES if labels else 0.0)
    hatch(ax, grid)
    greatest = values.max() or 1.0
    im = draw_cells(ax, table, grid, number_colours(ax), Normalize(0, greatest))
    add_bar(ax, im, _bar_label(grid))
    set_title(ax, text)
    if labels:
        label_tokens(ax, labels)
    return im


def _bar_label(grid: CellGrid) -> str:
    """What the numbers are."""
    if grid.block == (1, 1):
        return "weight of a key (hatched: outside the set)"
    return f"weight of a block's keys for a query (hatched: none),\n{cell_text(grid)}"


def _one_head(
    q: np.ndarray,
    k: np.ndarray,
    p: Any,
    head: int | None,
) -> tuple[Any, ...]:
    """(q (n_q, d), k (n_k, d), its sets) of the head to draw."""
    if q.ndim not in (2, 3):
        raise ValueError(f"q must have shape (n_q, d) or (H, n_q, d), got {q.shape}")
    if k.ndim != q.ndim:
        raise ValueError(f"k must have as many axes as q, {q.ndim}, got shape {k.shape}")
    heads = len(q) if q.ndim == 3 else 1
    groups = len(k) if k.ndim == 3 else 1
    if heads < 1 or groups < 1 or heads % groups:
        raise ValueError(
            f"the heads of k, G = {groups}, must divide those of q, H = {heads}, both at least 1"
        )
    h = head_index(head, heads, "heads of q")
    sets = patterns_of_heads("p", p, heads, lowered=(CSR, Plan, Branches))[h]
    if q.ndim == 2:
        return q, k, sets
    heads_per_group = heads // groups
    return q[h], k[h // heads_per_group], sets


def _block_weights(
    q: Any,
    k: Any,
    sets: Any,
    scale: Any,
    block: Pair,
) -> FloatArray:
    """What a query of each block of queries gives to each block of keys, float64, on average."""
    b_q, b_k = block
    block_of_key = np.arange(len(k)) // b_k
    columns = np.arange(block_of_key[-1] + 1)
    row_starts = np.arange(0, len(q), b_q)
    sums = []
    for lo in range(0, len(columns), VALUES_AT_A_TIME):
        some = columns[lo : lo + VALUES_AT_A_TIME]
        is_in_block = block_of_key[:, None] == some
        out = attend(q, k, is_in_block.astype(q.dtype), sets, scale=scale)
        of_blocks = np.add.reduceat(out, row_starts, axis=0, dtype=np.float64)
        sums.append(of_blocks)
    heights = np.minimum(b_q, len(q) - row_starts)
    table = np.concatenate(sums, axis=1)
    means: FloatArray = table / heights[:, None]
    return means


def _is_outside(sets: Any, grid: CellGrid) -> BoolArray:
    """Which cells have no pair of the sets."""
    branches = sets if isinstance(sets, Branches) else [sets]
    sets_of_branches = [set_at("p", branch, grid.shape) for branch in branches]
    counts = [pair_counts(*branch, grid.block) for branch in sets_of_branches]
    outside: BoolArray = np.sum(counts, axis=0) == 0
    return outside
