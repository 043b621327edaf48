"""Which positions an axis labels."""

from __future__ import annotations

POWERS_OF_TEN = [10**e for e in range(20)]
ROUND_NUMBERS = [m * power for power in POWERS_OF_TEN for m in (1, 2, 5)]


def ticks(n: int, unit: int = 1) -> list[int]:
    """Positions from 0, evenly spaced, counted in units, if positions come in rows of `unit`.

    The space is a power of two that divides n, else 1, 2 or 5 times a power of ten. There are at
    most 8 ticks up to n = 64 and 5 above.
    """
    most = 8 if n <= 64 else 5
    units = -(-n // unit)
    least_space = -(-units // most)
    space = 1 << (least_space - 1).bit_length()
    if units % space:
        space = next(size for size in ROUND_NUMBERS if size >= least_space)
    return list(range(0, n, space * unit))
