"""The door to the CUDA kernels where there is no device: one clear error, nothing imported before;
and the transposed sets.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from on_device import assert_close
from strategies import mask

import sparse_ref as sr
from sparse_ref.kernels.cuda.launch import transpose

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}


def test_nothing_of_numba_cuda_is_imported_before_it_is_asked_for():
    code = (
        "import sys, sparse_ref.attention, sparse_ref.kernels.cuda.launch; "
        "assert 'numba' in sys.modules; assert 'numba.cuda' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


@pytest.mark.parametrize(
    "call", ["attend([x] * 3, *[None] * 4, [x] * 2)", "backward([x] * 6, *[None] * 4, [x] * 3)"]
)
@pytest.mark.parametrize("numba_cuda", ["there", "missing"])
def test_without_a_device_the_error_names_the_extra(call, numba_cuda):
    """As a machine without a driver has it, and one whose numba has no CUDA at all."""
    without = "sys.modules['numba.cuda'] = None; " if numba_cuda == "missing" else ""
    code = (
        f"import sys, numpy as np; {without}from sparse_ref.kernels.cuda.launch import *; x "
        f"= np.ones((1, 1, 1)); {call}"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "CUDA_VISIBLE_DEVICES": ""},
    )
    last = found.stderr.strip().split("RuntimeError: ")[-1]
    assert last.startswith(
        'device="cuda" needs an NVIDIA driver and pip install "sparse-ref[cuda]": '
    )
    assert len(last.rstrip().split(": ", 1)[1]) > 10  # the reason


@pytest.mark.parametrize("lower", [sr.plan, sr.csr])
@pytest.mark.parametrize("n", [(70, 130), (0, 5), (5, 0), (130, 64)])
def test_transposed_sets_are_the_queries_of_each_key(lower, n):
    p = sr.Local(5) | sr.Strided(7)
    turned = transpose(lower(p, n))
    assert isinstance(turned, type(lower(p, n)))
    rows = turned if lower is sr.csr else turned.csr()
    assert (rows.dense() == mask(p, n).T).all()


def test_what_the_tests_share_refuses_numbers_that_differ():
    assert_close(np.array([1.0, np.nan, np.inf]), np.array([1.0, np.nan, np.inf]), 0)
    for wrong in ([1.1, np.nan, np.inf], [1.0, 0.0, np.inf], [1.0, np.nan, -np.inf], [1.0, np.nan]):
        with pytest.raises(AssertionError):
            assert_close(np.array(wrong), np.array([1.0, np.nan, np.inf]), 0.01)
