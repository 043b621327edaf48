"""Parameters, checked alike everywhere: an error names the argument, the bound and the value."""

from __future__ import annotations

from operator import index

MAX_PARAMETER = (
    10**18
)  # sums of a few of these stay in int64, so that arrays answer as Python's integers do
MAX_LENGTH = (
    2**31 - 1
)  # the greatest length that a pattern is stated for, whose positions fit in int32
MAX_HEADS = 65536


class Symbolic:
    """A value that stands for all integers, as in proofs: it takes bounds itself; abstract."""

    def assume_bounds(self, least: int | None, most: int | None):
        """The value, once its bounds are assumed."""
        raise NotImplementedError


def integer(name: str, value, least: int | None = None, most: int | None = MAX_PARAMETER) -> int:
    """The value as an int of at least `least` and at most `most` either way, as far as given; True
    and 2.0 are none.
    """
    # In proofs, a parameter is a Term (paths.proof.terms): it cannot be compared with a bound, and
    # takes the bound as an assumption, so that a proof covers exactly what constructors accept.
    if isinstance(value, Symbolic):
        return value.assume_bounds(least, None if most == MAX_PARAMETER else most)
    if (
        type(value).__name__ in ("bool", "bool_")
        or not hasattr(value, "__index__")
        or bool(getattr(value, "ndim", False))
    ):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    if most is not None and abs(number) > most:
        raise ValueError(
            f"{name} must be {f'at most {most}' if number > 0 else f'at least {-most}'}, got {number}"
        )
    return number


def query_and_length(i, n) -> tuple[int, int]:
    """A query, and a number of keys, as ints: what `row` is asked for."""
    return integer("i", i, most=None), integer("n", n, 0, most=None)


def int_or_pair(name: str, value, least: int, parts: str) -> tuple[int, int]:
    """Two whole numbers from one for both, or from a pair of them."""
    both = value if isinstance(value, tuple) else (value, value)
    if len(both) != 2:
        raise TypeError(f"{name} must be an integer or a pair {parts}, got {value!r}")
    return integer(name, both[0], least), integer(name, both[1], least)


def flag(name: str, value) -> bool:
    """The value, which is True or False; 1 and 0 are neither."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def int_tuple(
    name: str, values, least: int | None, most: int | None = MAX_PARAMETER
) -> tuple[int, ...]:
    """The values as a tuple of ints, each of at least `least`."""
    unordered = isinstance(values, (str, bytes, bytearray, set, frozenset, dict))
    if unordered or not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a sequence of integers, got {values!r}")
    return tuple(integer(f"{name}[{t}]", value, least, most) for t, value in enumerate(values))


def per_axis(name: str, value, axes: int) -> tuple:
    """One value for each axis, from a tuple of them or one for all; a tuple of another length is an
    error.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * axes
    if len(values) != axes:
        raise ValueError(
            f"{name} must be one for all axes, or one for each of the {axes}, got {value!r}"
        )
    return values


def lengths(n) -> tuple[int, int]:
    """(n_q, n_k) from one length for both, or from the pair.

    Raises TypeError for anything but integers, ValueError for a negative one.
    """
    return int_or_pair("n", n, 0, "(n_q, n_k)")
