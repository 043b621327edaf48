"""Parameters, checked in one way everywhere: an error names argument, bound and value."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from .types import Length

# sums of a few of these stay in int64, so that arrays give what Python's integers do
MAX_PARAMETER = 10**18
# the greatest length that a pattern is stated for: its positions fit in int32
MAX_LENGTH = 2**31 - 1
MAX_HEADS = MAX_BRANCHES = MAX_LAYERS = 65536

Pair = tuple[int, int]


class Symbolic:
    """A value that stands for all integers, as in proofs; abstract."""

    def assume_bounds(self, least: int | None, most: int | None) -> Any:
        """The value, with the bounds as an assumption."""
        raise NotImplementedError


def integer(
    name: str,
    value: Any,
    least: int | None = None,
    most: int | None = MAX_PARAMETER,
) -> int:
    """The value as an int, least <= value <= most and -most <= value; None bounds nothing.

    Raises TypeError for what is no integer (True and 2.0 are none), ValueError beyond the bounds.
    """
    # In proofs, a parameter is a Term (paths.proof.terms): it cannot be compared with a bound, and
    # takes the bound as an assumption, so that a proof covers exactly what constructors accept.
    if isinstance(value, Symbolic):
        return value.assume_bounds(least, None if most == MAX_PARAMETER else most)
    number = _as_index(value)
    if number is None:
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    if most is not None and abs(number) > most:
        bound = f"at most {most}" if number > 0 else f"at least {-most}"
        raise ValueError(f"{name} must be {bound}, got {number}")
    return number


def _as_index(value: Any) -> int | None:
    """The value as a Python int; None for bools, arrays, and what is no integer."""
    is_bool = type(value).__name__ in ("bool", "bool_")
    is_array = bool(getattr(value, "ndim", False))
    if is_bool or is_array or not hasattr(value, "__index__"):
        return None
    try:
        return index(value)
    except TypeError:
        return None


def query_and_length(i: Any, n: Any) -> tuple[int, int]:
    """A query and a number of keys as ints: the arguments of `row`."""
    query = integer("i", i, most=None)
    return query, integer("n", n, 0, most=None)


def check_queries(name: str, i: Any, rows: int) -> None:
    """Refuse queries i, an int or an array of them, outside 0 <= i < rows."""
    if not np.size(i):
        return
    first, last = np.min(i), np.max(i)
    if first < 0 or last >= rows:
        queries = f"{first}" if first == last else f"{first} to {last}"
        raise IndexError(f"{name} has rows 0 <= i < {rows}, got i = {queries}")


def int_or_pair(name: str, value: Any, least: int, parts: str) -> Pair:
    """A pair of integers, from one for both or from a pair; `parts` is the pair in an error."""
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2:
        raise TypeError(f"{name} must be an integer or a pair {parts}, got {value!r}")
    first, second = (integer(name, number, least) for number in pair)
    return first, second


def flag(name: str, value: Any) -> bool:
    """The value, if it is True or False; TypeError for anything else, 1 and 0 included."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def int_tuple(
    name: str,
    values: Any,
    least: int | None,
    most: int | None = MAX_PARAMETER,
) -> tuple[int, ...]:
    """The values as a tuple of ints, each of at least `least` and at most `most`."""
    is_unordered = isinstance(values, (str, bytes, bytearray, set, frozenset, dict))
    is_number = not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0
    if is_unordered or is_number:
        raise TypeError(f"{name} must be a sequence of integers, got {values!r}")
    return tuple(integer(f"{name}[{t}]", value, least, most) for t, value in enumerate(values))


def per_axis(name: str, value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each axis, from one for all or a tuple; ValueError for another length."""
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * axes
    if len(values) != axes:
        raise ValueError(
            f"{name} must be one for all axes, or one for each of the {axes}, got {value!r}"
        )
    return values


def lengths(n: Length) -> tuple[int, int]:
    """(n_q, n_k) from one length for both, or from the pair.

    Raises TypeError for anything but integers, ValueError for a negative one.
    """
    return int_or_pair("n", n, 0, "(n_q, n_k)")
