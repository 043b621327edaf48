"""How loops are compiled: once, kept on disk until a source file changes, and one parallel loop running at a time.

Numba keeps compiled code by the file that the function itself is in, and would go on using it after an edit to another
file whose functions it calls; so the stamp here is that of all files that compile. Numba's thread pools do not stand two
Python threads entering parallel loops at once, so each entry takes the same lock. They do not stand `fork` either, once
they run: start processes with "spawn".

Compiled functions take arrays and know no pattern: nothing compiles per pattern.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from threading import RLock

from numba import get_num_threads, njit, set_num_threads
from numba.extending import overload

from .sets.positions import isin, rank

HERE = Path(__file__).parent
COMPILING = [
    HERE / "_jit.py",
    HERE / "paths" / "finite" / "bitsets.py",
    *(
        file
        for room in ("lower", "kernels")
        for file in sorted((HERE / room).rglob("*.py"))
        if file.parent.name != "cuda"
    ),
]
STAMP = hashlib.sha256(b"".join(file.read_bytes() for file in COMPILING)).hexdigest()

_entry = RLock()


def cache(dispatcher):
    """The function, its compiled code kept on disk under STAMP; compiled anew by each process where no folder can be written."""
    try:
        dispatcher.enable_caching()
    except RuntimeError:
        return dispatcher
    dispatcher._cache._cache_file._source_stamp = STAMP
    return dispatcher


def serial(function):
    """Compile a function for one thread."""
    return cache(njit(error_model="numpy")(function))


def parallel(function):
    """Compile a function whose `prange` loops run on all threads; callers on other threads wait their turn."""
    loop = cache(njit(parallel=True, error_model="numpy")(function))

    @wraps(function)
    def call(*args):
        with _entry:
            return loop(*args)

    call.loop = loop  # type: ignore[attr-defined]
    return call


@contextmanager
def one_thread():
    """Loops within run on this thread alone: for work that is done before others would have begun."""
    threads = get_num_threads()
    set_num_threads(1)
    try:
        yield
    finally:
        set_num_threads(threads)


@overload(isin)
def _(x, positions):
    """Numba reads `isin` as a loop."""

    def loop(x, positions):
        found = False
        for position in positions:
            found |= x == position
        return found

    return loop


@overload(rank)
def _(x, positions):
    """Numba reads `rank` as a loop."""

    def loop(x, positions):
        count = 0
        for position in positions:
            count += position <= x
        return count

    return loop
