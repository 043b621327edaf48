"""The forward and the backward pass over checked inputs, on any device.

float32 is not enough for everything: what overflows on the way to an answer is computed again in
float64, and the backward pass over large logits has the log-sum-exp in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..kernels import reference
from ..kernels.cpu import launch as cpu
from ..kernels.cuda import launch as cuda
from ..kernels.merge import merge_into
from ..lower import Plan
from ..sets.array_checks import with_kernel_arrays
from .documents import Pack, attend_pack, backward_pack
from .failures import can_fail, can_gradients_fail, fill_nonfinite, is_scale_extreme
from .inputs import Form, Inputs, branches_of, sets_by_heads
from .merge import Part, merge_arrays
from .sinks import add_sink

MAX_LSE = 16.0  # up to which rounding the lse to float32 moves no weight by more than 1e-6 of it
MAX_WIDTH = 512  # of vectors whose products float32 adds up exactly enough for gradients
NEAR = 4  # units in the last place of an lse, within which it is that of these sets

SetsByHeads = Iterable[tuple[np.ndarray, Any]]  # (heads, their sets)
Gradients = list[np.ndarray]


class Kernels(NamedTuple):
    """What computes on a device, and the form in which it takes sets.

    `float64` says that gradients are summed in float64 whatever the dtype of q is.
    """

    attend: Callable[..., np.ndarray]
    backward: Callable[..., None]
    form: Form
    float64: bool = False


class Forward(NamedTuple):
    """What the backward pass takes of the forward one: grad and out (H, n_q, e), lse (H, n_q)."""

    grad: np.ndarray
    out: np.ndarray
    lse: np.ndarray

    def as_type(self, sums: type) -> Forward:
        """grad and out in the dtype of the sums, lse in float64."""
        grad: np.ndarray = self.grad.astype(sums, copy=False)
        out: np.ndarray = self.out.astype(sums, copy=False)
        return Forward(grad, out, self.lse.astype(np.float64))


DEVICES = {
    "cpu": Kernels(cpu.attend, cpu.backward, "small mask"),
    "cuda": Kernels(cuda.attend, cuda.backward, "tiles"),
    "reference": Kernels(reference.attend_heads, reference.backward_heads, "mask", float64=True),
}


def attend_branches(kernels: Kernels, x: Inputs, pattern: Any) -> Part:
    """(out, lse) over a pattern, or one per head; out in the dtype of the sums, lse in float64."""
    y = x.as_float64() if is_scale_extreme(x.scale) else x
    out, lse = attend_sets(kernels, y, _branches(kernels, y, pattern))
    return out.astype(x.sums, copy=False), lse


def attend_sets(kernels: Kernels, x: Inputs, branches: Iterable[SetsByHeads]) -> Part:
    """The same over the sets of each branch, and the sinks."""
    parts = [_attend_branch(kernels, x, sets) for sets in branches]
    out, lse = parts[0] if len(parts) == 1 else merge_arrays(parts)
    if x.sink is not None:
        add_sink(out, lse, x.sink)
    return out, lse


def _attend_branch(kernels: Kernels, x: Inputs, branch: SetsByHeads) -> Part:
    """(out, lse) over one set per head."""
    rows = x.q.shape[:2]  # heads of the whole batch, and queries
    width = x.v.shape[2]
    out: np.ndarray = np.zeros((*rows, width), x.sums)
    lse: np.ndarray = np.zeros(rows, np.float64)
    vectors = (x.q, x.k, x.v)
    for heads, sets in branch:
        results = out, lse
        is_lost = _attend_heads(kernels, vectors, heads, x.kv, x.scale, sets, results)
        _repair_heads(kernels, x, np.flatnonzero(is_lost), sets, results)
    return out, lse


def _attend_heads(kernels: Kernels, vectors, heads, kv, scale, sets, results) -> np.ndarray:
    """Write results = (out, lse) of these heads, part after part of a Plan.

    Whether each head got inf or NaN, bool (H,), which may have overflowed.
    """
    if isinstance(sets, Pack):
        attend = partial(_attend_heads, kernels)
        return attend_pack(attend, vectors, heads, kv, scale, sets, results)
    first, *rest = _parts(sets)
    out, lse = results
    is_lost = kernels.attend(vectors, heads, kv, scale, first, results)
    for part in rest:
        part_out, part_lse = np.empty_like(out), np.empty_like(lse)
        is_lost |= kernels.attend(vectors, heads, kv, scale, part, (part_out, part_lse))
        merge_into(heads, out, lse, part_out, part_lse)
    return is_lost


def _repair_heads(kernels: Kernels, x: Inputs, heads, sets, results) -> None:
    """Fill what is inf or NaN in these heads' results by float64, head after head."""
    out, lse = results
    for h in heads:
        g = x.kv[h]
        keys, values = x.k[[g]], x.v[[g]]
        head = x.q[[h]], keys, values
        if can_fail(head, x.scale, x.sums):
            wide_out, wide_lse = _attend_wide(kernels, head, x.scale, sets)
            fill_nonfinite(out[h], wide_out)
            fill_nonfinite(lse[h], wide_lse)


def _attend_wide(kernels: Kernels, head, scale, sets) -> Part:
    """(out (n_q, e), lse (n_q,)) of one head in float64; float64 values are made small for it."""
    shrink = 2.0**64 if head[0].dtype == np.float64 else 1.0
    q, k, v = (a.astype(np.float64) for a in head)
    rows, width = q.shape[:2], v.shape[2]
    results = np.zeros((*rows, width)), np.zeros(rows)
    only = np.zeros(1, np.int64)
    vectors = q, k, v / shrink
    _attend_heads(kernels, vectors, only, only, scale, sets, results)
    out, lse = results
    return out[0] * shrink, lse[0]


def backward_branches(kernels: Kernels, x: Inputs, forward: Forward, pattern: Any) -> Gradients:
    """[dq, dk, dv] in the dtype of the sums, or float64; those of `forward` are in the first."""
    is_single = x.sums is np.float32
    width = max(x.q.shape[2], x.v.shape[2])
    is_wide = is_single and (width > MAX_WIDTH or is_scale_extreme(x.scale))
    y = x.as_float64() if is_wide else x
    sums = np.float64 if kernels.float64 else y.sums
    exact = forward.as_type(sums)
    branches = _branches(kernels, y, pattern)
    again = _is_large(exact.lse) | is_wide
    if is_single and again.any():
        branches = [list(sets) for sets in branches]
        exact = _exact_forward(kernels, y, exact, branches, again)
    gradients = _backward_sets(kernels, y, exact, branches, sums)
    is_finite = all(map(_all_finite, gradients))
    if is_finite or sums is np.float64 or not can_gradients_fail(x, forward.grad, forward.out):
        return gradients
    branches = _branches(kernels, x, pattern)
    exact = exact.as_type(np.float64)
    wide = _backward_sets(kernels, x.as_float64(), exact, branches, np.float64)
    for gradient, wider in zip(gradients, wide):
        fill_nonfinite(gradient, wider)
    return gradients


def _exact_forward(kernels: Kernels, x: Inputs, forward: Forward, branches, again) -> Forward:
    """The forward pass with lse in float64, and out if x is, where `again` is True.

    Rows whose lse is not that of these sets stay: their output was merged from more than these.
    """
    has_out = x.sums is np.float64
    inputs = x if has_out else x.without_values()
    out, lse = attend_sets(kernels, inputs, branches)
    size = np.maximum(np.abs(forward.lse), MAX_LSE)
    ulp = np.spacing(size.astype(np.float32))
    with np.errstate(invalid="ignore"):
        is_near = np.abs(lse - forward.lse) <= NEAR * ulp
    rows = again & is_near
    exact = forward._replace(lse=np.where(rows, lse, forward.lse))
    if not has_out:
        return exact
    exact_out = np.where(rows[..., None], out, forward.out)
    return exact._replace(out=exact_out)


def _branches(kernels: Kernels, x: Inputs, pattern: Any) -> list[Any]:
    """The sets of each branch, made when they are read."""
    return [sets_by_heads(branch, x, kernels.form) for branch in branches_of(pattern, x)]


def _backward_sets(kernels: Kernels, x: Inputs, forward: Forward, branches, sums) -> Gradients:
    """[dq, dk, dv] over the sets of each branch."""
    grad, out, lse = forward
    arrays = (grad, x.q, x.k, x.v, out, lse)
    shapes = x.q.shape, x.k.shape, x.v.shape
    gradients: Gradients = [np.zeros(shape, sums) for shape in shapes]
    for branch in branches:
        for heads, sets in branch:
            _backward_heads(kernels, arrays, heads, x.kv, x.scale, sets, gradients)
    return gradients


def _backward_heads(kernels: Kernels, arrays, heads, kv, scale, sets, gradients) -> None:
    """Add to gradients = (dq, dk, dv) what these heads give, part after part of a Plan."""
    if isinstance(sets, Pack):
        backward = partial(_backward_heads, kernels)
        backward_pack(backward, arrays, heads, kv, scale, sets, gradients)
        return
    for part in _parts(sets):
        kernels.backward(arrays, heads, kv, scale, part, gradients)


def _is_large(lse: np.ndarray) -> np.ndarray:
    """Whether each lse is so large that rounding it to float32 matters; not if it is inf or NaN."""
    size = np.abs(lse)
    return (size > MAX_LSE) & (size < np.inf)


def _all_finite(x: np.ndarray) -> bool:
    """Whether no number of an array (heads, n, width) is inf or NaN."""
    heads = np.arange(len(x))
    return bool(cpu.are_finite(x, heads).all())


def _parts(sets: Any) -> tuple[Any, ...]:
    """What is computed one after the other, the parts of a Plan, in arrays that kernels take."""
    if isinstance(sets, np.ndarray):
        return (sets,)
    parts = sets.parts if isinstance(sets, Plan) else (sets,)
    return tuple(map(with_kernel_arrays, parts))
