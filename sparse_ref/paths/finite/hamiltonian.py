"""Paths that visit every position once: found in natural orders or by a bounded search, or shown not to exist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_
from typing import Any

import numpy as np

from ...lower import csr
from ...sets.pattern import Pattern
from .reach import hops
from .unreachable import why_not

MOST = 4096
STEPS = 64  # orders by remainders that are tried
VISITS = 20_000  # of a search


@dataclass(frozen=True, eq=False)
class Condition:
    """Whether a condition holds, None where that is not known; `said` tells why, and `evidence` is what shows it."""

    holds: bool | None
    said: str
    evidence: Any = None

    def __bool__(self):
        return self.holds is True

    def __str__(self):
        return f"{'unknown' if self.holds is None else 'holds' if self.holds else 'fails'}: {self.said}"


def hamiltonian(patterns: tuple[Pattern, ...], n: int) -> Condition:
    """Whether all n positions stand in some order in which each attends to the one before, in any of the patterns

    evidence : the order, int64 (n,); or two WhyNot, of a pair of which neither reaches the other; or the positions of a cut,
    an int64 array, without which more parts are left than a path can join; or None, where every order was tried or nothing
    is known.
    """
    for order in _natural(n):
        if follows(patterns, order):
            return Condition(
                True, f"in the order {few(order)} each position attends to the one before", order
            )
    if n > MOST:
        return Condition(None, f"no natural order does, and others are looked for up to n = {MOST}")
    union = reduce(or_, patterns)
    joined = hops([union], n, residual=False) >= 0
    either = joined | joined.T
    if not either.all():
        a, b = divmod(int(either.argmin()), n)
        closed = (
            why_not([union], a, b, n, residual=False),
            why_not([union], b, a, n, residual=False),
        )
        return Condition(False, f"of the positions {a} and {b} neither reaches the other", closed)
    cut = _cut(union, n)
    return _searched(union, n, np.flatnonzero(joined.all(axis=0))) if cut is None else cut


def follows(patterns, order) -> bool:
    """Whether each position of the order attends to the one before."""
    after, before = order[1:], order[:-1]
    return bool(
        np.all(
            reduce(or_, (np.broadcast_to(p.contains(after, before), after.shape) for p in patterns))
        )
    )


def _natural(n):
    """Positions by remainders by 1, 2, ...: each ascending, or up and down in turn; forwards and backwards."""
    for step in range(1, min(STEPS, max(n, 1)) + 1):
        parts = [np.arange(remainder, n, step) for remainder in range(step)]
        for turned, back in product((0, 1, 2), (1, -1)) if step > 1 else ((0, 1), (0, -1)):
            yield np.concatenate(
                [
                    part[::-1] if turned and (r + turned) % 2 else part
                    for r, part in enumerate(parts)
                ]
            )[::back]


def _cut(union, n) -> Condition | None:
    """The fewest tried of the positions with most edges that leave more parts than a path through them can join."""
    held = csr(union, n)
    rows, keys = np.repeat(np.arange(n), np.diff(held.indptr)), held.indices
    others = rows != keys
    degrees = np.bincount(rows[others], minlength=n) + np.bincount(keys[others], minlength=n)
    busiest = np.argsort(-degrees, kind="stable")
    for many in dict.fromkeys(round(2 ** (e / 2)) for e in range(2 * n.bit_length())):
        if 2 * many + 1 >= n:
            break
        removed = np.sort(busiest[:many])
        left = parts_without(rows, keys, removed, n)
        if left > many + 1:
            said = f"without the {many} of {few(removed)} there are {left} parts, of which a path joins at most {many + 1}"
            return Condition(False, said, removed)
    return None


def parts_without(rows, keys, removed, n) -> int:
    """How many parts, joined by edges either way, the graph of edges (rows, keys) has without the positions removed."""
    gone = np.isin(np.arange(n), removed)
    stay = ~(gone[rows] | gone[keys])
    ends, labels = (rows[stay], keys[stay]), np.arange(n)
    while True:
        least = labels.copy()
        np.minimum.at(least, ends[0], labels[ends[1]])
        np.minimum.at(least, ends[1], labels[ends[0]])
        least = least[least]
        if (least == labels).all():
            return len(np.unique(labels[~gone]))
        labels = least


def _searched(union, n, starts) -> Condition:
    """Depth first, to those next whom the fewest others can follow; from the starts, which reach all, for a share of the visits."""
    attends = csr(union, n)
    readers, ended = attends.transpose(), True
    share = max(VISITS // max(len(starts), 1), 4 * n)
    tried = starts[: max(VISITS // share, 1)]
    for start in tried.tolist():
        walk = _Walk(attends, readers, start)
        order = walk.walked(share)
        if order is not None:
            return Condition(
                True, f"in the order {few(order)} each position attends to the one before", order
            )
        ended &= not walk.path
    if ended and len(tried) == len(starts):
        return Condition(False, "every order was tried")
    return Condition(
        None, f"a search of {VISITS:,} visits found no order, and no reason why there is none"
    )


class _Walk:
    """A path under way, what may follow each of its positions, and how many unvisited readers each position has."""

    def __init__(self, attends, readers, start):
        self.attends, self.readers, self.visits = attends, readers, 0
        self.free, self.left = np.ones(attends.shape[0], bool), np.diff(readers.indptr)
        self.path: list[int] = []
        self.choices: list[list[int]] = []
        self._visit(start)

    def walked(self, most):
        """The whole path as an array; None where there is none from the start, or `visits` came to `most`."""
        while self.path and len(self.path) < len(self.free) and self.visits < most:
            if self.choices[-1]:
                self._visit(self.choices[-1].pop())
            else:
                self._leave()
        return np.array(self.path) if len(self.path) == len(self.free) else None

    def _visit(self, x):
        """Go on to x."""
        self.visits += 1
        self.free[x] = False
        self.left[_of(self.attends, x)] -= 1
        after = _of(self.readers, x)
        after = after[self.free[after]]
        self.path.append(x)
        self.choices.append(after[np.argsort(-self.left[after], kind="stable")].tolist())

    def _leave(self):
        """Go back from the last position."""
        x = self.path.pop()
        self.choices.pop()
        self.free[x] = True
        self.left[_of(self.attends, x)] += 1


def _of(held, x):
    """Row x of a CSR."""
    return held.indices[held.indptr[x] : held.indptr[x + 1]]


def few(positions) -> str:
    """The first and last of many positions."""
    shown = positions.tolist()
    return (
        ", ".join(map(str, shown))
        if len(shown) <= 8
        else f"{', '.join(map(str, shown[:6]))}, ..., {shown[-1]}"
    )
