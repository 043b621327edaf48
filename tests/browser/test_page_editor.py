"""The editor: it draws while the text parses, completes names, keeps what is typed; and tabs."""

import pytest
from page_panels import enter
from page_waits import until

import sparse_ref as sr

TEXTS = "explorer.state.views.map(({ text }) => text)"
DRAFTS = "explorer.state.drafts"


@pytest.fixture
def page(open_page):
    return open_page(sr.explore("strided(8)", 32))


def write(page, text, key=None):
    """Type over what is in the box, letter by letter."""
    box = page.locator(".expression").first
    box.click()
    box.press("Control+a")
    page.keyboard.type(text)
    if key:
        page.keyboard.press(key)
    return box


def test_typing_draws_once_the_text_parses(page):
    box = write(page, "Lookback(3")
    until(page, f"{DRAFTS}['view 0'] !== undefined")
    assert page.evaluate(TEXTS) == ["Local(8)", "Strided(8)"]
    page.keyboard.type(")")
    until(page, "explorer.state.views[0].text === 'Lookback(3)'")
    assert page.evaluate(DRAFTS) == {}
    assert box.input_value() == "Lookback(3)"
    assert page.locator(".problem").first.is_hidden()


def test_enter_draws_at_once_and_leaves_the_text_as_typed(page):
    box = write(page, "Lookback( 3 )|Full()", "Enter")
    assert page.evaluate("explorer.text") == "Lookback(3) | Full()"
    assert box.input_value() == "Lookback( 3 )|Full()"
    page.evaluate("explorer.set({ query: 3 })")
    assert box.input_value() == "Lookback( 3 )|Full()", "a hover does not rewrite it"


def test_the_browser_undoes_typing_completion_and_mend(page):
    box = write(page, "Stridd(4)", "Enter")
    page.locator(".mend").first.click()
    assert box.input_value() == "Strided(4)"
    assert page.evaluate("explorer.text") == "Strided(4)"
    box.press("Control+z")
    assert box.input_value() == "Stridd(4)"


def test_a_draft_stays_with_its_tab(page):
    box = write(page, "Local(8) |", "Enter")
    page.get_by_role("tab", name="step 2").click()
    assert box.input_value() == "Strided(8)"
    assert page.locator(".problem").first.is_hidden()
    page.get_by_role("tab", name="step 1").click()
    assert box.input_value() == "Local(8) |"
    assert page.get_by_role("alert").first.is_visible()


def test_a_slider_does_not_take_a_draft_away(page):
    box = write(page, "Local(8) |", "Enter")
    enter(page.get_by_label("l", exact=True), "5")
    until(page, "explorer.text === 'Local(5)'")
    assert box.input_value() == "Local(8) |"


@pytest.mark.parametrize(
    ("text", "kind", "views"),
    [
        ("Local(4), Strided(4), Full()", "step", ["Local(4)", "Strided(4)", "Full()"]),
        ("fixed(6, c=2)", "step", ["Block(6)", "Summary(6, 2)"]),
        ("longformer(2, globals=(0, 12))", "step", ["Window(2) | GlobalAt((0, 12))", "Strided(8)"]),
        ("longformer(2, dilation=(1, 2))", "head", ["Window(2)", "Dilated(2, 2)"]),
        ("llama4(4, interval=2)", "step", ["Chunk(4, 0) & Causal()", "Causal()"]),
        (
            "longnet((4, 8), (1, 2), 1, 2) & Causal()",
            "branch",
            ["DilatedSegment(4, 1, 0) & Causal()", "DilatedSegment(8, 2, 1) & Causal()"],
        ),
    ],
)
def test_several_patterns_become_tabs(text, kind, views, page):
    write(page, text, "Enter")
    assert page.evaluate("explorer.state.kind") == kind
    assert page.evaluate(TEXTS) == views
    labels = page.locator("[role=tablist]").first.get_by_role("tab").all_text_contents()
    first = 1 if kind == "step" else 0
    assert labels == [f"{kind} {m}" for m, _ in enumerate(views, first)]


def test_the_box_shows_the_tab_s_own_text_once_it_is_left(page):
    box = write(page, "Local(4), Full()", "Enter")
    assert box.input_value() == "Local(4), Full()"
    box.blur()
    assert box.input_value() == "Local(4)"


def test_tabs_by_keyboard(page):
    write(page, "Local(4), Strided(4), Full()", "Enter")
    tabs = page.locator("[role=tablist]").first.get_by_role("tab")
    tabs.nth(0).focus()
    for key, place in (
        ("ArrowRight", 1),
        ("End", 2),
        ("ArrowRight", 0),
        ("ArrowLeft", 2),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.evaluate("explorer.state.tab") == place
        assert tabs.nth(place).evaluate("tab => tab === document.activeElement")
        chosen = [tab.get_attribute("aria-selected") == "true" for tab in tabs.all()]
        assert chosen == [m == place for m in range(3)]
        assert [tab.get_attribute("tabindex") for tab in tabs.all()].count("0") == 1
    page.keyboard.press("Delete")
    assert page.evaluate(TEXTS) == ["Strided(4)", "Full()"]
    page.get_by_role("button", name="Remove step 1").click()
    assert page.evaluate(TEXTS) == ["Full()"]
    assert page.evaluate("explorer.state.kind") == "pattern"
    assert tabs.count() == 0 or tabs.nth(0).is_hidden()


def test_a_pattern_that_is_stated_for_one_length_sets_it(page):
    write(page, "Local(4), Documents((9, 11))", "Enter")
    assert page.evaluate("explorer.state.shape") == [20, 20]
    assert page.get_by_label("n", exact=True).is_disabled()
    assert "step 2 is stated for this length" in page.locator(".reason").text_content()
    write(page, "Circular(21, 1, 1)", "Enter")
    message = page.evaluate(f"{DRAFTS}['view 0'].message")
    assert message == "step 2 is stated for n = 20, step 1 for n = 21"


def test_another_pattern_that_does_not_fit_the_length_stays_as_a_draft(page):
    page.evaluate("explorer.write('Circular(32, 1, 1)', 'other')")
    assert page.evaluate("explorer.state.other") == "Circular(32, 1, 1)"
    page.evaluate("explorer.resize([16, 16])")
    assert page.evaluate("explorer.state.other") == ""
    draft = page.evaluate(f"{DRAFTS}.other")
    assert draft["text"] == "Circular(32, 1, 1)"
    assert draft["message"] == "this pattern is stated for n = 32, not for n = 16"


def options(page):
    """The names that are offered, None if the list is closed."""
    rows = page.get_by_role("listbox").first
    return rows.locator("code").all_text_contents() if rows.is_visible() else None


def test_names_are_completed(page):
    box = write(page, "Look")
    assert options(page) == ["Lookback(keys)"]
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert box.input_value() == "Lookback("
    assert options(page) is None
    page.keyboard.type("k")
    assert options(page)[0] == "keys="
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert box.input_value() == "Lookback(keys="
    page.keyboard.type("3)")
    until(page, "explorer.text === 'Lookback(3)'")


def test_the_list_of_names_can_be_walked_closed_and_asked_for(page):
    box = write(page, "Local(4) | S")
    names = options(page)
    assert {"Sinks(count)", "Strided(l)", "star(n, circular)"} <= {*names}
    page.keyboard.press("ArrowUp")
    last = page.locator("[role=option][aria-selected=true]").locator("code").text_content()
    assert last == names[-1]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert options(page) is None
    assert box.input_value() == "Local(4) | S"
    page.keyboard.press("Control+Space")
    assert options(page) == names
    page.get_by_role("option").filter(has_text="Sinks(count)").click()
    assert box.input_value() == "Local(4) | Sinks("
    page.keyboard.type("2)")
    page.keyboard.press("Enter")
    assert page.evaluate("explorer.text") == "Local(4) | Sinks(2)"


def test_a_word_that_no_name_begins_with_is_offered_the_nearest(page):
    write(page, "Lokback")
    assert options(page) == ["Lookback(keys)"]


def test_the_marker_scrolls_with_the_text(open_page):
    page = open_page(sr.explore("Full()", 8), width=390)
    text = " | ".join(f"Lookback({keys})" for keys in range(1, 20)) + " | Stride(3)"
    box = write(page, text, "Enter")
    marker = "document.querySelector('.marker span').style.transform"
    scroll = box.evaluate("box => box.scrollLeft")
    assert scroll > 0
    until(page, f"{marker} === 'translateX({-scroll}px)'")
    box.evaluate("box => { box.scrollLeft = 0; }")
    until(page, f"{marker} === 'translateX(0px)'")


@pytest.mark.parametrize(
    "text",
    ['<img src=x onerror="alert(1)">', "${alert(1)}", "__proto__", "constructor(1)", "toString()"],
)
def test_hostile_text_is_text(text, page):
    box = write(page, text, "Enter")
    assert box.input_value() == text
    assert page.locator("img").count() == 0
    assert page.evaluate("explorer.text") == "Local(8)"
