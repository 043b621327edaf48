"""Tie: the page's tiles and costs are those of FlexAttention's BlockMask and of Python's counts."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref import interop

TILES = """([text, blocks]) => blocks.map((block) => {
    const tiles = explorer.logic.tilesOf(explorer.maskOf(text), block);
    return { ...tiles, kinds: Array.from(tiles.kinds) };
})"""
BLOCKS = 4, 16, 64


def kinds_of(p, shape, block):
    """The kind of each tile by the tables of a BlockMask: 0 skipped, 1 partial, 2 full."""
    mask = interop.block_mask(p, shape, block)
    kinds = np.zeros(mask.kv_indices.shape[2:], int)
    tables = [
        (1, mask.kv_num_blocks, mask.kv_indices),
        (2, mask.full_kv_num_blocks, mask.full_kv_indices),
    ]
    for kind, counts, indices in tables:
        for row, count in enumerate(counts[0, 0]):
            kinds[row, indices[0, 0, row, :count]] = kind
    return kinds


@pytest.mark.parametrize("entry", sr.catalogue()[::4], ids=lambda entry: entry.name)
def test_tiles_are_the_blocks_of_flex_attention(entry, open_page):
    shape = entry.shape()
    page = open_page(sr.explore(entry.value(), shape))
    texts = page.evaluate("explorer.state.views.map(({ text }) => text)")
    for text, p in zip(texts, entry.patterns(), strict=True):
        tiles = page.evaluate(TILES, [text, BLOCKS])
        for block, drawn in zip(BLOCKS, tiles, strict=True):
            kinds = kinds_of(p, shape, block)
            assert drawn["kinds"] == kinds.ravel().tolist(), (p, block)
            numbers = [drawn[name] for name in ("skipped", "partial", "full")]
            assert numbers == [np.sum(kinds == kind) for kind in range(3)]
            assert drawn["pairs"] == np.sum(kinds > 0) * block**2


SHAPES = (16, 16), (7, 30), (30, 7), (1, 1), (61, 61)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_numbers_of_a_mask(shape, open_page):
    p = sr.Lookback(5) & ~sr.Sinks(1)
    page = open_page(sr.explore(p, shape))
    numbers = page.evaluate("explorer.logic.summaryOf(explorer.mask)")
    sizes = p.mask(shape).sum(axis=1)
    assert numbers["pairs"] == sizes.sum()
    assert numbers["density"] == pytest.approx(sizes.sum() / np.prod(shape))
    assert [numbers["least"], numbers["most"]] == [sizes.min(), sizes.max()]
    assert numbers["median"] == np.median(sizes)
    assert numbers["empty"] == np.sum(sizes == 0)
    causal = page.evaluate("explorer.logic.causalPairs(...explorer.state.shape)")
    assert causal == sr.nnz(sr.Causal(), shape)


def test_the_cost_is_shown_for_elements_and_for_tiles(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 64))
    figures = page.locator(".figures")
    assert figures.locator("dd").all_inner_texts() == ["484", "11.8%", "1 / 8 / 8", "0"]
    page.get_by_role("button", name="Tiles").click()
    assert page.evaluate("explorer.state.isTiled") is True
    tiles = page.locator(".legend li").last
    assert tiles.inner_text() == "0 full tiles, 7 partial, 9 skipped"
    page.get_by_label("Tile", exact=True).select_option("4")
    assert page.evaluate("explorer.state.block") == 4
    assert tiles.inner_text() == "15 full tiles, 30 partial, 211 skipped"
    rows = page.locator(".bars tr").all_inner_texts()
    assert rows[1].split("\t")[:4] == ["Elements", "484", "11.8%", "23.3%"]
    assert rows[2].split("\t")[:4] == ["Tiles of 4", "720", "17.6%", "34.6%"]
    assert rows[3].split("\t")[:4] == ["Causal", "2,080", "50.8%", "100%"]
    assert rows[4].split("\t")[:4] == ["Dense", "4,096", "100%", "196.9%"]


def test_clauses_are_coloured_and_lit_one_by_one(open_page):
    p = sr.Lookback(8) | sr.Strided(8) & ~sr.Sinks(2)
    page = open_page(sr.explore(p, 64))
    page.get_by_role("button", name="Colour by clause").click()
    assert page.evaluate("explorer.state.colours") == [True, True]
    labels = page.locator(".legend li").all_inner_texts()
    clauses = ["Lookback(8)", "Strided(8) & ~Sinks(2)"]
    assert labels == [*clauses, "by several", "by another"]
    page.get_by_role("button", name="Lookback(8)").click()
    assert page.evaluate("explorer.state.colours") == [False, True]
    assert (
        page.evaluate("explorer.logic.cellColours(explorer).map(({ label }) => label)")
        == clauses[1:]
    )
    page.get_by_role("button", name="Colour by clause").click()
    assert page.evaluate("explorer.state.colours") is None
    page.evaluate('explorer.write("Causal()")')
    assert page.get_by_role("button", name="Colour by clause").is_hidden()


PIXEL = """([x, y]) => {
    const canvas = document.querySelector("canvas.matrix");
    const place = [Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1];
    return Array.from(canvas.getContext("2d").getImageData(...place).data);
}"""


@pytest.mark.parametrize("n", [64, 1000, 4096])
@pytest.mark.parametrize("position", [0, "n // 2", "n - 1"])
def test_a_row_and_a_column_of_one_position_are_seen(n, position, open_page):
    at = {0: 0, "n // 2": n // 2, "n - 1": n - 1}[position]
    page = open_page(sr.explore(sr.GlobalAt((at,)), n), width=390)
    place = (at + 0.5) / n
    empty = page.evaluate(PIXEL, [0.25, 0.75])
    for spot in ([place, 0.25], [0.25, place]):
        seen = page.evaluate(PIXEL, spot)
        assert np.abs(np.subtract(seen, empty)).max() >= 40
