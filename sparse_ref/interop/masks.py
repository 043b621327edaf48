"""Dense masks and biases. Libraries disagree about what True means, so each name here says it.

allowed: True attends      torch's scaled_dot_product_attention, JAX splash's NumpyMask, FlashInfer's custom_mask
forbidden: True is masked  torch.nn.MultiheadAttention and Transformer layers
"""

from __future__ import annotations

import math

import numpy as np

from ..attention.arrays import FLOATS, as_array
from ..lower import dense
from ..sets.pattern import Pattern
from .heads import first_true, listed, stacked, unstacked

MATRIX = ("n_q", "n_k")


def allowed_mask(p, n) -> np.ndarray:
    """[j in A_i], bool (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns: True attends.

    Raises ValueError above 4096 queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.allowed_mask(sr.Causal(), 3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return stacked(lambda each: dense(each, n), p)


def forbidden_mask(p, n) -> np.ndarray:
    """[j not in A_i], bool (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns: True is masked.

    torch.nn.MultiheadAttention takes it, its heads H times the batch as (batch * H, n_q, n_k). An empty row gives NaN
    there when it is asked for weights. Raises ValueError above 4096 queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.forbidden_mask(sr.Causal(), 3).astype(int)
    array([[0, 1, 1],
           [0, 0, 1],
           [0, 0, 0]])
    """
    return ~allowed_mask(p, n)


def additive_bias(p, n, *, dtype=np.float32, fill=-math.inf) -> np.ndarray:
    """0 where j in A_i and `fill` elsewhere, (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns: added to the logits.

    With a finite `fill` masked keys are not gone: they win where all others' logits are lower still, and an empty row is
    then an average of all keys.

    Raises TypeError for a dtype that is no float, ValueError for a fill that is not below 0 or overflows, or above 4096
    queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.additive_bias(sr.Causal(), 2)
    array([[  0., -inf],
           [  0.,   0.]], dtype=float32)
    """
    value = _fill(fill, dtype)

    def bias(each):
        return np.where(dense(each, n), np.zeros((), value.dtype), value)

    return stacked(bias, p)


def from_allowed_mask(mask) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bool mask (n_q, n_k), True attends; a tuple of them for (H, n_q, n_k).

    Raises TypeError where the mask is not bool, ValueError for other axes.

    >>> from sparse_ref import interop
    >>> interop.from_allowed_mask([[True, False], [True, True]])
    Listed(<2 rows, 3 keys>)
    """
    return unstacked(lambda each: listed([each]), "mask", _bools(mask), MATRIX)


def from_forbidden_mask(mask) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bool mask (n_q, n_k), True is masked; a tuple of them for (H, n_q, n_k).

    Raises as `from_allowed_mask` does.

    >>> from sparse_ref import interop
    >>> interop.from_forbidden_mask([[True, False], [True, True]])
    Listed(<2 rows, 1 keys>)
    """
    return unstacked(lambda each: listed([~each]), "mask", _bools(mask), MATRIX)


def from_additive_bias(bias, *, fill=-math.inf) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bias (n_q, n_k) that is 0 where it attends and `fill` elsewhere; a tuple for (H, n_q, n_k).

    Raises TypeError where the bias is not float, ValueError where it is anything but 0 and `fill`, or for other axes.

    >>> from sparse_ref import interop
    >>> interop.from_additive_bias([[0.0, float("-inf")], [0.0, 0.0]])
    Listed(<2 rows, 3 keys>)
    """
    bias = _array("bias", bias)
    if bias.dtype.name not in FLOATS:
        raise TypeError(
            f"bias must be one of {', '.join(FLOATS)}, 0 where it attends, got {bias.dtype}"
            + (": from_allowed_mask or from_forbidden_mask reads it" if bias.dtype == bool else "")
        )
    value = _fill(fill, bias.dtype)
    other = (bias != 0) & (bias != value)
    if other.any():
        at = first_true(other)
        raise ValueError(f"bias must be 0 or {value} everywhere, got {bias[at]} at {at}")
    return unstacked(lambda each: listed([each == 0]), "bias", bias, MATRIX)


def _bools(mask) -> np.ndarray:
    """A mask as an array, known to be bool."""
    mask = _array("mask", mask)
    if mask.dtype != bool:
        hint = (
            "from_additive_bias reads a bias"
            if mask.dtype.kind == "f"
            else "say which numbers are True, as mask != 0"
        )
        raise TypeError(f"mask must be a bool array, got dtype {mask.dtype}: {hint}")
    return mask


def _array(name: str, x) -> np.ndarray:
    """An array, or rows of them as lists."""
    return np.asarray(x) if isinstance(x, (list, tuple)) else as_array(name, x)


def _fill(fill, dtype) -> np.ndarray:
    """The number of masked pairs as this dtype, below 0, and finite where it was."""
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be one of {', '.join(FLOATS)}, got {dtype!r}") from None
    if dtype.name not in FLOATS:
        raise TypeError(f"dtype must be one of {', '.join(FLOATS)}, got {dtype}")
    if not isinstance(fill, (int, float, np.integer, np.floating)):
        raise TypeError(f"fill must be a number below 0, got {fill!r}")
    with np.errstate(over="ignore"):
        value = np.asarray(fill, np.float64).astype(dtype)
    if value.ndim or not value < 0 or bool(np.isinf(value)) != bool(np.isinf(fill)):
        raise ValueError(f"fill must be a number below 0 that {dtype} can hold, got {fill!r}")
    return value
