"""Connectivity sets: which keys j each query i may attend to.

A pattern is a frozen, hashable value that states a family of sets { A_i }. A `Rule` states its set twice,
side by side: `formula` is the paper's set-builder line, `row` is the same set solved for j. Tests hold the
two equal for every rule; nothing else in this library defines a mask.

Symbols:  i query, j key, both from 0;  n the number of keys.  True means "attends".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import index
from typing import Any, ClassVar

import numpy as np

from .runs import Run, every, holds, listing, span

__all__ = ["Blockwise", "Listed", "Pattern", "Rule", "Run", "Shifted", "every", "holds", "span"]


class Pattern:
    """A family of key sets { A_i }, closed under | & - ~."""

    precedence: ClassVar[int] = 9

    def contains(self, i, j):
        """Whether query i may attend to key j, for i, j >= 0.

        Broadcasts. i and j may be ints of any size, NumPy arrays, torch tensors or z3 integers: the
        answer has the type that comparing them has.
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

    Fields are ints of at least `least` (1 unless the subclass says otherwise), checked when the value is
    made. `row` answers with a Run, or a tuple of them, whose keys may reach outside 0 <= j < n: readers clip.

    Raises
    ------
    TypeError
        A field that is no integer (True and 2.0 are none).
    ValueError
        A field below its bound.
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
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
                raise TypeError(f"{type(self).__name__}: {field.name} must be an integer, got {value!r}")
            object.__setattr__(self, field.name, index(value))
            if self.least is not None and index(value) < self.least:
                raise ValueError(f"{type(self).__name__}: {field.name} must be at least {self.least}, got {value!r}")

    @property
    def parameters(self) -> tuple[int, ...]:
        """The numbers of the rule, in the order of its notation."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def contains(self, i, j):
        return self.formula(i, j, *self.parameters)

    def runs(self, i, n) -> tuple[Run, ...]:
        """A_i as runs; i an int, or an int64 array of queries. Keys may reach outside 0 <= j < n."""
        found = self._solved(i, n, *self.parameters)
        return (found,) if isinstance(found, Run) else tuple(found)

    def row(self, i: int, n: int) -> np.ndarray:
        return np.unique(np.concatenate([listing(run, n) for run in self.runs(i, n)]))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.parameters))})"


@dataclass(frozen=True, repr=False)
class Either(Pattern):
    """A_i = L_i | R_i"""

    left: Pattern
    right: Pattern
    precedence: ClassVar[int] = 1

    def contains(self, i, j):
        return self.left.contains(i, j) | self.right.contains(i, j)

    def row(self, i, n):
        return np.union1d(self.left.row(i, n), self.right.row(i, n))

    def __repr__(self):
        left = repr(self.left) if isinstance(self.left, Either) else self._inside(self.left)
        return f"{left} | {self._inside(self.right)}"


@dataclass(frozen=True, repr=False)
class Both(Pattern):
    """A_i = L_i & R_i"""

    left: Pattern
    right: Pattern
    precedence: ClassVar[int] = 2

    def contains(self, i, j):
        return self.left.contains(i, j) & self.right.contains(i, j)

    def row(self, i, n):
        keys = self.left.row(i, n)
        return keys[self.right.contains(i, keys)]

    def __repr__(self):
        left = repr(self.left) if isinstance(self.left, Both) else self._inside(self.left)
        return f"{left} & {self._inside(self.right)}"


@dataclass(frozen=True, repr=False)
class Minus(Pattern):
    """A_i = L_i - R_i"""

    left: Pattern
    right: Pattern
    precedence: ClassVar[int] = 3

    def contains(self, i, j):
        return self.left.contains(i, j) & (self.right.contains(i, j) ^ True)

    def row(self, i, n):
        keys = self.left.row(i, n)
        return keys[~self.right.contains(i, keys)]

    def __repr__(self):
        left = repr(self.left) if isinstance(self.left, Minus) else self._inside(self.left)
        return f"{left} - {self._inside(self.right)}"


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


@dataclass(frozen=True, repr=False)
class Blockwise(Pattern):
    """A_i = { j : floor(j / b_k) in P_floor(i / b_q) }        a pattern over blocks, spread over their tokens

    `block` is one length b for queries and keys, or (b_q, b_k).

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Blockwise(sr.Causal(), 2), 6))
    ██····
    ██····
    ████··
    ████··
    ██████
    ██████
    """

    pattern: Pattern
    block: Any

    def __post_init__(self):
        block = self.block if isinstance(self.block, tuple) else (self.block, self.block)
        if len(block) != 2 or any(isinstance(b, bool) or not hasattr(b, "__index__") for b in block):
            raise TypeError(f"Blockwise: block must be an integer or a pair of them, got {self.block!r}")
        if min(block) < 1:
            raise ValueError(f"Blockwise: block must be at least 1, got {self.block!r}")
        if not isinstance(self.pattern, Pattern):
            raise TypeError(f"Blockwise: pattern must be a Pattern, got {self.pattern!r}")
        object.__setattr__(self, "block", (index(block[0]), index(block[1])))

    def contains(self, i, j):
        b_q, b_k = self.block
        return self.pattern.contains(i // b_q, j // b_k)

    def row(self, i, n):
        b_q, b_k = self.block
        blocks = self.pattern.row(i // b_q, -(-n // b_k))
        keys = (blocks[:, None] * b_k + np.arange(b_k)).ravel()
        return keys[keys < n]

    def __repr__(self):
        b_q, b_k = self.block
        return f"Blockwise({self.pattern!r}, {b_q if b_q == b_k else self.block})"


@dataclass(frozen=True, repr=False)
class Shifted(Pattern):
    """A_i = P_{i + offset}        the pattern read `offset` queries further on

    Queries that are the last n_q of n_k positions (decoding with a cache, "bottom-right" alignment) have
    offset n_k - n_q. Where i + offset is negative the pattern's own formula decides.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Shifted(sr.Causal(), 3), (3, 6)))
    ████··
    █████·
    ██████
    """

    pattern: Pattern
    offset: int

    def __post_init__(self):
        if isinstance(self.offset, bool) or not hasattr(self.offset, "__index__"):
            raise TypeError(f"Shifted: offset must be an integer, got {self.offset!r}")
        if not isinstance(self.pattern, Pattern):
            raise TypeError(f"Shifted: pattern must be a Pattern, got {self.pattern!r}")
        object.__setattr__(self, "offset", index(self.offset))

    def contains(self, i, j):
        return self.pattern.contains(i + self.offset, j)

    def row(self, i, n):
        return self.pattern.row(i + self.offset, n)

    def __repr__(self):
        return f"Shifted({self.pattern!r}, {self.offset})"


class Listed(Pattern):
    """A_i = { indices[t] : indptr[i] <= t < indptr[i + 1] }        chosen from data or a seed, not stated

    Parameters
    ----------
    indptr : int array (n_q + 1,), from 0, never falling.
    indices : int array (indptr[-1],), the keys of each row ascending without repeats, none negative.

    The arrays are copied and frozen; two such patterns are equal when their arrays are. Raises ValueError
    naming the row where one of these does not hold, and IndexError for a query that is not listed.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Listed([0, 2, 2, 3], [0, 2, 1]), 3))
    █·█
    ···
    ·█·
    """

    def __init__(self, indptr, indices):
        self.indptr, self.indices = _frozen(indptr, "indptr"), _frozen(indices, "indices")
        counts = np.diff(self.indptr)
        if len(self.indptr) == 0 or self.indptr[0] != 0 or self.indptr[-1] != len(self.indices) or (counts < 0).any():
            raise ValueError(f"Listed: indptr must rise from 0 to len(indices) = {len(self.indices)}, got {indptr!r}")
        self._rows = np.repeat(np.arange(len(counts)), counts)
        wrong = (np.diff(self.indices) <= 0) & (np.diff(self._rows) == 0)
        if wrong.any():
            t = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"Listed: indices of row {self._rows[t]} must ascend without repeats, "
                             f"got {self.indices[t]} before {self.indices[t + 1]}")
        if len(self.indices) and self.indices.min() < 0:
            t = int(self.indices.argmin())
            raise ValueError(f"Listed: indices must be at least 0, got {self.indices[t]} in row {self._rows[t]}")

    @classmethod
    def of_rows(cls, rows) -> Listed:
        """The pattern whose row i is rows[i], a sequence of keys in any order, repeats dropped."""
        rows = [np.unique(np.array([*row]) if len(row) else np.zeros(0, np.int64)) for row in rows]
        return cls(np.cumsum([0, *map(len, rows)]), np.concatenate([np.zeros(0, np.int64), *rows]))

    def contains(self, i, j):
        i, j = np.broadcast_arrays(np.asarray(i), np.asarray(j))
        self._listed(i)
        if len(self.indices) == 0:
            return np.zeros(i.shape, bool)[()]
        most = int(max(self.indices.max(), j.max(initial=0))) + 1
        have, asked = self._rows * most + self.indices, i * most + j
        t = np.minimum(np.searchsorted(have, asked), len(have) - 1)
        return (have[t] == asked)[()]

    def row(self, i, n):
        self._listed(i)
        keys = self.indices[self.indptr[i]:self.indptr[i + 1]]
        return keys[keys < n]

    def _listed(self, i):
        """Refuse queries without a row."""
        rows = len(self.indptr) - 1
        if np.size(i) and (np.min(i) < 0 or np.max(i) >= rows):
            raise IndexError(f"Listed has rows 0 <= i < {rows}, asked for i = {np.min(i)} to {np.max(i)}")

    def __eq__(self, other):
        return (isinstance(other, Listed) and np.array_equal(self.indptr, other.indptr)
                and np.array_equal(self.indices, other.indices))

    def __hash__(self):
        return hash((self.indptr.tobytes(), self.indices.tobytes()))

    def __repr__(self):
        return f"Listed(<{len(self.indptr) - 1} rows, {len(self.indices)} keys>)"


def _frozen(values, name: str) -> np.ndarray:
    """A read-only int64 copy."""
    array = np.array(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"Listed: {name} must be a vector of integers, got shape {array.shape}, dtype {array.dtype}")
    array = array.astype(np.int64)
    array.flags.writeable = False
    return array
