"""Why numbers are wrong over right sets, in words; each cause is confirmed by recomputation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import PRECISIONS, round_to
from .key_heads import key_head_mappings
from .number_case import NumberCase
from .online_softmax import describe_recurrence, wrong_recurrence
from .other_scores import describe_score

MIN_FACTOR = 1e-3  # by which a factor on the output differs from 1


def describe_numbers(case: NumberCase, decays: FloatArray | None = None) -> str:
    """The first cause that gives the output in every row that is judged; "" if none does."""
    outs = case.out[case.judged]
    if not outs.size or not np.isfinite(outs).all():
        return ""
    recurrence = wrong_recurrence(case)
    if recurrence is not None:
        return describe_recurrence(case, recurrence)
    return _factor_in_words(case) or _key_heads_in_words(case) or describe_score(case, decays)


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
    return f"out is {factor:.4g} of what it should be"


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


def digits_of(out: FloatArray) -> str:
    """The least of float16 and bfloat16 that has all of these numbers; "" if neither has.

    A float32 output whose numbers all have the digits of bfloat16 was computed in bfloat16: it must
    not be judged as float32.
    """
    numbers = out[np.isfinite(out)].astype(np.float32)
    if not numbers.size or not numbers.any():
        return ""
    for dtype in ("bfloat16", "float16"):
        if np.array_equal(round_to(numbers, PRECISIONS[dtype]), numbers):
            return dtype
    return ""
