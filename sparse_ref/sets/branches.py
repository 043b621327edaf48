"""The branches of a multiset: one softmax in which a key counts once for each branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .budget import spend_on_parts
from .factorized import pattern_tuple
from .glyphs import Picture, side_by_side
from .pattern import Pattern
from .types import Length


@dataclass(frozen=True)
class Branches:
    """m_ij = |{ b : j in A_i^(b) }|

    A multiset of keys: one softmax in which a key counts once for each branch.

    `attend` takes Branches as it takes a pattern, and merges the branches by log-sum-exp;
    `sr.multiplicity` is m. Iterating gives the patterns A^(b); & with a pattern cuts each of them.
    Raises TypeError for anything but one or more patterns.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.Branches((sr.Causal(), sr.Window(0))), 3)
    array([[2, 0, 0],
           [1, 2, 0],
           [1, 1, 2]])
    """

    patterns: tuple[Pattern, ...]
    name: str = field(default="", compare=False)

    def __post_init__(self):
        object.__setattr__(self, "patterns", pattern_tuple("Branches: patterns", self.patterns))

    def __and__(self, other: Pattern) -> Branches:
        """m_ij [j in P_i]: each branch & the pattern P.

        >>> import sparse_ref as sr
        >>> both = sr.Branches((sr.Full(), sr.Window(1)))
        >>> both & sr.Causal()
        Branches((Full() & Causal(), Window(1) & Causal()))
        >>> print(sr.picture(both & sr.Causal(), 4))
        █···  █···
        ██··  ██··
        ███·  ·██·
        ████  ··██
        """
        if not isinstance(other, Pattern):
            return NotImplemented
        spend_on_parts(len(self))
        cut = tuple(p & other for p in self.patterns)
        return Branches(cut, self.name and f"{self.name} & {cut[0]._operand(other)}")

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self.patterns)

    def __len__(self) -> int:
        return len(self.patterns)

    def picture(self, n: Length) -> Picture:
        """The pictures of the branches, side by side; n is a length, or (n_q, n_k)."""
        return side_by_side(p.picture(n) for p in self)

    def __repr__(self) -> str:
        return self.name or f"Branches({self.patterns!r})"

    def _repr_html_(self) -> str:
        return "".join(f"<p>branch {b}</p>{p._repr_html_()}" for b, p in enumerate(self))
