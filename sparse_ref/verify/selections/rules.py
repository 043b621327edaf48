"""What a choice must be, tie-aware: which rows break it, and how.

Symbols:  V_i the visible atoms, F_i the forced ones among them, r_i how many more there are, t_i
the r_i-th greatest score of V_i - F_i. A row is right if F_i is in it, r_i atoms of V_i - F_i are,
none of them scores less than t_i, and none that is left out scores more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...selection.largest import largest
from ...selection.scores import Scores
from ...selection.slabs import Slab, slabs
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from .atom_lists import Choices

Patterns = tuple[Pattern, ...]  # one per head


@dataclass(frozen=True, eq=False)
class Rule:
    """Which choices are right.

    in_budget : whether forced atoms count towards k. is_ranked_again : whether forced atoms are
    among those that the rest is taken from. mask : atoms that remain after the choice, one pattern
    per head; None for all. first, last : the queries first <= i < last that have a rule. query :
    one near which a choice is wrong.
    """

    scores: Scores
    k: int
    visible: Patterns
    forced: Patterns | None
    in_budget: bool
    room: float = 0.0  # of the greatest score of a row, by which scores may be off
    is_ranked_again: bool = False
    mask: Patterns | None = None
    first: int = 0
    last: int | None = None
    query: int = 0


class Block(NamedTuple):
    """Some queries of one head: what they may choose from, and what they chose.

    rest : scores of what is not forced, -inf for what cannot be chosen. counts : how often each
    atom was chosen. numbers : r_i. slack : by how much scores may be off, (rows,).
    """

    slab: Slab
    rest: FloatArray
    counts: IntArray
    numbers: IntArray
    slack: FloatArray

    @property
    def members(self) -> BoolArray:
        """What was chosen, as a set."""
        return self.counts > 0

    @property
    def queries(self) -> IntArray:
        """Which queries they are."""
        return np.arange(self.slab.queries.start, self.slab.queries.stop)

    def contains(self, patterns: Patterns) -> BoolArray:
        """Which atoms are in the pattern of this head, bool (rows, m)."""
        pattern = patterns[self.slab.head]
        i = self.queries[:, None]
        members = pattern.contains(i, np.arange(self.rest.shape[1]))
        return np.broadcast_to(np.asarray(members, bool), self.rest.shape)

    @property
    def best(self) -> BoolArray:
        """The right choice whose ties go to the smallest atoms."""
        return self.slab.forced | largest(self.rest, self.numbers)


def blocks(rule: Rule, choices: Choices) -> Iterator[Block]:
    """Every query of every head, some at a time."""
    for slab in slabs(rule.scores, rule.visible, rule.forced):
        lo, hi = slab.queries.start, slab.queries.stop
        m = slab.scores.shape[1]
        counts = choices[slab.head].counts(lo, hi, m)
        rest = slab.scores
        if not rule.is_ranked_again:
            rest = np.where(slab.forced, -np.inf, rest)
        taken = slab.forced.sum(axis=1) * rule.in_budget
        numbers = np.maximum(rule.k - taken, 0)
        available = (rest > -np.inf).sum(axis=1)
        numbers = np.minimum(numbers, available)
        finite = np.where(np.isfinite(rest), np.abs(rest), 0)
        slack = rule.room * finite.max(axis=1, initial=0)
        yield Block(slab, rest, counts, numbers, slack)


def is_right(rule: Rule, block: Block) -> BoolArray:
    """Whether each row is a choice by the rule; rows without one are."""
    forced = block.slab.forced
    remains = np.ones_like(forced) if rule.mask is None else block.contains(rule.mask)
    above, ties = _above_and_ties(block)
    free = block.members & ~(forced & remains)
    observed = remains & ~forced
    misses = (forced & remains | above & observed) & ~block.members
    others = free & ~((above | ties) & observed)
    needed = block.numbers - above.sum(axis=1)
    out_of_sight = (ties & ~observed).sum(axis=1)
    count = (free & ties).sum(axis=1)
    is_enough = (count >= needed - out_of_sight) & (count <= needed)
    is_exact = ~(misses | others).any(axis=1)
    return is_exact & is_enough | ~_has_rule(rule, block)


def _above_and_ties(block: Block) -> tuple[BoolArray, BoolArray]:
    """The atoms that must be among the r_i, and those that may be."""
    top = largest(block.rest, block.numbers)
    best = np.where(top, block.rest, np.inf)
    kth = best.min(axis=1, initial=np.inf)
    exists = block.rest > -np.inf
    above = exists & (block.rest > (kth + block.slack)[:, None])
    ties = exists & (block.rest >= (kth - block.slack)[:, None])
    return above, ties & ~above


def _has_rule(rule: Rule, block: Block) -> BoolArray:
    """Whether the rule is about each query."""
    last = np.inf if rule.last is None else rule.last
    return (block.queries >= rule.first) & (block.queries < last)
