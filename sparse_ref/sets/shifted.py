"""Shifted patterns (KV cache): queries that come after positions that have no query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checks import integer, query_and_length
from .pattern import Pattern
from .require import require_pattern
from .run import as_int64
from .types import IntArray


@dataclass(frozen=True)
class Shifted(Pattern):
    """A_i = P_{i + offset}

    Query i has the keys of query i + offset of the pattern P.

    Queries that are the last n_q of n_k positions (decoding with a cache, bottom-right alignment)
    have offset n_k - n_q. If i + offset is negative, the pattern's own formula decides.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Shifted(sr.Causal(), 3), (3, 6)))
    ████··
    █████·
    ██████
    """

    pattern: Pattern
    offset: int

    def __post_init__(self) -> None:
        require_pattern("Shifted: pattern", self.pattern)
        object.__setattr__(self, "offset", integer("Shifted: offset", self.offset))

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        return self.pattern.contains(as_int64(i) + self.offset, j)

    def row(self, i: int, n: int) -> IntArray:
        i, n = query_and_length(i, n)
        return self.pattern.row(i + self.offset, n)

    def __repr__(self) -> str:
        return f"Shifted({self.pattern!r}, {self.offset})"
