"""The built documentation in a browser: nothing comes from elsewhere, and search finds the field's
words.
"""

import pytest
from page_waits import until

PAGES = [
    "index.html",
    "start.html",
    "learn.html",
    "notebooks/02_strided_and_fixed.html",
    "notebooks/13_what_is_in_a_top_k.html",
    "notebooks/puzzles_sets.html",
    "theorems.html",
    "theorems/windows.html",
    "catalogue/index.html",
    "catalogue/bigbird.html",
    "test-your-kernel.html",
    "wild.html",
    "wild/transformers.html",
    "api.html",
    "glossary.html",
    "bibliography.html",
    "search.html",
]
RAW = r"""() => [...document.querySelectorAll("article p, article li, article td, h1, h2, h3, nav")]
    .map((node) => node.innerText).filter((text) => /\\\(|\\\[|\$\$/.test(text))"""


@pytest.mark.parametrize("as_file", [False, True], ids=["served", "file"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_without_a_network_and_without_an_error(name, as_file, open_site):
    page = open_site(name, as_file=as_file)
    assert page.title()
    assert page.evaluate(RAW) == []


@pytest.mark.parametrize("name", ["theorems/windows.html", "notebooks/02_strided_and_fixed.html"])
def test_formulas_are_shown(name, open_site):
    assert open_site(name).locator("mjx-container svg").count() >= 5


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_phone(name, open_site):
    page = open_site(name, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


FIGURES = ["notebooks/01_why_sparse.html", "gallery.html", "theorems/windows.html", "index.html"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_wide_figure_scrolls_in_its_box_on_a_phone(name, open_site):
    page = open_site(name, width=390)
    until(page, "document.querySelector('.wide-figure[tabindex]')")
    box = page.locator(".wide-figure[tabindex]").first
    assert box.locator("img").bounding_box()["width"] >= 500
    assert box.bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert open_site(name, width=1280).locator(".wide-figure[tabindex]").count() == 0


@pytest.mark.parametrize("name", [*FIGURES, "catalogue/index.html", "catalogue/bigbird.html"])
def test_figures_are_dimmed_alike_in_the_dark(name, open_site):
    images = open_site(name, dark=True).locator("article img:not([src$='/dark.png'])")
    filters = images.evaluate_all("all => all.map((img) => getComputedStyle(img).filter)")
    assert set(filters) == {"brightness(0.88)"}


@pytest.mark.parametrize("name", ["learn.html", "how-to.html", "reference.html"])
def test_the_first_page_of_a_section_leads_on_and_not_back(name, open_site):
    page = open_site(name)
    assert page.locator("a.right-next").count() == 1
    assert page.locator("a.left-prev").count() == 0


def test_types_of_parameters_stand_next_to_their_names(open_site):
    page = open_site("_api/sparse_ref.attend.html")
    types = dict.fromkeys(("scale", "sink"))
    for name in types:
        term = page.locator("dl.field-list dt").filter(has=page.get_by_text(name, exact=True))
        types[name] = term.locator(".classifier").inner_text()
    assert types == {"scale": "float, optional", "sink": "array, optional"}


def test_the_navigation_is_one_line(open_site):
    page = open_site("index.html")
    boxes = [item.bounding_box() for item in page.locator(".bd-header .nav-item").all()]
    assert len(boxes) >= 6
    assert max(box["y"] for box in boxes) - min(box["y"] for box in boxes) < 10
    assert page.locator(".bd-header").bounding_box()["height"] < 90


@pytest.mark.parametrize("name", ["learn.html", "catalogue/index.html", "test-your-kernel.html"])
def test_the_sidebar_links_to_each_page_once(name, open_site):
    links = open_site(name).locator(".bd-sidebar-primary .toctree-l1 > a").all()
    addresses = [link.get_attribute("href") for link in links]
    assert len(addresses) > 5
    assert len(set(addresses)) == len(addresses)


def test_commands_and_their_reports_are_not_cut(open_site):
    blocks = open_site("test-your-kernel.html").locator(".highlight-console pre")
    widths = blocks.evaluate_all("all => all.map((pre) => pre.scrollWidth - pre.clientWidth)")
    assert len(widths) > 5
    assert max(widths) <= 0


def test_no_summary_of_the_reference_ends_within_a_formula(open_site):
    cells = open_site("api.html").locator("article td:last-child").all_inner_texts()
    assert len(cells) > 100
    assert [text for text in cells if text.endswith(" .")] == []


SEARCHES = {  # what is typed: the beginning of an address among the first results
    "sliding window": "catalogue/elementary.html#",
    "Lookback": "_api/sparse_ref.Lookback.html",
    "pytest": "testing.html",
    "GQA": "test-your-kernel.html",
    "grouped-query attention": "test-your-kernel.html",
    "KV cache": "caches.html",
    "linear attention": "notebooks/14_coarse_to_fine.html",
    "attention sink": "catalogue/globals.html#",
    "attention sinks": "catalogue/globals.html#",
    "block sparse": "catalogue/parts.html#blockwise",
    "Longformer": "catalogue/longformer.html",
    "backward": "notebooks/10_backward.html",
    "CUDA": "cuda.html",
    "explorer": "explorer.html",
    "top-k": "selection.html",
    "document mask": "catalogue/parts.html#",
    "FlexAttention": "how-to-flex.html",
    "GitHub Actions": "test-your-kernel.html",
    "install": "start.html",
    "top-k attention": "selection.html",
}
FIRST = 3


def results(page):
    """The addresses of the first results of the search page."""
    until(page, "document.querySelector('.search-summary')?.textContent.match(/[0-9]+ page/)")
    links = page.locator("ul.search li > a").all()[:FIRST]
    return [link.get_attribute("href") for link in links]


@pytest.mark.parametrize("words", SEARCHES)
def test_search_finds_the_words_of_the_field(words, open_site):
    query = words.replace(" ", "+")
    page = open_site(f"search.html?q={query}")
    addresses = results(page)
    assert any(address.startswith(SEARCHES[words]) for address in addresses), addresses


def test_a_result_names_the_section_that_it_leads_to(open_site):
    page = open_site("search.html?q=sliding+window")
    assert results(page)[0].startswith("catalogue/elementary.html#lookback")
    assert page.locator("ul.search li > a").first.inner_text() == "Basic patterns > Lookback"


def test_search_finds_nothing_for_no_word(open_site):
    page = open_site("search.html?q=zzyzx")
    until(page, "document.querySelector('.search-summary')?.textContent.includes('did not match')")


def test_each_lesson_has_a_card_and_a_place_in_the_sidebar(open_site):
    page = open_site("learn.html")
    cards = [link.get_attribute("href") for link in page.locator(".lesson a").all()]
    sidebar = {link.get_attribute("href") for link in page.locator(".bd-sidebar-primary a").all()}
    assert len(cards) >= 3
    assert set(cards) <= sidebar


def test_an_answer_is_shown_at_a_click(open_site):
    page = open_site("notebooks/01_why_sparse.html")
    answer = page.locator("details.hide").filter(has_text="Show what it prints").first
    output = answer.locator(".cell_output")
    assert not output.is_visible()
    answer.locator("summary").click()
    assert output.is_visible()
    names = set(page.locator("article summary").all_inner_texts())
    assert {"Show the figure", "Show the check", "The answer in words"} <= names
    assert "Answer" not in names


def test_the_filter_of_the_catalogue_hides_cards_and_empty_families(open_site):
    page = open_site("catalogue/index.html")
    everything = page.locator(".card-of:visible").count()
    page.get_by_label("random").check()
    shown = [card.inner_text() for card in page.locator(".card-of:visible").all()]
    assert 3 <= len(shown) < everything / 3
    assert any("bigbird" in text for text in shown)
    assert page.locator(".filter output").inner_text() == f"{len(shown)} of {everything}"
    assert not page.get_by_role("heading", name="Basic patterns").is_visible()
    page.get_by_label("cost n²").check()
    page.get_by_label("2-D").check()
    assert page.locator(".card-of:visible").count() == 0
    assert page.locator(".filter output").inner_text() == (
        f"0 of {everything}: no entry has all of these, so clear a filter"
    )
    for box in ("random", "cost n²", "2-D"):
        page.get_by_label(box).uncheck()
    assert page.locator(".card-of:visible").count() == everything
