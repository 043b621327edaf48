"""The theorem book: what is claimed of paths through published patterns, each claim with the statement that settles it.

A theorem is a name, the claim in our words with its source, the verdict that is expected, and what settles it. The chapters are
in `book`; `sparse-ref prove` settles one or all, and docs/theorems.md is written from them.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from .theorem import Theorem

__all__ = ["Theorem", "book", "theorem"]


@cache
def book() -> tuple[Theorem, ...]:
    """Every theorem, by family.

    >>> len(book()) >= 30, len({each.family for each in book()}) >= 15
    (True, True)
    """
    from . import CHAPTERS

    found = [each for chapter in CHAPTERS for each in chapter.THEOREMS]
    families = list(dict.fromkeys(each.family for each in found))
    return tuple(sorted(found, key=lambda each: families.index(each.family)))


def theorem(name: str) -> Theorem:
    """The theorem of this name. Raises LookupError, with the names that are near.

    >>> print(theorem("strided-too-narrow").settle())
    refuted: for all l >= 2, every n and all 0 <= j <= i < n: there is a with j in Lookback(l - 1)_a and a in Strided(l)_i
    counterexample: l = 2, n = 2, j = 0, i = 1
    evidence: every path was checked: j = 0 reaches only i = 0
    """
    for each in book():
        if each.name == name:
            return each
    near = get_close_matches(name, [each.name for each in book()], 3, 0.4)
    raise LookupError(
        f"no theorem is called {name!r}" + (f"; there is {', '.join(near)}" if near else "")
    )
