"""Patterns over parts of a sequence: equal blocks, packed documents, the axes of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import prod
from operator import and_
from typing import Any

import numpy as np

from .checks import MAX_LENGTH, int_or_pair, int_tuple, integer, query_and_length
from .pattern import Pattern
from .positions import rank
from .require import require_pattern
from .run import as_int64
from .types import IntArray


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

    def __post_init__(self) -> None:
        require_pattern("Blockwise: pattern", self.pattern)
        block = int_or_pair("Blockwise: block", self.block, 1, "(b_q, b_k)")
        object.__setattr__(self, "block", block)

    @property
    def own_length(self) -> int | None:
        blocks = self.pattern.own_length
        return None if blocks is None else blocks * self.block[1]

    def contains(self, i: Any, j: Any) -> Any:
        b_q, b_k = self.block
        return self.pattern.contains(as_int64(i) // b_q, as_int64(j) // b_k)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        b_q, b_k = self.block
        self.check_length((), n)
        blocks = self.pattern.row(i // b_q, -(-n // b_k))
        starts = blocks[:, None] * b_k
        keys = (starts + np.arange(min(b_k, n))).ravel()
        return keys[keys < n]

    def __repr__(self) -> str:
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

    def __post_init__(self) -> None:
        lengths = int_tuple("Documents: lengths", self.lengths, 0, MAX_LENGTH)
        object.__setattr__(self, "lengths", lengths)
        if self.inner is None:
            return
        require_pattern("Documents: inner", self.inner)
        n = self.inner.own_length
        if n is not None and not all(length in (0, n) for length in lengths):
            raise ValueError(
                f"Documents: lengths must all be that of inner, {n}, got {self.lengths}"
            )

    @classmethod
    def of_cu_seqlens(cls, cu_seqlens: Any, inner: Pattern | None = None) -> Documents:
        """The documents between bounds 0 = c_0 <= c_1 <= ...: document b is c_b <= i < c_(b+1).

        FlashAttention calls these cumulative lengths `cu_seqlens`. Raises TypeError for anything
        but a sequence of integers, ValueError if they do not begin with 0, or fall.

        >>> import sparse_ref as sr
        >>> sr.Documents.of_cu_seqlens([0, 2, 6], sr.Causal())
        Documents((2, 4), Causal())
        """
        bounds = int_tuple("Documents: cu_seqlens", cu_seqlens, 0, None)
        if not bounds or bounds[0] != 0:
            raise ValueError(f"Documents: cu_seqlens must begin with 0, got {bounds[:1]}")
        for b, (start, end) in enumerate(pairwise(bounds)):
            if end < start:
                raise ValueError(
                    f"Documents: cu_seqlens must not fall, got {start} before {end} at {b + 1}"
                )
        return cls(tuple(end - start for start, end in pairwise(bounds)), inner)

    @property
    def own_length(self) -> int | None:
        return sum(self.lengths)

    @property
    def ends(self) -> tuple[int, ...]:
        """The end of each document, its last position not included."""
        return tuple(np.cumsum(self.lengths, dtype=np.int64).tolist())

    def contains(self, i: Any, j: Any) -> Any:
        i, j = as_int64(i), as_int64(j)
        same = rank(i, self.ends) == rank(j, self.ends)
        if self.inner is None:
            return same
        i, j = i - self._start(i), j - self._start(j)
        return same & self.inner.contains(i, j)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        self.check_length(i, n)
        document = int(rank(np.array([i]), self.ends)[0])
        length = self.lengths[document]
        start = self.ends[document] - length
        if self.inner is None:
            return np.arange(start, start + length, dtype=np.int64)
        return start + self.inner.row(i - start, length)

    def _start(self, x):
        """The first position of the document of position x."""
        if isinstance(x, np.ndarray):
            return np.array([0, *self.ends])[rank(x, self.ends)]
        documents = zip(self.lengths, self.ends)
        return sum((length * (end <= x) for length, end in documents), 0 * x)

    def __repr__(self) -> str:
        inner = "" if self.inner is None else f", {self.inner!r}"
        return f"Documents({self.lengths!r}{inner})"


@dataclass(frozen=True)
class Grid(Pattern):
    """A_i = { j : j_a in (P_a)_(i_a) for every axis a }

    One pattern per axis, over a grid read row by row.

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

    def __post_init__(self) -> None:
        shape = int_tuple("Grid: shape", self.shape, 1, MAX_LENGTH)
        integer("Grid: the product of shape", prod(shape), 1, MAX_LENGTH)
        is_sequence = isinstance(self.patterns, list | tuple)
        patterns: tuple[Any, ...] = tuple(self.patterns) if is_sequence else (self.patterns,)
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
                    f"Grid: {p!r} must be stated for the length of its axis, {side}, "
                    f"got {p.own_length}"
                )
        vars(self).update(shape=shape, patterns=patterns)

    @property
    def own_length(self) -> int | None:
        return prod(self.shape)

    def contains(self, i: Any, j: Any) -> Any:
        i, j = as_int64(i), as_int64(j)
        by_axis = []
        for side, p in reversed(list(zip(self.shape, self.patterns))):
            by_axis.append(p.contains(i % side, j % side))
            i, j = i // side, j // side
        return reduce(and_, by_axis)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        self.check_length(i, n)
        coordinates = np.unravel_index(i, self.shape)
        keys = np.zeros(1, np.int64)
        for side, p, coordinate in zip(self.shape, self.patterns, coordinates):
            row = p.row(int(coordinate), side)
            keys = np.add.outer(keys * side, row).ravel()
        return keys

    def __repr__(self) -> str:
        return f"Grid({self.shape!r}, {self.patterns!r})"
