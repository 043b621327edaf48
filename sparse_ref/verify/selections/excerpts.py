"""A few queries of a rule and of a choice, to see soon that they do not fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...selection.scores import Scores
from ...sets.types import FloatArray, IntArray
from .atom_lists import Choice, Choices
from .other_queries import Moved
from .rules import Patterns, Rule

MAX_QUERIES = 64


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The choice of the queries from `start` on."""

    choice: Choice
    start: int

    def counts(self, lo: int, hi: int, m: int) -> IntArray:
        """int64 (hi - lo, m)."""
        return self.choice.counts(self.start + lo, self.start + hi, m)


def excerpt(rule: Rule, choices: Choices) -> tuple[Rule, Choices]:
    """The rule and the choices of at most 64 queries, from the query of the rule on."""
    *heads, n, m = rule.scores.shape
    start, stop = rule.query, min(rule.query + MAX_QUERIES, n)

    def rows(lo: int, hi: int) -> FloatArray:
        return rule.scores.rows(start + lo, start + hi)

    part = replace(
        rule,
        scores=Scores((*heads, stop - start, m), rows),
        visible=_patterns_from(rule.visible, start, n),
        forced=rule.forced and _patterns_from(rule.forced, start, n),
        mask=rule.mask and _patterns_from(rule.mask, start, n),
        first=rule.first - start,
        last=None if rule.last is None else rule.last - start,
    )
    return part, tuple(Excerpt(choice, start) for choice in choices)


def _patterns_from(patterns: Patterns, start: int, n: int) -> Patterns:
    """The patterns of the queries from `start` on."""
    return tuple(Moved(p, start, n) for p in patterns)
