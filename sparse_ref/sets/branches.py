"""The branches of a multiset: one softmax in which a key counts once for each branch."""

from __future__ import annotations

from dataclasses import dataclass, field

from .factorized import several
from .pattern import Pattern


@dataclass(frozen=True, repr=False)
class Branches:
    """m_ij = |{ b : j in A_i^(b) }|        a multiset of keys: one softmax in which a key counts once for each branch

    `attend` takes one where it takes a pattern, merging the branches by log-sum-exp; `sr.multiplicity` is m.
    Iterating gives the patterns A^(b); & with a pattern cuts each of them. Raises TypeError for anything but one or more
    patterns.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.Branches((sr.Causal(), sr.Window(0))), 3)
    array([[2, 0, 0],
           [1, 2, 0],
           [1, 1, 2]])
    """

    patterns: tuple[Pattern, ...]
    name: str = field(default="", compare=False)

    def __post_init__(self):
        object.__setattr__(self, "patterns", several("Branches: patterns", self.patterns))

    def __and__(self, other):
        """m_ij [j in P_i]: each branch & the pattern P, so that & Causal() takes the future out of all of them.

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
        cut = tuple(p & other for p in self.patterns)
        return Branches(cut, self.name and f"{self.name} & {cut[0]._inside(other)}")

    def __iter__(self):
        return iter(self.patterns)

    def __len__(self):
        return len(self.patterns)

    def __repr__(self):
        return self.name or f"Branches({self.patterns!r})"

    def _repr_html_(self):
        from ..picture import html

        return "".join(f"<p>branch {b}</p>{html(p)}" for b, p in enumerate(self.patterns))
