"""Faults of gradients, confirmed by computing dq, dk and dv once more with the fault.

dv = p^T g,  dp = g v^T,  ds = p (dp - delta),  delta = sum_j p dp,  dq = ds k scale,
dk = ds^T q scale; dk and dv are summed over the query heads of a key head.

Symbols:  g the gradient of the output, (H, rows, e);  p weights, dp and ds, (H, rows, n_k).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...sets.types import FloatArray, IntArray
from ..calling.rounded_attention import key_products, softmax, sum_groups
from ..meaning.statement import Inputs, Statement

MIN_FACTOR = 1e-3  # by which a factor differs from 1
FACTOR_ERROR = 1e-3  # relative, of factors that have a name


@dataclass(frozen=True, eq=False)
class GradientCase:
    """The gradients of some queries' outputs, and what is needed to compute them again.

    Attributes
    ----------
    statement : Statement
    inputs : Inputs
        q (H, n_q, d), k (G, n_k, d) and v (G, n_k, e).
    grad : FloatArray (H, rows, e)
        The gradient of the outputs; that of all other queries is 0.
    queries : int64 (rows,)
    sets : (H, rows, n_k)
        How often each key counts.
    """

    statement: Statement
    inputs: Inputs
    grad: FloatArray
    queries: IntArray
    sets: Any

    @property
    def group(self) -> int:
        """Query heads per key head."""
        return len(self.inputs.q) // len(self.inputs.k)

    @cached_property
    def qkv(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """q of the rows, and k and v of each query head, in float64."""
        q, k, v = (np.asarray(x, np.float64) for x in self.inputs)
        keys = np.repeat(k, self.group, axis=0)
        values = np.repeat(v, self.group, axis=0)
        return q[:, self.queries], keys, values

    @cached_property
    def p(self) -> FloatArray:
        """The weights, multiplicity included."""
        q, k, _ = self.qkv
        x = self.statement.score(self.queries).logits(key_products(q, k))
        sinks = self.statement.meaning.sinks_of(self.statement.heads)
        p, _ = softmax(x, self.sets, sinks)
        return p

    @cached_property
    def dp(self) -> FloatArray:
        """g v^T"""
        _, _, v = self.qkv
        return self.grad @ v.mT

    def ds(self, has_delta: bool = True, has_slopes: bool = True) -> FloatArray:
        """The gradient of the logits, or without one of its factors."""
        delta = (self.p * self.dp).sum(axis=-1, keepdims=True)
        ds = self.p * (self.dp - has_delta * delta)
        q, k, _ = self.qkv
        slopes = self.statement.score(self.queries).slopes(key_products(q, k))
        return ds * slopes if has_slopes else ds

    def dq_of(self, ds: FloatArray) -> FloatArray:
        """ds k scale, (H, n_q, d)."""
        _, k, _ = self.qkv
        dq = np.zeros(self.inputs.q.shape)
        dq[:, self.queries] = ds @ k * self.statement.scale
        return dq

    def dk_per_head(self, ds: FloatArray) -> FloatArray:
        """ds^T q scale of each query head, (H, n_k, d)."""
        q, _, _ = self.qkv
        return ds.mT @ q * self.statement.scale

    @cached_property
    def dv_per_head(self) -> FloatArray:
        """p^T g of each query head, (H, n_k, e)."""
        return self.p.mT @ self.grad

    def gradients(self) -> dict[str, FloatArray]:
        """dq, dk and dv."""
        ds = self.ds()
        dk = sum_groups(self.dk_per_head(ds), self.group)
        dv = sum_groups(self.dv_per_head, self.group)
        return dict(dq=self.dq_of(ds), dk=dk, dv=dv)


def describe_gradients(
    case: GradientCase, actual: Mapping[str, FloatArray], allowed: Mapping[str, float]
) -> dict[str, str]:
    """By the name of each wrong gradient its fault in words, if it has one.

    `actual` and `allowed`, by "dq", "dk" and "dv", are what came, and the error of right ones.
    Nothing is named under a declared transform.
    """
    if case.statement.meaning.transform is not None:
        return {}
    expected = case.gradients()
    words: dict[str, str] = {}
    for name, right in expected.items():
        came, error = actual[name], allowed[name]
        if is_near(came, right, error):
            continue
        for text, predicted in _predictions(case, name, expected):
            if is_near(came, predicted, error):
                words[name] = text
                break
        else:
            if text := _factor_in_words(case, name, came, right, error):
                words[name] = text
    return words


def is_near(actual: FloatArray, predicted: FloatArray, allowed: float) -> bool:
    """Whether both have one shape, and no difference above what is allowed."""
    if actual.shape != predicted.shape:
        return False
    growth = max(1.0, float(np.abs(predicted).max(initial=0)))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - predicted) <= allowed * growth
    return bool(near.all())


def _predictions(
    case: GradientCase, name: str, expected: dict[str, FloatArray]
) -> Iterator[tuple[str, FloatArray]]:
    """(words, the gradient) of each fault."""
    for other, gradient in expected.items():
        if other != name:
            yield f"{name} is what {other} should be (swapped?)", gradient
    if name == "dv":
        yield from _predictions_by_head("dv", case.dv_per_head, case)
        if case.p.shape[1] == case.p.shape[2]:
            dv = sum_groups(case.p @ case.grad, case.group)
            yield "dv is p g, not p^T g: the transpose is missing", dv
        return
    faults = {
        "without the delta term: ds = p dp, not p (dp - delta)": case.ds(has_delta=False),
        "without the slope of the soft cap": case.ds(has_slopes=False),
    }
    for words, ds in faults.items():
        dk = sum_groups(case.dk_per_head(ds), case.group)
        yield f"{name} is {words}", case.dq_of(ds) if name == "dq" else dk
    if name == "dk":
        yield from _predictions_by_head("dk", case.dk_per_head(case.ds()), case)
        if case.p.shape[1] == case.p.shape[2]:
            q, _, _ = case.qkv
            dk = sum_groups(case.ds() @ q * case.statement.scale, case.group)
            yield "dk is ds q, not ds^T q: the transpose is missing", dk


def _predictions_by_head(
    name: str, per_head: FloatArray, case: GradientCase
) -> Iterator[tuple[str, FloatArray]]:
    """What becomes of a gradient that is not summed over the query heads of each key head."""
    group = case.group
    if group == 1:
        return
    not_summed = f"not summed over the {group} query heads of a key head"
    yield f"{name} is {not_summed}: it has one part per query head", per_head
    for head, place in ((0, "first"), (group - 1, "last")):
        text = f"{name} is {not_summed}: only that of the {place}"
        yield text, per_head[head::group]
    mean = sum_groups(per_head, group) / group
    text = f"{name} is {1 / group:.4g} of what it should be"
    yield f"{text}: averaged over the {group} query heads of a key head, not summed?", mean


def _factor_in_words(
    case: GradientCase, name: str, actual: FloatArray, expected: FloatArray, allowed: float
) -> str:
    """A factor on all of a gradient, with its name."""
    if actual.shape != expected.shape or not np.isfinite(actual).all():
        return ""
    squares = float((expected * expected).sum())
    if squares == 0:
        return ""
    factor = float((actual * expected).sum()) / squares
    is_factor = is_near(actual, factor * expected, allowed)
    if abs(factor - 1) < MIN_FACTOR or not is_factor:
        return ""
    return f"{name} is {factor:.4g} of what it should be{_factor_name(case, factor)}"


def _factor_name(case: GradientCase, factor: float) -> str:
    """What a usual factor comes from."""
    scale, ln_2 = case.statement.scale, float(np.log(2.0))
    names = {
        "the other sign": -1.0,
        "the scale is missing": 1 / scale,
        "the scale is applied twice": scale,
        "a factor ln 2, of a softmax in base 2": ln_2,
        "a factor log2(e), of a softmax in base 2": 1 / ln_2,
    }
    for name, number in names.items():
        if abs(factor - number) <= FACTOR_ERROR * abs(number):
            return f": {name}"
    return ""
