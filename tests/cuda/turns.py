"""numba's simulator with threads that take turns, so that a barrier that is missing shows as a
wrong number each time.
"""

import random
import sys
from contextlib import contextmanager
from threading import Semaphore

import numpy as np
from numba.cuda.simulator import kernel, kernelapi


class Turn(kernel.BlockThread):
    """A simulated thread that runs when it is told to, up to its next barrier or its end."""

    def __init__(self, *args, without=None):
        super().__init__(*args)
        self.go, self.back, self.without, self.line, self.done = (
            Semaphore(0),
            Semaphore(0),
            without,
            None,
            False,
        )

    def run(self):
        self.go.acquire()
        if not self.abort:
            super().run()
        self.done = True
        self.back.release()

    def syncthreads(self):
        line = sys._getframe(2).f_lineno  # in the kernel, beyond numba's own frame
        if line == self.without:
            return
        self.line = line
        self.back.release()
        self.go.acquire()
        if self.abort:
            raise RuntimeError("another thread of the block failed")

    def step(self):
        """Let it run, and wait until it stops."""
        self.go.release()
        self.back.acquire()


class Dirty:
    """NumPy whose new arrays are full of NaN, or of numbers far out of range, as a device's memory
    may be.
    """

    def __getattr__(self, name):
        return getattr(np, name)

    def empty(self, shape, dtype):
        return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 2**62, dtype)


@contextmanager
def turns(seed=0, without=None):
    """In here the threads of a block run one at a time, from barrier to barrier, in an order drawn
    anew each time.

    Shared and local memory begins as what nobody can work with. Threads that stop at different
    barriers, or end where others wait, are an error. `without` is the line of a barrier that nobody
    waits at.
    """
    rng = random.Random(seed)

    def run(block, point, *args):
        threads = [
            Turn(lambda: block._f(*args), block, point, at, block._debug, without=without)
            for at in np.ndindex(*block._block_dim)
        ]
        for thread in threads:
            thread.start()
        try:
            while not all(thread.done for thread in threads):
                for thread in rng.sample(threads, len(threads)):
                    thread.step()
                    if thread.exception:
                        raise thread.exception[0].with_traceback(thread.exception[1])
                if len({(thread.done, thread.line) for thread in threads}) > 1:
                    raise RuntimeError("the threads of a block stop at different places")
        finally:
            for thread in threads:
                thread.abort = True
                thread.go.release()

    before = kernel.BlockManager.run, kernelapi.np
    kernel.BlockManager.run, kernelapi.np = run, Dirty()
    try:
        yield
    finally:
        kernel.BlockManager.run, kernelapi.np = before
