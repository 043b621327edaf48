"""A limit of memory for a reader's code, where the system has one: MemoryError, and no swapping."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_BYTES = 4 * 2**30  # that one call may allocate, with all threads of the process
USAGE = Path("/proc/self/statm")  # of Linux, in pages
DATA_FIELD = 5  # data and stack, which RLIMIT_DATA bounds


@contextmanager
def memory_limit() -> Iterator[None]:
    """A block that may allocate MAX_BYTES more than the process has now; on Linux only."""
    if sys.platform != "linux" or not USAGE.exists():
        yield
        return
    import resource

    pages = int(USAGE.read_text().split()[DATA_FIELD])
    most = pages * resource.getpagesize() + MAX_BYTES
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    is_lower = before != resource.RLIM_INFINITY and before <= most
    if not is_lower and (hard == resource.RLIM_INFINITY or most <= hard):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))
