"""Threads: how many run a loop, and what may run at once.

Numba's thread pool crashes if two Python threads enter a `prange` loop at once, hence the lock; nor
does it survive `fork`: start processes with "spawn". Loops that take their work from a queue need
no such pool; they run on Python's threads, without the interpreter's lock.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import RLock

from numba import config, get_num_threads, set_num_threads

one_loop_at_a_time = RLock()


def run_on_threads(loop, pieces: int, *args) -> None:
    """Call loop(*args) on all threads at once, and on no more of them than there are pieces."""
    others = 0 if config.DISABLE_JIT else min(get_num_threads(), pieces) - 1
    if others < 1:
        loop(*args)
        return
    with ThreadPoolExecutor(others) as pool:
        calls = [pool.submit(loop, *args) for _ in range(others)]
        loop(*args)
        for call in calls:
            call.result()


@contextmanager
def one_thread():
    """Loops in this block run on this thread only: for work that ends before others would begin."""
    if config.DISABLE_JIT:
        yield
        return
    threads = get_num_threads()
    set_num_threads(1)
    try:
        yield
    finally:
        set_num_threads(threads)
