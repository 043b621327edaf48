"""What a rule of `sr.selection` does with each score: forced, chosen, tied, not chosen, hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...lower import dense
from ...patterns import Full
from ...selection import at_least, top_k, top_p
from ...selection.scores import as_scores
from ...sets.checks import integer
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.require import require_pattern
from ...sets.types import BoolArray, FloatArray
from .block_shares import MAX_CELLS

Rule = Literal["top_k", "top_p", "at_least"] | Callable[..., Pattern]
RULES: dict[str, tuple[Callable[..., Any], str]] = {
    "top_k": (top_k, "k = "),
    "top_p": (top_p, "p = "),
    "at_least": (at_least, "threshold "),
}
HIDDEN, REST, TIED, CHOSEN, FORCED = range(5)


class Choice(NamedTuple):
    """Scores float64 (n_q, m), 0 if hidden; the kind of each, uint8; the threshold of each query.

    The threshold is the least score that was chosen without being forced; NaN if there is none.
    """

    scores: FloatArray
    kinds: np.ndarray
    thresholds: FloatArray


class Question(NamedTuple):
    """The arguments of a choice."""

    scores: Any
    rule: Rule
    limit: ArrayLike
    visible: Pattern
    forced: Pattern | None


def check_question(question: Question) -> tuple[int, int]:
    """(n_q, m), at least 1 and few enough to be drawn one by one."""
    n_q, m = _two_axes(as_scores(question.scores).shape)
    for name, p in (("visible", question.visible), ("forced", question.forced)):
        if p is not None:
            require_pattern(name, p)
    is_rule = callable(question.rule) or question.rule in RULES
    if not is_rule:
        names = ", ".join(map(repr, RULES))
        raise ValueError(f"rule must be {names} or a function, got {question.rule!r}")
    return n_q, m


def _two_axes(shape: tuple[int, ...]) -> tuple[int, int]:
    """The lengths of the two axes of the scores of one head."""
    if len(shape) == 3:
        raise ValueError(f"scores must have shape (n_q, m): scores[h] of one head, got {shape}")
    if min(shape) < 1:
        raise ValueError(f"scores must have shape (n_q, m), both at least 1, got {shape}")
    n_q, m = shape
    if m > MAX_CELLS:
        raise ValueError(f"scores must have at most {MAX_CELLS} atoms to be drawn, got {m}")
    return n_q, m


def rule_name(rule: Rule, limit: ArrayLike) -> str:
    """The rule and its limit, such as "top_k, k = 4"."""
    if not isinstance(rule, str):
        return str(getattr(rule, "__name__", "selection"))
    _, label = RULES[rule]
    number = np.asarray(limit)
    return f"{rule}, {label}{number}" if number.ndim == 0 else rule


def choose(question: Question, shape: tuple[int, int]) -> Choice:
    """The choice of every query."""
    scores, rule, limit, visible, forced = question
    nothing = ~Full()
    function = RULES[rule][0] if isinstance(rule, str) else rule
    pattern = function(scores, limit, visible, forced=forced)
    can_see, chosen = dense(visible, shape), dense(pattern, shape)
    must = can_see & dense(nothing if forced is None else forced, shape)
    numbers = np.where(can_see, np.asarray(scores), 0).astype(np.float64)
    is_free = can_see & ~must
    thresholds = _thresholds(question, numbers, chosen & is_free)
    is_at_threshold = numbers == thresholds[:, None]
    is_tied = is_free & ~chosen & is_at_threshold
    conditions = [must, chosen, is_tied, can_see]
    kinds = np.select(conditions, [FORCED, CHOSEN, TIED, REST], HIDDEN)
    return Choice(numbers, kinds.astype(np.uint8), thresholds)


def _thresholds(question: Question, numbers: FloatArray, chosen: BoolArray) -> FloatArray:
    """The threshold that is given, or the least score of those chosen; NaN if there are none."""
    if question.rule == "at_least":
        limits = np.asarray(question.limit, np.float64)
        return np.broadcast_to(limits, len(numbers))
    least = np.where(chosen, numbers, np.inf).min(axis=1)
    return np.where(chosen.any(axis=1), least, np.nan) + 0.0  # no -0.0


def choose_one(question: Question, shape: tuple[int, int], query: int) -> Choice:
    """The choice of one query, whose scores alone are read."""
    n_q, m = shape
    i = integer("query", query, 0, n_q - 1)
    scores, rule, limit, visible, forced = question
    lazy = as_scores(scores)
    limits = np.asarray(limit)
    of_query = limits[i : i + 1] if limits.shape == (n_q,) else limit
    can_see = Listed.of_rows([visible.row(i, m)])
    must = None if forced is None else Listed.of_rows([forced.row(i, m)])
    row = lazy.rows(i, i + 1)
    return choose(Question(row, rule, of_query, can_see, must), (1, m))
