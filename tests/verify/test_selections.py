"""Choices judged: golden reports, right ones with any ties, and mutants found by name."""

import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selection_mutants import (
    BY_HEAD,
    CAUSAL,
    IN_POOLS,
    MUTANTS,
    OF_HEADS,
    POOLS,
    SCORES,
    K,
    N,
    last_ties,
    lists,
)

import sparse_ref as sr
from sparse_ref.selection import top_k
from sparse_ref.verify import assert_selection, selection

TIED = np.random.default_rng(3).integers(0, 3, (N, N))


@pytest.mark.parametrize("name", MUTANTS)
def test_each_mistake_is_found_by_its_name(name):
    """Mutants: the only explanation, or the first one."""
    asked, options, choose = MUTANTS[name]
    report = selection(choose(), *asked, **options)
    assert not report.passed
    assert report.mistakes[0] == name, report
    assert name in report.verdict


@pytest.mark.parametrize("name", MUTANTS)
def test_what_is_right_has_no_mistake(name):
    """Negative controls: the right choice for each question above."""
    (scores, k, visible), options, _ = MUTANTS[name]
    forced = {key: x for key, x in options.items() if key != "alternatives"}
    report = selection(top_k(scores, k, visible, **forced), scores, k, visible, **options)
    assert report.passed
    assert report.mistakes == report.remarks == report.findings == ()


GOLDEN = """\
FAIL selection - incomplete pools are chosen: Started in place of Complete (7 of 16 rows are wrong)
asked: top 2 of Complete(4, 4)
- invisible: 7 atoms chosen that the query must not see; first: head 0, query 0, atom 0
- too few: 1 row with fewer atoms than there is room for; first: head 0, query 13
also fits: the future is visible: query i chooses from what query i + 3 may see
head 0, i = 0, 1, 2, 4, 5, 6, 13, e 0 to 3   █ chosen   · not   + chosen and should not be   \
- left out and should not be
+···
+···
+···
█+··
█+··
█+··
-█·+"""


def test_a_report_in_full():
    """Golden: the text, and that the other forms have the same content."""
    report = selection(top_k(POOLS, 2, sr.Started(4)), *IN_POOLS)
    assert str(report) == GOLDEN
    content = json.loads(report.to_json())
    assert content["mistakes"] == list(report.mistakes)
    assert content["findings"][0]["kind"] == "invisible"
    assert content["verdict"] == GOLDEN.split("\n")[0]
    assert "<pre" in report._repr_html_()
    with pytest.raises(AssertionError, match="Started in place of Complete"):
        assert_selection(top_k(POOLS, 2, sr.Started(4)), *IN_POOLS)


KINDS = {
    "repeat": [[0], [0, 1], [1, 1, 0]],
    "invisible": [[0], [0, 1], [1, 2]],
    "minus infinity": [[0], [0, 1], [2, 3]],
    "forced": [[0], [0, 1], [1]],
    "too few": [[0], [0], [1, 2]],
    "too many": [[0], [0, 1], [0, 1, 2]],
    "order": [[0], [0, 1], [0, 2]],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_finding(kind):
    """Golden: three queries of which one is wrong, in the one way named."""
    visible = sr.Listed.of_rows([[0], [0, 1], [0, 1] if kind == "invisible" else [0, 1, 2, 3]])
    scores = np.array([[5.0, 0, 0, 0], [1, 2, 0, 0], [1, 3, 2, -np.inf]])
    forced = sr.Listed.of_rows([[], [], [2] if kind in ("forced", "minus infinity") else []])
    report = selection(KINDS[kind], scores, 2, visible, forced=forced)
    first = {finding.kind: finding for finding in report.findings}
    assert kind in first, report
    assert first[kind].at[:2] == ((0, 1) if kind == "too few" else (0, 2))
    assert report.wrong_rows == 1


def test_ties_are_right_either_way_and_are_reported():
    """Tie: the greatest atoms, and a mixture."""
    report = selection(last_ties(TIED, K), TIED, K, sr.Causal())
    assert report.passed
    (remark,) = report.remarks
    assert remark.startswith("ties go to the greatest atoms, not the smallest, in ")
    mixed = last_ties(TIED, K)
    mixed[4:8] = [[0, 4, 2], [1, 5, 2], [2, 0, 4], [1, 0, 6]]
    constant = np.zeros((N, N))
    report = selection([row[:K] for row in mixed], constant, K, sr.Causal())
    assert report.passed
    assert report.remarks[0].startswith("ties do not go to the smallest atoms in ")


def random_choice(generator, scores, k, forced, in_budget):
    """A right choice by brute force whose ties are drawn, as lists in any order."""
    rows = []
    for i, row in enumerate(scores):
        must = [e for e in range(i + 1) if forced[i, e]]
        rest = [e for e in range(i + 1) if not forced[i, e]]
        generator.shuffle(rest)
        rest.sort(key=lambda e: -row[e])
        room = max(k - len(must), 0) if in_budget else k
        atoms = must + rest[:room]
        generator.shuffle(atoms)
        rows.append(atoms)
    return rows


@given(st.integers(0, 2**32), st.integers(0, 6), st.booleans(), st.integers(1, 4))
def test_a_right_choice_never_fails(seed, k, in_budget, levels):
    """Hypothesis: drawn scores with many ties, drawn forced atoms, ties either way."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, levels, (9, 9)).astype(float)
    forced = generator.random((9, 9)) < 0.2
    chosen = random_choice(generator, scores, k, forced, in_budget)
    options = dict(forced=sr.interop.from_allowed_mask(forced), forced_in_budget=in_budget)
    report = selection(chosen, scores, k, sr.Causal(), **options)
    assert report.passed, report
    assert report.mistakes == ()


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_one_atom_too_many_too_few_or_exchanged_never_passes(seed, k):
    """Hypothesis: a right choice of distinct scores, changed in one row."""
    generator = np.random.default_rng(seed)
    scores = generator.random((9, 9))
    chosen = random_choice(generator, scores, k, np.zeros((9, 9), bool), True)
    i = int(generator.integers(k, 9)) if k < 9 else 8
    others = sorted(set(range(i + 1)) - set(chosen[i]))
    for row in (chosen[i][1:], [*chosen[i][1:], *others[:1]], [*chosen[i], *others[:1]]):
        if others or row == chosen[i][1:]:
            report = selection([*chosen[:i], row, *chosen[i + 1 :]], scores, k, sr.Causal())
            assert report.wrong_rows == 1


def is_best(row, atoms, visible, forced, room):
    """By every set of the same size: forced atoms, and no other set of greater scores."""
    free = sorted(visible - forced)
    count = min(room, len(free))
    sums = [sum(row[e] for e in rest) for rest in combinations(free, count)]
    rest = atoms - forced
    is_set = forced <= atoms and rest <= set(free) and len(rest) == count
    return is_set and sum(row[e] for e in rest) == max(sums)


@given(st.integers(0, 2**32), st.integers(0, 4), st.booleans())
def test_a_row_is_right_if_no_set_of_its_size_is_better(seed, k, in_budget):
    """Tie: against all sets, which no code here knows of; scores are small integers."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 3, (6, 5)).astype(float)
    can_see, must = generator.random((2, 6, 5)) < [[[0.7]], [[0.2]]]
    right = top_k(scores, k, sr.interop.from_allowed_mask(can_see))
    chosen = generator.random((6, 5)) < 0.4
    from_right = generator.random(6) < 0.5
    chosen[from_right] = sr.dense(right, (6, 5))[from_right]
    options = dict(forced=sr.interop.from_allowed_mask(must), forced_in_budget=in_budget)
    report = selection(chosen, scores, k, sr.interop.from_allowed_mask(can_see), **options)
    wrong = 0
    for row, atoms, seen, taken in zip(scores, chosen, can_see, must):
        visible, forced = (set(np.flatnonzero(x)) for x in (seen, seen & taken))
        room = max(k - len(forced), 0) if in_budget else k
        wrong += not is_best(row, set(np.flatnonzero(atoms)), visible, forced, room)
    assert report.wrong_rows == wrong, report


def test_all_forms_of_a_choice_are_one():
    """Algebra: patterns, lists, padded arrays, masks; a set per head."""
    p = top_k(SCORES, K, sr.Causal())
    mask = sr.dense(p, N)
    forms = (p, lists(p), lists(p).tolist(), mask, [list(row) for row in lists(p)])
    for form in forms:
        assert selection(form, *CAUSAL).passed
        assert not selection(form, SCORES, K + 1, sr.Causal()).passed
    by_head = top_k(OF_HEADS, K, sr.Causal())
    arrays = np.array([lists(p) for p in by_head])
    masks = np.array([sr.dense(p, N) for p in by_head])
    for form in (by_head, list(by_head), arrays, arrays.tolist(), masks):
        assert selection(form, *BY_HEAD).passed


def test_scores_are_read_in_slabs():
    """O(nnz) memory: 20,000 queries of 300 atoms, at most 4 Mi scores at a time."""
    sizes = []

    def rows(lo, hi):
        sizes.append(hi - lo)
        i, e = np.ogrid[lo:hi, :300]
        return ((i * 7919 + e * 104729) % 1009).astype(np.float32)

    scores = sr.selection.Scores((20_000, 300), rows)
    chosen = top_k(scores, 8, sr.Complete(100))
    assert selection(chosen, scores, 8, sr.Complete(100)).passed
    assert max(sizes) * 300 <= 1 << 22
    report = selection(chosen, scores, 9, sr.Complete(100))
    assert report.mistakes[0] == "k is off by one: it is 8"


def test_scores_that_rounding_may_exchange():
    """ulps: the greatest score of the row is 1, and its spacing 2^-23."""
    scores = np.array([[1, 0.5, 0.5 + 2**-23, 0.4]], np.float32)
    asked = (scores, 2, sr.Full())
    assert selection([[0, 2]], *asked).passed
    assert not selection([[0, 1]], *asked).passed
    assert selection([[0, 1]], *asked, ulps=1).passed
    assert not selection([[0, 3]], *asked, ulps=1000).passed


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float16", "float32", "longdouble"])
def test_mistakes_are_named_for_scores_of_any_dtype(dtype):
    scores = np.array([[9, 120, 0, 100], [3, 2, 1, 0]], dtype)
    report = selection([[0, 2], [2, 3]], scores, 2, sr.Full(), ulps=1)
    assert report.mistakes == ("the smallest scores are chosen",)


@pytest.mark.parametrize("other", [-np.inf, 1.7e308])
@pytest.mark.filterwarnings("error")
def test_scores_whose_sum_over_heads_is_no_number(other):
    scores = np.array([[[np.inf if other < 0 else other, 1]], [[other, 2]]])
    assert not selection([[[1]], [[0]]], scores, 1, sr.Full()).passed


def test_nothing_is_nothing_wrong():
    """No queries, no atoms, k = 0, nothing visible, scores of -inf."""
    assert selection([], np.zeros((0, 4)), 2, sr.Full()).passed
    assert selection([[], []], np.zeros((2, 0)), 2, sr.Full()).passed
    assert selection([[], []], np.ones((2, 3)), 0, sr.Full()).passed
    assert selection([[], [0]], np.ones((2, 3)), 2, sr.Complete(2)).passed
    assert selection([[], [0]], [[-np.inf] * 2, [0, -np.inf]], 2, sr.Full()).passed


ERRORS = {
    "chosen must have the queries of scores, 16, got 2": lambda: selection([[0], [1]], *CAUSAL),
    "chosen must have the heads of scores, 3, got 2": lambda: selection([[[0]] * N] * 2, *BY_HEAD),
    "chosen must have atoms below m = 16, or -1, got 16 at query 0": lambda: selection(
        [[16]] * N, *CAUSAL
    ),
    "chosen must have atoms below m = 16, or -1, got -2 at query 0": lambda: selection(
        [[-2]] * N, *CAUSAL
    ),
    "chosen must have shape \\(16, 16\\), got \\(16, 3\\)": lambda: selection(
        np.ones((N, 3), bool), *CAUSAL
    ),
    "k must be at least 0, got -1": lambda: selection([[]] * N, SCORES, -1, sr.Causal()),
    "ulps must be at least 0, got -1": lambda: selection([[]] * N, *CAUSAL, ulps=-1),
    "alternatives\\['other'\\] must have the shape of scores": lambda: selection(
        [[]] * N, *CAUSAL, alternatives=dict(other=POOLS)
    ),
    "scores must not be NaN, got one at head 0, query 2, atom 1": lambda: selection(
        [[]] * N, np.where(np.arange(256).reshape(N, N) == 33, np.nan, SCORES), K, sr.Causal()
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_arguments_are_checked(text):
    with pytest.raises(ValueError, match=text):
        ERRORS[text]()


@pytest.mark.parametrize(
    "option", [dict(ulps="1"), dict(alternatives=[SCORES]), dict(forced_in_budget=1)], ids=list
)
def test_options_of_other_types_are_refused(option):
    (name,) = option
    with pytest.raises(TypeError, match=f"{name} must be "):
        selection([[]] * N, *CAUSAL, **option)


@pytest.mark.parametrize("chosen", ["01", 3, [1.5], np.zeros((N, 2))])
def test_what_is_no_choice_is_refused(chosen):
    with pytest.raises(TypeError, match="chosen must "):
        selection(chosen, *CAUSAL)


def test_the_code_of_the_page_runs():
    page = Path(__file__).parents[2] / "docs" / "judging-choices.md"
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 3
    exec(compile("\n".join(blocks), str(page), "exec"), {})


def test_the_report_of_the_page_is_printed(capsys):
    page = Path(__file__).parents[2] / "docs" / "judging-choices.md"
    text = page.read_text(encoding="utf-8")
    code, report = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.S).groups()
    exec(compile(code, str(page), "exec"), {})
    assert capsys.readouterr().out == report
