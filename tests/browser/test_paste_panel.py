"""What is pasted is drawn and named, or refused with the reason; nothing on the page is lost.

`pasted` has prints of torch 2.13's BlockMask, of create_block_mask with blocks of 128.
"""

import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from page_panels import cells_of
from page_waits import until

import sparse_ref as sr

PASTED = Path(__file__).parent / "pasted"
READ = """text => {
    const { masks, notes } = explorer.logic.readPaste(text);
    return [masks.map(({ queries, keys, cells }) => [queries, keys, Array.from(cells)]), notes];
}"""
REFUSE = """text => {
    try {
        explorer.logic.readPaste(text);
    } catch (error) {
        return error.message;
    }
}"""
NAMES = """([cells, [queries, keys]]) => {
    const { logic, context } = explorer;
    const mask = { queries, keys, cells: Uint8Array.from(cells) };
    const { equal, nearest, difference } = logic.namesOf(mask, context);
    return [equal.map(logic.notation), nearest && logic.notation(nearest), difference];
}"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """One page for what changes nothing on it."""
    folder = tmp_path_factory.mktemp("paste")
    file = sr.explore(sr.Lookback(3), 8).save(folder / "page.html")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.evaluate("window.explorer = document.getElementById('explorer').explorer; null")
    yield page
    page.close()


def masks_in(page, text):
    """The masks of a text, and the notes on them."""
    masks, notes = page.evaluate(READ, text)
    return [np.reshape(cells, (n_q, n_k)) for n_q, n_k, cells in masks], notes


def refusal(page, text):
    """Why a text is refused."""
    return page.evaluate(REFUSE, text)


def names_of(page, mask):
    return page.evaluate(NAMES, [cells_of(mask), list(mask.shape)])


MASK = sr.Lookback(3).mask(4)
ROWS = MASK.astype(int).tolist()
CSR = {
    "indptr": [0, 1, 3, 6, 9],
    "indices": [0, 0, 1, 0, 1, 2, 1, 2, 3],
}
TEXTS = {
    "digits": "\n".join("".join(map(str, row)) for row in ROWS),
    "blanks and an empty line": "\n\n".join(" ".join(map(str, row)) for row in ROWS) + "\n",
    "commas": "\r\n".join(",".join(map(str, row)) for row in ROWS),
    "a list": str(ROWS),
    "tuples": str(tuple(map(tuple, ROWS))),
    "words": str(MASK.tolist()),
    "an array": repr(MASK),
    "an array with a type": repr(MASK.astype(np.int8)),
    "floats": repr(MASK.astype(float)),
    "a print": str(MASK.astype(float)),
    "a tensor": f"tensor({[[ROWS]]}, dtype=torch.int32, device='cuda:0')",
    "a picture": str(sr.picture(sr.Lookback(3), 4)),
    "CSR": json.dumps({**CSR, "shape": [4, 4]}),
    "CSR without a shape": json.dumps(CSR),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_mask_is_read_however_it_is_written(text, page):
    (mask,), _ = masks_in(page, text)
    assert np.array_equal(mask, MASK)


def test_rows_that_wrap_in_a_print_of_numpy_are_rows(page):
    mask = sr.Strided(7).mask(60)
    with np.printoptions(threshold=10**6):
        (read,), _ = masks_in(page, repr(mask.astype(int)))
    assert np.array_equal(read, mask)


BLOCK_MASKS = {
    "causal": (sr.Causal(), 16, "128 x 128"),
    "window": (sr.Lookback(5), 16, "128 x 128"),
    "ragged": (sr.Causal(), 8, "128 x 128"),
    "reduced": (sr.Causal(), 16, "512 x 512"),
    "whole": (sr.Causal(), 64, ""),
    "rectangular": (sr.Shifted(sr.Causal(), 2), (4, 6), "128 x 128"),
}


@pytest.mark.parametrize("name", BLOCK_MASKS)
def test_a_printed_block_mask_is_read_by_its_blocks(name, page):
    p, n, size = BLOCK_MASKS[name]
    text = (PASTED / f"block_mask_{name}.txt").read_text(encoding="utf-8")
    (mask,), notes = masks_in(page, text)
    assert np.array_equal(mask, p.mask(n))
    assert size in " ".join(notes)
    assert any("is that of the picture" in note for note in notes) == (
        name not in ("reduced", "whole")
    )
    assert any("reduced" in note for note in notes) == (name == "reduced")
    assert repr(p) in names_of(page, mask)[0]


def test_blanks_that_a_copy_has_lost_are_put_back(page):
    text = (PASTED / "block_mask_causal.txt").read_text(encoding="utf-8")
    stripped = "\n".join(line.rstrip() for line in text.split("\n"))
    masks, _ = masks_in(page, stripped)
    assert np.array_equal(masks[0], sr.Causal().mask(16))


def test_a_block_mask_of_several_heads_has_a_mask_for_each(page):
    masks, notes = masks_in(page, (PASTED / "block_mask_heads.txt").read_text(encoding="utf-8"))
    assert [names_of(page, mask)[0][0] for mask in masks] == [
        f"Lookback({keys})" for keys in (3, 5, 7)
    ] + ["Causal()"]
    assert "The header has 6 heads, the print 4 of them." in notes


REFUSALS = {
    "": "the text is empty",
    " \n\t": "the text is empty",
    "10\n1": "row 1 (line 2) has 1 cells, row 0 has 2",
    "10\n11\n\n101": "row 2 (line 4) has 3 cells, row 0 has 2",
    "[[1, 0], [1, 1, 0]]": "row 1 (line 1) has 3 cells, row 0 has 2",
    "10\n12": "line 2, column 2: 2 is neither 0 nor 1",
    "1 0\n1 x": "line 2, column 3: x is neither 0 nor 1",
    "0.5 1": "line 1, column 1: a number here is neither 0 nor 1",
    "10.0 1": "line 1, column 2: a number here is neither 0 nor 1",
    "[[1 0 ... 0]]": "line 1, column 7: ... stands for rows or keys that were left out",
    "[[1, 0], [1, 1]] [[1]]": "a second mask begins here",
    "1" * 4097: "a row has more than 4096 keys",
    "1\n" * 4097: "more than 4096 rows",
    "[[], []]": "the text has no 0 and no 1",
    "{": "this is no JSON",
    "{}": "CSR needs indptr, a list of integers",
    '{"indptr": [0, 1], "indices": 3}': "CSR needs indices, a list of integers",
    '{"indptr": [0, 1.5], "indices": []}': "indptr[1] must be an integer of at least 0, got 1.5",
    '{"indptr": [0, 1], "indices": [-1]}': "indices[0] must be an integer of at least 0, got -1",
    '{"indptr": [0, 2, 1], "indices": [0]}': "indptr must not fall",
    '{"indptr": [0, 1], "indices": []}': "indptr must go from 0 to the number of indices, 0",
    '{"indptr": [0, 1], "indices": [1]}': "without a shape the mask is square, 1 x 1",
    '{"indptr": [0, 1], "indices": [2], "shape": [1, 2]}': "shape has 2 keys",
    '{"indptr": [0, 1], "indices": [0], "shape": [2, 2]}': "for 2 queries it needs 3",
    '{"indptr": [0, 1], "indices": [0], "shape": 3}': "shape must be [n_q, n_k], got 3",
    '{"indptr": [0], "indices": [], "shape": [0, 0]}': "the mask is empty",
    '{"indptr": [0, 0], "indices": [], "shape": [1, 9999]}': "up to 4096 x 4096 are drawn",
    '{"indptr": [0, 1], "indices": [0], "data": [0]}': "data is not read",
    "BlockMask(shape=(1, 1, 8, 8), sparsity=0.00%, \n)": "the BlockMask has no picture",
    "BlockMask(shape=(1, 1, 8, 8), sparsity=0%, \n(0, 0)\n██x█": "line 3, column 3: x is neither",
    "BlockMask(shape=(1, 1, 8, 8), sparsity=0%, \n(0, 0)\n█ ██": "each glyph is printed twice",
    "<script>alert(1)</script>": "line 1, column 1: < is neither 0 nor 1",
    "\x00\u202e\ud83d": "line 1, column 1: ",
}


@pytest.mark.parametrize("text", REFUSALS, ids=lambda text: repr(text[:20]))
def test_what_is_no_mask_is_refused_with_the_reason(text, page):
    assert REFUSALS[text] in refusal(page, text)


@pytest.mark.parametrize(
    ("p", "name"),
    [
        (sr.Lookback(8), "Lookback(8)"),
        (sr.Neighborhood(24, 5), "Neighborhood(24, 5, 1, 1)"),
        (sr.Lookback(5) | sr.Sinks(2), "Lookback(5) | Sinks(2)"),
        (sr.Window(2) | sr.Global(1), "Window(2) | Global(1)"),
        (sr.Local(4) | sr.Strided(4), "Lookback(4) | Strided(4)"),
        (sr.Chunk(5, 2) & sr.Causal(), "Chunk(5, 2) & Causal()"),
    ],
    ids=repr,
)
def test_a_mask_has_the_name_of_the_rules_that_it_equals(p, name, page):
    mask = p.mask(24)
    equal, nearest, _ = names_of(page, mask)
    assert name in equal
    assert nearest is None
    assert all(np.array_equal(sr.parse(text).mask(24), mask) for text in equal)


def test_a_mask_without_a_name_has_the_nearest_rule(page):
    mask = sr.Lookback(8).mask(64).copy()
    mask[[20, 30, 40], [5, 2, 50]] = True
    equal, nearest, difference = names_of(page, mask)
    assert equal == []
    assert (sr.parse(nearest).mask(64) != mask).sum() == difference == 3


def test_rows_packed_for_a_link_are_unpacked_again(page):
    p = sr.Strided(3) | sr.Documents((4, 4, 5), sr.Full())
    mask = p.mask(13)
    script = """([cells, queries, keys]) => {
        const { packRows, unpackRows } = explorer.logic;
        const text = packRows({ queries, keys, cells: Uint8Array.from(cells) });
        return [text, Array.from(unpackRows(text, [queries, keys]).cells)];
    }"""
    text, cells = page.evaluate(script, [cells_of(mask), 13, 13])
    assert np.array_equal(np.reshape(cells, (13, 13)), mask)
    assert text.startswith("0-3*4.")


def paste(page, text):
    page.get_by_role("tab", name="Paste").click()
    page.locator(".paste-panel textarea").fill(text)
    page.get_by_role("button", name="Draw").click()


def test_a_pasted_mask_is_drawn_named_and_used_in_expressions(open_page):
    page = open_page(sr.explore(sr.Lookback(3), 8))
    mask = sr.Lookback(2).mask(6)
    paste(page, str(mask.astype(int)))
    page.get_by_text("equals Lookback(2); also Local(1)").wait_for()
    assert page.evaluate("[explorer.text, ...explorer.state.shape]") == ["Pasted_1", 6, 6]
    assert page.evaluate("explorer.write('Pasted_1 & ~Causal() | Sinks(1)')")
    cells = page.evaluate("Array.from(explorer.mask.cells)")
    assert np.array_equal(np.reshape(cells, (6, 6)), sr.Sinks(1).mask(6))
    paste(page, "11\n11\n11")
    page.get_by_text("It is not square").wait_for()
    assert page.evaluate("[explorer.text, ...explorer.state.shape]") == ["Pasted_2", 3, 2]


def test_a_file_is_read(open_page):
    page = open_page(sr.explore(sr.Lookback(3), 8))
    page.get_by_role("tab", name="Paste").click()
    page.locator(".paste-panel input[type=file]").set_input_files(PASTED / "block_mask_heads.txt")
    page.get_by_text("equals Lookback(3)").wait_for()
    assert page.evaluate("explorer.text") == "Pasted_1"
    assert "Pasted_4 is (0, 3)" in page.inner_text(".paste-panel .report")
    assert page.evaluate("explorer.write('Pasted_1 | Pasted_4')")


def test_a_dropped_file_is_read(open_page):
    page = open_page(sr.explore(sr.Lookback(3), 8))
    page.get_by_role("tab", name="Paste").click()
    page.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["10\\n11"], "mask.txt"));
        const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector(".paste-panel textarea").dispatchEvent(drop);
    }""")
    page.get_by_text("equals Causal()").wait_for()


def test_a_link_restores_a_pasted_mask(open_page):
    page = open_page(sr.explore(sr.Lookback(3), 8))
    paste(page, "100\n110\n011")
    until(page, "location.hash.includes('Pasted_1')")
    fragment = page.evaluate("location.hash")
    other = open_page(sr.explore(sr.Lookback(3), 8), fragment=fragment)
    assert other.evaluate("[explorer.text, ...explorer.mask.cells]") == [
        *("Pasted_1", 1, 0, 0, 1, 1, 0, 0, 1, 1),
    ]


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "10\n1", "1" * 5000, '{"indptr": "<b>"}'], ids=len
)
def test_a_refusal_loses_nothing_and_stays_text(text, open_page):
    page = open_page(sr.explore(sr.Lookback(3), 8))
    before = page.evaluate("JSON.stringify({ ...explorer.state, panel: 0 })")
    paste(page, text)
    assert page.locator(".paste-panel .problem").is_visible()
    assert page.locator(".paste-panel :is(img, b, script)").count() == 0
    assert page.evaluate("JSON.stringify({ ...explorer.state, panel: 0 })") == before
    assert page.locator(".paste-panel textarea").input_value() == text


def test_other_tabs_that_forbid_the_shape_are_named(open_page):
    page = open_page(sr.explore([sr.Lookback(3), sr.Neighborhood(8, 3)], 8))
    paste(page, "10\n11")
    assert "stated for n = 8" in page.inner_text(".paste-panel .problem")
    assert page.evaluate("explorer.text") == "Lookback(3)"


def test_a_name_that_is_given_again_has_the_new_set(open_page):
    page = open_page(sr.explore(sr.Lookback(3), 2))
    add = """cells => {
        explorer.addListed("Pasted_1", { queries: 2, keys: 2, cells: Uint8Array.from(cells) });
        return Array.from(explorer.maskOf("Pasted_1").cells);
    }"""
    assert page.evaluate(add, [1, 0, 0, 1]) == [1, 0, 0, 1]
    assert page.evaluate(add, [0, 1, 1, 0]) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    "sets",
    [
        {"<b>": {"sides": [1, 1], "rows": "0"}},
        {"Pasted_1": {"sides": [1, 10**9], "rows": "0"}},
        {"Pasted_1": {"sides": [2, 2], "rows": "0*99"}},
        {"Pasted_1": {"sides": [2, 2], "rows": "0-5.1"}},
        {"Pasted_1": 3},
    ],
    ids=repr,
)
def test_a_link_with_a_broken_mask_is_not_followed(sets, open_page):
    options = quote(json.dumps({"paste": {"sets": sets}}))
    page = open_page(sr.explore(sr.Lookback(3), 8), fragment=f"#p=Causal()&o={options}")
    assert page.evaluate("explorer.text") == "Lookback(3)"
    assert page.get_by_text("The link was not followed").is_visible()
