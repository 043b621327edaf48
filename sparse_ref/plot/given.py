"""What figures are handed, checked: lengths, masks, image shapes, queries, axes. Errors name argument, value and bound."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..lower import check_pattern, dense
from ..sets.checks import int_or_pair, integer, lengths
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern


def drawable(n) -> tuple[int, int]:
    """(n_q, n_k), both at least 1: an empty matrix has no picture."""
    shape = lengths(n)
    if min(shape) < 1:
        raise ValueError(f"n must be at least 1 to be drawn, got {n!r}")
    return shape


def bools(name: str, mask, n) -> np.ndarray:
    """A bool matrix (n_q, n_k): an array as it is, a pattern by its dense mask at n."""
    if isinstance(mask, Pattern):
        if n is None:
            raise TypeError(f"n must be given where {name} is a pattern, got None beside {mask!r}")
        return dense(mask, drawable(n))
    if not hasattr(mask, "__array__"):
        hint = ", which plot.factorization draws" if isinstance(mask, Factorized) else ""
        raise TypeError(f"{name} must be a Pattern or a bool array (n_q, n_k), got {mask!r}{hint}")
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(
            f"{name} must be a bool array, True where it attends, got dtype {mask.dtype}"
        )
    if mask.ndim != 2 or mask.size == 0:
        raise ValueError(
            f"{name} must be a matrix (n_q, n_k), both at least 1, got shape {mask.shape}"
        )
    if n is not None and mask.shape != lengths(n):
        raise ValueError(f"{name} must have shape {lengths(n)}, got {mask.shape}")
    return mask


def sides(shape) -> tuple[int, int]:
    """(height, width) of an image."""
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise TypeError(f"shape must be a pair of integers (height, width), got {shape!r}")
    return int_or_pair("shape", shape, 1, "(height, width)")


def position(query, shape: tuple[int, int]) -> int:
    """The place of `query` in the image read row by row: itself where it is an int, row * width + column of a pair."""
    height, width = shape
    if not isinstance(query, tuple):
        return integer("query", query, 0, height * width - 1)
    if len(query) != 2:
        raise TypeError(f"query must be an integer, or a pair (row, column) of them, got {query!r}")
    row, column = query
    return integer("query's row", row, 0, height - 1) * width + integer(
        "query's column", column, 0, width - 1
    )


def steps_of(name: str, p, n: int) -> tuple[Pattern, ...]:
    """The steps of a Factorized, each known to have n rows; a pattern is its own only step."""
    if not isinstance(p, (Pattern, Factorized)):
        raise TypeError(f"{name} must be a Pattern or a Factorized, got {p!r}")
    steps = p.steps if isinstance(p, Factorized) else (p,)
    for step in steps:
        check_pattern(step, n)
    return steps


def picture_below(background, shape: tuple[int, int]) -> np.ndarray:
    """An image with as many pixels as `shape` has positions, or with whole patches of them, that needs no clipping."""
    array = np.asarray(background)
    if array.dtype.kind not in "buif":
        raise TypeError(f"background must hold real numbers, got dtype {array.dtype}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            f"background must be (height, width), (height, width, 3) or (height, width, 4), got shape {array.shape}"
        )
    if any(x == 0 or x % y for x, y in zip(array.shape, shape)):
        raise ValueError(
            f"background must be as high and wide as shape = {shape}, or a multiple, got {array.shape[:2]}"
        )
    most = 1 if array.dtype.kind in "bf" else 255
    if array.ndim == 3 and not (array.min() >= 0 and array.max() <= most):
        raise ValueError(
            f"background must have colours from 0 to {most}, got {array.min()} to {array.max()}"
        )
    return array


def only_axes(ax):
    """Refuse what is not one Axes, such as the array that `plt.subplots` gives."""
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")
