"""Tie: the page's paths through layers are those of sr.paths; and the panel that shows them."""

from functools import partial

import numpy as np
import page_panels
import pytest
from page_panels import enter, options_of, panel_of

import sparse_ref as sr

open_panel = partial(page_panels.open_panel, panel="layers")

CASES = {
    "strided": (sr.strided(4), 24),
    "strided of 5 at 41": (sr.strided(5), 41),
    "fixed": (sr.fixed(4), 24),
    "fixed of two summaries": (sr.fixed(6, 2), 33),
    "longnet": (sr.longnet((4, 8), (1, 2)), 24),
    "longnet in one set": (sr.DilatedSegment(4, 1, 0) | sr.DilatedSegment(16, 4, 0), 32),
    "Window": (sr.Window(3), 40),
    "Lookback": (sr.Lookback(2), 32),
    "Dilated": (sr.Dilated(1, 2), 20),
    "Sinks": (sr.Sinks(1), 12),
    "butterfly": (sr.butterfly(16), 16),
    "flips": (sr.Factorized((sr.Flip(1), sr.Flip(2), sr.Flip(4))), 37),
    "LogSparse": (sr.LogSparse(), 64),
    "axial": (sr.Factorized((sr.axial((4, 5), 0), sr.axial((4, 5), 1))), 20),
    "one position": (sr.Causal(), 1),
}

TABLES = """(residual) => {
    const { logic } = explorer;
    const layers = logic.layersOf(explorer, residual);
    const n = layers[0].n;
    const product = logic.products(layers)(layers.length);
    const words = product.length / n;
    const positions = Array.from({ length: n }, (_, x) => x);
    const rows = positions.map((i) => logic.members(product.subarray(i * words, (i + 1) * words)));
    const walked = (walk, x) => walk(layers, x, layers.length).map(logic.members);
    const sources = positions.map((i) => walked(logic.sourcesOf, i));
    const targets = positions.map((j) => walked(logic.targetsOf, j));
    const counts = positions.map((i) => logic.sourceCounts(layers, i, 5));
    const pairs = positions.map((i) => positions.map((j) => {
        const path = logic.shortest(layers, j, i);
        return path ?? logic.whyNot(layers, j, i);
    }));
    return { hops: Array.from(logic.hops(layers)), rows, sources, targets, counts, pairs };
}"""


def steps_of(p):
    """The steps of a scheme, the union of branches, or a pattern as one step."""
    if isinstance(p, sr.Factorized):
        return p.steps
    if isinstance(p, sr.Branches):
        first, *others = p
        for other in others:
            first = first | other
        return (first,)
    return (p,)


@pytest.mark.parametrize("name", CASES)
def test_paths_are_those_of_python(name, open_page):
    p, n = CASES[name]
    page = open_page(sr.explore(p, n))
    for residual in (True, False):
        tables = page.evaluate(TABLES, residual)
        assert_tables(tables, steps_of(p), n, residual)


def assert_tables(tables, steps, n, residual):
    """What the page computes of all positions and pairs."""
    hops = sr.paths.hops(steps, n, residual=residual)
    assert np.array_equal(np.reshape(tables["hops"], (n, n)), hops)
    reach = sr.paths.reach(steps, n, residual=residual)
    for i in range(n):
        sources = np.flatnonzero(reach[i]).tolist()
        assert tables["rows"][i] == tables["sources"][i][0] == sources
        assert tables["targets"][i][-1] == np.flatnonzero(reach[:, i]).tolist()
    assert_counts(tables["counts"], steps, n, residual)
    assert_pairs(tables["pairs"], steps, n, residual)


def assert_counts(counts, steps, n, residual):
    """The positions that each query hears after 0 to 5 layers."""
    cycle = [steps[m % len(steps)] for m in range(5)]
    assert [row[0] for row in counts] == [1] * n
    for m in range(1, 6):
        reach = sr.paths.reach(cycle[:m], n, residual=residual)
        assert [row[m] for row in counts] == reach.sum(axis=1).tolist()


def assert_pairs(pairs, steps, n, residual):
    """The shortest path of each pair of every fifth query, or its closed sets."""
    for i in range(n - 1, -1, -5):
        for j in range(n):
            page = pairs[i][j]
            if isinstance(page, list):
                path = sr.paths.shortest(steps, j, i, n, residual=residual)
                assert tuple(page) == path
            else:
                why = sr.paths.why_not(steps, j, i, n, residual=residual)
                assert page["outward"] == why.outward
                assert page["sets"] == [positions.tolist() for positions in why.sets]


def test_layers_grow_by_the_slider(open_page):
    page = open_panel(open_page, sr.strided(8), 64)
    page.evaluate("explorer.set({ query: 40 })")
    sentence = page.locator(".panel-layers .growth")
    for layers in (1, 2):
        panel_of(page).get_by_label("Layers", exact=True).fill(str(layers))
        steps = sr.strided(8).steps[:layers]
        reach = sr.paths.reach(steps, 64)[40].sum()
        noun = "layer" if layers == 1 else "layers"
        expected = f"After {layers} {noun} query 40 hears {reach} of 41 positions up to it."
        assert sentence.inner_text() == expected
    assert options_of(page) == {"layers": 2}


def test_a_key_reaches_positions_from_it_on(open_page):
    page = open_panel(open_page, sr.strided(8), 64)
    page.evaluate("explorer.set({ key: 3 })")
    panel_of(page).get_by_label("Show").select_option("reaches")
    sentence = page.locator(".panel-layers .growth").inner_text()
    assert sentence == "After 2 layers key 3 reaches 61 of 61 positions from it on."
    panel_of(page).get_by_label("Layers", exact=True).fill("1")
    reach = sr.paths.reach([sr.Local(8)], 64)[:, 3].sum()
    sentence = page.locator(".panel-layers .growth").inner_text()
    assert sentence == f"After 1 layer key 3 reaches {reach} of 61 positions from it on."


def test_a_query_of_a_pattern_that_looks_ahead_hears_some_of_all_positions(open_page):
    page = open_panel(open_page, sr.Window(3), 40)
    page.evaluate("explorer.set({ query: 10 })")
    sentence = page.locator(".panel-layers .growth").inner_text()
    assert sentence == "After 2 layers query 10 hears 13 of 40 positions."


def test_a_path_is_found_by_numbers(open_page):
    page = open_panel(open_page, sr.strided(8), 64)
    panel_of(page).get_by_label("From j").fill("5")
    enter(panel_of(page).get_by_label("to i"), "42")
    positions = sr.paths.shortest(sr.strided(8), 5, 42, 64)
    path = " -> ".join(map(str, positions))
    answer = page.locator(".panel-layers .answer")
    assert answer.inner_text() == f"{path}, in 2 layers."
    assert options_of(page) == {"start": 5, "end": 42}
    page.get_by_role("button", name="Clear").click()
    assert options_of(page) == {"start": None, "end": None}
    assert answer.inner_text() == ""


def test_a_path_is_found_by_a_click_on_a_pair(open_page):
    page = open_panel(open_page, sr.Lookback(3), 16)
    cells = page.locator("canvas.reach")
    box = cells.bounding_box()
    side = box["width"] / 16
    cells.click(position={"x": 2.5 * side, "y": 11.5 * side})
    assert options_of(page) == {"start": 2, "end": 11}
    state = page.evaluate("explorer.state")
    assert (state["query"], state["key"]) == (11, 2)


def test_a_path_is_found_by_clicks_on_the_layers(open_page):
    page = open_panel(open_page, sr.Lookback(3), 4)
    rows = page.locator("canvas.layers")
    box = rows.bounding_box()
    rows.click(position={"x": box["width"] - 4, "y": 40})
    rows.click(position={"x": 56, "y": box["height"] - 40})
    assert options_of(page) == {"start": 0, "end": 3}
    assert page.evaluate("explorer.state.query") == 0


@pytest.mark.parametrize(
    ("p", "n", "j", "i", "residual"),
    [
        (sr.Dilated(1, 2), 8, 3, 6, True),
        (sr.fixed(4), 8, 2, 1, True),
        (sr.fixed(4), 16, 4, 4, False),
        (sr.Window(2) & sr.Chunk(4), 16, 9, 3, False),
    ],
    ids=repr,
)
def test_a_closed_set_is_named_if_there_is_no_path(p, n, j, i, residual, open_page):
    page = open_panel(open_page, p, n)
    page.evaluate(
        "(chosen) => explorer.set({ options: { layers: chosen } })",
        {"start": j, "end": i, "residual": residual},
    )
    sentences = page.locator(".panel-layers .answer p").all_inner_texts()
    if j == i:
        assert sentences == [f"{j}, in 0 layers."]
        return
    why = sr.paths.why_not(steps_of(p), j, i, n, residual=residual)
    first, *lines = str(why).splitlines()
    assert sentences == [first.split(" through ")[0] + ".", *lines]


MARKED = sr.strided(4), sr.fixed(4, 2), sr.Flip(2), sr.Window(2)


@pytest.mark.parametrize("residual", [True, False], ids=["residual", "bare"])
@pytest.mark.parametrize("p", MARKED, ids=repr)
def test_the_matrix_of_reach_marks_what_is_new(p, residual, open_page):
    n = 24
    steps = steps_of(p)
    page = open_panel(open_page, p, n)
    hops = sr.paths.hops(steps, n, residual=residual)
    for layers in range(1, 5):
        chosen = {"layers": layers, "residual": residual}
        page.evaluate("(chosen) => explorer.set({ options: { layers: chosen } })", chosen)
        kinds = page.evaluate(
            "Array.from(explorer.logic.matrixOf(explorer.logic.reachView(explorer)).kinds)"
        )
        cycle = [steps[m % len(steps)] for m in range(layers)]
        reach = sr.paths.reach(cycle, n, residual=residual)
        known = (hops >= 0) & (hops < layers)
        fresh = reach & (hops == layers)
        expected = np.select([fresh, reach, known], [2, 1, 3], 0)
        assert np.array_equal(np.reshape(kinds, (n, n)), expected)


@pytest.mark.parametrize("p", [sr.strided(4), sr.Lookback(2), sr.Sinks(1)], ids=repr)
def test_the_number_of_layers_that_every_pair_needs(p, open_page):
    page = open_panel(open_page, p, 16)
    text = page.locator(".panel-layers").inner_text()
    try:
        layers = sr.paths.diameter(steps_of(p), 16)
        assert f"Every j <= i is reached after {layers} layers." in text
    except LookupError as error:
        words = str(error).split()
        j, i = (word for word in words if word.isdigit())
        assert f"no number of layers joins {j} to {i}." in text


def test_long_patterns_have_no_matrix_and_oblong_ones_no_layers(open_page):
    page = open_panel(open_page, sr.Lookback(64), 600)
    assert page.locator("canvas.reach").is_hidden()
    assert "drawn up to n = 512" in page.locator(".panel-layers").inner_text()
    page = open_panel(open_page, sr.Lookback(64), (12, 16))
    text = page.locator(".panel-layers").inner_text()
    assert text.strip() == "Layers need as many queries as keys; this pattern has 12 and 16."


def test_play_adds_a_layer_at_a_time_until_nothing_grows(open_page):
    page = open_page(sr.explore(sr.Lookback(5), 16))
    page.clock.install()
    page.evaluate(
        "explorer.set({ panel: 'layers', query: 15, options: { layers: { layers: 1 } } })"
    )
    page.get_by_role("button", name="Play").click()
    layers = []
    for _ in range(5):
        page.clock.run_for(700)
        layers.append(options_of(page)["layers"])
    assert layers == [2, 3, 4, 4, 4]
    assert page.get_by_role("button", name="Play").is_visible()


def test_play_with_reduced_motion_shows_the_last_layer_at_once(open_page):
    page = open_panel(open_page, sr.Lookback(5), 16, reduced_motion="reduce")
    page.evaluate("explorer.set({ query: 15 })")
    page.get_by_role("button", name="Play").click()
    assert options_of(page) == {"layers": 4}
