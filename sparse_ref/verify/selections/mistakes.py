"""Which one mistake explains every row of a wrong choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ...patterns.elementary import Full
from ...patterns.pools import Complete, Started
from ...selection.scores import Scores
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from .atom_lists import Choices
from .excerpts import excerpt
from .other_queries import Moved, scores_of_neighbours
from .rules import Patterns, Rule, blocks, is_right

Named = Iterator[tuple[str, Rule]]
Pools = type[Complete] | type[Started]
SIZES = (2, 4, 8, 16, 32, 64, 128)  # of pools, whose last token is SIZE - 1 ahead
FUTURES = sorted({1, *SIZES, *(size - 1 for size in SIZES)})
MAX_HEADS = 16  # up to which each head is compared with each other one


def names_of_mistakes(
    rule: Rule, choices: Choices, alternatives: Mapping[str, Scores], query: int
) -> tuple[str, ...]:
    """The mistakes that explain all rows, simple ones first; the query is one that is wrong."""
    rule = replace(rule, query=query)
    rules = _mistakes(rule, alternatives)
    names = [name for name, other in rules if explains(other, choices)]
    return (*names, *_mixed_heads(rule, choices))


def explains(rule: Rule, choices: Choices) -> bool:
    """Whether all rows are choices by the rule; those around its query are tried first."""
    try:
        return _fits(*excerpt(rule, choices)) and _fits(rule, choices)
    except (IndexError, ValueError):  # patterns without such rows, NaN that nothing may read
        return False


def _fits(rule: Rule, choices: Choices) -> bool:
    """Whether all rows are choices by the rule."""
    return all(is_right(rule, block).all() for block in blocks(rule, choices))


def _mistakes(rule: Rule, alternatives: Mapping[str, Scores]) -> Named:
    """Each mistake with the rule that it amounts to."""
    yield from _budgets(rule)
    yield from _numbers(rule)
    for name, scores in alternatives.items():
        yield name, replace(rule, scores=scores)
    yield from _orders(rule)
    yield from _masks(rule)
    yield from _pools(rule)
    yield from _other_queries(rule)


def _numbers(rule: Rule) -> Named:
    """One more or less than k."""
    yield f"k is off by one: it is {rule.k + 1}", replace(rule, k=rule.k + 1)
    if rule.k:
        yield f"k is off by one: it is {rule.k - 1}", replace(rule, k=rule.k - 1)


def _budgets(rule: Rule) -> Named:
    """Forced atoms inside the budget or not, ranked again, or not forced."""
    if rule.forced is None:
        return
    is_on_top = rule.in_budget
    name = "on top of k, not inside" if is_on_top else "inside k, not on top"
    yield f"forced atoms count {name}", replace(rule, in_budget=not is_on_top)
    for in_budget in (rule.in_budget, not rule.in_budget):
        end = "" if in_budget == rule.in_budget else f", {name}"
        text = f"forced atoms count twice: they are in, and are ranked again{end}"
        yield text, replace(rule, in_budget=in_budget, is_ranked_again=True)
    yield "forced atoms are not forced", replace(rule, forced=None)


def _orders(rule: Rule) -> Named:
    """Another order of the same scores."""
    for name, change in (("smallest scores", np.negative), ("greatest magnitudes", np.abs)):
        scores = rule.scores.map(partial(_apply, change))
        yield f"the {name} are chosen", replace(rule, scores=scores)


def _apply(change: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """The scores after a change; -inf, which is never chosen, remains."""
    return np.where(np.isneginf(x), x, change(x))


def _masks(rule: Rule) -> Named:
    """Visible atoms that are asked for too late, or not at all."""
    everything = (Full(),) * len(rule.visible)
    late = replace(rule, visible=everything, mask=rule.visible)
    yield "the mask comes after the choice: k counts atoms that are not visible", late
    yield (
        "there is no mask: atoms that are not visible are chosen",
        replace(rule, visible=everything),
    )


def _pools(rule: Rule) -> Named:
    """Pools that have begun for those that are complete, and the other way round."""
    started = _with_pools(rule.visible, Complete, Started)
    if started is not None:
        yield (
            "incomplete pools are chosen: Started in place of Complete",
            replace(rule, visible=started),
        )
    complete = _with_pools(rule.visible, Started, Complete)
    if complete is not None:
        yield (
            "incomplete pools are left out: Complete in place of Started",
            replace(rule, visible=complete),
        )


def _with_pools(visible: Patterns, old: Pools, new: Pools) -> Patterns | None:
    """The patterns with other pools; None if one has no such pools."""
    pools: list[Pattern] = []
    for p in visible:
        if not isinstance(p, old):
            return None
        pools.append(new(p.length, p.stride))
    return tuple(pools)


def _other_queries(rule: Rule) -> Named:
    """What another query may see, or its whole choice."""
    n = rule.scores.shape[-2]
    for offset in FUTURES:
        if offset < n:
            name = f"the future is visible: query i chooses from what query i + {offset} may see"
            yield name, replace(rule, visible=_patterns_of_others(rule.visible, offset, n))
    name = "the last atom is not visible: query i chooses from what query i - 1 may see"
    yield name, replace(rule, visible=_patterns_of_others(rule.visible, -1, n))
    if n < 2:
        return
    yield "one row late: query i has the choice of query i - 1", _moved_rule(rule, -1, 1, n)
    yield "one row early: query i has the choice of query i + 1", _moved_rule(rule, 1, 0, n - 1)


def _moved_rule(rule: Rule, offset: int, first: int, last: int) -> Rule:
    """The rule of query i + offset for the queries first <= i < last."""
    n = rule.scores.shape[-2]
    forced = rule.forced and _patterns_of_others(rule.forced, offset, n)
    return replace(
        rule,
        scores=scores_of_neighbours(rule.scores, offset),
        visible=_patterns_of_others(rule.visible, offset, n),
        forced=forced,
        first=first,
        last=last,
    )


def _patterns_of_others(patterns: Patterns, offset: int, n: int) -> Patterns:
    """The patterns of the queries i + offset."""
    return tuple(Moved(p, offset, n) for p in patterns)


def _mixed_heads(rule: Rule, choices: Choices) -> Iterator[str]:
    """One set for all heads, or the sets of other heads."""
    heads = len(choices)
    if heads == 1:
        return
    for h in range(heads):
        of_head = replace(rule, scores=_of_head(rule.scores, h))
        if explains(of_head, choices):
            yield f"one set for all heads: that of head {h}"
            return
    of_sum = replace(rule, scores=_sum_of_heads(rule.scores))
    if explains(of_sum, choices):
        yield "one set for all heads: that of the sum of their scores"
        return
    if heads <= MAX_HEADS:
        sources = [_source(rule, choices, head) for head in range(heads)]
        if None not in sources:
            numbers = ", ".join(map(str, sources))
            own = ", ".join(map(str, range(heads)))
            yield f"heads are mixed up: heads {own} have the sets of heads {numbers}"


def _source(rule: Rule, choices: Choices, head: int) -> int | None:
    """The head whose scores explain the choice of this one: itself if it is right."""
    heads = range(len(choices))
    forced = rule.forced and (rule.forced[head],)
    own = replace(rule, visible=(rule.visible[head],), forced=forced)
    others = (h for h in heads if h != head)
    for h in (head, *others):
        scores = _only_head(rule.scores, h)
        if explains(replace(own, scores=scores), (choices[head],)):
            return h
    return None


def _only_head(scores: Scores, head: int) -> Scores:
    """The scores (n, m) of one head."""

    def rows(lo: int, hi: int) -> FloatArray:
        return scores.rows(lo, hi)[head]

    return Scores(scores.shape[1:], rows)


def _of_head(scores: Scores, head: int) -> Scores:
    """The scores of one head in the place of each, (H, n, m)."""
    return scores.map(lambda x: np.broadcast_to(x[head], x.shape))


def _sum_of_heads(scores: Scores) -> Scores:
    """The sum over the heads in the place of each, (H, n, m)."""

    def change(x: FloatArray) -> FloatArray:
        total = x.sum(axis=0)
        return np.broadcast_to(total, x.shape)

    return scores.map(change)
