"""Is a choice one of those that the scores allow? The door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...selection.scores import Scores, as_scores, weighted_relu
from ...selection.slabs import head_count
from ...sets.checks import flag, integer
from ...sets.heads import PatternOfHeads
from ...sets.hints import got
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ...sets.types import FloatArray
from ..calling.rounded_attention import spacing
from .atom_lists import choices_of
from .faults import Tally, tally
from .mistakes import names_of_mistakes
from .rules import Rule
from .selection_report import SelectionReport


def selection(
    chosen: Any,
    scores: Scores | ArrayLike,
    k: int,
    visible: PatternOfHeads,
    *,
    forced: PatternOfHeads | None = None,
    forced_in_budget: bool = True,
    ulps: float = 0,
    alternatives: Mapping[str, Scores | ArrayLike] | None = None,
) -> SelectionReport:
    """Whether a choice is a top-k of these scores, ties either way; if not, which mistake it is.

    A row is right if its forced atoms are in it, as many others as there is room for, none that is
    not visible, none twice, and if no atom that is left out scores more than one that is chosen but
    not forced. `selection.top_k` states how much room there is. A row that takes other ones of
    equal atoms is right, too, and a remark counts such rows.

    If one simple mistake explains all rows, the report names it: forced atoms that count twice, or
    on top of k; one set for all heads; a mask that comes after the choice; atoms of the future;
    incomplete pools; the smallest scores; k that is off by one; one row late; and those of
    `alternatives`.

    Parameters
    ----------
    chosen : pattern, sequence of patterns, or lists or an array of atoms
        Over (query, atom): a pattern, or one for each head; the atoms of each query, (n_q, any), or
        of each head and query, as lists or integers padded with -1; or a bool array (n_q, m) or (H,
        n_q, m). One set for all heads is judged as that of each. O(nnz) memory, and the scores of
        a few queries.
    scores, k, visible, forced, forced_in_budget
        As for `selection.top_k`.
    ulps : float
        By how many units in the last place of the row's greatest score two scores count as equal,
        in the dtype of the scores: 0 if they are those that were compared, more if they were
        computed elsewhere, in another order.
    alternatives : mapping of str to scores, or None
        Scores of other formulas by their names, "without the ReLU": which of them explains the
        choice is a mistake. `indexer_mistakes` gives those of an indexer.

    Returns
    -------
    SelectionReport
        True if every row is right; with no queries there is nothing to be wrong.

    Raises
    ------
    TypeError, ValueError
        As `selection.top_k` does; chosen that is none of these forms, has other heads or queries
        than the scores, or atoms beyond the last; ulps below 0; alternatives of another shape.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> scores = [[3, 9, 9, 9], [1, 2, 9, 9], [5, 1, 5, 9], [1, 3, 2, 4]]
    >>> sr.verify.selection([[0], [1], [2], [3]], scores, 1, sr.Causal()).passed
    True
    >>> sr.verify.selection([[0, -1], [0, 1], [0, 1], [2, 3]], scores, 2, sr.Causal())
    FAIL selection - 2 rows with an atom that scores less than one that is left out \
(2 of 4 rows are wrong)
    asked: top 2 of Causal()
    - order: 2 rows with an atom that scores less than one that is left out; first: head 0, query 2
    head 0, i = 2, 3, e 0 to 3   █ chosen   · not   + chosen and should not be   - left out and \
should not be
    █+-·
    ·-+█
    """
    values = as_scores(scores)
    heads = head_count(values)
    rule = Rule(
        values,
        integer("k", k, 0),
        patterns_of_heads("visible", visible, heads),
        None if forced is None else patterns_of_heads("forced", forced, heads),
        flag("forced_in_budget", forced_in_budget),
        _room(values, ulps),
    )
    others = _alternatives(values, alternatives)
    n, m = values.shape[-2:]
    atoms = choices_of(chosen, heads, (n, m))
    result = tally(rule, atoms)
    findings = tuple(result.findings())
    return SelectionReport(
        _rule_in_words(rule),
        (heads, n, m),
        findings,
        names_of_mistakes(rule, atoms, others, result.first) if findings else (),
        result.wrong,
        tuple(_remarks(result)),
        tuple(result.examples),
    )


def assert_selection(
    chosen: Any,
    scores: Scores | ArrayLike,
    k: int,
    visible: PatternOfHeads,
    *,
    forced: PatternOfHeads | None = None,
    forced_in_budget: bool = True,
    ulps: float = 0,
    alternatives: Mapping[str, Scores | ArrayLike] | None = None,
) -> None:
    """`selection` in a test: AssertionError with the report unless it passes; same parameters.

    >>> import sparse_ref as sr
    >>> sr.verify.assert_selection([[0], [1]], [[1, 2], [1, 2]], 1, sr.Causal())
    """
    __tracebackhide__ = True  # pytest shows the call in the test, not this function
    report = selection(
        chosen,
        scores,
        k,
        visible,
        forced=forced,
        forced_in_budget=forced_in_budget,
        ulps=ulps,
        alternatives=alternatives,
    )
    if not report.passed:
        raise AssertionError(str(report))


def indexer_mistakes(
    q: ArrayLike, k: ArrayLike, w: ArrayLike, *, scale: float = 1.0
) -> dict[str, Scores]:
    """Scores of wrong formulas of an indexer, by their names: `alternatives` of `selection`.

    The right one is `selection.weighted_relu`, with the same parameters and errors:
    s_i(e) = sum_h w_ih max(scale q_ih . k_e, 0).

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.ones((2, 3, 4))
    >>> list(sr.verify.indexer_mistakes(x, x[0], x[0, :, :2]))[:2]
    ['without the ReLU', 'without the weights']
    """
    right = weighted_relu(q, k, w, scale=scale)
    queries, keys = np.asarray(q), np.asarray(k)
    heads, n, _ = queries.shape
    weights = np.broadcast_to(np.asarray(w), (n, heads))

    def terms(lo: int, hi: int) -> tuple[FloatArray, FloatArray]:
        """The logits (H, rows, m), and the weights (H, rows, 1)."""
        logits = scale * (queries[:, lo:hi] @ keys.T)
        factor = weights[lo:hi].T
        return logits, factor[..., None]

    def linear(lo: int, hi: int) -> FloatArray:
        logits, factor = terms(lo, hi)
        total: FloatArray = (factor * logits).sum(axis=0)
        return total

    def plain_sum(lo: int, hi: int) -> FloatArray:
        logits, _ = terms(lo, hi)
        return np.maximum(logits, 0).sum(axis=0)

    def positive(lo: int, hi: int) -> FloatArray:
        logits, factor = terms(lo, hi)
        return np.maximum(factor * logits, 0).sum(axis=0)

    def sum_of_sizes(lo: int, hi: int) -> FloatArray:
        logits, factor = terms(lo, hi)
        terms_of_heads = np.abs(factor) * np.maximum(logits, 0)
        return terms_of_heads.sum(axis=0)

    return {
        "without the ReLU": Scores(right.shape, linear),
        "without the weights": Scores(right.shape, plain_sum),
        "the ReLU after the weights": Scores(right.shape, positive),
        "the ReLU after the sum over heads": Scores(
            right.shape, lambda lo, hi: np.maximum(linear(lo, hi), 0)
        ),
        "the weights without their signs": Scores(right.shape, sum_of_sizes),
    }


def _room(scores: Scores, ulps: float) -> float:
    """By which share of a row's greatest score two scores may differ and be equal."""
    if not isinstance(ulps, int | float | np.integer | np.floating):
        raise TypeError(f"ulps must be a number, got {ulps!r}")
    if not ulps >= 0:
        raise ValueError(f"ulps must be at least 0, got {ulps!r}")
    n = scores.shape[-2]
    if not ulps or not n:
        return 0.0
    dtype = np.asarray(scores.rows(0, 1)).dtype
    is_float = dtype.kind == "f" or dtype.name == "bfloat16"
    name = dtype.name if dtype.itemsize <= 8 else "float64"  # in which scores are compared
    return float(ulps) * spacing(name) if is_float else 0.0


def _alternatives(
    scores: Scores, alternatives: Mapping[str, Scores | ArrayLike] | None
) -> dict[str, Scores]:
    """Other scores by their names, of the same shape."""
    alternatives = {} if alternatives is None else alternatives
    if not isinstance(alternatives, Mapping):
        raise TypeError(f"alternatives must be a mapping of names to scores, {got(alternatives)}")
    others = {name: as_scores(x) for name, x in alternatives.items()}
    for name, other in others.items():
        if other.shape != scores.shape:
            raise ValueError(
                f"alternatives[{name!r}] must have the shape of scores, {scores.shape}, "
                f"got {other.shape}"
            )
    return others


def _rule_in_words(rule: Rule) -> str:
    """What was asked, in few words."""
    text = f"top {rule.k} of {_pattern_in_words(rule.visible)}"
    if rule.forced is None:
        return text
    place = "inside" if rule.in_budget else "on top of"
    return f"{text}, {_pattern_in_words(rule.forced)} forced {place} k"


def _pattern_in_words(patterns: Sequence[Pattern]) -> str:
    """One pattern, or those of the heads."""
    names = list(map(repr, patterns))
    return names[0] if len(set(names)) == 1 else f"({', '.join(names)})"


def _remarks(result: Tally) -> Iterator[str]:
    """Where ties go, if not to the smallest atoms."""
    if not result.other_ties:
        return
    rows = f"{result.other_ties:,} right row{'s' * (result.other_ties != 1)}"
    if result.last_ties == result.other_ties:
        yield f"ties go to the greatest atoms, not the smallest, in {rows}"
    else:
        yield f"ties do not go to the smallest atoms in {rows}"
