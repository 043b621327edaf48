"""What turns one array into another as a whole, exhaustively for a few shapes."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.puzzles.array_words import whole_difference

X = np.array([[1.0, -2.0, 0.0], [4.0, 7.0, 0.5]])


@pytest.mark.parametrize(("actual", "words"), [
    (-X, "the sign is wrong"),
    (X / 2, "it is 1/2 times what is wanted"),
    (3 * X, "it is 3 times what is wanted"),
    (-X / 3, "it is -1/3 times what is wanted"),
    (X * np.log(2), "it is 0.6931 times what is wanted"),
    (X.T, "it is transposed"),
    (X + 1, "it is what is wanted plus 1"),
    (X - 0.25, "it is what is wanted minus 1/4"),
    (0 * X, ""),
    (X**2, "it is the square of what is wanted"),
    (np.exp(X), "it is the exponential of what is wanted"),
    (X**3, ""),
    (np.where(X == 0, np.nan, X), ""),
    (X[:1], ""),
])  # fmt: skip
def test_words(actual, words):
    assert whole_difference(actual, X, 1e-9) == words


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_has_no_words(number):
    y = X.copy()
    y[0, 0] = number
    assert not whole_difference(X, y, 1e-9)
    assert not whole_difference(y, X, 1e-9)
    assert not whole_difference(-y, y, 1e-9)


def test_one_number_integers_and_zeros_have_no_words():
    assert not whole_difference(np.array(2.0), np.array(1.0), 1e-9)
    integers = np.array([1, 2])
    assert not whole_difference(2 * integers, integers, 1e-9)
    assert not whole_difference(np.array([2.0, 5.0]), np.zeros(2), 1e-9)


def test_verdicts_have_them():
    def value_gradient(p, g):
        return -(p.T @ g)

    assert sr.puzzles.check(value_gradient).mistake.startswith("the sign is wrong: ")
