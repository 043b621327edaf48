"""Whether loops are compiled: not where Numba is missing, as in a browser.

Nor under NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

try:
    import numba
except ModuleNotFoundError:
    numba = None  # type: ignore[assignment]


def is_plain() -> bool:
    """Whether loops run as plain Python, on one thread."""
    return numba is None or bool(numba.config.DISABLE_JIT)
