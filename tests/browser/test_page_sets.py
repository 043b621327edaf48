"""Tie: the set that the page draws is the set of Python's definition, at several sizes."""

from base64 import b64decode
from contextlib import suppress

import numpy as np
import pytest

import sparse_ref as sr

SMALLER = (16, 12, 9, 8, 4)
LARGER = (64, 49, 100)
OTHER_SHAPES = ((7, 12), (65, 100))  # of a pattern that is stated for every length
MASKS = """() => explorer.state.views.map(({ text }) => {
    const { queries, keys, cells } = explorer.maskOf(text);
    let bytes = "";
    for (const cell of cells) bytes += String.fromCharCode(cell);
    return [queries, keys, btoa(bytes)];
})"""


def masks_of(page):
    """The masks of the page's tabs."""
    for n_q, n_k, cells in page.evaluate(MASKS):
        yield np.frombuffer(b64decode(cells), np.uint8).reshape(n_q, n_k)


def assert_page_draws(page, patterns, shape):
    for drawn, p in zip(masks_of(page), patterns, strict=True):
        assert np.array_equal(drawn, p.mask(shape)), (p, shape)


def is_drawable(entry, n):
    """Whether the example's text makes a pattern at this length."""
    with suppress(ValueError, ZeroDivisionError):
        sr.explore(entry.text(n), entry.shape(n))
        return True
    return False


def other_lengths(entry):
    """A smaller and a larger length of an example that depends on it."""
    smaller = next(n for n in SMALLER if n < entry.n and is_drawable(entry, n))
    larger = next(n for n in LARGER if n > entry.n and is_drawable(entry, n))
    return smaller, larger


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_the_page_draws_the_set_of_python(entry, open_page):
    """By one page that is resized, or by one page for each length that is in the text."""
    shape = entry.shape()
    page = open_page(sr.explore(entry.value(), shape))
    patterns = entry.patterns()
    assert_page_draws(page, patterns, shape)
    is_for_every_length = all(p.own_length is None for p in patterns)
    if is_for_every_length and entry.text(64) == entry.text():
        for other_shape in OTHER_SHAPES:
            assert page.evaluate(f"explorer.resize({list(other_shape)})")
            assert_page_draws(page, patterns, other_shape)
        return
    for n in other_lengths(entry):
        page = open_page(sr.explore(entry.text(n), entry.shape(n)))
        assert_page_draws(page, entry.patterns(n), entry.shape(n))


def test_sets_that_are_data_are_drawn_up_to_their_length(open_page):
    mask = np.random.default_rng(0).random((9, 30)) < 0.3
    page = open_page(sr.explore(mask))
    (drawn,) = masks_of(page)
    assert np.array_equal(drawn, mask)
    assert page.evaluate("explorer.resize([9, 12])")
    (drawn,) = masks_of(page)
    assert np.array_equal(drawn, mask[:, :12])
    assert not page.evaluate("explorer.resize([10, 12])")
    assert page.evaluate("explorer.state.shape") == [9, 12]
    assert "rows 0 <= i < 9" in page.evaluate("explorer.state.drafts.shape.message")


class Diagonal(sr.Pattern):
    """A_i = { i }, of a class that the page does not know."""

    def contains(self, i, j):
        return i == j

    def row(self, i, n):
        return np.arange(i, min(i + 1, n))

    def __repr__(self):
        return "Diagonal()"

    def __eq__(self, other):
        return isinstance(other, Diagonal)

    def __hash__(self):
        return 1


def test_a_pattern_that_the_page_does_not_know_is_not_drawn_beyond_its_data(open_page):
    page = open_page(sr.explore(Diagonal() | sr.Sinks(1), 20))
    (drawn,) = masks_of(page)
    assert np.array_equal(drawn, (Diagonal() | sr.Sinks(1)).mask(20))
    assert not page.evaluate("explorer.resize([20, 21])")
    assert "keys 0 <= j < 20" in page.evaluate("explorer.state.drafts.shape.message")


def test_numbers_beyond_2_53_are_exact(open_page):
    """Parameters whose products are no doubles: the page counts in big integers."""
    p = sr.Strided(10**18) | sr.Dilated(3, 10**17) | sr.Shifted(sr.Lookback(9), 4)
    page = open_page(sr.explore(p, 32))
    (drawn,) = masks_of(page)
    assert np.array_equal(drawn, p.mask(32))


def test_the_longest_page_draws_the_set_of_python(open_page):
    p = sr.Random(4096, 3, 0) & sr.Causal() | sr.Strided(64)
    page = open_page(sr.explore(p, 4096))
    (drawn,) = masks_of(page)
    assert np.array_equal(drawn, p.mask(4096))
