"""Which rules of the explorer depend on i - j only: their masks, shifted, are themselves."""

import numpy as np
import pytest

from sparse_ref.explorer.invariance import is_shift_invariant
from sparse_ref.explorer.rule_facts import library_rules
from sparse_ref.sets.positions import isin
from sparse_ref.sets.rule import Rule

RULES = {name: page_rule.rule for name, page_rule in library_rules().items()}
INVARIANT = [name for name, rule in RULES.items() if is_shift_invariant(rule)]
STEPS = 1, 4
I, J = np.mgrid[-9:10, -9:10]


def values(rule, extra):
    """A value for each parameter: `extra` above the least."""
    return [
        (2, 3 + extra) if kind is tuple else (least or 0) + extra
        for kind, least in rule.bounds().values()
    ]


@pytest.mark.parametrize("extra", range(5))
@pytest.mark.parametrize("name", INVARIANT)
def test_shifted_pairs_are_decided_alike(name, extra):
    rule = RULES[name]
    parameters = values(rule, extra)
    here = rule.formula(I, J, *parameters)
    there = rule.formula(I + 7, J + 7, *parameters)
    assert np.array_equal(here, there)


def test_the_rules_that_depend_on_distances_are_these():
    """Not seen: Flip, Block and others, which depend on where i and j are."""
    windows = ["Band", "Causal", "Full", "Local", "Lookback", "Window"]
    lines = ["Circular", "Dilated", "LogSparse", "LogSparseRestart", "Slashes", "Strided"]
    assert sorted(INVARIANT) == sorted(windows + lines)


class Halves(Rule):
    @staticmethod
    def formula(i, j):
        return i // 2 == j // 2


class Products(Rule):
    @staticmethod
    def formula(i, j):
        return i * i >= j * i


class Sums(Rule):
    @staticmethod
    def formula(i, j, w):
        total = i + j
        return total <= 2 * w


class Columns(Rule):
    @staticmethod
    def formula(i, j):
        return (j <= i) & isin(j, STEPS)


class Differences(Rule):
    @staticmethod
    def formula(i, j, w):
        back = i - j
        is_near = (back < w) & (back >= 0)
        return is_near ^ isin(j - i + 2 * w, STEPS)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(Halves, False), (Products, False), (Sums, False), (Columns, False), (Differences, True)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_terms_are_followed_through_parts(rule, expected):
    assert is_shift_invariant(rule) is expected
