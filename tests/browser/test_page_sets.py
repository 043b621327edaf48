"""Tie: the set that the page draws is the set of Python's definition."""

import numpy as np
import pytest

import sparse_ref as sr

MASKS = """() => explorer.state.views.map(({ text }) => {
    const { queries, keys, cells } = explorer.maskOf(text);
    return [queries, keys, Array.from(cells)];
})"""


def masks_of(page):
    """The masks of the page's tabs."""
    return [np.reshape(cells, (n_q, n_k)) for n_q, n_k, cells in page.evaluate(MASKS)]


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_the_page_draws_the_set_of_python(entry, open_page):
    shape = entry.shape()
    page = open_page(sr.explore(entry.value(), shape))
    for drawn, p in zip(masks_of(page), entry.patterns(), strict=True):
        assert np.array_equal(drawn, p.mask(shape)), p
