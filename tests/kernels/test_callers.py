"""Kernels called from several Python threads at once: nothing aborts, nothing races, and BLAS
beside them is not disturbed.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from strategies import qkv

import sparse_ref as sr

PATTERNS = [sr.Causal(), sr.Strided(7), sr.Local(9) | sr.Strided(9), sr.Random(300, 20, seed=1)]


def job(number):
    """The bits of a lowering, a forward and a backward pass, and of a product by BLAS in
    between.
    """
    q, k, v = qkv((300, 300), 2, 2, seed=number % 3)
    lowered = sr.plan(PATTERNS[number % 4], 300)
    out, lse = sr.attend_with_lse(q, k, v, lowered)
    square = np.ones((200, 200), np.float32)
    gradients = sr.attend_backward(
        out, q, k, v, out, lse, sr.csr(PATTERNS[number % 4], 300) if number % 2 else lowered
    )
    return b"".join(x.tobytes() for x in (lowered.words, out, lse, square @ square, *gradients))


def test_a_soak_of_concurrent_callers_gives_what_one_caller_gets():
    alone = [job(number) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        for number, found in enumerate(pool.map(job, range(240))):
            assert found == alone[number % 12], f"job {number}"
