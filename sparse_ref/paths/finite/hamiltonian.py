"""Hamiltonian paths: orders that visit every position once, found, or shown not to exist.

Natural orders are tried first, then certificates that no order exists, then a bounded search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from ...lower import CSR, csr
from ...sets.pattern import Pattern
from ...sets.types import IntArray
from .edges import members
from .reach import hops
from .unreachable import why_not

MAX_SEARCH = 4096  # positions, above which only natural orders are tried
MAX_STEP = 64  # of the orders by remainder that are tried
MAX_VISITS = 20_000  # of a search


@dataclass(frozen=True, eq=False)
class Condition:
    """Whether a condition holds, None if unknown; `reason` states why, `evidence` shows it."""

    holds: bool | None
    reason: str
    evidence: Any = None

    def __bool__(self):
        return self.holds is True

    def __str__(self):
        if self.holds is None:
            return f"unknown: {self.reason}"
        return f"{'holds' if self.holds else 'fails'}: {self.reason}"


def hamiltonian(patterns: tuple[Pattern, ...], n: int) -> Condition:
    """Whether there is an order of all positions in which each attends to the one before

    In which of the patterns does not matter.

    evidence : the order, int64 (n,); or two WhyNot, of a pair of which neither reaches the other;
        or the positions of a cut, int64, without which there are more parts than a path can join;
        or None, if every order was tried or nothing is known.
    """
    for order in _natural_orders(n):
        if is_order(patterns, order):
            return _order_condition(order)
    if n > MAX_SEARCH:
        return Condition(
            None, f"no natural order does it, and others are tried only up to n = {MAX_SEARCH}"
        )
    union = reduce(or_, patterns)
    reaches = hops([union], n, residual=False) >= 0
    comparable = reaches | reaches.T
    if not comparable.all():
        a, b = divmod(int(comparable.argmin()), n)
        forth = why_not([union], a, b, n, residual=False)
        back = why_not([union], b, a, n, residual=False)
        return Condition(False, f"neither of {a} and {b} reaches the other", (forth, back))
    cut = _cut(union, n)
    if cut is not None:
        return cut
    starts = np.flatnonzero(reaches.all(axis=0))  # a path can only start where all is reached from
    return _search_order(union, n, starts)


def _order_condition(order: IntArray) -> Condition:
    """The condition, met by this order."""
    reason = f"in the order {abbreviate(order)} each attends to the one before"
    return Condition(True, reason, order)


def is_order(patterns: tuple[Pattern, ...], order: IntArray) -> bool:
    """Whether each position of the order attends to the one before."""
    after = order[1:]
    before = order[:-1]
    edges = [members(p, after, before) for p in patterns]
    return bool(np.logical_or.reduce(edges).all())


def _natural_orders(n: int) -> Iterator[IntArray]:
    """Positions by remainder by 1, 2, ...: ascending, or up and down in turn; and reversed."""
    for step in range(1, min(MAX_STEP, max(n, 1)) + 1):
        parts = [np.arange(remainder, n, step) for remainder in range(step)]
        for descending in _descending_parts(step):
            turned = list(parts)
            for remainder in descending:
                turned[remainder] = parts[remainder][::-1]
            order = np.concatenate(turned)
            yield order
            yield order[::-1]


def _descending_parts(step: int) -> list[range]:
    """The remainders that run downwards, for each order tried: none, the even or the odd ones."""
    none = range(0)
    if step == 1:
        return [none]
    return [none, range(0, step, 2), range(1, step, 2)]


def _cut(union: Pattern, n: int) -> Condition | None:
    """Some of the busiest positions, if removing them leaves more parts than a path joins."""
    attends = csr(union, n)
    rows = np.repeat(np.arange(n), np.diff(attends.indptr))
    keys = attends.indices
    not_loop = rows != keys
    out_degrees = np.bincount(rows[not_loop], minlength=n)
    in_degrees = np.bincount(keys[not_loop], minlength=n)
    busiest = np.argsort(-(out_degrees + in_degrees), kind="stable")
    exponents = range(2 * n.bit_length())
    powers = [round(2 ** (e / 2)) for e in exponents]
    for size in dict.fromkeys(powers):
        if 2 * size + 1 >= n:
            return None
        removed = np.sort(busiest[:size])
        parts = parts_without(rows, keys, removed, n)
        if parts > size + 1:
            noun = "position" if size == 1 else "positions"
            reason = (
                f"without {size} {noun} ({abbreviate(removed)}) there are {parts} parts, "
                f"of which a path joins at most {size + 1}"
            )
            return Condition(False, reason, removed)
    return None


def parts_without(rows: IntArray, keys: IntArray, removed: IntArray, n: int) -> int:
    """How many parts the undirected graph of edges (rows, keys) has without some positions."""
    is_removed = np.isin(np.arange(n), removed)
    stays = ~(is_removed[rows] | is_removed[keys])
    tails = rows[stays]
    heads = keys[stays]
    labels = np.arange(n)  # the least position known to be in the same part
    while True:
        least = labels.copy()
        np.minimum.at(least, tails, labels[heads])
        np.minimum.at(least, heads, labels[tails])
        least = least[least]
        if (least == labels).all():
            return len(np.unique(labels[~is_removed]))
        labels = least


def _search_order(union: Pattern, n: int, starts: IntArray) -> Condition:
    """A depth-first search from each start; a position with few unvisited readers goes first."""
    attends = csr(union, n)
    readers = attends.transpose()
    share = max(MAX_VISITS // max(len(starts), 1), 4 * n)
    tried = starts[: max(MAX_VISITS // share, 1)]
    is_exhausted = len(tried) == len(starts)
    for start in tried.tolist():
        search = _DepthFirst(attends, readers, start)
        order = search.run(share)
        if order is not None:
            return _order_condition(order)
        is_exhausted = is_exhausted and not search.path
    if is_exhausted:
        return Condition(False, "every order was tried")
    return Condition(
        None, f"a search of {MAX_VISITS:,} visits found no order, and no proof that there is none"
    )


class _DepthFirst:
    """A path in progress, with the candidates after each position and the readers left of each."""

    def __init__(self, attends: CSR, readers: CSR, start: int):
        self.attends = attends
        self.readers = readers
        self.visits = 0
        self.free = np.ones(attends.shape[0], bool)
        self.readers_left = np.diff(readers.indptr)
        self.path: list[int] = []
        self.candidates: list[list[int]] = []
        self._visit(start)

    def run(self, most: int) -> IntArray | None:
        """The whole path; None if there is none from the start, or after `most` visits."""
        n = len(self.free)
        while self.path and len(self.path) < n and self.visits < most:
            if self.candidates[-1]:
                self._visit(self.candidates[-1].pop())
            else:
                self._leave()
        return np.array(self.path) if len(self.path) == n else None

    def _visit(self, x: int):
        """Append x to the path."""
        self.visits += 1
        self.free[x] = False
        self.readers_left[_row(self.attends, x)] -= 1
        after = _row(self.readers, x)
        after = after[self.free[after]]
        by_readers = np.argsort(-self.readers_left[after], kind="stable")
        self.path.append(x)
        self.candidates.append(after[by_readers].tolist())

    def _leave(self):
        """Take the last position off the path."""
        x = self.path.pop()
        self.candidates.pop()
        self.free[x] = True
        self.readers_left[_row(self.attends, x)] += 1


def _row(matrix: CSR, x: int) -> IntArray:
    """Row x of a CSR."""
    return matrix.indices[matrix.indptr[x] : matrix.indptr[x + 1]]


def abbreviate(positions: IntArray) -> str:
    """All positions if they are at most 8, otherwise the first six and the last."""
    shown = [str(position) for position in positions.tolist()]
    if len(shown) > 8:
        shown = [*shown[:6], "...", shown[-1]]
    return ", ".join(shown)
