"""Two expressions compared: the counts are those of the masks, and the difference has the words of
`sparse_ref.verify`.
"""

import numpy as np
from page_panels import cells_of, enter
from verify.mutants import MUTANTS

import sparse_ref as sr
from sparse_ref.verify.naming.diagnosis import diagnose
from sparse_ref.verify.naming.identify import NAMED

N = 24
EXPLAIN = """([text, expected, actual, [queries, keys]]) => {
    const mask = (cells) => ({ queries, keys, cells: Uint8Array.from(cells) });
    const { logic, context } = explorer;
    const node = logic.parse(text, context.data);
    return logic.explanations(node, mask(expected), mask(actual), context);
}"""
PAIRS = [
    (sr.Lookback(5), sr.Lookback(6)),
    (sr.Lookback(5), sr.Lookback(4)),
    (sr.Lookback(5), sr.Band(5, -1)),
    (sr.Lookback(5), sr.Window(4)),
    (sr.Causal(), sr.Full()),
    (sr.Lookback(5), sr.Causal()),
    (sr.Lookback(5), ~sr.Lookback(5)),
    (sr.Lookback(5), sr.Causal() - sr.Lookback(5)),
    (sr.Sinks(2) | sr.Lookback(5), sr.Lookback(5)),
    (sr.Sinks(2) | sr.Lookback(5), sr.Sinks(3) | sr.Lookback(5)),
    (sr.Local(3) | sr.Strided(4), sr.Local(3)),
    (sr.Window(2) | sr.Global(2), sr.Window(2) | sr.Global(1)),
    (sr.Strided(4), sr.Shifted(sr.Strided(4), -1)),
    (sr.Causal(), sr.Blockwise(sr.Causal(), 8)),
    (sr.Lookback(5), sr.Blockwise(sr.Lookback(2), 8) & sr.Causal()),
    (sr.Full(), sr.Prefix(16)),
    (sr.Documents((8, 6, 10), sr.Causal()), sr.Causal()),
    (sr.Blockwise(sr.Window(1) | sr.GlobalAt((0,)), 4), sr.Blockwise(sr.Window(1), 4)),
    (sr.Causal() - sr.Sinks(2), sr.Causal()),
]
RECTANGLE = (8, 24)
RECTANGULAR = [
    (sr.Shifted(sr.Causal(), 16), sr.Causal()),
    (sr.Causal(), sr.Shifted(sr.Causal(), 16)),
]
MUTANT_NAMES = [
    "a window to both sides, halved",
    "a window counted from the end of the keys",
    "a window whose left edge is rounded down to a multiple of 8",
    "a window rounded out to blocks of 8",
    "one sink too many",
    "the future leaks by one",
    "transposed",
    "True taken for masked",
    "a window that crosses documents",
    "rows of globals missing",
    "the global position at the end missing",
    "block boundaries off by one",
    "the last document dropped",
]


def attended(mutant):
    """The mask of a stored implementation: equal logits, one value for each key."""
    n = mutant.n
    q = np.zeros((1, n, n), np.float32)
    values = np.eye(n, dtype=np.float32)[None]
    return np.asarray(mutant.fn(q, q, values))[0] > 0


def masks_of_cases():
    """(id, pattern, expected mask, actual mask) of every pair and mutant."""
    for p, q in PAIRS:
        yield f"{p!r} {q!r}", p, p.mask(N), q.mask(N)
    for p, q in RECTANGULAR:
        yield f"{p!r} {q!r}", p, p.mask(RECTANGLE), q.mask(RECTANGLE)
    mutants = {mutant.name: mutant for mutant in MUTANTS}
    for name in MUTANT_NAMES:
        mutant = mutants[name]
        p = mutant.pattern
        yield name, p, p.mask(mutant.n), attended(mutant)


def explanations(page, p, expected, actual):
    """What the page says, as Python's diagnoses are written."""
    cells = [cells_of(mask) for mask in (expected, actual)]
    shape = list(expected.shape)
    found = page.evaluate(EXPLAIN, [repr(p), *cells, shape])
    return [(each["kind"], each["cause"], each["text"]) for each in found]


def diagnoses(p, expected, actual):
    """What Python says, without names that are no single rule."""
    found = diagnose([p], expected[None], actual[None])
    names = sr.verify.identify(actual)
    is_rule = any(isinstance(q, (*NAMED, sr.Shifted)) for q in names)
    return [(d.kind, d.cause, d.text) for d in found if d.kind != "named" or is_rule]


def test_the_words_are_those_of_verify(open_page):
    page = open_page(sr.explore(sr.Causal(), N))
    cases = list(masks_of_cases())
    wrong = {}
    for name, p, expected, actual in cases:
        said = explanations(page, p, expected, actual), diagnoses(p, expected, actual)
        if said[0] != said[1]:
            wrong[name] = said
    assert not wrong
    kinds = {kind for case in cases for kind, *_ in diagnoses(*case[1:])}
    assert kinds >= {
        *("named", "left edge", "right edge", "future", "transposed", "inverted", "alignment"),
        *("shifted", "rounded", "tile missing", "globals missing", "part missing", "documents"),
    }


def test_equal_sets_have_no_difference(open_page):
    page = open_page(sr.explore(sr.Lookback(3), N))
    mask = sr.Lookback(3).mask(N)
    assert explanations(page, sr.Lookback(3), mask, mask) == []


def compare(page, text):
    page.get_by_role("tab", name="Compare").click()
    enter(page.get_by_label("Compare with"), text)


def test_the_panel_counts_and_names_the_difference(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 64))
    compare(page, "Lookback(9)")
    assert page.evaluate("explorer.state.other") == "Lookback(9)"
    assert page.inner_text(".diff-panel .main") == "one key too many at the left edge"
    cells = page.locator(".diff-panel .counts td").all_inner_texts()
    both = sr.Lookback(8).mask(64).sum()
    assert cells == [str(both), "0", "56", "3,556"]
    assert page.inner_text(".diff-panel .rows") == "56 of 64 rows differ: 8-63"
    sentence = (
        "is Lookback(9), asked Lookback(8): one key too many at the left edge of 56 of 64 rows"
    )
    assert page.locator(".diff-panel li").first.inner_text() == sentence
    page.evaluate("explorer.set({ query: 20 })")
    assert page.locator(".diff-row dd").all_inner_texts() == ["none", "12"]


def test_equal_expressions_say_so_and_the_difference_follows_the_pattern(open_page):
    page = open_page(sr.explore(sr.Local(7), 64))
    compare(page, "Lookback(8)")
    assert page.inner_text(".diff-panel .main") == "The two sets are equal."
    page.evaluate("explorer.write('Lookback(10)')")
    assert page.inner_text(".diff-panel .main") == "up to 2 keys missing at the left edge"


def test_the_two_are_exchanged_copied_and_cleared(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 16))
    compare(page, "Causal()")
    page.get_by_role("button", name="Exchange").click()
    state = page.evaluate("explorer.state")
    assert (state["views"][0]["text"], state["other"]) == ("Causal()", "Lookback(8)")
    page.get_by_role("button", name="Start from").click()
    assert page.evaluate("explorer.state.other") == "Causal()"
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate("explorer.state.other") == ""
    assert page.locator(".diff-panel .counts").count() == 0


def test_a_second_that_does_not_parse_keeps_what_was_there(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 16))
    compare(page, "Causal()")
    compare(page, "<script>alert(1)</script>")
    assert page.evaluate("explorer.state.other") == "Causal()"
    assert "column 1" in page.inner_text(".diff-panel .problem")
    assert page.locator(".diff-panel .counts").count() == 1


def test_a_second_that_is_stated_for_another_length_says_so(open_page):
    page = open_page(sr.explore(sr.Lookback(8), 16))
    compare(page, "Neighborhood(16, 3)")
    page.evaluate("explorer.resize([20, 20])")
    assert "stated for n = 16" in page.inner_text(".diff-panel")


def test_a_second_that_equals_no_rule_is_named_by_its_text_and_its_clause(open_page):
    page = open_page(sr.explore(sr.Sinks(2) | sr.Lookback(5), 24))
    compare(page, "Sinks(3) | Lookback(5)")
    sentence = "is Sinks(3) | Lookback(5), asked Sinks(2) | Lookback(5)"
    items = page.locator(".diff-panel .explanations li").all_inner_texts()
    assert items[0] == sentence
    assert page.inner_text(".diff-panel .main") == "one key too many at the right edge"
    clause = "is Sinks(3), asked Sinks(2): one key too many at the right edge of 22 of 24 rows"
    assert items[1:] == [f"in one clause: {clause}"]
    compare(page, "Sinks(3) | Lookback(5) | Strided(9)")
    assert page.locator(".diff-panel .explanations li").count() >= 1
    assert "in one clause" not in page.inner_text(".diff-panel .explanations")


def test_kinds_are_neither_both_first_and_second(open_page):
    page = open_page(sr.explore(sr.Lookback(2), 4))
    script = "Array.from(explorer.logic.kindsOf(explorer.mask, explorer.maskOf('Band(0, 1)')))"
    kinds = np.reshape(page.evaluate(script), (4, 4)).tolist()
    assert kinds == [
        [1, 3, 0, 0],
        [2, 1, 3, 0],
        [0, 2, 1, 3],
        [0, 0, 2, 1],
    ]


def test_the_matrix_shows_the_kinds_while_a_second_is_there(open_page):
    page = open_page(sr.explore(sr.Lookback(2), 4))
    layers = """() => explorer.logic.cellColours(explorer)?.map(({ label, mask }) =>
        [label, mask.cells.reduce((a, b) => a + b, 0)]) ?? null"""
    assert page.evaluate(layers) is None
    compare(page, "Band(0, 1)")
    assert page.evaluate(layers) == [
        ["in both", 4],
        ["only in the pattern", 3],
        ["only in the second", 3],
    ]
    page.evaluate("explorer.write('', 'other')")
    assert page.evaluate(layers) is None
