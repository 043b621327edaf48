"""What is measured in a process of its own, `python -m benchmarks.children NAME ...`: peak memory,
and the first call.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
STATUS = Path("/proc/self/status")
FIRST_LENGTH = 256


def child(name: str, *arguments: int) -> dict:
    """What a new process measures."""
    command = [sys.executable, "-m", "benchmarks.children", name, *map(str, arguments)]
    return json.loads(subprocess.check_output(command, cwd=ROOT, text=True))


def peak(window: int, n: int) -> dict:
    """Bytes at the peak of attending to Lookback(window), one head, d = 64, beyond those before the
    inputs were there.
    """
    if not STATUS.exists():
        return {"missing": f"peak memory is read from {STATUS}"}
    import numpy as np

    import sparse_ref as sr

    from .cases import normal

    small = np.ones((3, 1, 256, 64), np.float32)
    sr.attend(*small, sr.Lookback(64))
    before = process_bytes("VmRSS")
    q, k, v = normal((3, 1, n, 64))
    start = time.perf_counter()
    out = sr.attend(q, k, v, sr.Lookback(window))
    return {
        "peak": process_bytes("VmHWM") - before,
        "inputs_and_output": sum(x.nbytes for x in (q, k, v, out)),
        "seconds": time.perf_counter() - start,
    }


def choice_peak(top_k: int, n: int) -> dict:
    """Bytes at the peak of choosing top_k tokens by DSA's indexer, beyond those before, with the
    inputs there.
    """
    if not STATUS.exists():
        return {"missing": f"peak memory is read from {STATUS}"}
    import sparse_ref as sr

    from .index import index

    inputs = index(n)
    before = process_bytes("VmRSS")
    start = time.perf_counter()
    chosen = sr.published.dsa.sets(*inputs, top_k=top_k)
    return {
        "peak": process_bytes("VmHWM") - before,
        "sets": chosen.indptr.nbytes + chosen.indices.nbytes,
        "seconds": time.perf_counter() - start,
    }


def process_bytes(key: str) -> int:
    """The memory of this process: "VmRSS" now, "VmHWM" at its peak.

    `resource` would count its parent's as well.
    """
    lines = STATUS.read_text().splitlines()
    line = next(line for line in lines if line.startswith(key))
    return 1024 * int(line.split()[1])


def first_call() -> dict:
    """Seconds of imports, and of the first call after them."""
    start = time.perf_counter()
    import numpy as np

    import sparse_ref as sr

    attend, pattern = sr.attend, sr.Causal()  # asking for `attend` imports Numba and the kernels
    imported = time.perf_counter()
    x = np.ones((2, FIRST_LENGTH, 64), np.float32)
    ready = time.perf_counter()
    attend(x, x, x, pattern)
    return {"imports": imported - start, "call": time.perf_counter() - ready}


MEASURES: dict[str, Callable[..., dict]] = {
    "peak": peak,
    "choice_peak": choice_peak,
    "first_call": first_call,
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(MEASURES[name](*map(int, arguments))))
