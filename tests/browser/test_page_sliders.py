"""Sliders: the length and the parameters of all tabs, in the state and in the texts."""

import pytest
from page_panels import enter
from page_waits import until

import sparse_ref as sr

TEXTS = "explorer.state.views.map(({ text }) => text)"
SLIDE = """(slider, value) => {
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def slide(page, name, value):
    """Drag a slider to a value, and wait for the frame that draws it."""
    page.get_by_label(f"{name}, slider", exact=True).evaluate(SLIDE, value)
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def names(page):
    return page.locator(".slider label").all_text_contents()


def test_a_parameter_of_one_name_and_value_is_one_slider(open_page):
    page = open_page(sr.explore("strided(8)", 64))
    assert names(page) == ["n", "l"]
    slide(page, "l", 5)
    assert page.evaluate(TEXTS) == ["Local(5)", "Strided(5)"]
    assert page.locator(".expression").first.input_value() == "Local(5)"
    box = page.get_by_label("l", exact=True)
    assert box.input_value() == "5"
    enter(box, "7")
    until(page, "explorer.text === 'Local(7)'")
    assert page.evaluate(TEXTS) == ["Local(7)", "Strided(7)"]


def test_sliders_whose_values_meet_stay_apart_while_a_hand_is_on_them(open_page):
    page = open_page(sr.explore("Local(4) | Strided(6)", 32))
    assert names(page) == ["n", "l Local", "l Strided"]
    first = page.get_by_label("l of Local, slider", exact=True)
    first.focus()
    for value, text in ((6, "Local(6) | Strided(6)"), (9, "Local(9) | Strided(6)")):
        first.evaluate(SLIDE, value)
        until(page, f"explorer.text === '{text}'")
    first.evaluate(SLIDE, 6)
    until(page, "explorer.text === 'Local(6) | Strided(6)'")
    first.blur()
    until(page, "document.querySelectorAll('.slider').length === 2")


def test_parameters_of_one_name_say_whose_they_are(open_page):
    page = open_page(sr.explore("longnet((4, 8), (1, 2))", 16))
    assert names(page)[1:3] == ["w branch 0", "r branch 0"]
    assert "s" in names(page), "0 in both"
    page = open_page(sr.explore("Lookback(3) | Window(2)", 16))
    assert names(page) == ["n", "keys", "radius"]


def test_the_ranges_are_those_of_the_page_or_follow_from_the_value(open_page):
    page = open_page(sr.explore("Lookback(20) | Strided(3) | Band(-2, 4)", 24, l=(2, 9)))
    ranges = {
        name: page.get_by_label(f"{name}, slider", exact=True).evaluate(
            "({ min, max }) => [+min, +max]"
        )
        for name in ("keys", "l", "left", "right")
    }
    assert ranges == {
        "keys": [1, 24],
        "l": [2, 9],
        "left": [-16, 16],
        "right": [-16, 16],
    }


def test_n_is_a_slider_and_a_box(open_page):
    page = open_page(sr.explore("Lookback(3)", 64))
    slide(page, "n", 1000)
    assert page.evaluate("explorer.state.shape") == [4096, 4096]
    slide(page, "n", 0)
    assert page.evaluate("explorer.state.shape") == [1, 1]
    box = page.get_by_label("n", exact=True)
    enter(box, "48")
    until(page, "explorer.state.shape[0] === 48")
    assert page.get_by_label("n, slider", exact=True).get_attribute("aria-valuetext") == "n = 48"
    enter(box, "5000")
    until(page, "explorer.state.drafts.shape !== undefined")
    assert (
        page.locator(".sliders .problem").text_content()
        == "n must be an integer from 1 to 4096, got 5000, 5000"
    )
    assert page.evaluate("explorer.state.shape") == [48, 48]


def test_queries_and_keys_have_sliders_of_their_own_if_they_differ(open_page):
    page = open_page(sr.explore("Shifted(Causal(), 8)", (8, 16)))
    assert names(page) == ["queries", "keys", "offset"]
    enter(page.get_by_label("keys", exact=True), "20")
    until(page, "explorer.state.shape[1] === 20")
    assert page.evaluate("explorer.state.shape") == [8, 20]


def test_positions_are_a_box(open_page):
    page = open_page(sr.explore("Window(1) | GlobalAt((0, 9))", 24))
    box = page.get_by_label("positions", exact=True)
    assert box.input_value() == "0, 9"
    enter(box, "12, 3 3")
    until(page, "explorer.text === 'Window(1) | GlobalAt((3, 12))'")
    enter(box, "3, x")
    assert box.get_attribute("aria-invalid") is not None
    assert page.evaluate("explorer.text") == "Window(1) | GlobalAt((3, 12))"


def test_a_value_that_a_rule_refuses_is_reported_and_changes_nothing(open_page):
    page = open_page(sr.explore("Summary(8, 2)", 24))
    slide(page, "c", 9)
    message = "Summary: c must be at most l = 8, got 9"
    assert page.evaluate("explorer.state.drafts.parameters.message") == message
    assert page.locator(".sliders .problem").text_content() == message
    assert page.evaluate("explorer.text") == "Summary(8, 2)"
    slide(page, "c", 3)
    assert page.evaluate("explorer.text") == "Summary(8, 3)"
    assert page.locator(".sliders .problem").is_hidden()


@pytest.mark.parametrize(
    "text", ["Blockwise(Local(2), 4)", "Pooled(Complete(4), 4, 2)", "~(Chunk(6, 2) - Window(1))"]
)
def test_every_number_of_a_pattern_has_a_slider(text, open_page):
    page = open_page(sr.explore(text, 24))
    before = page.evaluate("explorer.text")
    for name in dict.fromkeys(names(page)):
        if name == "n":
            continue
        label = name.replace(" ", " of ", 1)
        slider = page.get_by_label(f"{label}, slider", exact=True).first
        value = int(slider.input_value())
        slider.evaluate(SLIDE, value + 1)
        until(page, f"explorer.text !== {before!r}")
        slider.evaluate(SLIDE, value)
        until(page, f"explorer.text === {before!r}")
