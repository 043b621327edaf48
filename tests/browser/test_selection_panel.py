"""Tie: the page's selection is that of sr.selection on the same scores, ties included."""

import random
from functools import partial

import numpy as np
import pytest
from page_panels import enter, options_of, panel_of
from page_waits import until

import sparse_ref as sr
from sparse_ref import selection
from sparse_ref.interop import from_allowed_mask

PATTERNS = {
    "Causal": (sr.Causal(), 24),
    "Lookback": (sr.Lookback(9), 33),
    "Window of a long row": (sr.Window(70), 300),
    "Full, more keys than queries": (sr.Full(), (7, 26)),
    "rows without keys": (sr.Strided(4) & ~sr.Window(3), 21),
}
SELECTED = """(options) => {
    const { logic } = explorer;
    explorer.set({ options: { selection: options } });
    const queries = Array.from({ length: explorer.state.shape[0] }, (_, i) => i);
    const rows = queries.map((i) => {
        const row = logic.rowOfSelection(explorer, i);
        const { kinds, threshold } = logic.kindsOfRow(row, logic.selectionOptions(explorer.state));
        return { scores: Array.from(row.scores), chosen: Array.from(row.chosen),
            kinds: Array.from(kinds), threshold };
    });
    const { ties, pairs } = logic.selection(explorer);
    const { cells } = logic.selectedMask(logic.selection(explorer));
    return { rows, ties, pairs, cells: Array.from(cells) };
}"""
HIDDEN, LEFT, CHOSEN, FORCED, TIED_IN, TIED_OUT = range(6)


def settings(count, seed):
    """Settings of the panel: every mode, with and without ties, forced atoms and blocks."""
    draw = random.Random(seed)
    for number in range(count):
        yield {
            "seed": draw.randrange(1000),
            "coarse": draw.choice([0, 0, 1, 3, 4, 5]),
            "block": draw.choice([1, 1, 1, 2, 4]),
            "mode": ("k", "p", "threshold")[number % 3],
            "k": draw.choice([0, 1, 3, 8, 200]),
            "p": draw.choice([0, 0.1, 0.5, 0.75, 0.99, 1]),
            "threshold": draw.choice([-4, -1, 0, 0.5, 2]),
            "sinks": draw.choice([0, 0, 2]),
            "local": draw.choice([0, 0, 1, 3]),
            "inBudget": draw.choice([True, False]),
        }


def blocks_of(p, n, block):
    """The pattern over (query, block) of the blocks in which p has a key."""
    mask = p.mask(n)
    atoms = -(-mask.shape[1] // block)
    starts = np.arange(atoms) * block
    return from_allowed_mask(np.logical_or.reduceat(mask, starts, axis=1))


def forced_of(options):
    """What must be taken, over (query, atom)."""
    first_and_last = sr.Sinks(options["sinks"])
    if options["local"]:
        first_and_last = first_and_last | sr.Lookback(options["local"])
    return sr.Blockwise(first_and_last, (options["block"], 1))


def selection_of(scores, visible, options):
    """The set that the library chooses by the panel's options."""
    choose = {
        "k": partial(selection.top_k, k=options["k"], forced_in_budget=options["inBudget"]),
        "p": partial(selection.top_p, p=options["p"]),
        "threshold": partial(selection.at_least, threshold=options["threshold"]),
    }[options["mode"]]
    return choose(scores, visible=visible, forced=forced_of(options))


@pytest.mark.parametrize("name", PATTERNS)
def test_the_page_selects_what_the_library_selects(name, open_page):
    p, n = PATTERNS[name]
    page = open_page(sr.explore(p, n))
    kinds = set()
    for options in settings(9, seed=len(name)):
        page_rows = page.evaluate(SELECTED, options)
        rows = page_rows["rows"]
        scores = np.array([row["scores"] for row in rows])
        visible = blocks_of(p, n, options["block"])
        chosen = selection_of(scores, visible, options).mask(scores.shape)
        assert np.array_equal([row["chosen"] for row in rows], chosen), options
        mask = p.mask(n)
        keys = chosen.repeat(options["block"], axis=1)[:, : mask.shape[1]] & mask
        assert np.array_equal(np.reshape(page_rows["cells"], mask.shape), keys), options
        assert page_rows["pairs"] == keys.sum()
        forced = forced_of(options).mask(scores.shape) & visible.mask(scores.shape)
        assert_kinds(page_rows, scores, visible.mask(scores.shape), forced)
        kinds |= {kind for row in rows for kind in row["kinds"]}
    assert kinds >= {LEFT, CHOSEN, FORCED, TIED_IN, TIED_OUT}


def assert_kinds(page_rows, scores, visible, forced):
    """Each atom's kind follows from what is chosen, and ties are those at the threshold."""
    rows = page_rows["rows"]
    kinds = np.array([row["kinds"] for row in rows])
    chosen = np.array([row["chosen"] for row in rows], bool)
    assert np.array_equal(kinds == HIDDEN, ~visible)
    assert np.array_equal(kinds == FORCED, forced)
    assert np.array_equal(np.isin(kinds, [CHOSEN, FORCED, TIED_IN]), chosen)
    rows_with_ties = 0
    for i, row in enumerate(rows):
        free = visible[i] & ~forced[i]
        left = scores[i, free & ~chosen[i]]
        taken = scores[i, free & chosen[i]]
        has_ties = left.size and taken.size and left.max() == taken.min()
        rows_with_ties += bool(has_ties)
        tied = np.isin(kinds[i], [TIED_IN, TIED_OUT])
        expected = free & (scores[i] == row["threshold"]) if has_ties else np.zeros_like(free)
        assert np.array_equal(tied, expected)
    assert page_rows["ties"] == rows_with_ties


def scores_of(page, **options):
    """The scores of each query and atom."""
    rows = page.evaluate(SELECTED, options)["rows"]
    return np.array([row["scores"] for row in rows])


def correlation(a, b):
    """Pearson's, of all numbers of two arrays."""
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_scores_are_those_of_the_seed_query_and_atom(open_page):
    """They are multiples of the step, spread as they should be, and never tie unless rounded."""
    page = open_page(sr.explore(sr.Full(), (40, 300)))
    scores = scores_of(page, seed=5, coarse=0)
    assert all(len(set(row)) == 300 for row in scores.tolist())
    assert abs(scores.mean()) < 0.05
    assert abs(scores.std() - 1.15) < 0.05
    assert np.abs(scores).max() <= 4
    assert abs(correlation(scores[:, :-1], scores[:, 1:])) < 0.03
    assert abs(correlation(scores[:-1], scores[1:])) < 0.03
    assert len({tuple(row) for row in scores.tolist()}) == 40
    rounded = scores_of(page, seed=5, coarse=4)
    assert np.array_equal(rounded, rounded.round())
    assert np.abs(rounded - scores).max() < 0.51
    assert abs(correlation(scores, scores_of(page, seed=6, coarse=0))) < 0.03


def test_scores_of_a_query_do_not_depend_on_the_length(open_page):
    page = open_page(sr.explore(sr.Causal(), 20))
    short = scores_of(page, seed=2)
    page.evaluate("explorer.resize([30, 30])")
    long = scores_of(page, seed=2)
    assert np.array_equal(short, long[:20, :20])


@pytest.mark.parametrize("n", [1, 7, 8, 9, 127, 128, 129, 300, 1025, 4096])
def test_a_row_is_added_in_the_order_of_numpy(n, open_page):
    rows = np.random.default_rng(n).exponential(size=(1, n))
    page = open_page(sr.explore(sr.Causal(), 2))
    total = page.evaluate(
        "(x) => explorer.logic.pairwiseSum(Float64Array.from(x))", rows[0].tolist()
    )
    assert total == rows.sum(axis=1)[0]


def open_panel(open_page, pattern, n, query, **chosen):
    """A page at its selection, with a query that is pointed at."""
    page = open_page(sr.explore(pattern, n))
    state = {"panel": "selection", "query": query, "options": {"selection": chosen}}
    page.evaluate("(state) => explorer.set(state)", state)
    return page


def test_controls_set_the_state(open_page):
    page = open_panel(open_page, sr.Lookback(9), 32, 20)
    enter(panel_of(page).get_by_label("Seed"), "7")
    panel_of(page).get_by_label("Rounded").fill("2")
    panel_of(page).get_by_label("Visible").select_option("Causal()")
    panel_of(page).get_by_label("Chosen are").select_option("4")
    panel_of(page).get_by_label("k", exact=True).fill("3")
    panel_of(page).get_by_label("Forced sinks").fill("1")
    panel_of(page).get_by_label("Forced window").fill("2")
    panel_of(page).get_by_label("forced keys count towards k").uncheck()
    panel_of(page).get_by_label("Take", exact=True).select_option("p")
    panel_of(page).get_by_label("p", exact=True).fill("0.25")
    panel_of(page).get_by_label("Take", exact=True).select_option("threshold")
    panel_of(page).get_by_label("threshold", exact=True).fill("0.5")
    assert options_of(page) == {
        "seed": 7,
        "coarse": 2,
        "visible": "Causal()",
        "block": 4,
        "k": 3,
        "sinks": 1,
        "local": 2,
        "inBudget": False,
        "mode": "threshold",
        "p": 0.25,
        "threshold": 0.5,
    }
    assert panel_of(page).get_by_label("p", exact=True).is_hidden()
    assert panel_of(page).get_by_label("forced keys count towards k").is_hidden()


@pytest.mark.parametrize("text", ["-1", "1.5", "1000000"])
def test_a_seed_that_is_none_is_refused(text, open_page):
    page = open_panel(open_page, sr.Causal(), 16, 8)
    box = panel_of(page).get_by_label("Seed")
    enter(box, text)
    alert = page.get_by_role("alert").filter(has_text="an integer")
    assert alert.inner_text() == "an integer from 0 to 999999"
    assert options_of(page) == {}


@pytest.mark.parametrize("mode", ["k", "p", "threshold"])
def test_the_threshold_is_dragged(mode, open_page):
    """The rule's number becomes that which takes the scores above the line."""
    start = {"k": 0, "p": 0, "threshold": 4}
    page = open_panel(open_page, sr.Causal(), 64, 50, mode=mode, sinks=2, **start)
    box = page.locator("canvas.strip").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, middle)
    page.mouse.up()
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    row = page.evaluate("""() => {
        const row = explorer.logic.rowOfSelection(explorer, 50);
        return { scores: Array.from(row.scores), chosen: Array.from(row.chosen) };
    }""")
    scores = np.array(row["scores"])[:51]
    chosen = np.array(row["chosen"], bool)[:51]
    assert options_of(page)[mode] != start[mode]
    expected = (scores >= 0) | (np.arange(51) < 2)
    surplus = int((chosen != expected).sum())
    assert surplus <= (1 if mode == "p" else 0)  # shares are rounded to hundredths


def test_pointing_at_a_bar_points_at_its_key(open_page):
    page = open_panel(open_page, sr.Causal(), 16, 12, block=4)
    strip = page.locator("canvas.strip")
    box = strip.bounding_box()
    strip.hover(position={"x": 26 + (box["width"] - 26) * 0.6, "y": 50})
    assert page.evaluate("explorer.state.key") == 8


def test_the_row_and_its_ties_are_told_in_words(open_page):
    options = {"coarse": 5, "k": 8, "sinks": 2, "local": 1}
    page = open_panel(open_page, sr.Causal(), 64, 40, **options)
    row = page.evaluate(SELECTED, options)["rows"][40]
    ties = [row["kinds"].count(kind) for kind in (TIED_IN, TIED_OUT)]
    assert all(ties)
    text = page.locator(".panel-selection .growth").inner_text()
    assert text == (
        f"Query 40 sees 41 keys and takes 8, 3 of them forced. {sum(ties)} keys tie at "
        f"{row['threshold']:g}: the first {ties[0]} of them are taken."
    )
    labels = page.locator(".panel-selection .legend li:visible").all_inner_texts()
    assert labels == ["hidden", "left", "chosen", "forced", "tied, taken", "tied, left"]


CELLS = "Array.from(explorer.logic.selectedMask(explorer.logic.selection(explorer)).cells)"


def test_a_selection_is_kept_as_a_listed_set(open_page):
    page = open_panel(open_page, sr.Causal(), 24, 10, k=3)
    cells = page.evaluate(CELLS)
    page.get_by_role("button", name="Keep as Selected_1").click()
    assert page.evaluate("explorer.text") == "Selected_1"
    assert options_of(page)["visible"] == "Causal()"
    assert page.evaluate("Array.from(explorer.mask.cells)") == cells
    assert page.evaluate("explorer.write('Selected_1 | Sinks(1)')")
    panel_of(page).get_by_label("k", exact=True).fill("5")
    second = page.evaluate(CELLS)
    page.get_by_role("button", name="Keep as Selected_2").click()
    assert page.evaluate("Array.from(explorer.mask.cells)") == second
    sizes = np.reshape(second, (24, 24)).sum(axis=1)
    assert sizes.tolist()[5:] == [5] * 19
    kept = options_of(page)["sets"]
    settings = [(kept[name]["k"], kept[name]["visible"]) for name in ("Selected_1", "Selected_2")]
    assert settings == [(3, "Causal()"), (5, "Causal()")]


def test_kept_selections_are_chosen_again_from_their_settings(open_page):
    """So a link to them has no rows in it."""
    page = open_panel(open_page, sr.Causal(), 24, 10, k=3, coarse=4, block=2)
    page.get_by_role("button", name="Keep as Selected_1").click()
    cells = page.evaluate("Array.from(explorer.mask.cells)")
    restored = page.evaluate("""() => {
        const masks = {};
        const add = (name, { cells }) => (masks[name] = Array.from(cells));
        explorer.logic.restoreSelections(explorer.state.options, explorer.maskOf, add);
        return masks;
    }""")
    assert restored == {"Selected_1": cells}


@pytest.mark.parametrize(
    "chosen",
    [{"block": 0.001}, {"seed": "a"}, {"coarse": 6}, {"p": 2}, {"k": -1}, {"threshold": None}],
    ids=repr,
)
def test_options_that_no_control_can_set_are_refused(chosen, open_page):
    page = open_page(sr.explore(sr.Causal(), 8))
    refused = page.evaluate(
        """(chosen) => {
            try {
                explorer.logic.selectionOptions({ options: { selection: chosen } });
            } catch (error) {
                return error.message;
            }
        }""",
        chosen,
    )
    (name,) = chosen
    assert refused == f"options of selection: {name} is not understood"


def test_the_selection_is_drawn_in_the_matrix_while_its_panel_is_shown(open_page):
    page = open_panel(open_page, sr.Causal(), 24, 10, k=4, sinks=1)
    layers = """explorer.logic.cellColours(explorer)?.map(({ label, mask }) => (
        [label, Array.from(mask.cells)]
    )) ?? null"""
    (chosen, cells), (forced, first) = page.evaluate(layers)
    assert (chosen, forced) == ("chosen", "forced")
    assert np.add(cells, first).tolist() == page.evaluate(CELLS)
    assert np.array_equal(np.reshape(first, (24, 24)), sr.Sinks(1).mask(24))
    page.evaluate("explorer.set({ panel: 'keys' })")
    assert page.evaluate(layers) is None


def test_a_link_to_a_kept_selection_restores_it(open_page):
    page = open_panel(open_page, sr.Causal(), 24, 10, k=3, coarse=4)
    panel_of(page).get_by_role("button", name="Keep as Selected_1").click()
    page.evaluate("explorer.write('Selected_1 | Sinks(1)')")
    cells = page.evaluate("Array.from(explorer.mask.cells)")
    until(page, "location.hash.includes('Sinks')")
    fragment = page.evaluate("location.hash")
    again = open_page(sr.explore(sr.Causal(), 24), fragment=fragment)
    assert again.evaluate("explorer.text") == "Selected_1 | Sinks(1)"
    assert again.evaluate("Array.from(explorer.mask.cells)") == cells


def test_what_is_visible_may_be_stated_for_another_length(open_page):
    page = open_panel(open_page, sr.Causal(), 16, 4, visible="Documents((8, 8))")
    page.evaluate("explorer.resize([24, 24])")
    problem = page.locator(".panel-selection > .problem").inner_text()
    assert problem == "this pattern is stated for n = 16, not for n = 24"
    panel_of(page).get_by_label("Visible").select_option("")
    assert page.locator("canvas.strip").is_visible()
