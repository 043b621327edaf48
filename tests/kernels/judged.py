"""The paths that kernels are judged on, the float64 statement over a brute-force mask, and how
close is close.
"""

import ml_dtypes
import numpy as np
import pytest
from strategies import mask

import sparse_ref as sr
from sparse_ref.kernels import reference

PATHS = {
    "tiles": (lambda p, n: p, "cpu"),
    "plan": (sr.plan, "cpu"),
    "rows": (sr.csr, "cpu"),
    "reference": (lambda p, n: p, "reference"),
}
every_path = pytest.mark.parametrize("path", PATHS)
BUDGET = {
    "float64": 1e-12,
    "float32": 2e-6,
    "float16": 2e-3,
    "bfloat16": 2e-2,
}  # of the largest value, a few ulp of the sums
DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]
SOME = [
    sr.Causal(),
    sr.Local(5) | sr.Strided(7),
    sr.Summary(9, 2),
    sr.Band(70, -2),
    ~sr.Strided(3),
    sr.Full(),
    sr.Blockwise(sr.Strided(2), 16),
    sr.Listed.of_rows([[(7 * i) % 130, 3] if i % 3 else [] for i in range(130)]),
]


def attended(path, q, k, v, p, n, **options):
    """(out, lse) along one path, from the pattern or from what it is lowered to."""
    lower, device = PATHS[path]
    return sr.attend_with_lse(q, k, v, lower(p, n), device=device, **options)


def stated(q, k, v, p, n):
    """(out, lse) by the float64 statement over a brute-force mask, head by head."""
    sets, per = mask(p, n), len(q) // len(k)
    pairs = [
        reference.attend(q[h], k[h // per], v[h // per], sets, 1 / np.sqrt(q.shape[-1]))
        for h in range(len(q))
    ]
    return np.stack([out for out, _ in pairs]), np.stack([lse for _, lse in pairs])


def assert_close(found, expected, budget):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    assert (np.isfinite(found) == np.isfinite(expected)).all()
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite], expected[~finite], equal_nan=True)
    worst = np.abs(found[finite] - expected[finite]).max(initial=0)
    assert worst <= budget * max(1.0, np.abs(expected[finite]).max(initial=0)), worst
