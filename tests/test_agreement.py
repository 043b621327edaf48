"""assert_agrees: both statements of a pattern, one query at a time and as an array."""

from dataclasses import dataclass

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.define import Rule, Sized, assert_agrees, every, span


@dataclass(frozen=True)
class Late(Rule):
    """A strided set whose solution lacks the query itself."""

    l: int

    @staticmethod
    def formula(i, j, l):
        return (j <= i) & ((i - j) % l == 0)

    @staticmethod
    def solution(i, n, l):
        return every(l, i % l, i)


@dataclass(frozen=True)
class Miscounted(Rule):
    """A window whose `pairs` forgets the border."""

    keys: int
    formula = staticmethod(sr.Lookback.formula)
    solution = staticmethod(sr.Lookback.solution)

    @staticmethod
    def pairs(n, keys):
        return n * keys


@dataclass(frozen=True)
class Scalar(Rule):
    """A window whose solution is right for one query, and begins too late for an array."""

    @staticmethod
    def formula(i, j):
        return (i - 2 < j) & (j <= i)

    @staticmethod
    def solution(i, n):
        return span(i - 1 + isinstance(i, np.ndarray), i + 1)


@dataclass(frozen=True)
class Mirror(Sized):
    """{ n - 1 - i }, solved wrongly at the last query."""

    n: int

    @staticmethod
    def formula(i, j, n):
        return i + j == n - 1

    @staticmethod
    def solution(i, n, n_):
        first = n_ - 1 - i
        return span(first, first + 1 + (i == n_ - 1))


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_every_pattern_of_the_catalogue_agrees(entry):
    for pattern in entry.patterns():
        n = entry.shape()
        assert_agrees(pattern, [n] if pattern.own_length is None else None)


def test_patterns_made_of_others_and_other_shapes_agree():
    assert_agrees(sr.Lookback(3) | sr.Strided(4) & ~sr.Sinks(1))
    assert_agrees(sr.Shifted(sr.Lookback(3), 4), [(4, 8), (0, 3)])


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (Late(3), r"Late\(3\) at n = 1, query 0: key 0 is in the formula, not in the solution"),
        (Scalar(), r"Scalar\(\) at n = 2, an array of queries, query 1: key 0 is in the formula"),
        (Mirror(4), r"Mirror\(4\) at n = 4, query 3: key 1 is in the solution, not in the formula"),
        (sr.Sinks(1) | Late(2), r"at n = 2, query 1: key 1 is in the formula"),
        (Miscounted(2), r"Miscounted\(2\) at n = 1: pairs gives 2, the formula 1"),
    ],
    ids=repr,
)
def test_a_difference_is_named(pattern, words):
    with pytest.raises(AssertionError, match=words):
        assert_agrees(pattern)


def test_what_is_no_pattern_is_refused():
    with pytest.raises(TypeError, match="p must be a Pattern"):
        assert_agrees("Lookback(3)")
