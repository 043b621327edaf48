"""Counterexamples as pictures: a failing property prints that of each pattern that it draws."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...sets.checks import lengths
from ...sets.pattern import Pattern
from ...sets.types import Length

P = TypeVar("P", bound=Pattern)
USUAL_LENGTH = 12
MAX_LENGTH = 32  # queries and keys of a picture


@st.composite
def with_picture(draw, strategy: SearchStrategy[P], n: Length | None = None) -> P:
    """What the strategy draws; Hypothesis prints its picture with a falsifying example."""
    p = draw(strategy)
    note(picture_text(p, n))
    return p


def picture_text(p: Pattern, n: Length | None = None) -> str:
    """The notation of a pattern, and its picture at n, or at a short length if n is None.

    >>> import sparse_ref as sr
    >>> print(picture_text(sr.Strided(2), 4))
    Strided(2) at n = 4:
    █···
    ·█··
    █·█·
    ·█·█
    """
    size: Length = n or p.own_length or USUAL_LENGTH
    n_q, n_k = lengths(size)
    if not 0 < min(n_q, n_k) <= max(n_q, n_k) <= MAX_LENGTH:
        return repr(p)
    try:
        picture = p.picture(size)
    except (IndexError, ValueError):  # lists with fewer rows
        return repr(p)
    return f"{p!r} at n = {n_q if n_q == n_k else f'{n_q}x{n_k}'}:\n{picture}"
