"""Connectivity sets: which keys j each query i may attend to.

A pattern is a frozen, hashable value that states a family of sets { A_i }. A `Rule` states its set twice,
side by side: `formula` is the paper's set-builder line, `row` is the same set solved for j. Tests hold the
two equal for every rule; nothing else in this library defines a mask.

Symbols:  i query, j key, both from 0;  n the number of keys.  True means "attends".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from .checks import whole
from .runs import Run, every, listing, span, wide

__all__ = ["Both", "Complement", "Either", "Minus", "Pattern", "Rule", "Run", "every", "span"]


class Pattern:
    """A family of key sets { A_i }, closed under | & - ~."""

    precedence: ClassVar[int] = 9

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
        return Either(self, other) if isinstance(other, Pattern) else NotImplemented

    def __and__(self, other):
        return Both(self, other) if isinstance(other, Pattern) else NotImplemented

    def __sub__(self, other):
        return Minus(self, other) if isinstance(other, Pattern) else NotImplemented

    def __invert__(self):
        return Complement(self)

    def __bool__(self):
        raise TypeError(f"the pattern {self!r} has no truth value: combine patterns with | & - ~, "
                        "not with `or`, `and`, `not`")

    def _repr_html_(self):
        from .picture import html
        return html(self)

    def _inside(self, other: Pattern) -> str:
        """The notation of `other` as an operand of self: in parentheses where it binds no tighter."""
        return repr(other) if other.precedence > self.precedence else f"({other!r})"


class Rule(Pattern):
    """A pattern in closed form. A subclass gives int fields, `formula(i, j, *fields)` and `row(i, n, *fields)`.

    Fields are ints of at least `least` (1 unless the subclass says otherwise) and at most 10**18, checked when the
    value is made. `row` answers with a Run, or a tuple of them, whose keys may reach outside 0 <= j < n: readers clip.

    Raises
    ------
    TypeError
        A field that is no integer (True and 2.0 are none).
    ValueError
        A field beyond its bounds.
    """

    least: ClassVar[int | None] = 1

    formula: ClassVar[Any]
    _solved: ClassVar[Any]

    def __init_subclass__(cls, **kwargs):
        """Keep the definition's `row` aside, so that `p.row(i, n)` lists keys for rules as for every pattern."""
        super().__init_subclass__(**kwargs)
        if "row" in cls.__dict__:
            cls._solved = cls.__dict__["row"]
            del cls.row

    def __post_init__(self):
        for field in fields(self):  # type: ignore[arg-type]
            number = whole(f"{type(self).__name__}: {field.name}", getattr(self, field.name), self.least)
            object.__setattr__(self, field.name, number)

    @property
    def parameters(self) -> tuple[int, ...]:
        """The numbers of the rule, in the order of its notation."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def contains(self, i, j):
        return self.formula(wide(i), wide(j), *self.parameters)

    def runs(self, i, n) -> tuple[Run, ...]:
        """A_i as runs; i an int, or an int64 array of queries. Keys may reach outside 0 <= j < n."""
        found = self._solved(i, n, *self.parameters)
        return (found,) if isinstance(found, Run) else tuple(found)

    def row(self, i: int, n: int) -> np.ndarray:
        return np.unique(np.concatenate([listing(run, n) for run in self.runs(i, n)]))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.parameters))})"


@dataclass(frozen=True, repr=False)
class Pair(Pattern):
    """Two patterns and the sign between them; abstract."""

    left: Pattern
    right: Pattern
    sign: ClassVar[str]

    def __repr__(self):
        left = repr(self.left) if isinstance(self.left, type(self)) else self._inside(self.left)
        return f"{left} {self.sign} {self._inside(self.right)}"


class Either(Pair):
    """A_i = L_i | R_i"""

    sign, precedence = "|", 1

    def contains(self, i, j):
        return self.left.contains(i, j) | self.right.contains(i, j)

    def row(self, i, n):
        return np.union1d(self.left.row(i, n), self.right.row(i, n))


class Both(Pair):
    """A_i = L_i & R_i"""

    sign, precedence = "&", 2

    def contains(self, i, j):
        return self.left.contains(i, j) & self.right.contains(i, j)

    def row(self, i, n):
        keys = self.left.row(i, n)
        return keys[self.right.contains(i, keys)]


class Minus(Pair):
    """A_i = L_i - R_i"""

    sign, precedence = "-", 3

    def contains(self, i, j):
        return self.left.contains(i, j) & (self.right.contains(i, j) ^ True)

    def row(self, i, n):
        keys = self.left.row(i, n)
        return keys[~self.right.contains(i, keys)]


@dataclass(frozen=True, repr=False)
class Complement(Pattern):
    """A_i = { j : j not in P_i }"""

    pattern: Pattern
    precedence: ClassVar[int] = 4

    def contains(self, i, j):
        return self.pattern.contains(i, j) ^ True

    def row(self, i, n):
        keys = np.arange(n, dtype=np.int64)
        return keys[~self.pattern.contains(i, keys)]

    def __repr__(self):
        inner = repr(self.pattern) if isinstance(self.pattern, Complement) else self._inside(self.pattern)
        return f"~{inner}"
