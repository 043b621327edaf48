"""The public door to attention over sets. Nothing is aligned, clipped or broadcast silently.

Shapes:  q (..., H, n_q, d),  k (..., G, n_k, d),  v (..., G, n_k, e)  with G dividing H: query head
h reads key head h // (H / G).  Two axes, (n, d), mean one head.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .arrays import requires_gradients, return_as
from .gradients import attention_function
from .inputs import PatternLike, check_inputs, fold_heads, sums_dtype
from .passes import DEVICES, Forward, Kernels, attend_branches, backward_branches
from .sequences import is_nested, over_sequences

Array = TypeVar("Array")
Device = Literal["cpu", "cuda", "reference"]


def attend(
    q: Array,
    k: Array,
    v: Array,
    pattern: PatternLike,
    *,
    scale: float | None = None,
    device: Device = "cpu",
    sink: ArrayLike | None = None,
) -> Array:
    """Attention over the sets A_i:  out_i = sum_{j in A_i} softmax_j(scale q_i . k_j) v_j

    With a sink s_h, a logit in the denominator that has no value:

        out_i = sum_{j in A_i} exp(scale q_i . k_j) v_j / (exp(s_h) + sum_{j in A_i} exp(...))

    Only members matter: out_i depends on the keys and values in A_i alone, bit for bit; NaN or inf
    elsewhere changes nothing. A query without keys gets 0. The bits depend neither on the number of
    threads nor on the rest of the batch. If q, k and v are finite, so is out: what float32 does not
    hold on the way to it is computed again in float64.

    Parameters
    ----------
    q, k, v : arrays
        (..., H, n_q, d), (..., G, n_k, d) and (..., G, n_k, e), G dividing H, of one dtype:
        float64, float32, float16 or bfloat16 (sums are in float32 for the last three). NumPy,
        torch or JAX, or anything that crosses by `__array__` or `__dlpack__`. Nested tensors of
        torch, jagged or strided, are a batch of sequences (H, n, d) or (n, d), ragged in n or H.
    pattern : Pattern, Plan, CSR, Branches, or a sequence of these
        The sets; in a Branches a key counts once for each branch that contains it. A sequence has
        one for each of the H heads, whatever the batch; a nested one, pattern[b][h], one for each
        sequence and head, with one more level for each further batch axis.
    scale : float, optional
        The factor of the logits; 1 / sqrt(d) unless given.
    device : "cpu", "cuda" or "reference"
        "cuda" is an NVIDIA GPU, to which arrays are copied and from which the output is copied.
        "reference" is the float64 statement, for at most 4096 queries and keys.
    sink : array, optional
        (H,), one natural logit for each head of q, unscaled, as gpt-oss and DeepSeek V4 learn it;
        in any of the four dtypes. -inf is no sink, bit for bit; 0 is softmax-plus-one.

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
        another number of patterns than heads, a listed pattern that has no row for some query;
        a sink that is not (H,), NaN or inf.
    RuntimeError
        If device="cuda" finds no driver; the message says what to install.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(3, dtype=np.float32)
    >>> sr.attend(x, x, x, sr.Band(1, -1))          # row 0 attends to nothing, row i to i - 1
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    vectors = q, k, v
    out, _ = attend_with_lse(*vectors, pattern, scale=scale, device=device, sink=sink)
    return out


def attend_with_lse(
    q: Array,
    k: Array,
    v: Array,
    pattern: PatternLike,
    *,
    scale: float | None = None,
    device: Device = "cpu",
    sink: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """`attend`, and the log-sum-exp of each row:  lse_i = log sum_{j in A_i} exp(scale q_i . k_j)

    A sink is part of the sum, lse_i = log(exp(s_h) + sum ...), so that exp(scale q_i . k_j - lse_i)
    are the weights of out, as `attend_backward` and `merge` take them; cuDNN returns the sum
    without it, log(exp(lse_i) - exp(s_h)).

    lse is (..., H, n_q), natural log, float64 for float64 input and float32 otherwise; for a query
    without keys -inf, or its sink. Autograd does not go back through lse.
    """
    arrays = {"q": q, "k": k, "v": v}
    if any(map(is_nested, arrays.values())):
        options = {"scale": scale, "device": device, "sink": sink}
        out, lse = over_sequences(attend_with_lse, arrays, "qq", pattern, options)
        return out, lse
    if requires_gradients(q, k, v, sink):
        return attention_function().apply(q, k, v, sink, pattern, scale, device)
    out, lse = attend_exactly(q, k, v, pattern, scale, device, sink)
    with np.errstate(over="ignore"):  # the lse of logits that are beyond float32
        lse = lse.astype(sums_dtype(out.dtype), copy=False)
    return return_as(out, q), return_as(lse, q)


def attend_exactly(
    q: Any,
    k: Any,
    v: Any,
    pattern: Any,
    scale: Any,
    device: str,
    sink: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """NumPy's (out, lse) as the caller's q is laid out, out in the dtype of q, lse in float64."""
    kernels = _kernels(device)
    x = check_inputs(q, k, v, scale, sink)
    out, lse = attend_branches(kernels, x, pattern)
    out = out.astype(x.dtype, copy=False)
    return out.reshape(x.out_shape), lse.reshape(x.lse_shape)


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
    sink: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """(dq, dk, dv): the gradients of sum(grad_out * attend(q, k, v, pattern)).

    With P_ij = exp(scale q_i . k_j - lse_i) and g = grad_out:  dv_j = sum_i P_ij g_i,
    dx_ij = P_ij (g_i . v_j - g_i . out_i),  dq_i = scale sum_j dx_ij k_j,
    dk_j = scale sum_i dx_ij q_i.

    Sums are in float64 for float64, for the reference, and on the CPU over a CSR; in float32
    elsewhere. P is as exact as that lse, and where that is the lse of this pattern and above 16 in
    size, as exact as the logits: what rounding it to float32 lost is computed again. Over tiles on
    the CPU P is at most 1. Memory is O(nnz) or less. A query without keys gives 0 and gets 0. A
    pair that is not connected changes nothing, bit for bit, and the bits depend neither on the
    number of threads nor on the batch. The gradient of a sink is `sr.attention.sink_gradient`.

    Parameters
    ----------
    grad_out, out : arrays
        (..., H, n_q, e), the gradient at the output of `attend`, and that output.
    lse : array
        (..., H, n_q), from `attend_with_lse`.
    q, k, v, pattern, scale, device, sink
        As for `attend`, and raising as it does. Without the sink of the forward pass P is only as
        exact as lse.

    Returns
    -------
    dq, dk, dv : arrays
        In the shapes, dtype and kind of q, k and v.
    """
    if any(map(is_nested, (q, k, v))):
        arrays = {"grad_out": grad_out, "q": q, "k": k, "v": v, "out": out, "lse": lse}
        options = {"scale": scale, "device": device, "sink": sink}
        dq, dk, dv = over_sequences(attend_backward, arrays, "qkv", pattern, options)
        return dq, dk, dv
    kernels = _kernels(device)
    x = check_inputs(q, k, v, scale, sink)
    sums = np.float64 if kernels.float64 else x.sums
    grad = fold_heads("grad_out", grad_out, x.out_shape, len(x.q), sums)
    y = fold_heads("out", out, x.out_shape, len(x.q), sums)
    lse_of_rows = fold_heads("lse", lse, x.lse_shape, len(x.q), x.sums)
    forward = Forward(grad, y, lse_of_rows)
    gradients = backward_branches(kernels, x, forward, pattern)
    results = [gradient.astype(x.dtype, copy=False) for gradient in gradients]
    shaped = map(np.reshape, results, x.shapes)
    dq, dk, dv = map(return_as, shaped, (q, k, v))
    return dq, dk, dv


def _kernels(device: str) -> Kernels:
    """The kernels of a device."""
    if not isinstance(device, str) or device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(map(repr, DEVICES))}, got {device!r}")
    return DEVICES[device]
