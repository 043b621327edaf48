"""ETC and LongT5: a window over the long input, and a few positions that all of it sees.

Ainslie et al. 2020, "ETC: Encoding Long and Structured Inputs in Transformers", arXiv 2004.08483.
Guo et al. 2022, "LongT5: Efficient Text-To-Text Transformer for Long Sequences", arXiv 2112.07916.

Symbols:  r the local radius, keys to one side;  g the global tokens, or the summaries.
"""

from __future__ import annotations

from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from .elementary import Window
from .globals import Global, Prefix


def etc(count: int, radius: int) -> Pattern:
    """A_i = { j : i < g or j < g or |i - j| <= r }

    Ainslie et al. 2020, sec. 3.2, global-local attention.

    The two inputs as one sequence, the g = `count` global tokens before the long input: long to
    long is a window, the other three pieces are unrestricted. No row is empty. Differs: the paper
    can mask each piece by the structure of the input, for example so that a global token sees only
    its own sentence; that is & with a pattern of that input. Its relative positions are no part of
    the set.
    Raises ValueError for negative `count` or `radius`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.etc(2, radius=1), 8))
    ████████
    ████████
    ████····
    █████···
    ██·███··
    ██··███·
    ██···███
    ██····██
    """
    return Global(integer("etc: count", count, 0)) | Window(integer("etc: radius", radius, 0))


def longt5_local(radius: int) -> Pattern:
    """A_i = { j : |i - j| <= r }

    Guo et al. 2022, sec. 3.1.1, local attention.

    2 r + 1 keys. The published code has |i - j| < block length, which is r + 1. No row is empty.
    Raises ValueError for negative `radius`.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longt5_local(1), 4))
    ██··
    ███·
    ·███
    ··██
    """
    return Window(integer("longt5_local: radius", radius, 0))


def longt5_tglobal(summaries: int, radius: int) -> Pattern:
    """A_i = { j : j < g or |i - (j - g)| <= r }

    Guo et al. 2022, sec. 3.1.2, transient global attention.

    n queries, g + n keys: g = `summaries` of them, then the tokens, token t being key g + t. There
    is one summary for each block of 16 tokens (`global_block_size`), their normed sum, g = floor(n
    / 16); tokens after the last whole block belong to it, and below 16 tokens there is no summary.
    No row is empty. Raises ValueError for negative `summaries` or `radius`. Differs: the published
    code puts the summaries behind the window; a set has no order, so it is the same.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.longt5_tglobal(2, radius=1), (5, 7)))
    ████···
    █████··
    ██·███·
    ██··███
    ██···██
    """
    g = integer("longt5_tglobal: summaries", summaries, 0)
    r = integer("longt5_tglobal: radius", radius, 0)
    return Prefix(g) | Shifted(Window(r), g)
