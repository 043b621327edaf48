"""Completeness: every constructor has its entry, its example and its page; the pages say what the
definitions say.
"""

import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from page_programs import page_program
from strategies import brute

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.catalogue.entries import Entry
from sparse_ref.catalogue.notation import NAMES

DOCS = Path(__file__).parent.parent / "docs"
ENTRIES = sr.catalogue()


@pytest.fixture(scope="module")
def pages():
    """docs/catalogue.py."""
    return page_program("catalogue")


def test_every_constructor_has_one_entry_and_families_stand_together():
    assert sorted(entry.name for entry in ENTRIES) == sorted(set(NAMES) - {"Branches"})
    families = [entry.family for entry in ENTRIES]
    assert len(set(families)) == sum(a != b for a, b in zip([None, *families], families))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_example_is_an_example_of_its_constructor(entry, pages):
    assert entry.text().startswith(f"{entry.name}(")
    for p in entry.patterns():
        assert sr.dense(p, entry.shape()).shape == entry.shape()
    assert pages.pairs(entry, entry.n) > 0


def test_each_entry_s_page_links_to_its_explorer(pages, tmp_path, monkeypatch):
    """One file each, also if names differ by capitals only; the build of the docs writes them."""
    names = pages.explorer_names()
    assert sorted(names) == sorted(entry.name for entry in ENTRIES)
    assert len({name.lower() for name in names.values()}) == len(ENTRIES)
    links = "".join((DOCS / "catalogue" / page).read_text() for page in pages.pages())
    for name in names.values():
        assert links.count(f'href="../explorers/{name}.html"') == 1
    monkeypatch.setattr(pages.sr, "catalogue", lambda: ENTRIES[:3])
    pages.write_explorers(tmp_path / "explorers")
    written = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.html")}
    assert set(written) == {"full.html", "causal.html", "window.html"}
    assert "<title>Window(3)</title>" in written["window.html"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_example_lowers_to_what_it_states_pair_by_pair(entry, pages):
    for n in {entry.n, 16, 36}:
        for p in entry.patterns(n):
            expected = brute(p, entry.shape(n))
            assert np.array_equal(sr.csr(p, entry.shape(n)).dense(), expected), (p, n)
            assert [p.row(i, expected.shape[1]).tolist() for i in (0, len(expected) - 1)] == [
                np.flatnonzero(expected[i]).tolist() for i in (0, len(expected) - 1)
            ]
            assert sr.nnz(p, entry.shape(n)) == expected.sum()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_example_is_read_back_from_its_notation(entry, pages):
    value = entry.value()
    if isinstance(value, sr.Factorized | sr.Branches):
        assert notation.read(repr(value)) == value
    for p in entry.patterns():
        if "Listed(" not in repr(p):
            assert sr.parse(repr(p)) == p


def test_the_pages_are_those_of_the_definitions(pages):
    written = {page.name: page.read_text() for page in (DOCS / "catalogue").glob("*.md")}
    found = pages.pages()
    assert sorted(written) == sorted(found)
    for name, text in found.items():
        assert written[name] == text, (
            f"docs/catalogue/{name} is not what python docs/catalogue.py writes"
        )


def test_what_a_page_says_of_costs_and_paths_is_so(pages):
    strided = Entry("strided", "strided(4)")
    assert pages.pairs(strided, 16) == brute(sr.Local(4), 16).sum() + brute(sr.Strided(4), 16).sum()
    assert pages.pairs(Entry("openai_fixed", "openai_fixed(4, 1, num_verts=2)"), 9) == np.mean(
        [brute(p, 9).sum() for p in sr.openai_fixed(4, 1, num_verts=2)]
    )
    assert pages.growth(Entry("Causal", "Causal()")) == "n²"
    assert pages.growth(Entry("Window", "Window(3)")) == "n"
    assert pages.growth(Entry("Strided", "Strided({s})")) == "n^1.5"
    assert pages.growth(Entry("LogSparse", "LogSparse()")) == "n log n"
    assert pages.paths(strided) == (
        "every earlier position influences a query within 2 layers; it is influenced by no "
        "later one (n = 24)"
    )
    assert pages.paths(strided, brief=True) == "earlier ones in 2"
    assert (
        pages.paths(Entry("Chunk", "Chunk(5)", 6))
        == "5 of 15 pairs j < i are never connected: position 0 never influences query 5 (n = 6)"
    )
    assert pages.paths(Entry("Window", "Window(2)", 9)).endswith(
        "within 4 layers; it is influenced by every later one within 4 (n = 9)"
    )
    assert pages.paths(Entry("prefix_lm", "prefix_lm(3)", 7)).endswith(
        "within 1 layer; it is influenced by 14% of the later ones (n = 7)"
    )
    assert pages.paths(Entry("Strided", "Strided(4)")) == "a part of `strided`"
    assert (
        pages.paths(Entry("Shifted", "Shifted(Causal(), 2)", 4, "2"))
        == "queries and keys are not the same positions"
    )


def test_the_figures_are_those_of_the_definitions(pages):
    folder = DOCS / "catalogue" / "figures"
    written = {figure.name: figure.read_text() for figure in folder.glob("*.svg")}
    assert written == pages.drawings(), "run python docs/catalogue.py"
    assert len({name.lower() for name in written}) == len(written) > 90


def test_a_figure_colours_each_pair_once(pages):
    entry = Entry("longformer", "longformer(1, globals=(0,))", 3)
    (parts,) = pages.figures.panels(entry)
    assert [part.name for part in parts] == ["Window(1)", "GlobalAt((0,))"]
    text = pages.figures.svg([parts])
    assert 'fill="#21588f" d="M0 0h2v1h-2zM0 1h3v1h-3zM1 2h2v1h-2z"' in text
    assert 'fill="#dfa352" d="M2 0h1v1h-1zM0 2h1v1h-1z"' in text
    assert pages.figures.legend([parts]) == "In blue `Window(1)`; orange `GlobalAt((0,))`."


def test_parts_that_hide_one_another_are_panels(pages):
    panels = pages.figures.panels(Entry("gpt_neo", "gpt_neo(4)"))
    assert [panel[0].name for panel in panels] == ["Causal()", "Lookback(4)"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_lines_of_a_page_make_the_example(entry, pages):
    matplotlib.use("Agg")
    names = {}
    exec("\n".join(pages.make(entry)[3:-2]), names)
    plt.close("all")
    made = names["p"]
    patterns = (made,) if isinstance(made, sr.Pattern) else tuple(made)
    assert patterns == entry.patterns()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_idea_is_at_most_three_sentences(entry, pages):
    assert 0 < pages.ideas()[entry.name]["idea"].count(". ") + 1 <= 3


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_page_states_cost_and_reach_as_formulas(entry, pages):
    """tests/test_catalogue_formulas.py counts them."""
    lines = pages.costs(entry)
    assert sum(line.startswith("- Cost") for line in lines) == 1
    is_known = "reach" in pages.formulas.formulas()[entry.name]
    assert sum(line.startswith("- Reach: ") for line in lines) == is_known


def test_the_filter_knows_each_class_of_a_card(pages):
    text = (DOCS / "catalogue" / "index.md").read_text()
    cards = re.findall(r"\{container\} card-of (.*)", text)
    assert len(cards) == len(ENTRIES) + len(pages.EXAMPLES)
    assert {name for card in cards for name in card.split()} == set(pages.FILTERS)
    by_name = {entry.name: pages.tags(entry) for entry in ENTRIES}
    assert by_name["Lookback"] == ["causal", "linear"]
    assert by_name["strided"] == ["causal", "between"]
    assert by_name["bigbird"] == ["both", "linear", "random"]
    assert by_name["axial"] == ["both", "between", "plane"]
