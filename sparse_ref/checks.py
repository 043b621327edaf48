"""Integers and lengths, checked alike everywhere: an error names the argument, the bound and the value."""

from __future__ import annotations

from operator import index

MOST = 10**18  # sums of a few of these stay in int64, so that arrays answer as Python's integers do


def whole(name: str, value, least: int | None = None, most: int | None = MOST) -> int:
    """The value as an int of at least `least` and at most `most` either way, as far as given; True and 2.0 are none."""
    if type(value).__name__ in ("bool", "bool_") or not hasattr(value, "__index__") or bool(getattr(value, "ndim", False)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    if most is not None and abs(number) > most:
        raise ValueError(f"{name} must be {f'at most {most}' if number > 0 else f'at least {-most}'}, got {number}")
    return number


def pair(name: str, value, least: int, parts: str) -> tuple[int, int]:
    """Two whole numbers from one for both, or from a pair of them."""
    both = value if isinstance(value, tuple) else (value, value)
    if len(both) != 2:
        raise TypeError(f"{name} must be an integer or a pair {parts}, got {value!r}")
    return whole(name, both[0], least), whole(name, both[1], least)


def lengths(n) -> tuple[int, int]:
    """(n_q, n_k) from one length for both, or from the pair.

    Raises TypeError for anything but integers, ValueError for a negative one.
    """
    return pair("n", n, 0, "(n_q, n_k)")
