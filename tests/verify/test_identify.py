"""Exhaustive at small sizes: a mask gets the name of every rule that it equals, with the least
parameters that do.
"""

from itertools import combinations

import numpy as np
import pytest
from strategies import instances

import sparse_ref as sr
from sparse_ref.verify import identify
from sparse_ref.verify.naming.identify import NAMED

SIZES = [(1, 1), (5, 5), (6, 6), (3, 6), (6, 3), (1, 5), (5, 1), (4, 7), (7, 4)]


def grid(p, n):
    """The mask, pair by pair."""
    return np.array([[bool(p.contains(i, j)) for j in range(n[1])] for i in range(n[0])])


def values(rule, most):
    """The rule with all parameters up to `most`, the least first; of positions, every set before
    those that hold more.
    """
    if rule is sr.GlobalAt:
        return [
            rule(chosen)
            for size in range(most + 2)
            for chosen in combinations(range(most + 1), size)
        ]
    return sorted(instances(rule, most), key=lambda p: [*map(abs, p.parameters)])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("rule", NAMED)
def test_each_rule_is_named_with_its_least_parameters_plain_before_shifted(rule, n):
    first = {}
    for shift in dict.fromkeys([0, n[1] - n[0]]):
        for p in values(rule, max(n)):
            p = sr.Shifted(p, shift) if shift else p
            mask = grid(p, n)
            first.setdefault(mask.tobytes(), (mask, p))
    for mask, p in first.values():
        mine = [
            found for found in identify(mask) if isinstance(getattr(found, "pattern", found), rule)
        ]
        assert mine == ([p] if mask.any() else [])


@pytest.mark.parametrize("n", SIZES)
def test_the_least_positions_are_in_all_others_that_fit(n):
    for shift in dict.fromkeys([0, n[1] - n[0]]):
        least = {}
        for p in values(sr.GlobalAt, max(n)):
            mask = grid(sr.Shifted(p, shift), n)
            assert {*least.setdefault(mask.tobytes(), p).positions} <= {*p.positions}


def test_the_simplest_name_comes_first():
    assert identify(np.tri(6, dtype=bool)) == [
        sr.Causal(),
        sr.Lookback(6),
        sr.Local(5),
        sr.Strided(1),
        sr.Block(6),
        sr.Sinks(6),
        sr.Band(5, 0),
        sr.Summary(1, 1),
        sr.SubBlock(1, 1, 1),
    ]
    assert identify(np.ones((4, 4), bool))[0] == sr.Full()
    assert identify(np.ones((2, 5), bool))[0] == sr.Full(), "not Shifted, which is no different"
    assert identify(np.tri(3, 7, k=4, dtype=bool))[0] == sr.Shifted(sr.Causal(), 4)
    assert identify(sr.dense(sr.Global(2), 6)) == [sr.Global(2), sr.GlobalAt((0, 1))], (
        "one number before two"
    )


def test_nothing_is_named_that_is_not_equal():
    rng = np.random.default_rng(0)
    for _ in range(12):
        mask = np.tri(6, dtype=bool)
        mask[tuple(rng.integers(6, size=2))] ^= True
        assert all(np.array_equal(grid(p, (6, 6)), mask) for p in identify(mask))
    assert identify(sr.dense(sr.Local(2) | sr.Strided(3), 8)) == [sr.Local(3) | sr.Strided(3)], (
        "which is the same set"
    )
    assert identify(sr.dense(sr.Local(2) | sr.Strided(3) | sr.Flip(2), 16)) == []
    assert identify(np.zeros((4, 4), bool)) == []


def test_long_masks_are_named():
    for p in (
        sr.Summary(40, 3),
        sr.Causal(),
        sr.Window(7),
        sr.Dilated(3, 7),
        sr.Chunk(90, 7),
        sr.Global(2),
        sr.Sinks(4),
        sr.Prefix(9),
        sr.GlobalAt((3, 500, 999)),
    ):
        assert identify(sr.dense(p, 1000))[0] == p


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.ones((2, 2)), "mask must be bool, got float64"),
        (np.ones(4, bool), r"shape \(n_q, n_k\), both at least 1, got \(4,\)"),
        (np.ones((0, 3), bool), r"both at least 1, got \(0, 3\)"),
    ],
)
def test_what_is_no_mask_raises(mask, said):
    with pytest.raises((TypeError, ValueError), match=said):
        identify(mask)
