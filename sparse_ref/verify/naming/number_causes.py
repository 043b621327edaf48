"""Why numbers are wrong over right sets, in words; each cause is confirmed by recomputation."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...sets.types import FloatArray
from .key_heads import key_head_mappings
from .number_case import NumberCase
from .online_softmax import describe_recurrence, wrong_recurrence
from .other_scores import describe_fitted_scale, describe_score

MIN_FACTOR = 1e-3  # by which a factor on the output differs from 1


class NumberCause(NamedTuple):
    """A cause in words, and its kind: numerics, factor, kv map, scale or curve."""

    kind: str
    words: str


def find_number_cause(case: NumberCase, decays: FloatArray | None = None) -> NumberCause | None:
    """The first cause that gives the output in every row that is judged; None if none does.

    `decays` are factors per position, (H,), that equal logits showed, for retention.
    """
    outs = case.out[case.judged]
    if not np.isfinite(outs).all() or not case.is_wrong:
        return None
    if recurrence := wrong_recurrence(case):
        words = describe_recurrence(case, recurrence)
        return NumberCause("numerics", f"wrong numbers, right sets: {words}")
    if words := _factor_in_words(case):
        return NumberCause("factor", words)
    if words := _key_heads_in_words(case):
        return NumberCause("kv map", words)
    if words := describe_score(case, decays) or describe_fitted_scale(case):
        return NumberCause("scale" if words.startswith("logits are ") else "curve", words)
    return None


def _factor_in_words(case: NumberCase) -> str:
    """A factor on the output of all rows."""
    true = case.softmax(case.x)
    expected, actual = true[case.judged], case.out[case.judged]
    squares = (expected * expected).sum()
    if squares == 0:
        return ""
    factor = float((expected * actual).sum() / squares)
    if abs(factor - 1) < MIN_FACTOR or not case.is_output(factor * true):
        return ""
    return f"out is {factor:.4g} of what it should be, in all rows"


def _key_heads_in_words(case: NumberCase) -> str:
    """Keys, or values, of other key heads than those of the query heads."""
    heads, kv_heads = len(case.inputs.q), len(case.inputs.k)
    group = heads // kv_heads
    for mapping in key_head_mappings(heads, kv_heads):
        text = mapping.in_words(group)
        x = case.logits(case.statement, case.inputs.k[mapping.key_heads])
        if case.is_output(case.softmax(x)):
            return f"keys of a wrong head, but the right values: {text}"
        inputs = case.inputs._replace(v=case.inputs.v[mapping.key_heads])
        if case.is_output(replace(case, inputs=inputs).softmax(case.x)):
            return f"values of a wrong head, but the right keys: {text}"
    return ""
