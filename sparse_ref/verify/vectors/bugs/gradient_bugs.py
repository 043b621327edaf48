"""Bugs of the backward pass: out and lse are right, dq, dk or dv are not.

Symbols:  a the inputs of a case, with grad_out;  r its right result, g the right gradients in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..statement import CaseInputs, Gradients, Result, gradients, head_gradients, sum_heads
from .set_bugs import Bug

GradientBug = Callable[[CaseInputs, Result, Gradients], Iterator[Gradients]]
FACTORS = 0.5, 2


def _no_delta(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """dx_ij = p_ij dp_ij."""
    yield gradients(a, r, row_delta=np.zeros_like(r.lse))


def _no_scale(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """dq, dk or both without the factor."""
    if a.scale != 1:
        dq, dk = g.dq / a.scale, g.dk / a.scale
        yield g._replace(dq=dq)
        yield g._replace(dk=dk)
        yield g._replace(dq=dq, dk=dk)


def _one_head_of_group(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """dk and dv of the first or the last query head of each group, or their mean."""
    group = len(a.q) // len(a.k)
    if group == 1:
        return
    heads = head_gradients(a, r)
    for head in (0, group - 1):
        of_group = slice(head, None, group)
        yield g._replace(dk=heads.dk[of_group], dv=heads.dv[of_group])
    yield g._replace(dk=g.dk / group, dv=g.dv / group)


def _factor(name: str) -> GradientBug:
    """A gradient that is half of what it should be, or twice as much."""

    def bug(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
        right = g._asdict()
        for factor in FACTORS:
            wrong = {name: factor * right[name]}
            yield g._replace(**wrong)

    return bug


def _no_mask(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """The weights of all keys, from the right lse."""
    if not a.empty.any():
        every_key = replace(a, m=np.ones_like(a.m))
        yield gradients(every_key, r)


def _no_derivative(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """dx of the capped logits for that of the logits."""
    if a.softcap:
        yield gradients(a, r, derivative=False)


def _nan_rows(a: CaseInputs, r: Result, g: Gradients) -> Iterator[Gradients]:
    """NaN in rows without keys, as exp(-inf - -inf) is; in dq, or in all of a head."""
    if not a.empty.any():
        return
    dq = np.where(a.empty[..., None], np.nan, g.dq)
    yield g._replace(dq=dq)
    has_empty = np.any(a.empty, axis=1)
    nan = sum_heads(a, np.where(has_empty, np.nan, 0.0))
    nan = nan[:, None, None]
    yield Gradients(dq, g.dk + nan, g.dv + nan)


def _backward_only(bug: GradientBug) -> Bug:
    """A bug of results that yields nothing if no gradients are asked for."""

    def bug_of_results(a: CaseInputs) -> Iterator[Result]:
        r = a.result()
        if r.gradients is not None:
            for wrong in bug(a, r, r.gradients):
                yield r._replace(gradients=wrong)

    return bug_of_results


_BUGS: dict[str, GradientBug] = {
    "delta missing": _no_delta,
    "scale missing in dq or dk": _no_scale,
    "group not summed": _one_head_of_group,
    "dq off by a factor": _factor("dq"),
    "dk off by a factor": _factor("dk"),
    "dv off by a factor": _factor("dv"),
    "backward without the mask": _no_mask,
    "soft cap derivative missing": _no_derivative,
    "empty rows in the backward": _nan_rows,
}
GRADIENT_BUGS = {name: _backward_only(bug) for name, bug in _BUGS.items()}
