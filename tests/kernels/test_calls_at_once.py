"""Concurrency: the bits of a single caller from threads, threading layers, processes, interrupts.

Each runs in a process of its own with a time limit, so that a deadlock is a failure.
"""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from withstood import IS_DEEP, withstands

SCRIPT = Path(__file__).with_name("calls_at_once.py")
SECONDS = 900 if IS_DEEP else 240
CALLS = 200 if IS_DEEP else 6  # of each of 8 threads
INTERRUPTS = 150 if IS_DEEP else 6
only_deep = pytest.mark.skipif(not IS_DEEP, reason="each is a process of seconds: make test-deep")


def count_of(kind, count, **environment):
    """How many calls had the right bits in a new process."""
    run = subprocess.run(
        [sys.executable, str(SCRIPT), kind, str(count)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, (run.returncode, run.stderr[-2000:])
    return int(run.stdout)


@pytest.mark.parametrize(
    "layer",
    [
        "workqueue",
        pytest.param("default", marks=only_deep),
        pytest.param("omp", marks=only_deep),
    ],
)
@withstands("concurrency", 8 * CALLS)
def test_threads_that_call_at_once_get_the_bits_of_one(layer):
    assert count_of("threads", CALLS, NUMBA_THREADING_LAYER=layer) == 8 * CALLS


@only_deep
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@withstands("concurrency", 24)
def test_new_processes_get_the_bits_of_the_old(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system starts no process by {method}")
    assert count_of(method, 24) == 24


@withstands("concurrency", INTERRUPTS)
def test_an_interrupt_leaves_nothing_locked_and_nothing_wrong():
    assert count_of("interrupts", INTERRUPTS) == INTERRUPTS
