"""The public door to attention over sets. Nothing is aligned, clipped or broadcast silently.

Shapes:  q (..., H, n_q, d),  k (..., G, n_k, d),  v (..., G, n_k, e)  with G dividing H: query head
h reads key head h // (H / G).  Two axes, (n, d), mean one head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from ..kernels import reference
from ..kernels.cpu import launch as cpu
from ..kernels.cuda import launch as cuda
from ..kernels.merge import merge_into
from ..lower import Plan
from ..sets.array_checks import with_kernel_arrays
from .arrays import requires_gradients, return_as
from .gradients import attention_function
from .inputs import (
    Form,
    Inputs,
    PatternLike,
    branches_of,
    check_inputs,
    fold_heads,
    sets_by_heads,
)
from .merge import Part, merge_arrays

Array = TypeVar("Array")
Device = Literal["cpu", "cuda", "reference"]


class Kernels(NamedTuple):
    """What computes on a device, and the form in which it takes sets.

    `float64` says that gradients are summed in float64 whatever the dtype of q is.
    """

    attend: Callable[..., None]
    backward: Callable[..., None]
    form: Form
    float64: bool = False


DEVICES = {
    "cpu": Kernels(cpu.attend, cpu.backward, "small mask"),
    "cuda": Kernels(cuda.attend, cuda.backward, "tiles"),
    "reference": Kernels(reference.attend_heads, reference.backward_heads, "mask", float64=True),
}


def attend(
    q: Array,
    k: Array,
    v: Array,
    pattern: PatternLike,
    *,
    scale: float | None = None,
    device: Device = "cpu",
) -> Array:
    """Attention over the sets A_i:  out_i = sum_{j in A_i} softmax_j(scale q_i . k_j) v_j

    Only members matter: out_i depends on the keys and values in A_i alone, bit for bit; NaN or inf
    elsewhere changes nothing. A query without keys gets 0. The bits depend neither on the number of
    threads nor on the rest of the batch.

    Parameters
    ----------
    q, k, v : arrays
        (..., H, n_q, d), (..., G, n_k, d) and (..., G, n_k, e), G dividing H, of one dtype:
        float64, float32, float16 or bfloat16 (sums are in float32 for the last three). NumPy,
        torch or JAX, or anything that crosses by `__array__` or `__dlpack__`.
    pattern : Pattern, Plan, CSR, Branches, or a sequence of these
        The sets; in a Branches a key counts once for each branch that contains it. A sequence has
        one for each of the H heads.
    scale : float, optional
        The factor of the logits; 1 / sqrt(d) unless given.
    device : "cpu", "cuda" or "reference"
        "cuda" is an NVIDIA GPU, to which arrays are copied and from which the output is copied.
        "reference" is the float64 statement, for at most 4096 queries and keys.

    Returns
    -------
    out : array
        (..., H, n_q, e), in the dtype of q and of q's kind: a torch tensor for torch tensors, a JAX
        array for JAX arrays, else NumPy. Autograd goes back through torch tensors that require
        gradients.

    Raises
    ------
    TypeError, ValueError, IndexError
        Naming the argument, its value and the bound: shapes that disagree, G not dividing H, a
        dtype that is none of the four; something that is no pattern, a pattern of other lengths,
        another number of patterns than heads, a listed pattern that has no row for some query.
    RuntimeError
        If device="cuda" finds no driver; the message says what to install.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(3, dtype=np.float32)
    >>> sr.attend(x, x, x, sr.Band(1, -1))          # row 0 attends to nothing, row i to i - 1
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    return attend_with_lse(q, k, v, pattern, scale=scale, device=device)[0]


def attend_with_lse(
    q: Array,
    k: Array,
    v: Array,
    pattern: PatternLike,
    *,
    scale: float | None = None,
    device: Device = "cpu",
) -> tuple[Array, Array]:
    """`attend`, and the log-sum-exp of each row:  lse_i = log sum_{j in A_i} exp(scale q_i . k_j)

    lse is (..., H, n_q), natural log, float64 for float64 input and float32 otherwise; -inf for a
    query without keys. Autograd does not go back through lse.
    """
    kernels = _kernels(device)
    if requires_gradients(q, k, v):
        return attention_function().apply(q, k, v, pattern, scale, device)
    x = check_inputs(q, k, v, scale)
    parts = [_attend(kernels, x, branch) for branch in branches_of(pattern)]
    out, lse = parts[0] if len(parts) == 1 else merge_arrays(parts)
    out = out.astype(x.dtype, copy=False).reshape(x.out_shape)
    return return_as(out, q), return_as(lse.reshape(x.lse_shape), q)


def attend_backward(
    grad_out: Array,
    q: Array,
    k: Array,
    v: Array,
    out: Array,
    lse: Array,
    pattern: PatternLike,
    *,
    scale: float | None = None,
    device: Device = "cpu",
) -> tuple[Array, Array, Array]:
    """(dq, dk, dv): the gradients of sum(grad_out * attend(q, k, v, pattern)).

    With P_ij = exp(scale q_i . k_j - lse_i) and g = grad_out:  dv_j = sum_i P_ij g_i,
    dx_ij = P_ij (g_i . v_j - g_i . out_i),  dq_i = scale sum_j dx_ij k_j,
    dk_j = scale sum_i dx_ij q_i.

    Sums are in float64 for float64, for the reference, and on the CPU over a CSR; in float32
    elsewhere, and lse with them. P is as exact as that lse; over tiles on the CPU it is at most 1,
    as it is with the lse of these very q and k. Memory is O(nnz) or less. A query without keys
    gives 0 and gets 0. A pair that is not connected changes nothing, bit for bit, and the bits
    depend neither on the number of threads nor on the batch.

    Parameters
    ----------
    grad_out, out : arrays
        (..., H, n_q, e), the gradient at the output of `attend`, and that output.
    lse : array
        (..., H, n_q), from `attend_with_lse`.
    q, k, v, pattern, scale, device
        As for `attend`, and raising as it does.

    Returns
    -------
    dq, dk, dv : arrays
        In the shapes, dtype and kind of q, k and v.
    """
    kernels = _kernels(device)
    x = check_inputs(q, k, v, scale)
    sums = np.float64 if kernels.float64 else x.sums
    grad = fold_heads("grad_out", grad_out, x.out_shape, len(x.q), sums)
    y = fold_heads("out", out, x.out_shape, len(x.q), sums)
    lse_of_rows = fold_heads("lse", lse, x.lse_shape, len(x.q), sums)
    forward = (grad, x.q, x.k, x.v, y, lse_of_rows)
    inputs = (x.q, x.k, x.v)
    gradients: list[np.ndarray] = [np.zeros(a.shape, sums) for a in inputs]
    for branch in branches_of(pattern):
        for heads, sets in sets_by_heads(branch, x, kernels.form):
            for part in _parts(sets):
                kernels.backward(forward, heads, x.kv, x.scale, part, gradients)
    results = [gradient.astype(x.dtype, copy=False) for gradient in gradients]
    shaped = map(np.reshape, results, x.shapes)
    dq, dk, dv = map(return_as, shaped, (q, k, v))
    return dq, dk, dv


def _attend(kernels: Kernels, x: Inputs, pattern: Any) -> Part:
    """(out, lse) of one pattern, or one per head, in the dtype of the sums."""
    rows = x.q.shape[:2]  # heads of the whole batch, and queries
    width = x.v.shape[2]
    out: np.ndarray = np.zeros((*rows, width), x.sums)
    lse: np.ndarray = np.zeros(rows, x.sums)
    vectors = (x.q, x.k, x.v)
    for heads, sets in sets_by_heads(pattern, x, kernels.form):
        first, *rest = _parts(sets)
        kernels.attend(vectors, heads, x.kv, x.scale, first, (out, lse))
        for part in rest:
            part_out, part_lse = np.empty_like(out), np.empty_like(lse)
            kernels.attend(vectors, heads, x.kv, x.scale, part, (part_out, part_lse))
            merge_into(heads, out, lse, part_out, part_lse)
    return out, lse


def _parts(sets: Any) -> tuple[Any, ...]:
    """What is computed one after the other, the parts of a Plan, in arrays that kernels take."""
    if isinstance(sets, np.ndarray):
        return (sets,)
    parts = sets.parts if isinstance(sets, Plan) else (sets,)
    return tuple(map(with_kernel_arrays, parts))


def _kernels(device: str) -> Kernels:
    """The kernels of a device."""
    if not isinstance(device, str) or device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(map(repr, DEVICES))}, got {device!r}")
    return DEVICES[device]
