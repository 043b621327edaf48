"""Lengths at which tiled kernels go wrong: one row, next to a tile, and no multiple of one."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

from ...sets.checks import Pair, lengths
from ...sets.listed import Listed
from ...sets.pattern import Pattern, leaves
from ...sets.shifted import Shifted
from ...sets.types import Length

TILE = 64
SMALL_TILE = 16


class RaggedLengths(NamedTuple):
    """Further lengths to check, or the reason why there are none."""

    lengths: tuple[Length, ...]
    reason: str


def ragged_lengths(patterns: Sequence[Pattern], n: Length) -> RaggedLengths:
    """The lengths 1, 63, 65, n - 1 and a prime, without n; none for a pattern of one length.

    The prime is not next to a multiple of 16. For (n_q, n_k) these are pairs in which queries are
    fewer than keys, or more, as in n; queries of shifted patterns have as many keys before them as
    at n.

    >>> import sparse_ref as sr
    >>> ragged_lengths([sr.Causal()], 512).lengths
    (1, 63, 65, 317, 511)
    >>> ragged_lengths([sr.Shifted(sr.Causal(), 512)], (64, 576)).lengths
    ((1, 513), (37, 549), (63, 575), (65, 577))
    >>> ragged_lengths([sr.Documents((3, 4))], 7).reason
    'Documents((3, 4)) has no other length'
    """
    for p in dict.fromkeys(patterns):
        has_list = any(isinstance(leaf, Listed) for leaf in leaves(p))
        if has_list or p.own_length is not None:
            return RaggedLengths((), f"{p!r} has no other length")
    n_q, n_k = lengths(n)
    if n_q == n_k:
        return RaggedLengths(tuple(_numbers(n_q)), "")
    if any(isinstance(p, Shifted) for p in patterns):
        pairs = _pairs_of_one_offset(n_q, n_k)
    else:
        pairs = _pairs(n_q, n_k)
    return RaggedLengths(tuple(sorted(pairs)), "")


def _numbers(n: int) -> list[int]:
    """1, 63, 65, n - 1 and a prime, without n."""
    numbers = {1, TILE - 1, TILE + 1, _odd_prime(n)}
    numbers.add(max(n - 1, 1))
    return sorted(numbers - {n})


def _pairs_of_one_offset(n_q: int, n_k: int) -> set[Pair]:
    """Pairs with as many more keys than queries."""
    offset = n_k - n_q
    queries = _numbers(n_q)
    return {(m, m + offset) for m in queries if m + offset > 0}


def _pairs(n_q: int, n_k: int) -> set[Pair]:
    """Pairs whose queries are fewer than the keys, or more, as n_q and n_k are."""
    few, many = sorted((n_q, n_k))
    numbers = _numbers(many) if few == 1 else [many - 1, many + 1]
    pairs = {(few, m) for m in numbers}
    pairs |= {(1, many - 1), (few - 1, many)}
    pairs.add((min(few, _odd_prime(few)), _odd_prime(many)))
    pairs.discard((few, many))
    pairs = {pair for pair in pairs if 0 < pair[0] < pair[1]}
    return pairs if n_q < n_k else {(more, less) for less, more in pairs}


def _odd_prime(n: int) -> int:
    """The greatest prime up to 5 n / 8, or 37, that is not next to a multiple of 16."""
    number = max(5 * n // 8, 37)
    while not _is_prime(number) or number % SMALL_TILE in (1, SMALL_TILE - 1):
        number -= 1
    return number


def _is_prime(number: int) -> bool:
    """Whether no smaller number above 1 divides it."""
    factors = range(2, isqrt(number) + 1)
    return number > 1 and all(number % factor for factor in factors)
