"""How loops are compiled, and every registration with Numba. Nothing compiles per pattern.

Under NUMBA_DISABLE_JIT=1 all of it is plain Python, on one thread.
"""

from . import registrations
from .compile import FILES, inline, multithread, parallel, serial
from .threads import one_thread

__all__ = ["FILES", "inline", "multithread", "one_thread", "parallel", "registrations", "serial"]
