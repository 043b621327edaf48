"""Poison: huge numbers and NaN in keys and values that a row does not attend to must not change it.

NaN only produces a note, since most dense code computes 0 * NaN, which is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray
from ..calling.rounded_attention import spacing
from ..calling.subject import Subject
from ..reading.evidence import Evidence
from .finding import Outcome, count_noun, findings_in

HUGE = 1e4  # a value that all dtypes have
POISONED_KEYS = 4  # at a time
LARGEST_NORMAL = 5.0  # of the random numbers in q
DRAWS = 16  # of keys; those that the most rows do not attend to are taken


def poison_findings(subject: Subject, evidence: Evidence, seed: int) -> Outcome:
    """Conforming rows that change once some keys outside their set are huge, or NaN."""
    judged = evidence.conforming
    outside = ~evidence.expected & judged[:, evidence.rows, None]
    candidates = np.flatnonzero(outside.any(axis=(0, 1)))
    if len(candidates) == 0:
        return Outcome([], _coverage(evidence, 0))
    rng = np.random.default_rng(seed)
    count = min(POISONED_KEYS, len(candidates))
    draws = [rng.choice(candidates, count, replace=False) for _ in range(DRAWS)]

    def independent_rows(keys: IntArray) -> BoolArray:
        """The conforming rows without any of these keys."""
        return judged & ~attending_rows(evidence.patterns, keys, subject.n[0])

    keys = max(draws, key=lambda keys: independent_rows(keys).sum())
    q, k, v = subject.normal(rng)
    clean, dtype = subject.attend(q, k, v)
    independent = independent_rows(keys) & np.isfinite(clean).all(axis=-1)
    size = np.abs(clean).max(axis=-1, initial=0)
    allowed = 16 * spacing(dtype) * (size + np.abs(v).max())

    def changes(poison: float) -> BoolArray:
        """The rows that change with this poison in the keys."""
        poisoned_k, poisoned_v = (_with_value(x, keys, poison) for x in (k, v))
        out, _ = subject.attend(q, poisoned_k, poisoned_v)
        with np.errstate(all="ignore"):
            error = np.abs(out - clean).max(axis=-1)
            return independent & ~(error <= allowed)

    poison = _poison(subject, evidence)
    huge, nan = changes(poison), changes(np.nan)
    text = f"{{}} changed by keys outside their set once those are {poison:g}"
    remarks = []
    if nan.any() and not huge.any():
        rows = count_noun(int(nan.sum()), "row")
        remarks.append(
            f"note, no failure: NaN in a masked key reaches {rows} "
            "(0 * NaN = NaN, as in most dense code)"
        )
    remarks += _coverage(evidence, int(independent.sum()))
    return Outcome(list(findings_in("poison", huge, text, "row")), remarks)


def _poison(subject: Subject, evidence: Evidence) -> float:
    """HUGE, or less next to a declared fill, so that masked logits stay far below others."""
    statement = evidence.base.statement
    fill = None if statement is None else statement.meaning.fill
    if statement is None or fill is None:
        return HUGE
    largest_sum = LARGEST_NORMAL * subject.d * abs(statement.scale)
    return min(HUGE, -fill / (4 * largest_sum))


def attending_rows(patterns: Sequence[Pattern], keys: IntArray, n_q: int) -> BoolArray:
    """Rows whose set has any of these keys, bool (H, n_q)."""
    queries, shape = np.arange(n_q)[:, None], (n_q, len(keys))
    rows = {}
    for p in set(patterns):
        mask = np.broadcast_to(p.contains(queries, keys), shape)
        rows[p] = mask.any(axis=1)
    return np.stack([rows[p] for p in patterns])


def _coverage(evidence: Evidence, rows: int) -> list[str]:
    """What was checked, if only some rows were read."""
    if not evidence.is_sample:
        return []
    keys = count_noun(POISONED_KEYS, "masked key")
    return [f"coverage: huge numbers in {keys} at most, checked in {count_noun(rows, 'row')}"]


def _with_value(x: FloatArray, keys: IntArray, value: float) -> FloatArray:
    """A copy with one value in these keys."""
    x = x.copy()
    x[:, keys] = value
    return x
