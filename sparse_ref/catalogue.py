"""The catalogue: every constructor of this library with an example of it, for lists, documentation and tests.

An example is in the notation of `repr`, with {n} for the length, {s} for its square root, {h} and {q} for a half and a
quarter of it, so that one text stands for the pattern at every length.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import isqrt

from . import notation
from .picture import said

DRAWN = 24


@dataclass(frozen=True)
class Entry:
    """A constructor, an example of it, and the length at which the example draws well"""

    name: str
    example: str
    n: int = DRAWN
    keys: str = ""

    @property
    def family(self) -> str:
        """The file that defines it: a paper, or what the sets have in common."""
        return notation.NAMES[self.name].__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """What the family is, in a line."""
        return said(sys.modules[notation.NAMES[self.name].__module__])

    @property
    def said(self) -> str:
        """The set and its source, as the definition's first line has them."""
        return said(notation.NAMES[self.name])

    def text(self, n: int | None = None) -> str:
        """The example in notation, at a length; its own unless given. Example texts with {s} take squares alone."""
        n = self.n if n is None else n
        return self.example.format(n=n, s=isqrt(n), h=n // 2, q=n // 4)

    def shape(self, n: int | None = None) -> tuple[int, int]:
        """(n_q, n_k) of the example: more keys than queries where `keys` says how many more."""
        n = self.n if n is None else n
        return n, n + int((self.keys or "0").format(h=n // 2, q=n // 4))

    def value(self, n: int | None = None):
        """What the example denotes: a pattern, steps, branches, or one pattern a head."""
        return notation.read(self.text(n))


def catalogue() -> tuple[Entry, ...]:
    """Every constructor with an example, family by family.

    >>> import sparse_ref as sr
    >>> [entry.text() for entry in sr.catalogue() if entry.family == "sparse_transformer"]
    ['Local(4)', 'Strided(4)', 'Block(4)', 'Summary(4, 1)', 'strided(4)', 'fixed(4, 1)']
    """
    return ENTRIES


ENTRIES = tuple(Entry(*row) for row in [
    ("Full", "Full()"),
    ("Causal", "Causal()"),
    ("Window", "Window(3)"),
    ("Lookback", "Lookback(4)"),
    ("Band", "Band(4, 1)"),
    ("Dilated", "Dilated(2, 3)"),
    ("Chunk", "Chunk(6)"),
    ("Global", "Global(2)"),
    ("GlobalAt", "GlobalAt((0, 9, 10))"),
    ("Sinks", "Sinks(2)"),
    ("Prefix", "Prefix(5)"),
    ("Random", "Random({n}, keys=3, seed=0)"),
    ("Local", "Local(4)"),
    ("Strided", "Strided(4)"),
    ("Block", "Block(4)"),
    ("Summary", "Summary(4, 1)"),
    ("strided", "strided(4)"),
    ("fixed", "fixed(4, 1)"),
    ("SubBlock", "SubBlock(6, 2, 2)"),
    ("openai_fixed", "openai_fixed(8, 2, num_verts=2)"),
])
