"""How loops are compiled: once, and kept on disk until a source file changes.

Numba stamps compiled code with the file that the function itself is in, and would go on using it
after an edit to another file whose functions it calls. So the stamp here is that of every file of
the package that compiles anything.
"""

from __future__ import annotations

import hashlib
import re
from functools import wraps
from pathlib import Path

import numpy as np

from ..sets import positions
from .switch import is_plain, numba
from .threads import run_on_threads, run_slices

PACKAGE = Path(__file__).parents[1]


def compiling_files() -> list[Path]:
    """Every file of this folder and of the folders with a file that takes something from it.

    Compiled code also holds what such a file takes from its neighbours, like the order of a
    NamedTuple's fields; and the two functions of a formula about positions.
    """
    here = Path(__file__).parent
    uses = re.compile(rb"^from \.*_jit[.\w]* import", re.M)
    files = sorted(PACKAGE.rglob("*.py"))
    users = [file for file in files if uses.search(file.read_bytes())]
    folders = {here, *(file.parent for file in users)}
    compiled = [file for file in files if file.parent in folders]
    return [*compiled, Path(positions.__file__)]


FILES = compiling_files()
STAMP = hashlib.sha256(b"".join(file.read_bytes() for file in FILES)).hexdigest()


def dispatcher(function, **options):
    """The function compiled, its code kept on disk under STAMP.

    Where no folder can be written, each process compiles anew. As plain Python, the function
    itself.
    """
    if is_plain():
        return function
    from .notice import announce_compilation

    loop = numba.njit(error_model="numpy", **options)(function)
    announce_compilation()
    try:
        loop.enable_caching()
    except RuntimeError:
        return loop
    loop._cache._cache_file._source_stamp = STAMP
    return loop


def serial(function):
    """Compile a function for one thread."""
    return dispatcher(function)


def inline(function):
    """Compile a function into each of its callers: for what a kernel calls once or twice.

    That is quicker than to compile it separately, which costs a tenth of a second and more.
    """
    return function if is_plain() else numba.njit(error_model="numpy", inline="always")(function)


def parallel(function):
    """Compile a loop over rows begin <= i < end that threads share; it is called with their number.

    What becomes of a row must not depend on the others, so that no bit depends on the threads. (To
    compile a `prange` loop takes Numba seconds more, and its thread pool crashes if two Python
    threads enter at once.)
    """
    loop = dispatcher(function, nogil=True)

    @wraps(function)
    def call(rows, *args):
        run_slices(loop, rows, *args)

    call.loop = loop  # type: ignore[attr-defined]
    return call


def multithread(function):
    """Compile a function of (queue, pieces, ...) that all threads run; it is called without queue.

    Each thread takes the `next_item` of the queue until there are no more pieces. No bit of the
    result may depend on which thread takes a piece. A thread that is held up holds up no other.
    """
    loop = dispatcher(function, nogil=True)

    @wraps(function)
    def call(pieces, *args):
        run_on_threads(loop, pieces, np.zeros(1, np.int64), pieces, *args)

    call.loop = loop  # type: ignore[attr-defined]
    return call
