"""The arguments of figures, checked: lengths, masks, image shapes, queries, axes.

Errors name argument, value and bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from numpy.typing import ArrayLike

from ..._text import visible_line
from ...lower import check_pattern, dense
from ...sets.checks import int_or_pair, integer, lengths
from ...sets.factorized import Factorized
from ...sets.hints import got
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, Length

MAX_TOKENS = 128  # labels on an axis
Tokens = Sequence[str] | tuple[Sequence[str], Sequence[str]]  # for both axes, or (queries, keys)
TokenLabels = tuple[list[str], list[str]]
Pair = tuple[int, int]
ImageShape = tuple[int, int]  # (height, width)
Position = int | tuple[int, int]  # the index in the image read row by row, or (row, column)


def drawable_lengths(n: Length) -> tuple[int, int]:
    """(n_q, n_k), both at least 1: an empty matrix has no picture."""
    shape = lengths(n)
    if min(shape) < 1:
        raise ValueError(f"n must be at least 1 to be drawn, got {n!r}")
    return shape


def mask_array(name: str, mask: Pattern | ArrayLike, n: Length | None) -> BoolArray:
    """A bool matrix (n_q, n_k): an array as it is, a pattern by its dense mask at n."""
    if isinstance(mask, Pattern):
        if n is None:
            raise TypeError(f"n must be given if {name} is a pattern, got None for {mask!r}")
        return dense(mask, drawable_lengths(n))
    if not hasattr(mask, "__array__"):
        hint = ", which plot.factorization draws" if isinstance(mask, Factorized) else ""
        raise TypeError(f"{name} must be a Pattern or a bool array (n_q, n_k), {got(mask)}{hint}")
    array = np.asarray(mask)
    if array.dtype != bool:
        raise TypeError(
            f"{name} must be a bool array, True where it attends, got dtype {array.dtype}"
        )
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name} must be a matrix (n_q, n_k), both at least 1, got shape {array.shape}"
        )
    if n is not None and array.shape != lengths(n):
        raise ValueError(f"{name} must have shape {lengths(n)}, got {array.shape}")
    return array


def image_shape(shape: ImageShape) -> ImageShape:
    """(height, width) of an image."""
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise TypeError(f"shape must be a pair of integers (height, width), got {shape!r}")
    return int_or_pair("shape", shape, 1, "(height, width)")


def query_index(query: Position, shape: ImageShape) -> int:
    """The index of `query` in the image read row by row: row * width + column of a pair."""
    height, width = shape
    if not isinstance(query, tuple):
        return integer("query", query, 0, height * width - 1)
    if len(query) != 2:
        raise TypeError(f"query must be an integer, or a pair (row, column) of them, got {query!r}")
    row = integer("query's row", query[0], 0, height - 1)
    column = integer("query's column", query[1], 0, width - 1)
    return row * width + column


def steps_of(name: str, p: Any, n: int) -> tuple[Pattern, ...]:
    """The steps of a Factorized, each with rows for n; a pattern is its own only step."""
    if not isinstance(p, (Pattern, Factorized)):
        raise TypeError(f"{name} must be a Pattern or a Factorized, got {p!r}")
    steps = p.steps if isinstance(p, Factorized) else (p,)
    for step in steps:
        check_pattern(step, n)
    return steps


def background_image(background: ArrayLike, shape: ImageShape) -> np.ndarray:
    """An image with one pixel, or one patch of pixels, per position, and no colour to clip."""
    array = np.asarray(background)
    if array.dtype.kind not in "buif":
        raise TypeError(f"background must hold real numbers, got dtype {array.dtype}")
    is_gray = array.ndim == 2
    is_colour = array.ndim == 3 and array.shape[2] in (3, 4)
    if not is_gray and not is_colour:
        raise ValueError(
            "background must be (height, width), (height, width, 3) or (height, width, 4), "
            f"got shape {array.shape}"
        )
    height, width = shape
    pixel_rows, pixel_columns = array.shape[:2]
    is_empty = pixel_rows == 0 or pixel_columns == 0
    if is_empty or pixel_rows % height or pixel_columns % width:
        raise ValueError(
            f"background must be as high and wide as shape = {shape}, or a multiple, "
            f"got {array.shape[:2]}"
        )
    if is_colour:
        _check_colours(array)
    return array


def _check_colours(image: np.ndarray) -> None:
    """Refuse colours that matplotlib would clip."""
    most = 1 if image.dtype.kind in "bf" else 255
    least_colour, most_colour = image.min(), image.max()
    if not (least_colour >= 0 and most_colour <= most):
        raise ValueError(
            f"background must have colours from 0 to {most}, got {least_colour} to {most_colour}"
        )


def token_labels(tokens: Any, shape: Pair, block: Pair) -> TokenLabels | None:
    """(of the queries, of the keys), from one sequence for both or from a pair; None if None."""
    if tokens is None:
        return None
    if block != (1, 1):
        raise ValueError(f"tokens need cells of one pair each: block must be 1, got {block}")
    is_pair = isinstance(tokens, tuple) and len(tokens) == 2
    is_pair = is_pair and not any(isinstance(side, str) for side in tokens)
    queries, keys = tokens if is_pair else (tokens, tokens)
    return _texts("queries", queries, shape[0]), _texts("keys", keys, shape[1])


def _texts(side: str, tokens: Any, n: int) -> list[str]:
    """One text for each position of a side."""
    is_sequence = isinstance(tokens, Sequence | np.ndarray) and not isinstance(tokens, str)
    if not is_sequence or not all(isinstance(token, str) for token in tokens):
        raise TypeError(
            "tokens must be a sequence of strings, or a pair of them (queries, keys), "
            f"got {tokens!r}"
        )
    if len(tokens) != n:
        raise ValueError(f"tokens must be one for each of the {n} {side}, got {len(tokens)}")
    if n > MAX_TOKENS:
        raise ValueError(f"tokens must be at most {MAX_TOKENS} to be readable, got {n}")
    return [visible_line(token) for token in tokens]


def colour_list(colours: Any, count: int, of: str) -> list[Any] | None:
    """The colours as a list, if they are `count` colours of matplotlib; `of` names them."""
    if colours is None:
        return None
    is_sequence = isinstance(colours, Sequence) and not isinstance(colours, str)
    if not is_sequence:
        raise TypeError(f"colours must be a sequence of colours, got {colours!r}")
    if len(colours) != count:
        raise ValueError(f"colours must be {count}, {of}, got {len(colours)}")
    for place, colour in enumerate(colours):
        if not is_color_like(colour):
            raise ValueError(f"colours[{place}] must be a colour of matplotlib, got {colour!r}")
    return list(colours)


def text_list(
    name: str,
    texts: Any,
    count: int,
    of: str,
) -> list[str]:
    """The texts as a list, one for each of `count`, of which `of` names one; [] if None."""
    if texts is None:
        return []
    is_sequence = isinstance(texts, Sequence) and not isinstance(texts, str)
    if not is_sequence or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} must be a sequence of strings, got {texts!r}")
    if len(texts) != count:
        raise ValueError(f"{name} must be {count}, one for each {of}, got {len(texts)}")
    return list(texts)


def title_text(title: Any, default: str) -> str:
    """The title, or the default if it is None."""
    if title is None:
        return default
    if not isinstance(title, str):
        raise TypeError(f"title must be a string, got {title!r}")
    return title


def check_axes(ax: Any) -> None:
    """Refuse what is not one Axes, such as the array that `plt.subplots` returns."""
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")


def head_index(head: int | None, count: int, of: str) -> int:
    """The head to draw, from 0; None if there is one. `of` names what the heads are of."""
    if head is None and count > 1:
        raise ValueError(f"head must say which of the {count} {of}, got None")
    return integer("head", 0 if head is None else head, 0, count - 1)


def plural(number: int, noun: str) -> str:
    """A number of things, such as "1 pair" or "1,024 pairs"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def check_optional_axes(ax: Any) -> None:
    """Refuse what is neither one Axes nor None."""
    if ax is not None:
        check_axes(ax)
