"""Several patterns as one thing: steps for layers or heads, and branches of a multiset.

Child et al. 2019, arXiv 1904.10509, sec. 4.2 (factorized self-attention, in steps A^(1), ..., A^(p)) and sec. 5.1 (the three
ways in which the layers and heads of a model share the steps).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from .pattern import Pattern


@dataclass(frozen=True, repr=False)
class Factorized:
    """Steps (A^(1), ..., A^(p)) that together let i reach every j <= i:  j in A_a^(1), a in A_b^(2), ..., i

    `steps` are in the paper's order m = 1..p, which is also the order of the layers from below. `via(j, i)`,
    where known, gives in closed form candidates for the position a of a two-step path j -> a -> i, or for those of a longer
    one, (a, b, ...): if any path exists, with the residual edge or without, one of them lies on one.
    """

    steps: tuple[Pattern, ...]
    name: str = ""
    via: Callable | None = field(default=None, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "steps", _several("Factorized: steps", self.steps))

    def __repr__(self):
        return self.name or f"Factorized({self.steps!r})"

    def ways(self, j, i) -> list[tuple]:
        """What lies between j and i by each candidate of `via`, one position for each layer but the last; [] without it."""
        candidates = () if self.via is None else self.via(j, i)
        return [between if isinstance(between, tuple) else (between,) for between in candidates]

    def _repr_html_(self):
        from ..picture import html
        return "".join(f"<p>m = {m}</p>{html(p)}" for m, p in enumerate(self.steps, 1))


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
        object.__setattr__(self, "patterns", _several("Branches: patterns", self.patterns))

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


def _several(name: str, patterns) -> tuple[Pattern, ...]:
    """One or more patterns, as a tuple."""
    if not isinstance(patterns, (list, tuple)) or not patterns or not all(isinstance(p, Pattern) for p in patterns):
        raise TypeError(f"{name} must be one or more patterns, got {patterns!r}")
    return tuple(patterns)


def one_set(name: str, p):
    """Refuse steps and branches where one set is asked for."""
    if isinstance(p, Factorized):
        raise TypeError(f"{name} {p!r} is {len(p.steps)} steps, not one set: Merged({p!r}).at(0, 0) is their union")
    if isinstance(p, Branches):
        raise TypeError(f"{name} {p!r} is {len(p)} branches, not one set: sr.multiplicity(branches, n) "
                        "counts their keys, as sr.verify.probe(fn, n).multiplicity does those of a function")


@dataclass(frozen=True)
class Scheme:
    """How the steps of a factorized pattern are shared among the layers and heads of a model; abstract."""

    factorized: Factorized

    def __post_init__(self):
        if not isinstance(self.factorized, Factorized):
            raise TypeError(f"{type(self).__name__}: factorized must be a Factorized, got {self.factorized!r}")

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this layer and head, both from 0."""
        raise NotImplementedError


class Interleaved(Scheme):
    """Layer r uses A^(1 + r mod p): layers 0, 1, 2, ... use A^(1), ..., A^(p), A^(1), ...   sec. 5.1, eq. 6

    The paper writes A^(r mod p) for m = 1..p and so leaves the phase open. Layer 0 is A^(1) here: that is the
    order in which the paper's paths walk, and for `fixed` the only one that connects.
    """

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this layer, the same for each head."""
        return self.factorized.steps[layer % len(self.factorized.steps)]


class Merged(Scheme):
    """Every head of every layer uses A^(1) | ... | A^(p)   sec. 5.1, eq. 7"""

    def at(self, layer: int, head: int) -> Pattern:
        """The union of the steps, whatever the layer and head."""
        return reduce(or_, self.factorized.steps)


class MultiHead(Scheme):
    """Head h of every layer uses A^(1 + h mod p)   sec. 5.1, eq. 8, with the steps dealt to the heads in turn"""

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this head, the same for each layer."""
        return self.factorized.steps[head % len(self.factorized.steps)]
