"""Pictures in text, one glyph a cell: rows are queries from the top, columns keys from the left.

Only `contains` is needed, so that a definition can be drawn before anything else exists.
"""

from __future__ import annotations

from html import escape
from inspect import getsource
from textwrap import dedent

import numpy as np

from .sets.branches import Branches
from .sets.checks import lengths
from .sets.factorized import Factorized
from .sets.pattern import Pattern, leaves
from .sets.rule import Rule

MOST = 256
ATTENDS, NOT = "█", "·"


def brute_mask(p: Pattern, n) -> np.ndarray:
    """[j in A_i], bool (n_q, n_k), by evaluating `contains` on every pair: n_q n_k memory, for small n."""
    n_q, n_k = lengths(n)
    p._stated_for((), n_k)
    for end in {0, n_q - 1} if n_q else ():
        p.row(end, n_k)  # which refuses queries beyond those that the sets are stated for
    i, j = np.arange(n_q)[:, None], np.arange(n_k)[None, :]
    return np.broadcast_to(np.asarray(p.contains(i, j), bool), (n_q, n_k))


def picture(p, n) -> str:
    """The matrix [j in A_i] as text: █ attends, · does not.

    `p` is a pattern; the steps of a Factorized, and the Branches of a multiset, stand side by side. `n` is a length, or
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
        raise ValueError(
            f"n must be at most {MOST} for a picture in text, got {n!r}: sparse_ref.plot.mask draws larger ones"
        )
    if isinstance(p, (Factorized, Branches)):
        parts = p.steps if isinstance(p, Factorized) else p.patterns
        return "\n".join(map("  ".join, zip(*(picture(part, n).split("\n") for part in parts))))
    if not isinstance(p, Pattern):
        raise TypeError(f"p must be a Pattern, a Factorized or Branches, got {p!r}")
    return join_glyphs(np.where(brute_mask(p, n), ATTENDS, NOT))


def difference(expected: np.ndarray, actual: np.ndarray) -> str:
    """Two bool masks of one shape in one picture: █ both, · neither, + only in `actual`, - only in `expected`.

    >>> import numpy as np
    >>> print(difference(np.array([[1, 1, 0]], bool), np.array([[1, 0, 1]], bool)))
    █-+
    """
    return join_glyphs(np.select([expected & actual, actual, expected], [ATTENDS, "+", "-"], NOT))


def join_glyphs(glyphs: np.ndarray) -> str:
    """A table of glyphs as lines."""
    return "\n".join("".join(row) for row in glyphs)


def html(p: Pattern, n: int | None = None) -> str:
    """What a notebook shows for a pattern: its notation, its set and source, its formula and its picture.

    A pattern made of others shows the formula and source of each rule in it. Drawn at its own length, or 16.
    """
    try:
        drawn = picture(p, p.own_length or 16 if n is None else n)
    except (IndexError, ValueError) as refused:  # a listed pattern, or a long one
        drawn = str(refused)
    parts = (
        "".join(map(_stated, dict.fromkeys(rules_of(p)))) or f"<p>{escape(first_line(type(p)))}</p>"
    )
    return (
        f"<div><b><code>{escape(repr(p))}</code></b>{parts}"
        f'<pre style="line-height:1.0;letter-spacing:0">{drawn}</pre></div>'
    )


def first_line(definition) -> str:
    """The first line of a definition's docstring: its set, and its source."""
    return (definition.__doc__ or "").strip().split("\n")[0]


def set_and_source(definition) -> tuple[str, str]:
    """(set, source) of a definition's first line, which has eight spaces between them."""
    is_set, _, source = first_line(definition).partition("        ")
    return is_set.strip(), source.strip()


def rules_of(p: Pattern) -> list[Rule]:
    """The rules that a pattern is made of, from the left."""
    return [leaf for leaf in leaves(p) if isinstance(leaf, Rule)]


def _stated(p: Rule) -> str:
    """A rule's set, its source and its formula."""
    is_set, source = set_and_source(type(p))
    try:
        code = dedent(getsource(type(p).formula)).replace("@staticmethod\n", "", 1).strip()
    except OSError:  # typed in, not read from a file
        code = ""
    return f"<p>{escape(is_set)} &emsp; <i>{escape(source)}</i></p><pre>{escape(code)}</pre>"
