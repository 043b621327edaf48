"""The matrix of the explorer: what a mouse, a finger and the keyboard do, and what is read out."""

import pytest
from page_waits import until
from playwright.sync_api import expect

import sparse_ref as sr

PATTERN = sr.Local(4) | sr.Strided(4)
SHEET = ".sheet"


@pytest.fixture
def page(open_page):
    return open_page(sr.explore(PATTERN, 16))


def state(page, *names):
    """Values of the state by their names."""
    return [page.evaluate(f"explorer.state.{name}") for name in names]


def set_state(page, text):
    """Change the state by the text of an object."""
    page.evaluate(f"explorer.set({text})")


def cell(page, query, key, rows=16, columns=16):
    """The place of a cell's centre in the window of the browser."""
    page.locator(SHEET).scroll_into_view_if_needed()
    box = page.locator(SHEET).bounding_box()
    across = (key + 0.5) * box["width"] / columns
    down = (query + 0.5) * box["height"] / rows
    return box["x"] + across, box["y"] + down


def press(page, *keys):
    """Press keys on the matrix."""
    for key in keys:
        page.locator(SHEET).press(key)


def test_pointing_at_a_cell_sets_its_query_and_key(page):
    page.mouse.move(*cell(page, 9, 5))
    assert state(page, "query", "key", "pins") == [9, 5, []]
    assert page.locator(".readout").inner_text().split("\n")[:3] == [
        "query 9: 6 keys",
        "key 5: 6 readers",
        "attends",
    ]
    page.mouse.move(*cell(page, 9, 0))
    assert "does not attend" in page.locator(".readout").inner_text()


def test_pointing_redraws_no_cell(page):
    page.evaluate(
        "window.draws = 0; const put = CanvasRenderingContext2D.prototype.putImageData;"
        "CanvasRenderingContext2D.prototype.putImageData = function (...values) {"
        "  draws++; return put.apply(this, values); }; null"
    )
    page.mouse.move(*cell(page, 9, 5))
    page.mouse.move(*cell(page, 3, 1))
    assert page.evaluate("draws") == 0
    page.evaluate('explorer.write("Causal()")')
    assert page.evaluate("draws") == 1


def test_a_click_pins_the_query_and_a_second_click_unpins_it(page):
    page.mouse.click(*cell(page, 9, 5))
    page.mouse.click(*cell(page, 2, 1))
    assert state(page, "pins") == [[9, 2]]
    page.mouse.click(*cell(page, 9, 1))
    assert state(page, "pins") == [[2]]
    page.get_by_role("button", name="Unpin query 2").click()
    assert state(page, "pins") == [[]]


def test_a_fifth_pin_takes_the_place_of_the_first(page):
    for query in range(5):
        page.mouse.click(*cell(page, query, 0))
    assert state(page, "pins") == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["ArrowDown"], [0, 0]),
        (["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"], [2, 1]),
        (["ArrowDown", "ArrowUp", "ArrowLeft"], [0, 0]),
        (["ArrowDown", "End", "PageDown"], [2, 15]),
        (["ArrowDown", "Control+End", "Home", "PageUp"], [13, 0]),
        (["ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight"], [10, 10]),
        (["ArrowDown", "Control+End", "Control+Home"], [0, 0]),
        (["ArrowDown", "Escape"], [None, None]),
    ],
    ids=str,
)
def test_keys_move_the_query_and_the_key(page, keys, expected):
    press(page, *keys)
    assert state(page, "query", "key") == expected


def test_enter_and_space_pin_and_escape_clears_step_by_step(page):
    press(page, "ArrowDown", "Enter", "ArrowDown", " ")
    assert state(page, "pins") == [[0, 1]]
    press(page, "Escape")
    assert state(page, "query", "pins") == [None, [0, 1]]
    press(page, "Escape")
    assert state(page, "pins") == [[]]


def test_the_row_is_read_out_when_the_pointing_rests(page):
    set_state(page, "{ query: 9, key: null }")
    region = page.locator(".picture [aria-live=polite]")
    assert region.inner_text() == ""
    expect(region).to_have_text("query 9: 6 keys: 1, 5 to 9")
    set_state(page, "{ query: 9, key: 0, pins: [9] }")
    expect(region).to_contain_text("; key 0 is none of them, with 7 readers; pinned: 9")


def test_the_matrix_has_a_role_a_name_and_help(page):
    sheet = page.get_by_role("application", name="Matrix of 16 queries and 16 keys, Local(4)")
    assert sheet.get_attribute("tabindex") == "0"
    assert sheet.get_attribute("aria-roledescription") == "matrix"
    help_id = sheet.get_attribute("aria-describedby")
    assert "Arrow keys move the query" in page.locator(f"#{help_id}").inner_text()


def test_a_tap_selects_and_a_drag_of_a_finger_moves(open_page):
    page = open_page(sr.explore(PATTERN, 16), width=390, has_touch=True)
    page.touchscreen.tap(*cell(page, 9, 5))
    assert state(page, "query", "key", "pins") == [9, 5, []]
    x, y = cell(page, 11, 3)
    page.locator(SHEET).evaluate(
        """(sheet, [x, y]) => {
            sheet.setPointerCapture = () => {};
            const send = (type, shift) => sheet.dispatchEvent(new PointerEvent(type, {
                clientX: x + shift, clientY: y, pointerId: 7, pointerType: "touch" }));
            send("pointerdown", 60); send("pointermove", 0); send("pointerup", 0);
        }""",
        [x, y],
    )
    assert state(page, "query", "key", "pins") == [11, 3, []]


def test_two_fingers_zoom(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 256), has_touch=True)
    x, y = cell(page, 128, 128, 256, 256)
    page.locator(SHEET).evaluate(
        """(sheet, [x, y]) => {
            const send = (type, pointerId, shift) => sheet.dispatchEvent(new PointerEvent(type, {
                clientX: x + shift, clientY: y, pointerId, pointerType: "touch" }));
            sheet.setPointerCapture = () => {};
            send("pointerdown", 1, -20); send("pointerdown", 2, 20); send("pointermove", 2, 60);
        }""",
        [x, y],
    )
    assert state(page, "zoom.side") == [128]


def test_a_wheel_with_control_zooms_where_it_points(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 256))
    page.mouse.move(*cell(page, 200, 60, 256, 256))
    page.mouse.wheel(0, -300)
    assert state(page, "zoom") == [None]
    page.mouse.move(*cell(page, 200, 60, 256, 256))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    expect(page.locator(".zoom .seen")).to_have_text("128 of 256")
    assert state(page, "query", "key") == page.evaluate(
        "[explorer.state.zoom.query + Math.floor(200 / 256 * 128), "
        "explorer.state.zoom.key + Math.floor(60 / 256 * 128)]"
    )


def test_a_part_of_a_long_matrix_is_shown_dragged_and_left(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 1000))
    set_state(page, "{ query: 500, key: 495 }")
    page.get_by_role("button", name="Show 64 positions").click()
    assert state(page, "zoom") == [{"query": 469, "key": 464, "side": 64}]
    page.mouse.move(*cell(page, 10, 20, 64, 64))
    assert state(page, "query", "key") == [479, 484]
    page.mouse.down()
    page.mouse.move(*cell(page, 20, 10, 64, 64))
    page.mouse.up()
    assert state(page, "zoom", "pins") == [{"query": 459, "key": 474, "side": 64}, []]
    page.get_by_role("button", name="Zoom out").click()
    assert state(page, "zoom.side") == [128]
    page.get_by_role("button", name="Show the whole matrix").click()
    assert state(page, "zoom") == [None]


def test_the_part_that_is_shown_follows_the_arrow_keys(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 1000))
    set_state(page, "{ zoom: { query: 100, key: 100, side: 16 }, query: 115, key: 100 }")
    press(page, "ArrowDown", "ArrowLeft")
    assert state(page, "zoom") == [{"query": 101, "key": 99, "side": 16}]
    press(page, "-")
    assert state(page, "zoom.side") == [32]
    press(page, "0")
    assert state(page, "zoom") == [None]


def test_a_click_on_the_small_matrix_moves_the_part(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 1000))
    set_state(page, "{ zoom: { query: 0, key: 0, side: 100 } }")
    small = page.locator(".minimap")
    box = small.bounding_box()
    small.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    zoom = page.evaluate("explorer.state.zoom")
    assert zoom["query"] == pytest.approx(450, abs=25)
    assert zoom["key"] == pytest.approx(450, abs=25)
    set_state(page, "{ zoom: null }")
    assert small.is_hidden()


@pytest.mark.parametrize(
    ("shape", "rows"),
    [((16, 16), ["0", "2", "4", "6", "8", "10", "12", "14"]), ((4, 32), ["0", "1", "2", "3"])],
    ids=str,
)
def test_positions_are_labelled(open_page, shape, rows):
    page = open_page(sr.explore(sr.Causal(), shape))
    assert page.locator(".axis.down .tick").all_inner_texts() == rows
    assert page.locator(".axis.down .name").inner_text() == "query i"
    assert page.locator(".axis.across .name").inner_text() == "key j"


@pytest.mark.parametrize("scale", [1, 2, 1.5])
def test_a_canvas_has_the_pixels_of_the_device(open_page, scale):
    page = open_page(sr.explore(PATTERN, 16), device_scale_factor=scale)
    box = page.locator(SHEET).bounding_box()
    pixels = page.evaluate("document.querySelector('canvas.matrix').width")
    assert pixels == pytest.approx(box["width"] * scale, abs=1)
    assert pixels % 16 == 0


@pytest.mark.parametrize("width", [390, 1000, 1600])
def test_nothing_is_wider_than_the_page(open_page, width):
    page = open_page(sr.explore("Lookback(64) | Strided(50)", 1000), width=width)
    set_state(page, "{ isTiled: true, query: 999, key: 999, pins: [1, 200, 300, 999] }")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_theme_is_the_systems_until_it_is_chosen(open_page):
    page = open_page(sr.explore(PATTERN, 16), dark=True)
    paper = "getComputedStyle(document.querySelector('.explorer')).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Light").click()
    assert state(page, "theme") == ["light"]
    assert page.evaluate(paper) != dark
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(paper) == dark


def test_the_sets_and_sources_of_the_rules_are_shown(page):
    terms = page.locator(".sets dt").all_inner_texts()
    assert terms == ["Local(l)", "Strided(l)"]
    definitions = page.locator(".sets .set").all_inner_texts()
    assert definitions[1] == "Ai = { j ≤ i : (i − j) mod l = 0 }"
    page.evaluate('explorer.write("Block(4)")')
    assert page.locator(".sets .set").inner_text() == "Ai = { j ≤ i : ⌊j / l⌋ = ⌊i / l⌋ }"
    assert "Child et al. 2019" in page.locator(".sets .source").inner_text()


@pytest.mark.parametrize(("width", "parent"), [(390, "above"), (860, "above"), (1000, "right")])
def test_sliders_are_beside_the_matrix_if_there_is_room(open_page, width, parent):
    page = open_page(sr.explore(PATTERN, 16), width=width)
    assert page.locator(f".{parent} > .sliders").count() == 1
    page.set_viewport_size({"width": 1390 - width, "height": 900})
    other = {"above": "right", "right": "above"}[parent]
    if width != 860:
        expect(page.locator(f".{other} > .sliders")).to_have_count(1)


def test_a_printed_page_is_light(open_page):
    page = open_page(sr.explore(PATTERN, 16), dark=True)
    set_state(page, "{ theme: 'dark' }")
    ink = "getComputedStyle(document.querySelector('.explorer')).color"
    on_screen = page.evaluate(ink)
    page.emulate_media(media="print")
    assert page.evaluate(ink) != on_screen
    assert page.locator(".toolbar").is_hidden()


def test_panels_are_chosen_by_arrow_keys(page):
    tabs = page.get_by_role("tablist", name="Panels").get_by_role("tab")
    names = tabs.all_inner_texts()
    tabs.first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(":focus").inner_text() == names[-1]
    assert page.get_by_role("tabpanel").get_attribute("aria-labelledby") == page.locator(
        ":focus"
    ).get_attribute("id")


def test_a_matrix_larger_than_the_page_is_wide_is_drawn_again_when_the_page_is(page):
    before = page.evaluate("document.querySelector('canvas.matrix').width")
    page.set_viewport_size({"width": 420, "height": 900})
    page.locator(".above > .sliders").wait_for()
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    box = page.locator(SHEET).bounding_box()
    after = page.evaluate("document.querySelector('canvas.matrix').width")
    assert after < before
    assert after == box["width"]


LOOK = "theme: 'dark', colours: [true, false], zoom: { query: 8, key: 4, side: 16 }"


def test_a_link_restores_the_part_that_is_shown_the_colours_and_the_theme(open_page):
    page = open_page(sr.explore(PATTERN, 64))
    set_state(page, f"{{ {LOOK} }}")
    until(page, "location.hash === '#zoom=8,4,16&lit=10&theme=dark'")
    again = open_page(sr.explore(PATTERN, 64), fragment=page.evaluate("location.hash"))
    names = ["theme", "colours", "zoom"]
    assert state(again, *names) == state(page, *names)
    assert again.locator(".zoom .seen").inner_text() == "16 of 64"


@pytest.mark.parametrize(
    ("fragment", "problem"),
    [
        ("zoom=1,2", "zoom must be a query, a key and a side"),
        ("zoom=1,2,65", "zoom must be an integer from 1 to 64, got 65"),
        ("zoom=64,2,8", "zoom must be an integer from 0 to 63, got 64"),
        ("lit=12", "lit must be a digit 0 or 1 for each clause"),
        ("theme=red", "theme must be auto, light or dark"),
    ],
)
def test_a_link_with_another_look_is_reported(open_page, fragment, problem):
    page = open_page(sr.explore(PATTERN, 64), fragment=f"#{fragment}")
    assert problem in page.locator("[role=status]").first.inner_text()
    assert state(page, "theme", "colours", "zoom") == ["auto", None, None]
