"""One softmax over several sets, from the output and log-sum-exp of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .arrays import FLOATS, as_array, return_as
from .sinks import check_sink

Array = TypeVar("Array")
Part = tuple[np.ndarray, np.ndarray]  # (out, lse)


def merge(
    parts: Sequence[tuple[Array, Array]],
    *,
    sink: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """(out, lse) of one softmax over several sets, from the (out, lse) of each.

    out = sum_b exp(lse_b - lse) out_b,  lse = log sum_b exp(lse_b)

    A key in two of the sets counts twice. A part whose lse is -inf adds nothing, whatever its out.
    Rows where every lse_b is -inf give 0 and -inf. A sink counts once if it is given to one part
    only, or here: it is one more part, whose out is 0 and whose lse is the sink.

    Parameters
    ----------
    parts : sequence of pairs
        One or more (out, lse), out (..., n, e) and lse (..., n), natural log. All have one shape,
        and the outs one dtype. Torch tensors and JAX arrays give what they are.
    sink : array, optional
        (H,), a natural logit per head, out (..., H, n, e); one head if out is (n, e).

    Raises
    ------
    ValueError
        If there are no parts, an out has fewer than two axes, or their shapes differ; if sink has
        another shape, NaN or inf.
    TypeError
        If a part is no pair of arrays of floats, or sink no floats.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(4)
    >>> two = sr.Lookback(2), sr.Causal() - sr.Lookback(2)
    >>> parts = [sr.attend_with_lse(x, x, x, p) for p in two]
    >>> np.allclose(sr.merge(parts)[0], sr.attend(x, x, x, sr.Causal()))
    True
    """
    pairs = _check_parts(parts)
    first, lse = pairs[0]
    if sink is not None:
        logits = check_sink(sink, first.shape[-3] if first.ndim > 2 else 1)
        logit_of_rows = logits[:, None] if lse.ndim > 1 else logits
        pairs.append((np.zeros_like(first), np.broadcast_to(logit_of_rows, lse.shape)))
    out, lse = merge_arrays(pairs)
    first_out, first_lse = parts[0]
    return return_as(out, first_out), return_as(lse, first_lse)


def merge_arrays(parts: list[Part]) -> Part:
    """`merge` of NumPy arrays that are known to fit."""
    out, lse = parts[0]
    each_lse = np.stack([part_lse.astype(np.float64) for _, part_lse in parts])
    top = each_lse.max(axis=0)
    with np.errstate(invalid="ignore"):  # a part that is inf or NaN makes its own rows so
        weights = np.exp(each_lse - np.where(top == -np.inf, 0, top))
        total = weights.sum(axis=0)
        divisor = np.where(total == 0, 1, total)
        shares = (weights / divisor)[..., None]
        absent = (weights == 0)[..., None]  # such a part may be NaN
        outs = [part_out for part_out, _ in parts]
        merged = sum(map(_share_of, absent, shares, outs))
    merged_lse = np.where(total == 0, -np.inf, top + np.log(divisor))
    return np.asarray(merged).astype(out.dtype), merged_lse.astype(lse.dtype)


def _share_of(
    absent: np.ndarray,
    share: np.ndarray,
    out: np.ndarray,
) -> np.ndarray:
    """share * out; 0 where the part is absent, whatever out is there."""
    return np.where(absent, 0, share * out)


def _is_pair(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) == 2


def _check_parts(parts: Any) -> list[Part]:
    """The parts as NumPy arrays, all of one shape."""
    if not isinstance(parts, (list, tuple)) or not all(map(_is_pair, parts)):
        raise TypeError(f"parts must be a sequence of pairs (out, lse), got {type(parts).__name__}")
    if not parts:
        raise ValueError("parts must be at least 1 pair (out, lse), got none")
    pairs = [(as_array("out", out), as_array("lse", lse)) for out, lse in parts]
    first = pairs[0][0]
    if first.ndim < 2:
        raise ValueError(f"parts must have out (..., n, e) and lse (..., n), got out {first.shape}")
    for out, lse in pairs:
        are_floats = out.dtype.name in FLOATS and lse.dtype.name in FLOATS
        if out.dtype != first.dtype or not are_floats:
            raise TypeError(
                f"parts must have floats, and out all of one dtype, {first.dtype}, "
                f"got {out.dtype} and lse {lse.dtype}"
            )
        if out.shape != first.shape or lse.shape != first.shape[:-1]:
            raise ValueError(
                f"parts must all have out {first.shape} and lse {first.shape[:-1]}, "
                f"got {out.shape} and {lse.shape}"
            )
    return pairs
