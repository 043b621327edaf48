"""The arguments of figures about layers, checked: steps, a length, colours, a figure, a title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.colors import is_color_like
from matplotlib.figure import Figure, SubFigure

from .._text import visible_line
from ..paths.layers import Steps, layers
from ..sets.checks import integer
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern
from ..sets.require import check_pattern

MAX_PAIRS_LENGTH = 4096  # positions of which all pairs are drawn
MAX_LAYERS = 64
Patterns = tuple[Pattern, ...]


def patterns_of_layers(steps: Any, n: Any, most: int = MAX_PAIRS_LENGTH) -> Patterns:
    """The patterns of the layers from below; each has rows for the length n, 1 <= n <= most."""
    patterns = layers((steps,) if isinstance(steps, Pattern) else steps)
    length = integer("n", n, 1, most)
    for p in patterns:
        check_pattern(p, length)
    return patterns


def name_of(steps: Pattern | Steps) -> str:
    """Steps as a title: the notation of a Factorized or of a pattern, or of each of several."""
    if isinstance(steps, (Pattern, Factorized)):
        return repr(steps)
    return ", ".join(map(repr, steps))


def title_or(title: Any, default: str) -> str:
    """The title given, or the default if it is None."""
    if title is None:
        return default
    if not isinstance(title, str):
        raise TypeError(f"title must be a string, got {title!r}")
    return title


def colours_or(colours: Any, default: Sequence[str]) -> tuple[Any, ...]:
    """The colours given, as many as there are by default, or the default if it is None."""
    if colours is None:
        return tuple(default)
    is_sequence = isinstance(colours, (list, tuple))
    if not is_sequence or len(colours) != len(default):
        raise TypeError(f"colours must be a tuple of {len(default)} colours, got {colours!r}")
    for t, colour in enumerate(colours):
        if not is_color_like(colour):
            raise ValueError(f"colours[{t}] must be a matplotlib colour, got {colour!r}")
    return tuple(colours)


def token_list(tokens: Any, n: int) -> list[str]:
    """n texts, one for each position, with what does not print as escapes."""
    if isinstance(tokens, str) or not isinstance(tokens, Sequence):
        raise TypeError(f"tokens must be a sequence of n = {n} strings, got {tokens!r}")
    if len(tokens) != n:
        raise ValueError(f"tokens must be n = {n} strings, got {len(tokens)}")
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(f"tokens[{position}] must be a string, got {token!r}")
    return [visible_line(token) for token in tokens]


def check_figure(fig: Any) -> None:
    """Refuse what is not a figure to draw panels on."""
    if not isinstance(fig, (Figure, SubFigure)):
        raise TypeError(f"fig must be a matplotlib Figure or SubFigure, got {type(fig).__name__}")
