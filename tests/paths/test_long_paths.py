"""Paths: n = 32,768, all pairs, in a process whose peak memory is checked; seconds are printed."""

import json
import subprocess
import sys

CODE = """
import json, resource, time
import numpy as np
import sparse_ref as sr
from sparse_ref.paths.finite.diameter import search_extent

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

n, told = 32768, {}
for steps in ((sr.Causal(),), sr.strided(3).steps, (sr.Window(2) | sr.Global(1),)):
    sr.paths.growth(steps, 70)  # compiles before anything is measured
    search_extent(steps, 70, True, True)
before = peak()
stacks = {"strided(181)": (sr.strided(181).steps, 2), "fixed(181, 8)": (sr.fixed(181, 8).steps, 2),
          "Lookback(512)": ((sr.Lookback(512),), 65), "LogSparse()": ((sr.LogSparse(),), 15),
          "Window(256) | Global(1)": ((sr.Window(256) | sr.Global(1),), 2),
          "Causal()": ((sr.Causal(),), 1),
          "Strided(2) | Lookback(2)": ((sr.Strided(2) | sr.Lookback(2),), 2)}
for name, (steps, layers) in stacks.items():
    start = time.perf_counter()
    assert search_extent(steps, n, True, True) == (layers, None), name
    told[name] = time.perf_counter() - start
start = time.perf_counter()
grown = sr.paths.growth(sr.strided(181), n)
assert grown.shape == (3, n) and (grown[-1] == np.arange(1, n + 1)).all()
told["growth of strided(181)"] = time.perf_counter() - start
numbers = peak() - before
start = time.perf_counter()
assert np.count_nonzero(sr.paths.reach(sr.strided(181), n)) == n * (n + 1) // 2
told["reach of strided(181)"] = time.perf_counter() - start
print(json.dumps([numbers, peak() - before, told]))
"""


def test_all_pairs_of_32768_positions():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    numbers, with_reach, told = json.loads(run.stdout)
    print(
        f"{numbers / 2**20:.0f} MiB, with reach {with_reach / 2**20:.0f} MiB:",
        {name: round(s, 1) for name, s in told.items()},
    )
    assert numbers < 400 * 2**20  # n x n bits have 128 MiB, n x n bytes 1 GiB
    assert with_reach < 2**30 + 400 * 2**20
