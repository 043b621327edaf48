"""Arrays, checked before compiled loops read them: an error names argument, value and bound.

Numbers are compared and never subtracted: a difference of integers may wrap. Compiled loops trust
what has passed, and read foreign memory if it is wrong.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from .checks import MAX_LENGTH
from .positions import first_index
from .run import as_int64_exactly
from .types import BoolArray, IntArray

Lowered = TypeVar("Lowered")
Sides = tuple[int | None, ...]  # of a shape; None may be any length


def check_array(name: str, x: Any, dtype: type, shape: Sides) -> None:
    """Refuse anything but an ndarray of exactly this dtype, byte order included, and shape.

    Raises TypeError for another class, subclasses included, or dtype, ValueError for another shape.
    """
    expected = np.dtype(dtype)
    if type(x) is not np.ndarray:
        raise TypeError(f"{name} must be a numpy.ndarray of {expected}, got {type(x).__name__}")
    if x.dtype != expected:
        field = name.rpartition(" ")[2]
        raise TypeError(f"{name} must be {expected}, got {x.dtype}: {field}.astype({expected})")
    has_axes = x.ndim == len(shape)
    if not has_axes or not all(map(_is_side, x.shape, shape)):
        sides = ", ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(f"{name} must have shape ({sides}), got {x.shape}")


def check_bounds(
    name: str,
    x: np.ndarray,
    least: int,
    end: int,
    noun: str = "",
) -> None:
    """Refuse numbers outside least <= x < end; `noun` is what the end is, in an error."""
    error = _bounds_error(name, x, least, end, noun)
    if error is not None:
        message, place = error
        at = place[0] if len(place) == 1 else place
        raise ValueError(f"{message} at {at}")


def check_rise(name: str, x: np.ndarray, end: int, noun: str) -> None:
    """Refuse a vector that does not rise from 0 to `end`, the length of `noun`; it may be level."""
    rule = f"{name} must rise from 0 to len({noun}) = {end}"
    if len(x) == 0:
        raise ValueError(f"{rule}, got no numbers")
    first, last = int(x[0]), int(x[-1])
    if first != 0 or last != end:
        raise ValueError(f"{rule}, got {first} at its start and {last} at its end")
    falls = x[1:] < x[:-1]
    if falls.any():
        t = int(falls.argmax())
        raise ValueError(f"{rule}, got {x[t]} before {x[t + 1]} at {t + 1}")


def check_keys(
    name: str,
    indptr: IntArray,
    indices: np.ndarray,
    end: int,
    noun: str = "",
) -> None:
    """Refuse keys that are negative, not below `end`, or do not ascend in their row.

    indptr is known to rise. `noun` is what the end is, in an error.
    """
    error = _bounds_error(name, indices, 0, end, noun)
    if error is not None:
        message, (t,) = error
        raise ValueError(f"{message} in row {row_of(t, indptr)}")
    is_descent = descents(indptr, indices)
    if is_descent.any():
        t = int(is_descent.argmax())
        raise ValueError(
            f"{name} of row {row_of(t, indptr)} must ascend without repeats, "
            f"got {indices[t - 1]} before {indices[t]}"
        )


def check_shape(name: str, shape: Any) -> tuple[int, int]:
    """(n_q, n_k), if it is a pair of ints from 0 to below 2**31."""
    is_pair = type(shape) is tuple and len(shape) == 2
    if not is_pair or any(type(side) is not int for side in shape):
        raise TypeError(f"{name} must be a pair of ints (n_q, n_k), got {value_text(shape)}")
    n_q, n_k = shape
    if min(shape) < 0 or max(shape) > MAX_LENGTH:
        raise ValueError(f"{name} must be at least 0 and below {MAX_LENGTH + 1}, got {shape}")
    return n_q, n_k


def descents(indptr: IntArray, indices: np.ndarray) -> BoolArray:
    """Whether each key is not above the one before it in its row, bool (nnz,)."""
    is_descent = np.zeros(len(indices), bool)
    following, before = indices[1:], indices[:-1]
    np.less_equal(following, before, out=is_descent[1:])
    starts = indptr[:-1]  # that of an empty row is the next row's
    is_descent[starts[starts < len(indices)]] = False
    return is_descent


def repeats(*vectors: np.ndarray) -> BoolArray:
    """Whether each entry is that before it, in all of these vectors; the first is not."""
    is_repeat = np.zeros(len(vectors[0]), bool)
    pairs = [vector[1:] == vector[:-1] for vector in vectors]
    is_repeat[1:] = np.logical_and.reduce(pairs)
    return is_repeat


def row_of(t: int, indptr: IntArray) -> int:
    """The row that entry t belongs to."""
    return int(np.searchsorted(indptr, t, side="right")) - 1


def int64_vector(name: str, values: Any) -> IntArray:
    """A vector of integers, or a list of them, as int64, possibly the array itself.

    Raises TypeError for anything else, ValueError for numbers of 2**63 and more.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a vector of integers, got a masked array")
    try:
        array = np.asarray(values)
    except Exception as error:  # whatever the code of the values raises
        raise TypeError(f"{name} must be a vector of integers: {error}") from error
    if array.size == 0 and isinstance(values, (list, tuple)):
        array = array.astype(np.int64)  # NumPy's dtype for [] is float64
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be a vector of integers, got shape {array.shape}, dtype {array.dtype}"
        )
    return as_int64_exactly(name, array)


def with_kernel_arrays(lowered: Lowered) -> Lowered:
    """A dataclass whose arrays are contiguous, aligned and writable, as kernels are compiled for.

    Itself if they are; otherwise with copies, for which nothing more is compiled.
    """
    copies = {}
    for field in fields(lowered):  # type: ignore[arg-type]
        value = getattr(lowered, field.name)
        if isinstance(value, np.ndarray) and not (value.flags.carray):
            copies[field.name] = np.require(value, requirements=["C", "A", "W"])
    return replace(lowered, **copies) if copies else lowered  # type: ignore[type-var]


def fault_of(lowered: Any) -> str:
    """What the check of lowered sets refuses; "" for nothing. What shows them must not fail."""
    try:
        lowered.check()
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _bounds_error(
    name: str, x: np.ndarray, least: int, end: int, noun: str
) -> tuple[str, tuple[int, ...]] | None:
    """(message, place) of the first number outside least <= x < end; None if there is none."""
    low, high = x.min(initial=end), x.max(initial=least)
    if x.size == 0 or (low >= least and high < end):
        return None
    place = first_index((x < least) | (x >= end))
    bound = f"below {noun} = {end}" if noun else f"below {end}"
    if x[place] < least:
        bound = f"at least {least}"
    return f"{name} must be {bound}, got {x[place]}", place


def value_text(value: Any) -> str:
    """A value for an error: numbers and texts, and tuples of them, else the class.

    A repr of anything may be long, fail, or come back to the value that is wrong.
    """
    if isinstance(value, tuple) and len(value) < 9:
        return f"({', '.join(map(value_text, value))})"
    if value is None or isinstance(value, (int, float, str)):
        return repr(value)[:80]
    return f"a {type(value).__name__}"


def _is_side(side: int, expected: int | None) -> bool:
    return expected is None or side == expected
