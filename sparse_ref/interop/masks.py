"""Dense masks and biases. Libraries disagree about what True means, so each name spells it out.

allowed: True attends      torch's scaled_dot_product_attention, JAX splash's NumpyMask,
                           FlashInfer's custom_mask
forbidden: True is masked  torch.nn.MultiheadAttention and Transformer layers
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..attention.arrays import FLOATS, as_array
from ..lower import dense
from ..sets.pattern import Pattern
from ..sets.positions import first_index
from ..sets.types import BoolArray, FloatArray, Length
from .heads import PatternPerHead, pattern_of_slabs, read_heads, stack_heads

MASK_AXES = ("n_q", "n_k")


def allowed_mask(p: PatternPerHead, n: Length) -> BoolArray:
    """[j in A_i], bool (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns: True attends.

    Raises ValueError above 4096 queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.allowed_mask(sr.Causal(), 3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return stack_heads(lambda pattern: dense(pattern, n), p)


def forbidden_mask(p: PatternPerHead, n: Length) -> BoolArray:
    """[j not in A_i], bool (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns: True is masked.

    torch.nn.MultiheadAttention takes it, with the batch folded into the heads, as
    (batch * H, n_q, n_k). If asked for its weights, that layer returns NaN in an empty row.
    Raises ValueError above 4096 queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.forbidden_mask(sr.Causal(), 3).astype(int)
    array([[0, 1, 1],
           [0, 0, 1],
           [0, 0, 0]])
    """
    return ~allowed_mask(p, n)


def additive_bias(
    p: PatternPerHead,
    n: Length,
    *,
    dtype: DTypeLike = np.float32,
    fill: float = -math.inf,
) -> FloatArray:
    """0 if j in A_i, else `fill`, (n_q, n_k), or (H, n_q, n_k) for a sequence of patterns.

    It is added to the logits. A finite `fill` does not remove a masked key: it still wins if the
    logits of all members are lower, and an empty row becomes an average of all keys.

    Raises TypeError for a dtype that is no float; ValueError for a fill that is not below 0 or
    overflows, and above 4096 queries or keys.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> interop.additive_bias(sr.Causal(), 2)
    array([[  0., -inf],
           [  0.,   0.]], dtype=float32)
    """
    masked = _check_fill(fill, dtype)
    zero = np.zeros((), masked.dtype)
    return stack_heads(lambda pattern: np.where(dense(pattern, n), zero, masked), p)


def from_allowed_mask(mask: ArrayLike) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bool mask (n_q, n_k), True attends; a tuple for (H, n_q, n_k).

    Raises TypeError if the mask is not bool, ValueError for other axes.

    >>> from sparse_ref import interop
    >>> interop.from_allowed_mask([[True, False], [True, True]])
    Listed(<2 rows, 3 keys>)
    """
    allowed = _check_bools(mask)
    return read_heads(lambda matrix: pattern_of_slabs([matrix]), "mask", allowed, MASK_AXES)


def from_forbidden_mask(mask: ArrayLike) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bool mask (n_q, n_k), True is masked; a tuple for (H, n_q, n_k).

    Raises as `from_allowed_mask` does.

    >>> from sparse_ref import interop
    >>> interop.from_forbidden_mask([[True, False], [True, True]])
    Listed(<2 rows, 1 keys>)
    """
    forbidden = _check_bools(mask)
    return read_heads(lambda matrix: pattern_of_slabs([~matrix]), "mask", forbidden, MASK_AXES)


def from_additive_bias(
    bias: ArrayLike, *, fill: float = -math.inf
) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a bias (n_q, n_k), 0 for members, else `fill`.

    A bias (H, n_q, n_k) gives a tuple, one pattern per head. Raises TypeError if the bias is not
    float, ValueError for any number but 0 and `fill`, and for other axes.

    >>> from sparse_ref import interop
    >>> interop.from_additive_bias([[0.0, float("-inf")], [0.0, 0.0]])
    Listed(<2 rows, 3 keys>)
    """
    array = _as_array("bias", bias)
    if array.dtype.name not in FLOATS:
        is_mask = array.dtype == bool
        hint = ": from_allowed_mask or from_forbidden_mask reads it" if is_mask else ""
        raise TypeError(
            f"bias must be one of {', '.join(FLOATS)}, 0 where it attends, got {array.dtype}{hint}"
        )
    masked = _check_fill(fill, array.dtype)
    wrong = (array != 0) & (array != masked)
    if wrong.any():
        at = first_index(wrong)
        raise ValueError(f"bias must be 0 or {masked} everywhere, got {array[at]} at {at}")
    return read_heads(lambda matrix: pattern_of_slabs([matrix == 0]), "bias", array, MASK_AXES)


def _check_bools(mask: ArrayLike) -> BoolArray:
    """A mask as an array of bools."""
    array = _as_array("mask", mask)
    if array.dtype == bool:
        return array
    if array.dtype.kind == "f":
        hint = "from_additive_bias reads a bias"
    else:
        hint = "say which numbers are True, as mask != 0"
    raise TypeError(f"mask must be a bool array, got dtype {array.dtype}: {hint}")


def _as_array(name: str, x: ArrayLike) -> np.ndarray:
    """An array, or rows of them as lists."""
    if isinstance(x, (list, tuple)):
        return np.asarray(x)
    return as_array(name, x)


def _check_fill(fill: float, dtype: DTypeLike) -> FloatArray:
    """The bias of masked pairs as a number of this dtype: below 0, and finite if `fill` is."""
    dtype = _check_float_dtype(dtype)
    if not isinstance(fill, (int, float, np.integer, np.floating)):
        raise TypeError(f"fill must be a number below 0, got {fill!r}")
    with np.errstate(over="ignore"):
        value = np.asarray(fill, np.float64).astype(dtype)
    overflows = bool(np.isinf(value)) != bool(np.isinf(fill))
    if value.ndim or not value < 0 or overflows:
        raise ValueError(f"fill must be a number below 0 that {dtype} can hold, got {fill!r}")
    return value


def _check_float_dtype(dtype: DTypeLike) -> np.dtype:
    """A dtype that is one of FLOATS."""
    try:
        float_dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be one of {', '.join(FLOATS)}, got {dtype!r}") from None
    if float_dtype.name not in FLOATS:
        raise TypeError(f"dtype must be one of {', '.join(FLOATS)}, got {float_dtype}")
    return float_dtype
