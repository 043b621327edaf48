"""What the tests on the simulator and on a device share: attention by the CUDA kernels, and by the
statement.
"""

import numpy as np
from strategies import mask, qkv

import sparse_ref as sr
from sparse_ref.kernels import reference

FORMS = {"tiles": sr.plan, "rows": sr.csr}
BUDGET = {"float64": 1e-12, "float32": 4e-6}  # of the largest value, some ulp of sums in that dtype


def arguments(n, heads=1, groups=1, d=8, e=5, dtype=np.float32):
    """(q, k, v, grad) in which every head, position and feature differs."""
    q, k, v = qkv(n, heads, groups, d, e, dtype)
    return q, k, v, np.random.default_rng(1).standard_normal((heads, n[0], e)).astype(dtype)


def attended(sets, q, k, v, scale=None):
    """(out, lse) on the device."""
    return sr.attend_with_lse(q, k, v, sets, scale=scale, device="cuda")


def gradients(sets, grad, q, k, v, out, lse, scale=None):
    """(dq, dk, dv) on the device."""
    return sr.attend_backward(grad, q, k, v, out, lse, sets, scale=scale, device="cuda")


def stated(p, n, q, k, v, scale=None):
    """(out, lse) by the float64 statement over a brute-force mask."""
    sets, per, scale = mask(p, n), len(q) // len(k), q.shape[2] ** -0.5 if scale is None else scale
    pairs = [reference.attend(q[h], k[h // per], v[h // per], sets, scale) for h in range(len(q))]
    return np.stack([out for out, _ in pairs]), np.stack([lse for _, lse in pairs])


def stated_gradients(p, n, grad, q, k, v, out, lse):
    """(dq, dk, dv) by the float64 statement."""
    sets, per = mask(p, n), len(q) // len(k)
    dq, dk, dv = (np.zeros(x.shape) for x in (q, k, v))
    for h in range(len(q)):
        g = h // per
        dq[h], more_k, more_v = reference.backward(
            grad[h], q[h], k[g], v[g], out[h], lse[h], sets, q.shape[2] ** -0.5
        )
        dk[g] += more_k
        dv[g] += more_v
    return dq, dk, dv


def assert_close(found, expected, budget):
    """Equal where not finite, and elsewhere within the budget of the largest number."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite], expected[~finite], equal_nan=True)
    worst = np.abs(found[finite] - expected[finite]).max(initial=0)
    assert worst <= budget * max(1.0, np.abs(expected[finite]).max(initial=0)), worst
