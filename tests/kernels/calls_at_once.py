"""Calls from many threads, under other threading layers, in other processes and interrupted.

Run by a test in a process of its own: `python calls_at_once.py KIND COUNT` prints how many calls
had the bits of a single caller.
"""

import multiprocessing
import os
import random
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numba
import numpy as np

import sparse_ref as sr

THREADS = 8
N = 150
PATTERNS = (sr.Causal(), sr.Strided(7), sr.Local(9) | sr.Strided(9), sr.Random(N, 20, seed=1))


def call(number: int) -> bytes:
    """The bits of a lowering, a forward and a backward pass."""
    rng = np.random.default_rng(number % 3)
    q, k, v = rng.standard_normal((3, 2, N, 8), np.float32)
    p = PATTERNS[number % 4]
    sets = sr.csr(p, N) if number % 2 else sr.plan(p, N)
    out, lse = sr.attend_with_lse(q, k, v, sets)
    gradients = sr.attend_backward(out, q, k, v, out, lse, sets)
    return b"".join(x.tobytes() for x in (out, lse, *gradients))


def expected_bits() -> list[bytes]:
    """Those of twelve calls, one after the other."""
    return [call(number) for number in range(12)]


def run_threads(count: int) -> int:
    """Calls from 8 threads, each with a number of threads of its own that changes."""
    bits = expected_bits()
    most = numba.config.NUMBA_NUM_THREADS

    def many(thread: int) -> int:
        matches = 0
        for number in range(count):
            numba.set_num_threads(1 + (thread + number) % most)
            matches += call(thread + number) == bits[(thread + number) % 12]
        return matches

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(many, range(THREADS)))


def run_processes(method: str, count: int) -> int:
    """Calls in processes that began after this one had called."""
    bits = expected_bits()
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = pool.map(call, range(count))
        return sum(found == bits[number % 12] for number, found in enumerate(results))


def run_interrupts(count: int) -> int:
    """Interrupts at drawn times, each followed by a call that must have its bits."""
    bits, rng, matches = expected_bits(), random.Random(0), 0
    # a shell may start what runs in the background with interrupts ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in range(count):
        interrupt = threading.Timer(rng.uniform(0, 0.02), os.kill, (os.getpid(), signal.SIGINT))
        try:
            interrupt.start()
            while True:
                call(number)
        except KeyboardInterrupt:
            interrupt.join()
        matches += call(number) == bits[number % 12]
    return matches


if __name__ == "__main__":
    kind, count = sys.argv[1], int(sys.argv[2])
    if kind == "threads":
        print(run_threads(count))
    elif kind == "interrupts":
        print(run_interrupts(count))
    else:
        print(run_processes(kind, count))
