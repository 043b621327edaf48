"""The largest errors of sums that are hard on rounding, against softmax in longdouble.

The bounds are what an attacker measured on inputs of these kinds.
"""

import numpy as np
import pytest
from exact_attention import Head
from withstood import withstands

import sparse_ref as sr

MANY = 100_000
LARGE = np.float32(35.36)  # 64 products of it, over sqrt(64), are 10^4
PATHS = {"tiles": sr.plan, "rows": sr.csr}


def normal(seed, *shape):
    """Normal numbers in float32."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def one_query():
    """One query over 100,000 keys."""
    return normal(0, 1, 64), normal(1, MANY, 64), normal(2, MANY, 8)


def equal_logits():
    """All logits 0 and all values 1: the answer is 1."""
    return np.zeros((1, 8), np.float32), normal(1, MANY, 8), np.ones((MANY, 8), np.float32)


def large_values():
    """Values of 10^4 and noise."""
    q, k, v = one_query()
    return q, k, v + np.float32(1e4)


def cancelling_values():
    """Values of 10^6 and -10^6 in turn, of keys that come in equal pairs."""
    q, k, v = one_query()
    signs = np.resize(np.float32([1e6, -1e6]), MANY)[:, None]
    return q, np.repeat(k[::2], 2, axis=0), signs + v


def large_logits():
    """Logits near 10^4, a few of which share the weight."""
    q, k = normal(0, 8, 64), normal(1, 1000, 64)
    return LARGE + q, LARGE + k / 10, normal(2, 1000, 8)


def near_ties():
    """Logits near 10^4 that differ in their last digits."""
    q, k = np.full((8, 64), LARGE), np.full((16_000, 64), LARGE)
    return q, k * (1 + normal(1, 16_000, 1) * np.float32(1e-6)), normal(2, 16_000, 8)


def wide_heads():
    """d = 4096."""
    return normal(0, 2, 4096), normal(1, 64, 4096), normal(2, 64, 4)


CASES = [  # (input, largest error along tiles, and along rows)
    (one_query, 1.2e-8, 6.7e-8),
    (equal_logits, 1e-14, 1e-14),  # 0 up to the rounding of longdouble
    (large_values, 1.4e-2, 5.5e-2),
    (cancelling_values, 4.6e-3, 5.3e-3),
    (large_logits, 1.3e-3, 1.1e-4),
    (near_ties, 1.4e-4, 5.0e-6),
    (wide_heads, 1.3e-6, 1.4e-7),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("arrays", "tiles", "rows"), CASES, ids=lambda x: getattr(x, "__name__", "")
)
@withstands("number table")
def test_errors_stay_as_small_as_they_were(arrays, tiles, rows, path):
    q, k, v = arrays()
    n = len(q), len(k)
    exact = Head(q, k, v, np.ones(n, bool), q.shape[1] ** -0.5)
    out, lse = sr.attend_with_lse(q, k, v, PATHS[path](sr.Full(), n))
    expected = exact.attend()
    error = float(np.abs(out - expected[0]).max())
    lse_error = float(np.abs(lse - expected[1]).max())
    print(f"{arrays.__name__}, {path}: {error:.1e}, lse {lse_error:.1e}")
    assert error <= {"tiles": tiles, "rows": rows}[path]
    largest = float(np.abs(expected[1]).max())
    assert lse_error <= max(1e-6, 5e-7 * largest)
