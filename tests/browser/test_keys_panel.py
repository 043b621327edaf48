"""The keys of a query by their clauses, and why a pair is in or out, are those of Python's sets."""

import numpy as np
import pytest

import sparse_ref as sr

LOCAL_AND_STRIDED = sr.Local(4) | sr.Strided(4)


KEYS = """i => {
    const { logic, node, context, state } = explorer;
    return logic.keysByClause(node, i, state.shape[1], context);
}"""


def keys_by_clause(page, i):
    return page.evaluate(KEYS, i)


def reason(page, i, j):
    return page.evaluate(
        "([i, j]) => explorer.logic.reason(explorer.node, i, j, explorer.context)", [i, j]
    )


def point(page, query, key=None):
    page.evaluate("place => explorer.set(place)", {"query": query, "key": key})


def text_of(page, selector):
    return page.inner_text(f".keys-panel {selector}")


@pytest.mark.parametrize(
    ("p", "clauses"),
    [
        (LOCAL_AND_STRIDED, [sr.Local(4), sr.Strided(4)]),
        (
            sr.Local(4) | (sr.Sinks(1) | sr.Strided(4)),
            [sr.Local(4), sr.Sinks(1), sr.Strided(4)],
        ),
        (
            sr.Local(2) | sr.Strided(4) & ~sr.Sinks(2),
            [sr.Local(2), sr.Strided(4) & ~sr.Sinks(2)],
        ),
        (
            sr.Blockwise(sr.Window(1) | sr.GlobalAt((0, 2)), 4),
            [
                sr.Blockwise(sr.Window(1), 4),
                sr.Blockwise(sr.GlobalAt((0, 2)), 4),
            ],
        ),
        (sr.Causal() - sr.Sinks(2), [sr.Causal() - sr.Sinks(2)]),
    ],
    ids=lambda value: repr(value) if isinstance(value, sr.Pattern) else "",
)
def test_clauses_are_the_operands_of_the_union_with_their_keys(p, clauses, open_page):
    page = open_page(sr.explore(p, 16))
    for i in (0, 5, 15):
        found = keys_by_clause(page, i)
        assert [clause["text"] for clause in found["clauses"]] == [repr(q) for q in clauses]
        assert [clause["keys"] for clause in found["clauses"]] == [
            q.row(i, 16).tolist() for q in clauses
        ]
        assert found["all"] == p.row(i, 16).tolist()
        rows = np.array([q.mask(16)[i] for q in clauses])
        several = np.flatnonzero(rows.sum(axis=0) > 1).tolist()
        assert sorted(j for group in found["shared"] for j in group["keys"]) == several


def test_a_cell_has_the_number_of_the_first_clause_that_admits_it(open_page):
    page = open_page(sr.explore(LOCAL_AND_STRIDED, 16))
    numbers = page.evaluate(
        "Array.from(explorer.logic.clauseOfCells(explorer.node, 12, 16, explorer.context))"
    )
    assert numbers == [2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]


def test_the_panel_lists_ranges_and_keys_that_several_clauses_admit(open_page):
    page = open_page(sr.explore(LOCAL_AND_STRIDED, 16))
    assert "Local(4)" in text_of(page, ".clauses")
    point(page, 12)
    assert text_of(page, "h2") == "Query 12: 7 keys"
    assert text_of(page, ".keys-query > .positions") == "0, 4, 8-12"
    assert page.locator(".keys-panel .clauses .positions").all_inner_texts() == [
        "8-12",
        "0, 4, 8, 12",
    ]
    assert text_of(page, ".shared") == "8, 12 by both Local(4) and Strided(4)"


def test_a_query_without_keys_says_so(open_page):
    page = open_page(sr.explore(sr.Summary(4, 1) | sr.Summary(8, 1), 16))
    point(page, 1)
    assert text_of(page, "h2") == "Query 1: 0 keys"
    assert text_of(page, ".keys-query > .positions") == "none"


def test_the_key_that_is_pointed_at_has_a_reason_and_readers(open_page):
    page = open_page(sr.explore(LOCAL_AND_STRIDED, 16))
    point(page, 12, 4)
    assert text_of(page, ".keys-key h2") == "4 is a key of 12: 1 of 2 clauses admits it"
    assert page.locator(".reasons .formula").all_inner_texts() == [
        "(12 - 4 <= 4) & (4 <= 12) is False",
        "(4 <= 12) & ((12 - 4) % 4 == 0) is True",
    ]
    assert page.locator(".reasons strong").all_inner_texts() == ["false", "true"]
    assert text_of(page, ".readers") == "4-8, 12"
    point(page, 3, 4)
    assert text_of(page, ".keys-key h2") == "4 is no key of 3: 0 of 2 clauses admit it"


def test_parts_of_a_formula_stand_line_by_line_with_their_values(open_page):
    page = open_page(sr.explore(sr.LogSparseRestart(8, 2), 16))
    lines = reason(page, 9, 4)["lines"]
    assert [(line["name"], line["text"], line["value"]) for line in lines] == [
        ("back", "(9 - 4) % 8", "5"),
        ("in_window", "5 < 2", "False"),
        ("", "(4 <= 9) & (False | isin(5 - 2 + 1, STEPS))", "True"),
    ]


def test_negative_numbers_are_in_parentheses_and_sets_are_written_out(open_page):
    p = sr.Band(-2, 5) | sr.GlobalAt((0, 7))
    page = open_page(sr.explore(p, 16))
    band, positions = reason(page, 4, 7)["parts"]
    assert band["lines"][-1]["text"] == "(4 - (-2) <= 7) & (7 <= 4 + 5)"
    assert positions["lines"][-1]["text"] == "isin(4, (0, 7)) | isin(7, (0, 7))"


@pytest.mark.parametrize(
    ("p", "i", "j", "step"),
    [
        (sr.Blockwise(sr.Causal(), 4), 13, 5, "query 13 is in block 3, key 5 in block 1"),
        (sr.Shifted(sr.Causal(), 3), 4, 6, "query 4 is read as query 7"),
        (sr.Pooled(sr.Started(4, 2), 4, 2), 9, 5, "key 5 is in pools 1, 2"),
        (sr.Documents((5, 11)), 4, 5, "query 4 is in document 0, key 5 in document 1"),
        (
            sr.Documents((5, 11), sr.Causal()),
            *(7, 6),
            "both are in document 1: there the query is 2, the key 1",
        ),
        (sr.Grid((4, 4), (sr.Full(), sr.Window(1))), 6, 9, "query 6 is at (1, 2), key 9 at (2, 1)"),
        (sr.Random(16, 2, 0), 3, 4, "row 3"),
    ],
    ids=repr,
)
def test_what_query_and_key_become_comes_first(p, i, j, step, open_page):
    page = open_page(sr.explore(p, 16))
    why = reason(page, i, j)
    assert why["steps"][0].startswith(step)
    assert why["holds"] == p.mask(16)[i, j]


def reasons_below(why):
    return [why, *(inner for part in why["parts"] for inner in reasons_below(part))]


@pytest.mark.parametrize("entry", sr.catalogue()[::6], ids=lambda entry: entry.name)
def test_every_reason_of_the_catalogue_ends_in_the_verdict(entry, open_page):
    shape = entry.shape()
    page = open_page(sr.explore(entry.value(), shape))
    mask = entry.patterns()[0].mask(shape)
    rng = np.random.default_rng(0)
    pairs = rng.integers((0, 0), shape, (6, 2))
    for i, j in pairs.tolist():
        why = reason(page, i, j)
        assert why["holds"] == mask[i, j]
        for inner in reasons_below(why):
            verdict = [line["value"] for line in inner["lines"][-1:]]
            assert verdict in ([], [str(inner["holds"])])


def test_pinned_queries_are_compared_two_by_two(open_page):
    page = open_page(sr.explore(sr.Lookback(4), 16))
    page.evaluate("explorer.set({ pins: [6, 8, 2] })")
    pairs = page.locator(".keys-pins .pair")
    assert pairs.locator("h3").all_inner_texts() == ["6 and 8", "6 and 2", "8 and 2"]
    assert pairs.nth(0).locator("dd").all_inner_texts() == ["5-6", "3-4", "7-8"]
    assert pairs.nth(0).locator("p").inner_text() == "The keys of 8 are those of 6, 2 later."
    assert pairs.nth(1).locator("p").count() == 0


def test_pins_with_the_same_keys_say_so(open_page):
    page = open_page(sr.explore(sr.Full(), 8))
    page.evaluate("explorer.set({ pins: [6, 2] })")
    assert page.locator(".keys-pins .pair p").inner_text() == "They have the same keys."
