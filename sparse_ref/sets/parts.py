"""Patterns over the parts of a sequence: equal blocks, documents of unequal lengths, and the axes
of a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .checks import MAX_LENGTH, int_or_pair, int_tuple, integer, query_and_length
from .pattern import Pattern, require_pattern
from .positions import rank
from .run import as_int64


@dataclass(frozen=True)
class Blockwise(Pattern):
    """A_i = { j : floor(j / b_k) in P_floor(i / b_q) }

    A pattern over blocks, spread over their tokens.

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
        require_pattern("Blockwise: pattern", self.pattern)
        object.__setattr__(
            self, "block", int_or_pair("Blockwise: block", self.block, 1, "(b_q, b_k)")
        )

    @property
    def own_length(self):
        return None if self.pattern.own_length is None else self.pattern.own_length * self.block[1]

    def contains(self, i, j):
        b_q, b_k = self.block
        return self.pattern.contains(as_int64(i) // b_q, as_int64(j) // b_k)

    def row(self, i, n):
        (i, n), (b_q, b_k) = query_and_length(i, n), self.block
        self.check_length((), n)
        blocks = self.pattern.row(i // b_q, -(-n // b_k))
        keys = (blocks[:, None] * b_k + np.arange(min(b_k, n))).ravel()
        return keys[keys < n]

    def __repr__(self):
        b_q, b_k = self.block
        return f"Blockwise({self.pattern!r}, {b_q if b_q == b_k else self.block})"


@dataclass(frozen=True)
class Documents(Pattern):
    """A_i = { j : doc(j) = doc(i),  j - start in P_(i - start) }

    Packed documents, the pattern restarting in each.

    doc(x) counts the documents that end at or before x, and start is where that of i begins.
    `lengths` are the documents' lengths, 0 allowed, and n their sum: other lengths are an error.
    `inner` is P; without it, A_i is the whole document. `contains` is meant for positions below n.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Documents((2, 4), sr.Causal()), 6))
    █·····
    ██····
    ··█···
    ··██··
    ··███·
    ··████
    """

    lengths: tuple[int, ...]
    inner: Pattern | None = None

    def __post_init__(self):
        object.__setattr__(
            self, "lengths", int_tuple("Documents: lengths", self.lengths, 0, MAX_LENGTH)
        )
        if self.inner is not None:
            require_pattern("Documents: inner", self.inner)
            if self.inner.own_length is not None and set(self.lengths) - {0, self.inner.own_length}:
                raise ValueError(
                    f"Documents: lengths must all be that of inner, {self.inner.own_length}, got {self.lengths}"
                )

    @property
    def own_length(self):
        return sum(self.lengths)

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each document ends, its last position not included."""
        return tuple(np.cumsum(self.lengths, dtype=np.int64).tolist())

    def contains(self, i, j):
        i, j = as_int64(i), as_int64(j)
        same = rank(i, self.ends) == rank(j, self.ends)
        if self.inner is None:
            return same
        return same & self.inner.contains(i - self._start(i), j - self._start(j))

    def row(self, i, n):
        i, n = query_and_length(i, n)
        self.check_length(i, n)
        start = int(self._start(np.array([i]))[0])
        length = self.lengths[int(rank(np.array([i]), self.ends)[0])]
        keys = (
            np.arange(length, dtype=np.int64)
            if self.inner is None
            else self.inner.row(i - start, length)
        )
        return start + keys

    def _start(self, x):
        """Where the document of position x begins."""
        if isinstance(x, np.ndarray):
            return np.array([0, *self.ends])[rank(x, self.ends)]
        return sum((length * (end <= x) for length, end in zip(self.lengths, self.ends)), 0 * x)

    def __repr__(self):
        return f"Documents({self.lengths!r}{'' if self.inner is None else f', {self.inner!r}'})"


@dataclass(frozen=True)
class Grid(Pattern):
    """A_i = { j : j_a in (P_a)_(i_a) for every axis a }

    One pattern an axis, over a grid read row by row.

    Position i of a grid of `shape` (s_1, ..., s_r) has the coordinates i = (i_1 s_2 + i_2) s_3 +
    ...; axis a has the pattern P_a at length s_a. n is the product of the shape: other lengths are
    an error. `contains` is meant for positions below n.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Grid((2, 3), (sr.Full(), sr.Window(0))), 6))
    █··█··
    ·█··█·
    ··█··█
    █··█··
    ·█··█·
    ··█··█
    """

    shape: tuple[int, ...]
    patterns: tuple[Pattern, ...]

    def __post_init__(self):
        shape = int_tuple("Grid: shape", self.shape, 1, MAX_LENGTH)
        integer("Grid: the product of shape", prod(shape), 1, MAX_LENGTH)
        patterns = (
            tuple(self.patterns) if isinstance(self.patterns, (list, tuple)) else (self.patterns,)
        )
        if not shape:
            raise ValueError("Grid: shape must have at least 1 axis, got ()")
        if len(patterns) != len(shape):
            raise ValueError(
                f"Grid: patterns must be one for each of the {len(shape)} axes, got {len(patterns)}"
            )
        for side, p in zip(shape, patterns):
            require_pattern("Grid: a pattern", p)
            if p.own_length not in (None, side):
                raise ValueError(
                    f"Grid: {p!r} must be stated for the length of its axis, {side}, got {p.own_length}"
                )
        vars(self).update(shape=shape, patterns=patterns)

    @property
    def own_length(self):
        return prod(self.shape)

    def contains(self, i, j):
        i, j = as_int64(i), as_int64(j)
        held: Any = None
        for side, p in zip(self.shape[::-1], self.patterns[::-1]):
            along = p.contains(i % side, j % side)
            held, i, j = along if held is None else held & along, i // side, j // side
        return held

    def row(self, i, n):
        i, n = query_and_length(i, n)
        self.check_length(i, n)
        keys = np.zeros(1, np.int64)
        for side, p, at in zip(self.shape, self.patterns, np.unravel_index(i, self.shape)):
            keys = np.add.outer(keys * side, p.row(int(at), side)).ravel()
        return keys

    def __repr__(self):
        return f"Grid({self.shape!r}, {self.patterns!r})"
