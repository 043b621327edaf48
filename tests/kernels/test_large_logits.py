"""Gradients of large logits, whose lse float32 rounds by more than weights are off; wide vectors.

Judged by float64: `device="reference"` on float64 copies of the same numbers.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import PATHS

import sparse_ref as sr

N, D = 90, 16
every_form = pytest.mark.parametrize("path", ["tiles", "rows", "reference"])


def large_logits(seed, size, lead=0.0):
    """(grad, q, k, v): logits about `size`; `lead` is by how much key 7 is above all others."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(D)
    direction *= np.sqrt(size * np.sqrt(D)) / np.linalg.norm(direction)
    q, k = direction + rng.standard_normal((2, N, D)) * [[[0.05]], [[0.02]]]
    k[7] += direction * lead / size
    grad, v = rng.standard_normal((2, N, D))
    return tuple(x.astype(np.float32) for x in (grad, q, k, v))


def errors(found, right):
    """The largest error of each gradient, over the largest number of it."""
    return [np.abs(x - y).max() / np.abs(y).max() for x, y in zip(found, right)]


def right_gradients(grad, q, k, v, p):
    """(dq, dk, dv) in float64, from the same numbers."""
    grad, q, k, v = (x.astype(np.float64) for x in (grad, q, k, v))
    forward = sr.attend_with_lse(q, k, v, p, device="reference")
    return sr.attend_backward(grad, q, k, v, *forward, p, device="reference")


@every_form
@given(st.integers(0, 99), st.sampled_from([100.0, 1e3, 1e4]), st.floats(0, 20))
def test_weights_sum_to_1_whatever_the_lse_was_rounded_to(path, seed, size, lead):
    """Where all gradients at the output are 1, dv_j is a sum of weights; these add up to N."""
    lower, device = PATHS[path]
    _, q, k, v = large_logits(seed, size, lead)
    p = lower(sr.Causal(), N)
    out, lse = sr.attend_with_lse(q, k, v, p, device=device)
    ones = np.ones_like(out)
    dv = sr.attend_backward(ones, q, k, v, out, lse, p, device=device)[2]
    np.testing.assert_allclose(dv.sum(axis=0), N, rtol=3e-6)


@every_form
def test_one_key_of_nearly_all_weight_leaves_gradients_exact(path):
    lower, device = PATHS[path]
    grad, q, k, v = large_logits(0, 1e4, lead=30.0)
    p = lower(sr.Full(), N)
    out, lse = sr.attend_with_lse(q, k, v, p, device=device)
    found = sr.attend_backward(grad, q, k, v, out, lse, p, device=device)
    right = right_gradients(grad, q, k, v, sr.Full())
    assert errors(found, right)[2] < 2e-6


@every_form
def test_the_lse_of_a_larger_set_is_taken_as_it_is(path):
    """dv over a part of the keys, from the out and lse of all: both add up to that of the whole."""
    lower, device = PATHS[path]
    grad, q, k, v = large_logits(1, 1e3, lead=1.0)
    parts = sr.Lookback(20), sr.Causal() - sr.Lookback(20)
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    halves = [
        sr.attend_backward(grad, q, k, v, out, lse, lower(p, N), device=device) for p in parts
    ]
    (*_, one), (*_, other) = halves
    right = sr.attend_backward(grad, q, k, v, out, lse, sr.Causal(), device="reference")[2]
    assert errors([one + other], [right])[0] < 1e-3  # the lse is rounded by 3e-5


def test_branches_and_two_parts_share_one_lse():
    _, q, k, v = large_logits(2, 1e4, lead=2.0)
    branches = sr.Branches((sr.Lookback(20), sr.Causal() - sr.Lookback(20)))
    out, lse = sr.attend_with_lse(q, k, v, branches)
    ones = np.ones_like(out)
    dv = sr.attend_backward(ones, q, k, v, out, lse, branches)[2]
    np.testing.assert_allclose(dv.sum(axis=0), N, rtol=3e-6)


@pytest.mark.parametrize("d", [257, 1000, 4096])
def test_wide_vectors_are_as_exact_over_tiles_as_over_rows(d):
    rng = np.random.default_rng(0)
    q, k, v, grad = rng.standard_normal((4, N, d)).astype(np.float32)
    right = sr.attend_with_lse(*(x.astype(np.float64) for x in (q, k, v)), sr.Full())[0]
    exact = right_gradients(grad, q, k, v, sr.Full())
    worst = {}
    for name, lower in (("tiles", sr.plan), ("rows", sr.csr)):
        sets = lower(sr.Full(), N)
        out, lse = sr.attend_with_lse(q, k, v, sets)
        found = sr.attend_backward(grad, q, k, v, out, lse, sets)
        worst[name] = errors([out, *found], [right, *exact])
    for of_tiles, of_rows in zip(worst["tiles"], worst["rows"]):
        assert of_tiles <= 2 * of_rows
