"""Kernels: few queries and keys, on both sides of the length up to which nothing is compiled."""

import os
import subprocess
import sys

import numpy as np
import pytest
from judged import BUDGET, DTYPES, assert_close, stated
from strategies import mask, qkv

import sparse_ref as sr
from sparse_ref.attention.inputs import MAX_SMALL

LENGTHS = [(1, 1), (3, 7), (7, 3), (MAX_SMALL, MAX_SMALL), (MAX_SMALL + 1, MAX_SMALL + 1)]
PATTERNS = [
    sr.Causal(),
    sr.Full(),
    sr.Strided(3) | sr.Lookback(2),
    sr.Band(1, -1),
    ~sr.Full(),
]
every_length = pytest.mark.parametrize("n", LENGTHS, ids=repr)
every_pattern = pytest.mark.parametrize("p", PATTERNS, ids=repr)


@every_length
@every_pattern
@pytest.mark.parametrize("dtype", DTYPES)
def test_forward_and_backward_agree_with_the_statement(p, n, dtype):
    q, k, v = qkv(n, 4, 2, dtype=dtype)
    budget = BUDGET[q.dtype.name]
    out, lse = sr.attend_with_lse(q, k, v, p)
    expected = stated(q, k, v, p, n)
    assert_close(out, expected[0], budget)
    assert_close(lse, expected[1], max(BUDGET["float64"], min(budget, BUDGET["float32"])))
    grad = np.ones_like(out)
    exact = sr.attend_backward(grad, q, k, v, out, lse, p, device="reference")
    for gradient, right in zip(sr.attend_backward(grad, q, k, v, out, lse, p), exact):
        assert_close(gradient, right, 4 * budget)


@every_length
@every_pattern
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_only_members_matter_bit_for_bit(p, n, poison):
    q, k, v = qkv(n)
    out, lse = sr.attend_with_lse(q, k, v, p)
    dq = sr.attend_backward(out, q, k, v, out, lse, p)[0]
    j = n[1] // 2
    K, V, others = k.copy(), v.copy(), ~mask(p, n)[:, j]
    K[:, j], V[:, j] = poison, poison
    moved = (*sr.attend_with_lse(q, K, V, p), sr.attend_backward(out, q, K, V, out, lse, p)[0])
    for x, y in zip(moved, (out, lse, dq)):
        assert x[0, others].tobytes() == y[0, others].tobytes()


@every_length
@every_pattern
def test_a_head_s_bits_do_not_depend_on_the_batch(p, n):
    """More heads than a block of them; the last one by itself."""
    q, k, v = qkv(n, 300, 150)
    out, lse = sr.attend_with_lse(q, k, v, p)
    gradients = sr.attend_backward(out, q, k, v, out, lse, p)
    last = (q[-2:], k[-1:], v[-1:])
    alone = sr.attend_with_lse(*last, p)
    for x, y in zip((out[-2:], lse[-2:]), alone):
        assert x.tobytes() == y.tobytes()
    gradients_alone = sr.attend_backward(out[-2:], *last, *alone, p)
    for x, y in zip(gradients, gradients_alone):
        assert x[-len(y) :].tobytes() == y.tobytes()


def test_a_few_queries_and_keys_compile_nothing(tmp_path):
    """As in the README: a picture, and attention in a folder without compiled code."""
    code = """
import numpy as np, sparse_ref as sr
p = sr.Lookback(3) | sr.Strided(4)
x = np.random.default_rng(0).standard_normal((3, 2, 8, 16))
print(sr.picture(p, 8), sr.attend(*x, p).shape)
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not list(tmp_path.rglob("*.nb*"))
