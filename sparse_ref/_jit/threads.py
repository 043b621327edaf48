"""Threads: Python's own, which run compiled loops side by side without the interpreter's lock.

How many there are is Numba's number of threads: NUMBA_NUM_THREADS, `numba.set_num_threads`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache

from .switch import is_plain, numba

SLICES = 4  # of the rows, for each thread


@cache
def pool() -> ThreadPoolExecutor:
    """The threads, without the caller's own."""
    return ThreadPoolExecutor(numba.config.NUMBA_NUM_THREADS, thread_name_prefix="sparse_ref")


if hasattr(os, "register_at_fork"):  # a process that was forked has none of its parent's threads
    os.register_at_fork(after_in_child=pool.cache_clear)


def thread_count() -> int:
    """Numba's number of threads; all of them if Numba finds no library for its own."""
    try:
        return numba.get_num_threads()
    except ValueError:
        return numba.config.NUMBA_NUM_THREADS


def run_on_threads(loop, pieces: int, *args) -> None:
    """Call loop(*args) on all threads at once, and on no more of them than there are pieces.

    The caller's own call takes what is left, so it is enough if the others cannot begin.
    """
    others = 0 if is_plain() else min(thread_count(), pieces) - 1
    calls = []
    with suppress(RuntimeError):  # the interpreter shuts down, and begins no thread
        for _ in range(others):
            calls.append(pool().submit(loop, *args))
    loop(*args)
    for call in calls:
        call.result()


def run_slices(loop, rows: int, *args) -> None:
    """Call loop(begin, end, *args) for slices of the rows, on all threads."""
    threads = 1 if is_plain() else thread_count()
    if threads == 1 or rows < 2:
        loop(0, rows, *args)
        return
    count = min(rows, SLICES * threads)
    ends = [rows * (s + 1) // count for s in range(count)]
    slices = iter(zip([0, *ends[:-1]], ends))

    def run():
        for begin, end in slices:
            loop(begin, end, *args)

    run_on_threads(run, count)


@contextmanager
def one_thread():
    """Loops in this block run on this thread only: for work that ends before others would begin."""
    if is_plain():
        yield
        return
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(threads)
