"""Pictures in text, one glyph a cell: rows are queries from the top, columns keys from the left.

Only `contains` is needed, so that a definition can be drawn before anything else exists.
"""

from __future__ import annotations

from html import escape
from inspect import getsource
from textwrap import dedent

import numpy as np

from .factorized import Factorized
from .sets import Pattern, Rule

MOST = 256
ATTENDS, NOT = "█", "·"


def lengths(n) -> tuple[int, int]:
    """(n_q, n_k) from one length for both, or from the pair.

    Raises TypeError for anything but integers, ValueError for a negative one.
    """
    pair = n if isinstance(n, tuple) else (n, n)
    if len(pair) != 2 or any(isinstance(x, bool) or not hasattr(x, "__index__") for x in pair):
        raise TypeError(f"n must be an integer or a pair (n_q, n_k), got {n!r}")
    if min(pair) < 0:
        raise ValueError(f"n must be at least 0, got {n!r}")
    return int(pair[0]), int(pair[1])


def grid(p: Pattern, n) -> np.ndarray:
    """[j in A_i], bool (n_q, n_k), by evaluating `contains` on every pair: n_q n_k memory, for small n."""
    n_q, n_k = lengths(n)
    i, j = np.arange(n_q)[:, None], np.arange(n_k)[None, :]
    return np.broadcast_to(np.asarray(p.contains(i, j), bool), (n_q, n_k))


def picture(p, n) -> str:
    """The matrix [j in A_i] as text: █ attends, · does not.

    `p` is a pattern; for a Factorized, its steps stand side by side in the paper's order. `n` is a length, or
    (n_q, n_k). Raises ValueError for more than 256 queries or keys, where a figure serves better.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.strided(3), 7))
    █······  █······
    ██·····  ·█·····
    ███····  ··█····
    ████···  █··█···
    ·████··  ·█··█··
    ··████·  ··█··█·
    ···████  █··█··█
    """
    if max(lengths(n)) > MOST:
        raise ValueError(f"n must be at most {MOST} for a picture in text, got {n!r}: sparse_ref.plot.mask draws larger ones")
    if isinstance(p, Factorized):
        return "\n".join(map("  ".join, zip(*(picture(step, n).split("\n") for step in p.steps))))
    if not isinstance(p, Pattern):
        raise TypeError(f"p must be a Pattern or a Factorized, got {p!r}")
    return drawn(np.where(grid(p, n), ATTENDS, NOT))


def difference(expected: np.ndarray, actual: np.ndarray) -> str:
    """Two bool masks of one shape in one picture: █ both, · neither, + only in `actual`, - only in `expected`.

    >>> import numpy as np
    >>> print(difference(np.array([[1, 1, 0]], bool), np.array([[1, 0, 1]], bool)))
    █-+
    """
    return drawn(np.select([expected & actual, actual, expected], [ATTENDS, "+", "-"], NOT))


def drawn(glyphs: np.ndarray) -> str:
    """A table of glyphs as lines."""
    return "\n".join("".join(row) for row in glyphs)


def html(p: Pattern, n: int = 16) -> str:
    """What a notebook shows for a pattern: its notation, its set with the source, its formula and its picture."""
    said = dedent(type(p).__doc__ or "").strip().split("\n")[0]
    lines = getsource(type(p).formula) if isinstance(p, Rule) else ""
    code = dedent(lines.replace("@staticmethod\n", "", 1)).strip() if lines else ""
    try:
        image = picture(p, n)
    except IndexError:
        image = picture(p, (len(p.indptr) - 1, n)) if hasattr(p, "indptr") else ""
    return (f"<div><b><code>{escape(repr(p))}</code></b><br>{escape(said)}"
            + (f"<pre>{escape(code)}</pre>" if code else "")
            + f'<pre style="line-height:1.0;letter-spacing:0">{image}</pre></div>')
