"""The public door to attention over sets. Nothing is aligned, clipped or broadcast silently.

Shapes:  q (..., H, n_q, d),  k (..., G, n_k, d),  v (..., G, n_k, e)  with G dividing H: query head h reads key head
h // (H / G).  Two axes, (n, d), mean one head.  Arrays are NumPy, or anything with `__array__` or `__dlpack__`.
"""

from __future__ import annotations

import numpy as np

from ..kernels import reference
from ..kernels.cpu import launch as cpu
from ..kernels.cuda import launch as cuda
from ..kernels.merge import merge_into
from ..lower import Plan
from .inputs import FLOATS, as_array, branches_of, check_inputs, fold_heads, lowered_by_pattern

DEVICES = {
    "cpu": (cpu.attend, cpu.backward, "tiles"),
    "cuda": (cuda.attend, cuda.backward, "tiles"),
    "reference": (reference.attend_heads, reference.backward_heads, "mask"),
}


def attend(q, k, v, pattern, *, scale=None, device="cpu") -> np.ndarray:
    """Attention over the sets A_i:  out_i = sum_{j in A_i} softmax_j(scale q_i . k_j) v_j

    Only members matter: out_i depends on the keys and values in A_i alone, bit for bit; NaN or inf elsewhere moves
    nothing. A query without keys gets 0. The bits do not depend on the number of threads, nor on the rest of the batch.

    Parameters
    ----------
    q, k, v : (..., H, n_q, d), (..., G, n_k, d), (..., G, n_k, e), G dividing H, of one dtype: float64, float32,
        float16 or bfloat16 (sums in float32 for the last three).
    pattern : a Pattern; a Plan or CSR that is already lowered; Branches, where a key counts once for each branch that holds
        it; or a sequence with one of these for each of the H heads.
    scale : what logits are multiplied by; 1 / sqrt(d) unless given.
    device : "cpu"; "cuda" for an NVIDIA GPU, to which arrays are copied and from which the output is; or "reference" for the
        float64 statement, for at most 4096 queries and keys.

    Returns
    -------
    out : (..., H, n_q, e), in the dtype of q.

    Raises
    ------
    TypeError, ValueError, IndexError
        Naming the argument, its value and the bound: shapes that disagree, G not dividing H, a dtype that is none of
        the four, a pattern that is none or has other lengths, one too few or too many of them; a listed pattern within
        another that has no row for some query.
    RuntimeError
        Where device="cuda" finds no driver, saying what to install.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(3, dtype=np.float32)
    >>> sr.attend(x, x, x, sr.Band(1, -1))          # row 0 attends to nothing, row i to i - 1
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    return attend_with_lse(q, k, v, pattern, scale=scale, device=device)[0]


def attend_with_lse(q, k, v, pattern, *, scale=None, device="cpu") -> tuple[np.ndarray, np.ndarray]:
    """`attend`, and the log-sum-exp of each row:  lse_i = log sum_{j in A_i} exp(scale q_i . k_j), natural log.

    lse is (..., H, n_q), float64 for float64 input and float32 otherwise; -inf for a query without keys.
    """
    (kernel, _, form), x = _kernels(device), check_inputs(q, k, v, scale)
    branches = [_attend(kernel, x, pattern, form) for pattern in branches_of(pattern)]
    out, lse = branches[0] if len(branches) == 1 else merge(branches)
    return out.astype(x.dtype, copy=False).reshape(x.out_shape), lse.reshape(x.out_shape[:-1])


def _attend(kernel, x, pattern, form):
    """(out, lse) of one pattern, or one a head, in the dtype of the sums."""
    out, lse = (
        np.zeros((len(x.q), x.n[0], x.v.shape[2]), x.sums),
        np.zeros((len(x.q), x.n[0]), x.sums),
    )
    for heads, sets in lowered_by_pattern(pattern, x, form):
        first, *rest = _parts(sets)
        kernel(x.q, x.k, x.v, heads, x.kv, x.scale, first, out, lse)
        for part in rest:
            more = np.empty_like(out), np.empty_like(lse)
            kernel(x.q, x.k, x.v, heads, x.kv, x.scale, part, *more)
            merge_into(heads, out, lse, *more)
    return out, lse


def _parts(sets):
    """What is computed one after the other: the parts of a Plan."""
    return sets.parts if isinstance(sets, Plan) else (sets,)


def attend_backward(
    grad_out, q, k, v, out, lse, pattern, *, scale=None, device="cpu"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dq, dk, dv): the gradients of sum(grad_out * attend(q, k, v, pattern)), in the shapes and dtype of q, k, v.

    With P_ij = exp(scale q_i . k_j - lse_i) and g = grad_out:  dv_j = sum_i P_ij g_i,  dx_ij = P_ij (g_i . v_j - g_i . out_i),
    dq_i = scale sum_j dx_ij k_j,  dk_j = scale sum_i dx_ij q_i. Sums are in float64 for float64, for the reference, and on the
    CPU over a CSR; in float32 elsewhere, and lse with them. P is as exact as that lse; over tiles on the CPU it is at most 1,
    as it is with the lse of these very q and k. Memory is O(nnz) or less. A query without keys gives 0 and gets 0; a
    pair that is not connected moves nothing, bit for bit, and the bits do not depend on the number of threads nor on the batch.

    Parameters
    ----------
    grad_out, out : (..., H, n_q, e), the gradient at the output of `attend`, and that output.
    lse : (..., H, n_q), from `attend_with_lse`.
    q, k, v, pattern, scale, device : as for `attend`, and raising as it does.
    """
    (_, kernel, form), x = _kernels(device), check_inputs(q, k, v, scale)
    sums = np.float64 if form == "mask" else x.sums
    grad, out = (
        fold_heads(name, a, x.out_shape, len(x.q), sums)
        for name, a in (("grad_out", grad_out), ("out", out))
    )
    lse = fold_heads("lse", lse, x.out_shape[:-1], len(x.q), sums)
    gradients: list[np.ndarray] = [np.zeros(a.shape, sums) for a in (x.q, x.k, x.v)]
    for layer in branches_of(pattern):
        for heads, sets in lowered_by_pattern(layer, x, form):
            for part in _parts(sets):
                kernel(grad, x.q, x.k, x.v, out, lse, heads, x.kv, x.scale, part, *gradients)
    dq, dk, dv = (
        a.astype(x.dtype, copy=False).reshape(shape) for a, shape in zip(gradients, x.shapes)
    )
    return dq, dk, dv


def merge(parts) -> tuple[np.ndarray, np.ndarray]:
    """(out, lse) of one softmax over several sets, from the (out, lse) of each:  out = sum_b exp(lse_b - lse) out_b

    lse = log sum_b exp(lse_b). A key in two of the sets counts twice. A part whose lse is -inf adds nothing, whatever
    its out; rows where every lse_b is -inf give 0 and -inf.

    Parameters
    ----------
    parts : one or more pairs, out (..., n, e) and lse (..., n), all of one shape and the outs of one dtype.

    Raises ValueError where there are none or the shapes differ, TypeError for anything but pairs of arrays of floats.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(4)
    >>> parts = [sr.attend_with_lse(x, x, x, p) for p in (sr.Lookback(2), sr.Causal() - sr.Lookback(2))]
    >>> np.allclose(sr.merge(parts)[0], sr.attend(x, x, x, sr.Causal()))
    True
    """
    parts = _pairs(parts)
    out, lse = parts[0]
    each = np.stack([s.astype(np.float64) for _, s in parts])
    top = each.max(axis=0)
    with np.errstate(invalid="ignore"):  # a part that is inf or NaN makes its own rows so
        weights = np.exp(each - np.where(top == -np.inf, 0, top))
        total = weights.sum(axis=0)
        some = np.where(total == 0, 1, total)
        merged = sum(
            np.where((w == 0)[..., None], 0, (w / some)[..., None] * o)
            for w, (o, _) in zip(weights, parts)
        )
    return np.asarray(merged).astype(out.dtype), np.where(
        total == 0, -np.inf, top + np.log(some)
    ).astype(lse.dtype)


def _pairs(parts) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parts of a merge as arrays, all of one shape."""
    if not isinstance(parts, (list, tuple)) or not all(
        isinstance(part, (list, tuple)) and len(part) == 2 for part in parts
    ):
        raise TypeError(f"parts must be a sequence of pairs (out, lse), got {type(parts).__name__}")
    if not parts:
        raise ValueError("parts must be at least 1 pair (out, lse), got none")
    pairs = [(as_array("out", out), as_array("lse", lse)) for out, lse in parts]
    out = pairs[0][0]
    for o, s in pairs:
        if o.dtype != out.dtype or not {o.dtype.name, s.dtype.name} <= set(FLOATS):
            raise TypeError(
                f"parts must have floats, and out all of one dtype, {out.dtype}, got {o.dtype} and lse {s.dtype}"
            )
        if o.shape != out.shape or s.shape != out.shape[:-1]:
            raise ValueError(
                f"parts must all have out {out.shape} and lse {out.shape[:-1]}, got {o.shape} and {s.shape}"
            )
    return pairs


def _kernels(device: str):
    """(forward, backward, how sets are lowered) of a device."""
    if not isinstance(device, str) or device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(map(repr, DEVICES))}, got {device!r}")
    return DEVICES[device]
