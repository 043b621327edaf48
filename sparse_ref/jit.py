"""How loops are compiled: once, cached on disk, and with one parallel loop running at a time.

Numba's default thread pool aborts the process when two Python threads enter parallel loops at once, so each
entry takes the same lock. Compiled functions take arrays and know no pattern: nothing compiles per pattern.
"""

from __future__ import annotations

from functools import wraps
from threading import RLock

from numba import njit

compiled = njit(cache=True, error_model="numpy")

_entry = RLock()


def parallel(function):
    """Compile a function whose `prange` loops run on all threads; callers on other threads wait their turn."""
    loop = njit(cache=True, parallel=True, error_model="numpy")(function)

    @wraps(function)
    def call(*args):
        with _entry:
            return loop(*args)

    call.loop = loop  # type: ignore[attr-defined]
    return call
