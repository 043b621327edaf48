"""The theorem book: claims about paths through published patterns, and how they are settled.

A theorem has a name, the claim in our words, its source, the verdict that is expected, and a
function that settles it. The chapters are the modules next to this one. `sparse-ref prove` settles
one theorem or all of them; docs/theorems.py writes the page.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from .theorem import Theorem

__all__ = ["Theorem", "book", "theorem"]


@cache
def book() -> tuple[Theorem, ...]:
    """Every theorem, by family.

    >>> len(book()) >= 30, len({theorem.family for theorem in book()}) >= 15
    (True, True)
    """
    from . import CHAPTERS

    theorems: list[Theorem] = []
    for chapter in CHAPTERS:
        theorems.extend(chapter.THEOREMS)
    families = list(dict.fromkeys(theorem.family for theorem in theorems))
    return tuple(sorted(theorems, key=lambda theorem: families.index(theorem.family)))


def theorem(name: str) -> Theorem:
    """The theorem of this name. Raises LookupError, with similar names.

    >>> verdict = theorem("strided-too-narrow").settle()
    >>> print(verdict.status, "by", verdict.counterexample)
    refuted by l = 2, n = 2, j = 0, i = 1
    """
    theorems = {theorem.name: theorem for theorem in book()}
    if name in theorems:
        return theorems[name]
    similar = get_close_matches(name, theorems, 3, 0.4)
    hint = f"; did you mean {', '.join(similar)}?" if similar else ""
    raise LookupError(f"no theorem is called {name!r}{hint}")
