"""Tie: the picture's keys, orders and tiles are those of NumPy and of the patterns on grids."""

from functools import partial

import numpy as np
import page_panels
import pytest
from page_panels import enter, panel_of

import sparse_ref as sr

open_panel = partial(page_panels.open_panel, panel="grid")

TILES = [
    ((4, 4), (2, 2)),
    ((8, 8), (4, 4)),
    ((6, 10), (3, 5)),
    ((5, 7), (2, 4)),
    ((1, 9), (4, 4)),
    ((2, 4, 8), (2, 4, 4)),
    ((3, 4, 6), (1, 2, 3)),
    ((3, 5, 4), (2, 3, 4)),
]
PICTURES = {
    "Grid": (sr.Grid((4, 6), (sr.Window(1), sr.Causal())), (4, 6)),
    "natten_nd of an image": (sr.natten_nd((6, 8), (3, 5)), (6, 8)),
    "natten_nd of a video": (sr.natten_nd((3, 4, 5), 3, causal=(True, False, False)), (3, 4, 5)),
    "axial": (sr.axial((4, 5), 1), (4, 5)),
    "swin": (sr.swin((6, 6), 3, 1), (6, 6)),
    "image_local_2d": (sr.image_local_2d((6, 6), (2, 3), 1), (6, 6)),
}


def tile_major(shape, tile):
    """The positions sorted by tile, then by place in it: by NumPy."""
    places = np.indices(shape).reshape(len(shape), -1)
    sides = np.reshape(tile, (-1, 1))
    tiles, inside = places // sides, places % sides
    return np.lexsort([*inside[::-1], *tiles[::-1]])


def kinds_of_tiles(mask, side):
    """(full, partial, skipped) blocks, by NumPy."""
    n = len(mask)
    blocks = -(-n // side)
    padded = np.zeros((blocks * side, blocks * side), int)
    padded[:n, :n] = mask
    pairs = padded.reshape(blocks, side, blocks, side).sum(axis=(1, 3))
    full = (pairs == side * side).sum()
    skipped = (pairs == 0).sum()
    return full, pairs.size - full - skipped, skipped


def test_tile_major_order_reshapes_and_transposes():
    """The oracle of these tests is the usual reshape, if tiles divide the sides."""
    tiles = np.arange(24).reshape(2, 2, 2, 3).transpose(0, 2, 1, 3)
    assert np.array_equal(tile_major((4, 6), (2, 3)), tiles.ravel())


def test_the_order_of_tiles(open_page):
    page = open_page(sr.explore(sr.Causal(), 4))
    for shape, tile in TILES:
        order = page.evaluate("(x) => Array.from(explorer.logic.tileOrder(...x))", [shape, tile])
        assert order == tile_major(shape, tile).tolist(), (shape, tile)


@pytest.mark.parametrize("name", PICTURES)
def test_the_matrix_in_tile_major_order(name, open_page):
    p, shape = PICTURES[name]
    tile = (1, 2, 3)[-len(shape) :]
    page = open_panel(open_page, p, int(np.prod(shape)))
    box = panel_of(page).get_by_label("Tile")
    enter(box, " x ".join(map(str, tile)))
    panel_of(page).get_by_label("Matrix").select_option("tiles")
    chosen = {"shape": list(shape), "tile": list(tile), "order": "tiles"}
    assert page.evaluate("explorer.state.options.grid") == chosen
    order = page.evaluate("Array.from(explorer.logic.orderOf(explorer.state))")
    assert order == tile_major(shape, tile).tolist()
    cells = page.evaluate(
        "Array.from(explorer.logic.orderedMask(explorer.mask, "
        "explorer.logic.orderOf(explorer.state)).cells)"
    )
    mask = p.mask(len(order))
    ordered = mask[np.ix_(order, order)]
    assert np.array_equal(np.reshape(cells, mask.shape), ordered)
    side = int(np.prod(tile))
    rows = page.locator(".panel-grid tbody tr").all_inner_texts()
    expected = [kinds_of_tiles(mask, side), kinds_of_tiles(ordered, side)]
    numbers = [row.split("\t")[1:] for row in rows]
    assert [tuple(map(int, row)) for row in numbers] == expected


def test_queries_and_keys_keep_their_order_until_another_is_chosen(open_page):
    page = open_panel(open_page, sr.Causal(), 16)
    assert page.evaluate("explorer.logic.orderOf(explorer.state)") is None
    panel_of(page).get_by_label("Matrix").select_option("tiles")
    panel_of(page).get_by_label("Matrix").select_option("rows")
    assert page.evaluate("explorer.logic.orderOf(explorer.state)") is None


def test_the_matrix_is_pointed_at_in_the_order_that_it_has(open_page):
    """A place of the matrix is a position of the picture, by mouse and by arrow keys."""
    page = open_panel(open_page, sr.Full(), 16)
    enter(panel_of(page).get_by_label("Tile"), "2 x 2")
    panel_of(page).get_by_label("Matrix").select_option("tiles")
    order = tile_major((4, 4), (2, 2)).tolist()
    sheet = page.locator(".sheet")
    box = sheet.bounding_box()
    side = box["width"] / 16
    pointed = "[explorer.state.query, explorer.state.key]"
    for query, key in ((0, 3), (6, 2), (15, 9)):
        sheet.hover(position={"x": (key + 0.5) * side, "y": (query + 0.5) * side})
        assert page.evaluate(pointed) == [order[query], order[key]]
    page.evaluate(f"explorer.set({{ query: {order[4]}, key: {order[7]} }})")
    sheet.press("ArrowDown")
    sheet.press("ArrowLeft")
    assert page.evaluate(pointed) == [order[5], order[6]]
    marks = page.locator(".axis .mark").all_inner_texts()
    assert marks == [str(order[5]), str(order[6])]
    sheet.press("Enter")
    assert page.evaluate("explorer.state.pins") == [order[5]]


def pixel(page, shape, place):
    """The middle of a pixel of the picture, relative to it."""
    width = page.locator("canvas.pixels").bounding_box()["width"]
    position = int(np.ravel_multi_index(place, shape))
    return page.evaluate(
        """([shape, width, position]) => {
            const layout = explorer.logic.pictureLayout(shape, width);
            const [left, top] = explorer.logic.cornerOf(layout, position);
            return { x: left + layout.cell / 2, y: top + layout.cell / 2 };
        }""",
        [shape, width, position],
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_pixel_shows_the_keys_of_its_position(name, open_page):
    p, shape = PICTURES[name]
    n = int(np.prod(shape))
    page = open_panel(open_page, p, n)
    names = ["frame", "row", "column"][-len(shape) :]
    for query in (0, n // 2, n - 1):
        place = tuple(map(int, np.unravel_index(query, shape)))
        page.locator("canvas.pixels").hover(position=pixel(page, shape, place))
        assert page.evaluate("explorer.state.query") == query
        (tab,) = page.evaluate("explorer.logic.pictureTabs(explorer)")
        keys = p.row(query, n).tolist()
        assert tab["keys"] == keys
        words = ", ".join(f"{word} {x}" for word, x in zip(names, place, strict=True))
        noun = "key" if len(keys) == 1 else "keys"
        sentence = f"Query {query}, at {words}, has {len(keys)} {noun}."
        assert page.locator(".panel-grid .growth").inner_text() == sentence


def test_the_keys_of_steps_have_colours_of_their_own(open_page):
    steps = [sr.axial((4, 6), axis) for axis in (0, 1)]
    page = open_panel(open_page, sr.Factorized(steps), 24)
    page.evaluate("explorer.set({ query: 8 })")
    tabs = page.evaluate("explorer.logic.pictureTabs(explorer)")
    rows = [step.row(8, 24).tolist() for step in steps]
    assert [tab["keys"] for tab in tabs] == rows
    assert [tab["colour"] for tab in tabs] == ["part-1", "part-2"]
    assert page.locator(".panel-grid .legend li").all_inner_texts() == ["step 1", "step 2"]
    sentence = page.locator(".panel-grid .growth").inner_text()
    assert sentence == "Query 8, at row 1, column 2, has 4 keys in step 1, 6 keys in step 2."


def test_arrow_keys_move_the_query_by_pixels_and_pages_by_frames(open_page):
    page = open_panel(open_page, sr.natten_nd((2, 3, 4), 2), 24)
    queries = []
    picture = page.locator("canvas.pixels")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "PageDown", "ArrowLeft", "PageDown"):
        picture.press(key)
        queries.append(page.evaluate("explorer.state.query"))
    assert queries == [0, 1, 5, 17, 16, 16]


def test_the_shape_of_a_grid_is_the_pictures_and_squares_are_usual(open_page):
    shape = "document.querySelector('.panel-grid input').value"
    page = open_panel(open_page, sr.Causal() & sr.natten_nd((3, 8), 3), 24)
    assert page.evaluate(shape) == "3 x 8"
    page = open_panel(open_page, sr.Causal(), 24)
    assert page.evaluate(shape) == "4 x 6"


def test_a_shape_that_does_not_fit_says_so_and_can_set_n(open_page):
    page = open_panel(open_page, sr.Causal(), 24)
    box = panel_of(page).get_by_label("Shape")
    enter(box, "4 x 16")
    assert page.locator(".panel-grid canvas").is_hidden()
    problem = page.get_by_role("alert").filter(has_text="positions")
    assert problem.inner_text() == "4 x 16 is 64 positions, but n = 24"
    page.get_by_role("button", name="Set n = 64").click()
    assert page.evaluate("explorer.state.shape") == [64, 64]
    assert page.locator(".panel-grid canvas").is_visible()


@pytest.mark.parametrize("text", ["4", "4 x 0", "a x b", "2 x 3 x 4 x 1", ""])
def test_a_text_that_is_no_shape_is_kept_with_what_is_wrong(text, open_page):
    page = open_panel(open_page, sr.Causal(), 24)
    box = panel_of(page).get_by_label("Shape")
    enter(box, text)
    draft = page.evaluate("explorer.state.drafts['grid shape']")
    assert draft["text"] == text == box.input_value()
    assert draft["message"] == (
        "write two or three numbers, such as 8 x 8, or 2 x 4 x 8 with frames first"
    )
    assert page.locator(".panel-grid canvas").is_visible()
    enter(box, "2x12")
    assert page.evaluate("explorer.state.drafts") == {}
    assert page.evaluate("explorer.state.options.grid.shape") == [2, 12]


def test_a_tile_has_as_many_sides_as_the_picture(open_page):
    page = open_panel(open_page, sr.Causal(), 24)
    box = panel_of(page).get_by_label("Tile")
    enter(box, "2 x 2 x 2")
    message = page.evaluate("explorer.state.drafts['grid tile'].message")
    assert message == "a tile of 4 x 6 has 2 sides"


def test_an_oblong_pattern_has_no_picture(open_page):
    page = open_panel(open_page, sr.Full(), (4, 8))
    problem = page.locator(".panel-grid > .problem").inner_text()
    assert problem == "A picture needs as many queries as keys; this pattern has 4 and 8."
    assert page.locator(".panel-grid canvas").is_hidden()
