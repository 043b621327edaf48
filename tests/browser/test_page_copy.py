"""Copies: the texts that the page writes are executed, and give the set that is shown."""

import json
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from page_waits import until

import sparse_ref as sr

FORM = "form => explorer.set({ panel: 'copy', options: { copy: { form } } })"


def copied(page, form):
    """The text of a form."""
    page.evaluate(FORM, form)
    return page.locator(".copy textarea").input_value()


def run(text, name):
    """The value of a name once the text is executed."""
    scope = {}
    exec(text, scope)
    return scope[name]


def mask_of(mask_mod, shape):
    """A mask_mod at every pair, as FlexAttention calls it: with arrays."""
    i, j = np.indices(shape)
    return np.asarray(mask_mod(0, 0, i, j))


SHOW = """([kind, texts, shape]) => explorer.restore({ ...explorer.initial, kind, texts, shape })"""


def test_mask_mod_and_python_give_the_sets_of_the_catalogue(open_page):
    page = open_page(sr.explore("Full()", 8))
    shown = 0
    for entry in sr.catalogue():
        data = sr.explore(entry.value(), entry.shape()).data
        if data["listed"]:
            continue
        texts = [view["text"] for view in data["views"]]
        page.evaluate(SHOW, [data["kind"], texts, data["shape"]])
        for tab, p in enumerate(entry.patterns()):
            page.evaluate("tab => explorer.set({ tab })", tab)
            text = copied(page, "maskMod")
            mask = mask_of(run(text, "mask_mod"), entry.shape())
            assert mask.dtype == bool
            assert np.array_equal(mask, p.mask(entry.shape())), text
        assert_python_gives_it(page, entry)
        shown += 1
    assert shown > 60


@pytest.mark.parametrize("name", ["Random", "bigbird", "deepspeed_variable"])
def test_listed_sets_have_no_formula_but_their_notation_is_python(name, open_page):
    [entry] = [entry for entry in sr.catalogue() if entry.name == name]
    page = open_page(sr.explore(entry.value(), entry.shape()))
    text = copied(page, "maskMod")
    assert "listed row by row, so there is no formula to write" in text
    assert_python_gives_it(page, entry)


def assert_python_gives_it(page, entry):
    """The Python that the page writes gives the value, if the page knows its definition."""
    text = copied(page, "python")
    assert "is yours" not in text
    given = run(text.replace('page.save("pattern.html")', ""), "p")
    parts = [given] if isinstance(given, sr.Pattern) else list(given)
    assert type(given) is type(entry.value()) or entry.patterns() == tuple(parts)
    for p, expected in zip(parts, entry.patterns(), strict=True):
        assert np.array_equal(p.mask(entry.shape()), expected.mask(entry.shape()))


COMBINED = [
    "Blockwise(Band(-1, 5) - Strided(2), (2, 3)) | ~Shifted(Local(2), 3)",
    "Grid((2, 3, 4), (Full(), Window(1), Causal() & ~Window(0)))",
    "Pooled(Started(4, 2) & ~Complete(4, 2), 5, 2)",
    "Documents((4, 4), Circular(4, 1, 0) | Window(0)) & GlobalAt((1, 7))",
    "Verticals(()) | LogSparseRestart(6, 2)",
    "Local(2) | Local(3) & Local(2)",
]


@pytest.mark.parametrize("text", COMBINED)
def test_mask_mod_of_patterns_of_patterns(text, open_page):
    p = sr.parse(text)
    n = p.own_length or 24
    page = open_page(sr.explore(p, n))
    source = copied(page, "maskMod")
    mask_mod = run(source, "mask_mod")
    assert np.array_equal(mask_of(mask_mod, (n, n)), p.mask(n)), source


def test_mask_mod_takes_tensors(open_page):
    torch = pytest.importorskip("torch")
    p = sr.parse(COMBINED[2])
    mask_mod = run(copied(open_page(sr.explore(p, 24)), "maskMod"), "mask_mod")
    positions = torch.arange(24)
    mask = mask_mod(0, 0, positions[:, None], positions[None, :])
    assert np.array_equal(mask.expand(24, 24).numpy(), p.mask(24))


def test_mask_mod_of_the_last_queries_of_documents(open_page):
    p = sr.parse("Shifted(Documents((3, 0, 5), Causal()), 2)")
    source = copied(open_page(sr.explore(p, (6, 8))), "maskMod")
    mask_mod = run(source, "mask_mod")
    assert np.array_equal(mask_of(mask_mod, (6, 8)), p.mask((6, 8)))


def test_mask_mod_has_its_numbers_in_it(open_page):
    page = open_page(sr.explore("Lookback(8) | Band(-1, 5)", 24))
    assert copied(page, "maskMod") == (
        "# Lookback(8) | Band(-1, 5)\n\n\n"
        "def lookback(i, j):\n    return (i - 8 < j) & (j <= i)\n\n\n"
        "def band(i, j):\n    return (i - (-1) <= j) & (j <= i + 5)\n\n\n"
        "def mask_mod(b, h, q_idx, kv_idx):\n"
        "    return lookback(q_idx, kv_idx) | band(q_idx, kv_idx)\n"
    )


def test_the_notation_of_several_is_read_back(open_page):
    page = open_page(sr.explore("strided(8)", 24))
    text = copied(page, "notation")
    assert text == "Local(8), Strided(8)\n"
    assert page.evaluate("text => explorer.write(text)", text)


def test_rows_as_json(open_page):
    p = sr.parse("Strided(5) - Window(0)")
    page = open_page(sr.explore(p, (9, 12)))
    rows = json.loads(copied(page, "csr"))
    mask = np.zeros(rows["shape"], bool)
    for i, bounds in enumerate(pairwise(rows["indptr"])):
        mask[i, rows["indices"][slice(*bounds)]] = True
    assert np.array_equal(mask, p.mask((9, 12)))


def test_an_svg_has_a_rectangle_for_each_run_of_keys(open_page):
    p = sr.parse("Strided(5) | Window(1)")
    page = open_page(sr.explore(p, 40))
    root = ElementTree.fromstring(copied(page, "svg"))
    name = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{name}title") == "Strided(5) | Window(1), 40 queries and 40 keys"
    mask = np.zeros((40, 40), bool)
    rectangles = root.findall(f".//{name}rect")
    for each in rectangles:
        x, y, width = (int(each.get(side)) for side in ("x", "y", "width"))
        assert not mask[y, x : x + width].any()
        mask[y, x : x + width] = True
    assert np.array_equal(mask, p.mask(40))
    starts = np.diff(mask.astype(int), axis=1, prepend=0) == 1
    assert len(rectangles) == starts.sum()


def test_an_svg_that_would_be_too_large_says_so(open_page):
    page = open_page(sr.explore("Strided(2)", 1024))
    assert re.match(
        r"an SVG would have \d+ rectangles, more than 200000: copy the PNG", copied(page, "svg")
    )


PIXELS = """side => {
    const canvas = document.querySelector(".copy-picture");
    const context = canvas.getContext("2d");
    const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    const isDark = (x, y) => data[4 * (y * width + x)] < 128;
    const corners = [0, side - 1];
    const cell = (y, x, b) => corners.map((a) => isDark(x * side + a, y * side + b));
    const dark = (y, x) => corners.flatMap((b) => cell(y, x, b));
    const rows = Array.from({ length: canvas.height / side }, (_, y) => y);
    const columns = Array.from({ length: canvas.width / side }, (_, x) => x);
    return rows.map((y) => columns.map((x) => dark(y, x)));
}"""


def test_a_png_has_whole_pixels_for_each_pair(open_page):
    p = sr.parse("Strided(5) | Window(1)")
    page = open_page(sr.explore(p, (20, 40)))
    page.evaluate(FORM, "png")
    dark = np.array(page.evaluate(PIXELS, 25))
    assert np.array_equal(dark.all(axis=2), p.mask((20, 40)))
    assert np.array_equal(dark.any(axis=2), p.mask((20, 40)))


@pytest.mark.parametrize("form", ["notation", "png", "svg"])
def test_a_file_is_written(form, open_page):
    page = open_page(sr.explore("Local(3)", 8))
    page.evaluate(FORM, form)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    data = download.value.path().read_bytes()
    starts = {"notation": b"Local(3)\n", "png": b"\x89PNG", "svg": b"<svg "}
    assert data.startswith(starts[form])


def test_the_button_copies_or_selects(open_page):
    page = open_page(sr.explore("Local(3)", 8), permissions=["clipboard-read", "clipboard-write"])
    page.evaluate(FORM, "notation")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.get_by_role("button", name="Copy").click()
    report = page.locator(".copy [role=status]")
    until(page, "document.querySelector('.copy [role=status]').textContent !== ''")
    assert report.text_content() in (
        "Copied.",
        "The text is selected: press Ctrl+C, or Cmd+C on a Mac.",
    )
    box = page.locator(".copy textarea")
    assert (
        box.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)") == "Local(3)\n"
    )


def test_hostile_names_stay_text_in_an_svg(open_page):
    page = open_page(sr.explore("Local(3)", 8, title="</title><script>alert(1)</script>"))
    assert "<script" not in copied(page, "svg")
    assert page.title() == "</title><script>alert(1)</script>"
