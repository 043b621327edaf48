"""axe-core finds no violation on pages of the site, light and dark, wide and narrow."""

import pytest
from test_page_accessibility import violations

PAGES = [
    "index.html",
    "start.html",
    "learn.html",
    "notebooks/01_why_sparse.html",
    "catalogue/index.html",
    "catalogue/bigbird.html",
    "test-your-kernel.html",
    "_api/sparse_ref.plot.mask.html",
    "glossary.html",
    "notebooks/puzzles_sets.html",
    "gallery.html",
    "wild.html",
    "theorems/windows.html",
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_violation(name, width, dark, open_site):
    assert violations(open_site(name, width=width, dark=dark)) == []
