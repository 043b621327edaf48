"""Attacks on the page: huge parameters, deep nests, rows that no set has: it answers."""

from pathlib import Path

import pytest

import sparse_ref as sr

PAGE = Path(sr.__file__).parent / "explorer" / "page"
STYLES = sorted({file.name for file in PAGE.rglob("*.css")} - {"explorer.css"})

HUGE = (2**53, 10**18)
WRITE = """(text) => {
    const isWritten = explorer.write(text);
    return [isWritten, Object.values(explorer.state.drafts)[0]?.message ?? ""];
}"""


@pytest.fixture
def page(open_page):
    return open_page(sr.explore("Causal()", 16))


def message_of(page, text):
    """What the page says of a text that it does not draw."""
    is_written, message = page.evaluate(WRITE, text)
    assert not is_written, text
    assert page.evaluate("explorer.text") == "Causal()"
    return message


@pytest.mark.parametrize("huge", HUGE)
def test_lengths_beyond_2_53_are_refused_by_their_number(page, huge):
    """Such lengths are BigInts in the page, which no sum of Numbers takes."""
    for text in (f"Documents(({huge}, 1))", f"Grid(({huge}, 2), (Causal(), Full()))"):
        assert "is stated for n = " in message_of(page, text)
    assert "is stated for n = " in message_of(page, f"Blockwise(Documents((2, 2)), {huge})")


def test_pools_in_pools_are_refused_before_they_take_for_ever(page):
    """Each level asks for two rows of the next: 60 levels would be 2^60 rows."""
    deep = f"{'Pooled(' * 60}Causal(){', 4, 2)' * 60}"
    assert message_of(page, deep).startswith("too many pools share a token")
    assert page.evaluate(WRITE, "Pooled(Pooled(Causal(), 4, 2), 4, 2)")[0]


DRAW = """([text, shape]) => {
    try { explorer.maskOf(text, shape); } catch (error) { return error.message; }
}"""
ROWS = (
    ("Documents((5, 3))", (9, 8)),
    ("Grid((2, 4), (Full(), Causal()))", (9, 8)),
    ("Circular(8, 1, 1) | Causal()", (9, 8)),
    ("Shifted(Documents((5, 3)), -1)", (8, 8)),
    ("Blockwise(Documents((3, 1)), 2)", (9, 8)),
)


@pytest.mark.parametrize(("text", "shape"), ROWS)
def test_rows_that_python_refuses_are_refused(page, text, shape):
    """A set that is stated for n = 8 has no row 8, and a shift asks for row -1."""
    with pytest.raises(IndexError) as refusal:
        sr.parse(text).mask(shape)
    message = page.evaluate(DRAW, [text, list(shape)])
    assert message == str(refusal.value).replace("got i", "asked for i")


def test_a_page_keeps_its_shape_if_a_stated_set_has_no_such_rows(page):
    assert page.evaluate(WRITE, "Documents((5, 3))")[0]
    assert not page.evaluate("explorer.resize([9, 8])")
    assert page.evaluate("explorer.state.shape") == [8, 8]
    assert page.evaluate("explorer.resize([7, 8])")


def test_a_link_pins_as_many_queries_as_the_page(page, open_page):
    five = open_page(sr.explore("Causal()", 16), fragment="#pins=1,2,3,4,5")
    assert five.evaluate("explorer.state.pins") == []
    assert "more than 4 pins" in five.locator("p.problem[role=status]").inner_text()
    four = open_page(sr.explore("Causal()", 16), fragment="#pins=1,2,3,4")
    assert four.evaluate("explorer.state.pins") == [1, 2, 3, 4]


TOPS = """() => [...document.querySelectorAll(".figures dd")]
    .map((number) => number.getBoundingClientRect().top)"""


@pytest.mark.parametrize("n", [64, 4096])
def test_the_numbers_are_in_one_line_on_a_phone(open_page, n):
    page = open_page(sr.explore("Full()", n), width=390)
    assert len(set(page.evaluate(TOPS))) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", ["constructor", "toString", "__proto__"])
def test_names_of_the_language_are_no_patterns(page, name):
    assert message_of(page, f"{name}(1)") == f"no pattern is called {name}"


@pytest.mark.parametrize("name", ["editor.css", "sliders.css"])
def test_a_part_has_the_colours_of_the_theme(name):
    """Colours are variables of explorer.css, which knows light and dark."""
    (file,) = PAGE.rglob(name)
    assert "var(--edge)" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STYLES)
def test_a_part_has_no_light_and_dark_of_its_own(name):
    (file,) = PAGE.rglob(name)
    assert "light-dark(" not in file.read_text(encoding="utf-8")


CSR = '{"indptr": [0, 1000000000000000, 1], "indices": [0]}'
READ = """(text) => {
    try { explorer.logic.readPaste(text); } catch (error) { return error.message; }
}"""


def test_a_pasted_row_that_is_longer_than_the_data_is_refused_at_once(page):
    """Its indices are not walked through: the fall of indptr is sought first."""
    message = page.evaluate(READ, CSR)
    assert message == "indptr must not fall: indptr[1] is 1000000000000000, indptr[2] is 1"


LINES = """() => [...document.querySelectorAll(".sets .source")]
    .map((source) => source.getBoundingClientRect().height)"""


@pytest.mark.parametrize("width", [390, 700, 900, 1000])
def test_a_long_set_leaves_room_for_its_source(open_page, width):
    page = open_page(sr.explore("natten_nd((5, 5), 3)", 25), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert max(page.evaluate(LINES)) < 50  # two lines


@pytest.mark.parametrize("width", [390, 1000])
def test_thirty_heads_scroll_in_their_own_line(open_page, width):
    heads = [sr.Lookback(keys) for keys in range(1, 31)]
    page = open_page(sr.explore(heads, 40), width=width)
    page.locator("[aria-label=Patterns] [role=tab]").nth(29).click()
    assert page.evaluate("explorer.text") == "Lookback(30)"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("text", "n"),
    [("Shifted(Causal(), 100000)", 16), ("Pooled(Causal(), 1024, 1)", 1100)],
)
def test_what_the_page_cannot_decide_comes_as_rows(open_page, text, n):
    """A page whose own pattern is too much for its formulas has the rows of Python."""
    page = open_page(sr.explore(text, n))
    pairs = page.evaluate("explorer.mask.cells.reduce((a, b) => a + b, 0)")
    assert pairs == sr.nnz(sr.parse(text), n)
    assert page.evaluate("explorer.node.kind") == "listed"
