"""Whether loops are compiled.

They run as plain Python if Numba is missing, as in a browser, or NUMBA_DISABLE_JIT is 1.
"""

from __future__ import annotations

try:
    import numba
except ModuleNotFoundError:
    numba = None  # type: ignore[assignment]


def is_plain() -> bool:
    """Whether loops run as plain Python, on one thread."""
    return numba is None or bool(numba.config.DISABLE_JIT)
