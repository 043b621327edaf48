"""Faults of the log-sum-exp, confirmed in every row: another base, no maximum, no scale.

Symbols:  x logits, (H, rows, n_k);  top the largest logit of a row;  lse natural, (H, rows).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import softmax
from .number_case import NumberCase

LN_2 = float(np.log(2.0))


def describe_lse_fault(case: NumberCase) -> str:
    """What the log-sum-exp that fn returned is, and the option that declares it; "" if unknown."""
    if case.lse is None:
        return ""
    nonempty = case.judged & case.members.any(axis=-1)
    case = replace(case, judged=nonempty)
    for words, predicted in _predictions(case):
        if case.is_near(predicted, np.asarray(case.lse), case.allowed_lse):
            return words
    return _constant_in_words(case)


def _predictions(case: NumberCase) -> Iterator[tuple[str, FloatArray]]:
    """(words, log-sum-exps (H, rows)) of each fault."""
    meaning, products = case.statement.meaning, case.logits_at_scale(1.0)
    sinks = meaning.sinks_of(case.statement.heads)
    _, lse = softmax(case.x, case.sets, sinks)
    _, unscaled = softmax(products, case.sets, sinks)
    top = case.x.max(axis=-1)
    unscaled_top = products.max(axis=-1)
    if meaning.lse == "base2":
        yield 'natural: lse / ln 2 is expected; declare lse="natural" if that is meant', lse
        yield "log2 of a natural sum of which the maximum is natural", top + (lse - top) / LN_2
    else:
        yield 'in base 2: lse * ln 2 is expected; declare lse="base2" if that is meant', lse / LN_2
    yield "without the maximum: that of x - max x", lse - top
    yield "without the scale: that of q . k", unscaled
    yield "with a maximum that is not scaled", unscaled_top + lse - top
    yield "with a maximum in base 2 and a natural sum", top / LN_2 + lse - top
    yield "with a natural maximum and a sum in base 2", top + (lse - top) / LN_2
    yield "the maximum alone, without the log of the sum", top
    yield "the sum of e^(x - max x), without its log", np.exp(lse - top)
    yield "the sum of e^x, without its log", np.exp(lse)
    yield "of the other sign", -lse
    yield "the log of a mean: log |A_i| is missing", lse - np.log(case.sets.sum(axis=-1))
    if sinks is not None:
        yield "without the sinks", softmax(case.x, case.sets)[1]


def _constant_in_words(case: NumberCase) -> str:
    """By how much all rows are off, if that is one number."""
    _, true = case.statement.attend(case.inputs, case.sets, case.queries)
    difference = (np.asarray(case.lse) - true)[case.judged]
    if not len(difference) or not np.isfinite(difference).all():
        return ""
    constant = float(np.median(difference))
    is_constant = np.abs(difference - constant).max() <= case.allowed_lse
    if not is_constant or abs(constant) <= case.allowed_lse:
        return ""
    return f"off by {constant:.4g} in all rows{_constant_name(constant, case)}"


def _constant_name(constant: float, case: NumberCase) -> str:
    """A number that the constant is, if it is a usual one."""
    numbers = {
        "log 2": LN_2,
        "log d": np.log(case.statement.d),
        "log n": np.log(case.statement.n[1]),
        "log of the scale": np.log(abs(case.statement.scale)),
    }
    for name, number in numbers.items():
        for sign, value in (("", number), ("-", -number)):
            if abs(constant - value) <= case.allowed_lse:
                return f", which is {sign}{name}"
    return ""
