"""Kernels: peak memory of a process, in which what compiled code asks for counts as well."""

import json
import subprocess
import sys

import pytest

PEAK = """
import json, resource
import numpy as np, sparse_ref as sr

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def run(n, lower):
    q, k, v = np.random.default_rng(0).standard_normal((3, n, 8), np.float32)
    lowered = lower(sr.Lookback(129), n)
    out, lse = sr.attend_with_lse(q, k, v, lowered)
    between = peak()
    sr.attend_backward(out, q, k, v, out, lse, lowered)
    return between

run(300, sr.{form})
before = peak()
between = run(32_768, sr.{form})
print(json.dumps([between - before, peak() - before]))
"""


@pytest.mark.parametrize("form", ["plan", "csr"])
def test_memory_follows_the_sets_and_not_n_squared(form):
    """n = 32,768 with 129 keys a row: 8 MB of arrays, 17 MB of listed keys; the mask alone would be
    a gigabyte.
    """
    run = subprocess.run(
        [sys.executable, "-c", PEAK.replace("{form}", form)],
        capture_output=True,
        text=True,
        check=True,
    )
    forward, backward = json.loads(run.stdout)
    assert forward < 60e6
    assert backward < 120e6
