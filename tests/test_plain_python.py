"""Plain Python: with NUMBA_DISABLE_JIT=1 the library runs as it is written, with nothing compiled.

So a debugger steps into every loop, and coverage counts their lines. Lengths are small: each number
takes about a microsecond.
"""

import os
import subprocess
import sys

import pytest

PREAMBLE = """
import numpy as np
import sparse_ref as sr
from numba import config
assert config.DISABLE_JIT

def assert_close(values, expected):
    for x, y in zip(values, expected):
        atol = 2e-2 if x.dtype == np.float16 else 1e-5
        x, y = x.astype(np.float64), y.astype(np.float64)
        assert (np.isclose(x, y, rtol=0, atol=atol) | (x == y)).all()

def assert_attends(p, n, dtype, d=3):
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 2, n, d)).astype(dtype)
    for sets in (p, sr.csr(p, n)):
        found = sr.attend_with_lse(q, k, v, sets)
        exact = sr.attend_with_lse(q, k, v, sets, device="reference")
        assert_close(found, exact)
        inputs = (exact[0], q, k, v, *exact, sets)
        right = sr.attend_backward(*inputs, device="reference")
        assert_close(sr.attend_backward(*inputs), right)
"""

LOWERING = """
patterns = (sr.Causal(), sr.Strided(5) | sr.Lookback(3), ~sr.Strided(3), sr.Summary(9, 2))
for p in (*patterns, sr.Blockwise(sr.Strided(2), 4)):
    mask = sr.dense(p, 70)
    assert (sr.csr(p, 70).dense() == mask).all()
    assert (sr.plan(p, 70).csr().dense() == mask).all()
    assert sr.nnz(p, 70) == mask.sum()
    assert (sr.bsr(p, 70, 16).data.sum() == mask.sum())
"""

ATTENTION = """
for dtype in (np.float32, np.float64, np.float16):
    assert_attends(sr.Causal(), 70, dtype)
assert_attends(sr.Strided(7) | sr.Lookback(9), 70, np.float32, 17)
rows = [[(7 * i) % 66, 3] if i % 3 else [] for i in range(66)]
assert_attends(sr.Listed.of_rows(rows), 66, np.float32)
"""

NONFINITE = """
rng = np.random.default_rng(0)
q, k, v = rng.standard_normal((3, 1, 70, 3)).astype(np.float32)
k[0, 10], v[0, 20], q[0, 30] = np.nan, np.inf, np.nan
out, lse = sr.attend_with_lse(q, k, v, sr.Lookback(4))
exact = sr.attend_with_lse(q, k, v, sr.Lookback(4), device="reference")
assert (np.isfinite(out) == np.isfinite(exact[0])).all()
finite = np.isfinite(out)
assert np.allclose(out[finite], exact[0][finite], atol=1e-5)
gradients = sr.attend_backward(np.ones_like(out), q, k, v, out, lse, sr.Lookback(4))
assert all(np.isfinite(g).any() for g in gradients)
"""

PATHS = """
steps = (sr.Strided(4), sr.Lookback(4))
assert np.tril(sr.paths.reach(steps, 16) >= 0).any()
print(sr.paths.diameter(steps, 16))
"""

VERIFY = """
def theirs(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(4))

report = sr.verify.check(theirs, sr.Lookback(3), n=8, heads=2)
assert not report.passed
assert report.names[0] == "Lookback(4)"
assert sr.verify.check(theirs, sr.Lookback(4), n=8, heads=2).passed
"""

COMMAND = """
from sparse_ref.cli import main
assert main(["compile"]) == 0
"""

PARTS = {
    "lowering": LOWERING,
    "attention": ATTENTION,
    "nonfinite": NONFINITE,
    "paths": PATHS,
    "verify": VERIFY,
    "compile": COMMAND,
}


@pytest.mark.parametrize("part", PARTS)
def test_the_library_runs_without_the_compiler(part):
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(
        [sys.executable, "-c", PREAMBLE + PARTS[part]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "sparse_ref: compiling" not in run.stderr
