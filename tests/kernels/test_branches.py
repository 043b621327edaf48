"""Kernels against a weighted softmax: Branches, whose keys count once for each branch that holds
them.
"""

import numpy as np
import pytest
from strategies import qkv

import sparse_ref as sr

MULTISETS = [
    sr.Branches((sr.Causal(), sr.Lookback(3), sr.Sinks(2))),
    sr.Branches((sr.Summary(5, 2), sr.Summary(5, 1))),
    sr.Branches((sr.Full(),)),
]


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_key_counts_once_for_each_branch_that_holds_it(device):
    q, k, v = qkv((33, 33), heads=3, groups=1, dtype=np.float64)
    out, lse = sr.attend_with_lse(q, k, v, MULTISETS, device=device)
    for h, branches in enumerate(MULTISETS):
        weights = sr.multiplicity(branches, 33) * np.exp(q[h] @ k[0].T / np.sqrt(8))
        total = weights.sum(axis=1)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(lse[h], np.log(total), rtol=1e-12)
        np.testing.assert_allclose(
            out[h], weights @ v[0] / np.where(total, total, 1)[:, None], rtol=1e-10, atol=1e-12
        )
        assert np.array_equal(sr.attend(q[h], k[0], v[0], branches, device=device), out[h])


def test_one_branch_is_the_pattern_itself_bit_for_bit():
    q, k, v = qkv((40, 40))
    assert np.array_equal(
        sr.attend(q, k, v, sr.Branches((sr.Local(4),))), sr.attend(q, k, v, sr.Local(4))
    )


def test_the_backward_pass_of_branches_is_the_slope():
    q, k, v = qkv((12, 12), heads=3, dtype=np.float64, d=3, e=2)
    grad = np.random.default_rng(1).standard_normal((3, 12, 2))
    out, lse = sr.attend_with_lse(q, k[:1], v[:1], MULTISETS)
    found = sr.attend_backward(grad, q, k[:1], v[:1], out, lse, MULTISETS)
    for which, slope in enumerate(found):
        x = [q, k[:1], v[:1]]
        for at in [(0, 5, 1), (0, 0, 0), (0, 11, 1)]:
            ends = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in x]
                moved[which][at] += step
                ends.append((grad * sr.attend(*moved, MULTISETS)).sum())
            assert abs((ends[0] - ends[1]) / 2e-6 - slope[at]) < 1e-6 * (1 + abs(slope[at]))


def test_a_multiset_is_refused_where_one_set_is_asked_for():
    with pytest.raises(TypeError, match="is 3 branches, not one set"):
        sr.plan(MULTISETS[0], 8)
    with pytest.raises(TypeError, match="Branches: patterns must be one or more patterns"):
        sr.Branches(())
