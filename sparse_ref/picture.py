"""Pictures in text, one glyph per cell: queries are rows from the top, keys columns from the left.

A picture needs `contains`, and `row` for its checks; nothing else of the library.
"""

from __future__ import annotations

from .sets.branches import Branches
from .sets.factorized import Factorized
from .sets.glyphs import Picture, draw_difference
from .sets.pattern import Pattern
from .sets.require import require_pattern
from .sets.types import BoolArray, Length


def picture(p: Pattern | Factorized | Branches, n: Length) -> Picture:
    """The matrix [j in A_i] as text: █ attends, · does not.

    Parameters
    ----------
    p : a pattern; the steps of a Factorized and the Branches of a multiset are drawn side by side.
    n : a length, or (n_q, n_k).

    Returns
    -------
    picture : a str whose repr is the picture itself; a notebook shows it in a monospace font.

    Raises TypeError if `p` is none of these, ValueError for more than 256 queries or keys.

    >>> import sparse_ref as sr
    >>> sr.picture(sr.strided(3), 7)
    █······  █······
    ██·····  ·█·····
    ███····  ··█····
    ████···  █··█···
    ·████··  ·█··█··
    ··████·  ··█··█·
    ···████  █··█··█
    """
    if not isinstance(p, Factorized | Branches):
        require_pattern("p", p)
    return p.picture(n)


def difference(expected: BoolArray, actual: BoolArray) -> Picture:
    """Two bool masks in one picture: █ both, · neither, + only `actual`, - only `expected`.

    >>> import numpy as np
    >>> difference(np.array([[1, 1, 0]], bool), np.array([[1, 0, 1]], bool))
    █-+
    """
    for name, mask in (("expected", expected), ("actual", actual)):
        if isinstance(mask, Pattern):
            raise TypeError(
                f"{name} must be a bool array (n_q, n_k), got the pattern {mask!r}: "
                "p.mask(n) is its mask"
            )
    return draw_difference(expected, actual)
