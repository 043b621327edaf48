"""How loops are compiled, and every registration with Numba. Nothing compiles per pattern.

Under NUMBA_DISABLE_JIT=1, and where Numba is missing, all of it is plain Python, on one thread.
"""

from .compile import FILES, inline, multithread, parallel, serial
from .switch import numba
from .threads import one_thread

if numba is not None:
    from . import registrations  # noqa: F401

__all__ = ["FILES", "inline", "multithread", "one_thread", "parallel", "serial"]
