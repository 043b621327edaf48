"""Connectivity sets: which keys j each query i may attend to, and what | & - ~ make of them.

A pattern is a frozen, hashable value that states a family of sets { A_i }; nothing else in this library defines a mask.

Symbols:  i query, j key, both from 0;  n the number of keys.  True means "attends".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


class Pattern:
    """A family of key sets { A_i }, closed under | & - ~."""

    precedence: ClassVar[int] = 9

    @property
    def own_length(self) -> int | None:
        """The n that the sets are stated for; None where they hold for every n."""
        return None

    def contains(self, i, j):
        """Whether query i may attend to key j, for i, j >= 0.

        Broadcasts. i and j may be Python's ints of any size, NumPy's integers and arrays of them, or int64 torch
        tensors: the answer has the type that comparing them has.
        """
        raise NotImplementedError

    def row(self, i: int, n: int) -> np.ndarray:
        """The keys of query i among 0 <= j < n: ascending, without repeats, int64; empty where A_i is."""
        raise NotImplementedError

    def __or__(self, other):
        return Union(self, other) if isinstance(other, Pattern) else NotImplemented

    def __and__(self, other):
        return Intersection(self, other) if isinstance(other, Pattern) else NotImplemented

    def __sub__(self, other):
        return Difference(self, other) if isinstance(other, Pattern) else NotImplemented

    def __invert__(self):
        return Complement(self)

    def __bool__(self):
        raise TypeError(
            f"the pattern {self!r} has no truth value: combine patterns with | & - ~, "
            "not with `or`, `and`, `not`"
        )

    def _repr_html_(self):
        from ..picture import html

        return html(self)

    def _stated_for(self, i, n):
        """Refuse keys of another length than the sets have, and queries beyond it; nothing where they hold for every n."""
        if self.own_length is None:
            return
        if n != self.own_length:
            raise ValueError(f"{self!r} is stated for n = {self.own_length}, got n = {n}")
        if np.size(i) and (np.min(i) < 0 or np.max(i) >= n):
            raise IndexError(
                f"{self!r} has rows 0 <= i < {n}, asked for i = {np.min(i)} to {np.max(i)}"
            )

    def _inside(self, other: Pattern) -> str:
        """The notation of `other` as an operand of self: in parentheses where it binds no tighter."""
        return repr(other) if other.precedence > self.precedence else f"({other!r})"


def require_pattern(name: str, p):
    """Refuse what is no pattern."""
    if not isinstance(p, Pattern):
        raise TypeError(f"{name} must be a Pattern, got {p!r}")


def leaves(p: Pattern) -> list[Pattern]:
    """The patterns without parts that `p` is made of, from the left; p itself where it has none."""
    fields = [
        each
        for value in vars(p).values()
        for each in (value if isinstance(value, tuple) else (value,))
    ]
    parts = [each for each in fields if isinstance(each, Pattern)]
    return [leaf for part in parts for leaf in leaves(part)] if parts else [p]


@dataclass(frozen=True, repr=False)
class Pair(Pattern):
    """Two patterns and the sign between them; abstract."""

    left: Pattern
    right: Pattern
    sign: ClassVar[str]

    def __post_init__(self):
        n = {self.left.own_length, self.right.own_length} - {None}
        if len(n) > 1:
            raise ValueError(
                f"{self!r}: both sides of {self.sign} must be stated for one length, "
                f"got {self.left.own_length} and {self.right.own_length}"
            )

    @property
    def own_length(self):
        return self.left.own_length if self.right.own_length is None else self.right.own_length

    def __repr__(self):
        left = repr(self.left) if isinstance(self.left, type(self)) else self._inside(self.left)
        return f"{left} {self.sign} {self._inside(self.right)}"


class Union(Pair):
    """A_i = L_i | R_i"""

    sign, precedence = "|", 1

    def contains(self, i, j):
        return self.left.contains(i, j) | self.right.contains(i, j)

    def row(self, i, n):
        return np.union1d(self.left.row(i, n), self.right.row(i, n))


class Intersection(Pair):
    """A_i = L_i & R_i"""

    sign, precedence = "&", 2

    def contains(self, i, j):
        return self.left.contains(i, j) & self.right.contains(i, j)

    def row(self, i, n):
        return np.intersect1d(self.left.row(i, n), self.right.row(i, n))


class Difference(Pair):
    """A_i = L_i - R_i"""

    sign, precedence = "-", 3

    def contains(self, i, j):
        return self.left.contains(i, j) & (self.right.contains(i, j) ^ True)

    def row(self, i, n):
        return np.setdiff1d(self.left.row(i, n), self.right.row(i, n))


@dataclass(frozen=True, repr=False)
class Complement(Pattern):
    """A_i = { j : j not in P_i }"""

    pattern: Pattern
    precedence: ClassVar[int] = 4

    @property
    def own_length(self):
        return self.pattern.own_length

    def contains(self, i, j):
        return self.pattern.contains(i, j) ^ True

    def row(self, i, n):
        others = self.pattern.row(i, n)
        return np.setdiff1d(np.arange(n, dtype=np.int64), others)

    def __repr__(self):
        inner = (
            repr(self.pattern)
            if isinstance(self.pattern, Complement)
            else self._inside(self.pattern)
        )
        return f"~{inner}"
