"""Algebra: what the selections choose, against a statement in plain Python, and their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.selection import Scores, at_least, kth_score, slabs, top_k, top_p

VISIBLE = [sr.Full(), sr.Causal(), sr.Complete(2), sr.Started(3), sr.Band(1, -1), ~sr.Full()]
FORCED = [None, sr.Window(0), sr.Sinks(2), sr.Causal()]
NUMBERS = st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 0.5, 0.5, 1.0, 3.0, np.inf])


@st.composite
def cases(draw, numbers=NUMBERS):
    """(scores (n, m), visible, forced)."""
    n, m = draw(st.integers(0, 7)), draw(st.integers(0, 7))
    row = st.lists(numbers, min_size=m, max_size=m)
    rows = draw(st.lists(row, min_size=n, max_size=n))
    scores = np.array(rows, float).reshape(n, m)
    return scores, draw(st.sampled_from(VISIBLE)), draw(st.sampled_from(FORCED))


def members(p, i, m):
    """The atoms of query i, in plain Python."""
    return [] if p is None else [e for e in range(m) if p.contains(i, e)]


def best_first(scores, atoms):
    """The atoms above -inf, the greatest score first, ties by id."""
    finite = [e for e in atoms if scores[e] > -np.inf]
    return sorted(finite, key=lambda e: (-scores[e], e))


def statement(scores, visible, forced, choose):
    """The rows of a selection; `choose` picks from the best first, knowing what is forced."""
    rows = []
    for i, numbers in enumerate(scores):
        seen = members(visible, i, len(numbers))
        must = [e for e in members(forced, i, len(numbers)) if e in seen]
        free = best_first(numbers, [e for e in seen if e not in must])
        rows.append(sorted(must + choose(i, numbers, seen, must, free)))
    return rows


def listed_rows(p, m):
    """The rows of a listed pattern as lists."""
    return [p.row(i, m).tolist() for i in range(len(p.indptr) - 1)]


@given(cases(), st.integers(0, 8), st.booleans())
def test_top_k_is_the_best_of_the_visible_beside_the_forced(case, k, in_budget):
    scores, visible, forced = case
    chosen = top_k(scores, k, visible, forced=forced, forced_in_budget=in_budget)

    def choose(i, numbers, seen, must, free):
        budget = k - len(must) if in_budget else k
        return free[: max(budget, 0)]

    assert listed_rows(chosen, scores.shape[1]) == statement(scores, visible, forced, choose)


@given(cases(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 0.99, 1.0]))
def test_top_p_is_the_fewest_best_that_reach_the_share(case, p):
    scores, visible, forced = case
    chosen = top_p(scores, p, visible, forced=forced)

    def choose(i, numbers, seen, must, free):
        weights = softmax(numbers, seen)
        mass = sum(weights[e] for e in must)
        taken = []
        for e in free:
            is_first = not must and not taken
            if p < 1 and not is_first and mass >= p - 1e-12:
                break
            taken.append(e)
            mass += weights[e]
        return taken

    assert listed_rows(chosen, scores.shape[1]) == statement(scores, visible, forced, choose)


def softmax(numbers, atoms):
    """The share of each of the atoms, by atom; those of +inf have everything."""
    if any(numbers[e] == np.inf for e in atoms):
        weights = {e: float(numbers[e] == np.inf) for e in atoms}
    else:
        weights = {e: float(np.exp(numbers[e])) for e in atoms}
    total = sum(weights.values()) or 1
    return {e: weight / total for e, weight in weights.items()}


@given(cases(), st.sampled_from([-np.inf, -1.0, 0.5, 3.0, np.inf]))
def test_at_least_is_all_that_reach_the_threshold(case, threshold):
    scores, visible, forced = case
    chosen = at_least(scores, threshold, visible, forced=forced)

    def choose(i, numbers, seen, must, free):
        return [e for e in free if numbers[e] >= threshold]

    assert listed_rows(chosen, scores.shape[1]) == statement(scores, visible, forced, choose)


@given(cases(), st.integers(0, 7))
def test_top_k_grows_with_k(case, k):
    scores, visible, forced = case
    fewer = listed_rows(top_k(scores, k, visible, forced=forced), scores.shape[1])
    more = listed_rows(top_k(scores, k + 1, visible, forced=forced), scores.shape[1])
    assert all(set(a) <= set(b) for a, b in zip(fewer, more))


FINITE = st.floats(-30, 30)


@given(cases(FINITE))
def test_the_whole_mass_is_everything_visible(case):
    scores, visible, _ = case
    n, m = scores.shape
    expected = [members(visible, i, m) for i in range(n)]
    assert listed_rows(top_p(scores, 1, visible), m) == expected


@given(cases(), st.integers(0, 3), st.sampled_from([0.0, 0.5]))
def test_what_is_forced_and_visible_is_chosen(case, k, p):
    scores, visible, forced = case
    m = scores.shape[1]
    for chosen in (
        top_k(scores, k, visible, forced=forced),
        top_p(scores, p, visible, forced=forced),
        at_least(scores, np.inf, visible, forced=forced),
    ):
        for i, row in enumerate(listed_rows(chosen, m)):
            assert set(members(forced, i, m)) & set(members(visible, i, m)) <= set(row)


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 8), st.randoms())
def test_permuted_atoms_permute_the_choice(n, m, k, random):
    scores = np.random.default_rng(random.randrange(2**32)).permutation(n * m).reshape(n, m)
    order = random.sample(range(m), m)
    chosen = sr.dense(top_k(scores, k, sr.Full()), (n, m))
    permuted = sr.dense(top_k(scores[:, order], k, sr.Full()), (n, m))
    assert np.array_equal(permuted, chosen[:, order])


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 8), st.randoms())
def test_at_least_the_kth_score_is_the_top_k_without_ties(n, m, k, random):
    scores = np.random.default_rng(random.randrange(2**32)).permutation(n * m).reshape(n, m)
    thresholds = kth_score(scores, k, sr.Causal())
    chosen = top_k(scores, k, sr.Causal())
    assert chosen == at_least(scores, thresholds, sr.Causal())


def test_at_least_the_kth_score_keeps_ties():
    scores = [[1, 2, 2, 0]]
    assert kth_score(scores, 1, sr.Full()).tolist() == [2]
    assert listed_rows(top_k(scores, 1, sr.Full()), 4) == [[1]]
    assert listed_rows(at_least(scores, [2], sr.Full()), 4) == [[1, 2]]


def test_each_head_has_its_own_set_and_patterns():
    scores = np.array([[[0, 1], [0, 1]], [[1, 0], [1, 0]]])
    first, second = top_k(scores, 1, (sr.Full(), sr.Causal()))
    assert listed_rows(first, 2) == [[1], [1]]
    assert listed_rows(second, 2) == [[0], [0]]


def test_scores_that_are_not_visible_are_not_read():
    scores = np.full((4, 4), np.nan)
    scores[np.tril_indices(4)] = 1
    assert listed_rows(top_k(scores, 2, sr.Causal()), 4) == [[0], [0, 1], [0, 1], [0, 1]]


@given(cases(), st.integers(0, 8), st.integers(1, 30))
def test_slabs_of_any_size_choose_the_same(case, k, numbers):
    scores, visible, forced = case
    expected = top_k(scores, k, visible, forced=forced)
    before = slabs.MAX_NUMBERS
    try:
        slabs.MAX_NUMBERS = numbers
        assert top_k(scores, k, visible, forced=forced) == expected
    finally:
        slabs.MAX_NUMBERS = before


def test_scores_are_read_a_few_queries_at_a_time(monkeypatch):
    monkeypatch.setattr(slabs, "MAX_NUMBERS", 50)
    sizes = []

    def rows(lo, hi):
        sizes.append(hi - lo)
        return np.arange(10.0) + np.zeros((hi - lo, 1))

    top_k(Scores((23, 10), rows), 3, sr.Full())
    assert max(sizes) == 5
    assert sum(sizes) == 23


SCORES = np.zeros((3, 4))
REFUSED = {
    "k below 0": (lambda: top_k(SCORES, -1, sr.Full()), "k must be at least 0, got -1"),
    "k as a float": (lambda: top_k(SCORES, 2.0, sr.Full()), "k must be an integer, got 2.0"),
    "p above 1": (lambda: top_p(SCORES, 1.5, sr.Full()), "p must be from 0 to 1, got 1.5"),
    "p is NaN": (lambda: top_p(SCORES, np.nan, sr.Full()), "p must be from 0 to 1, got nan"),
    "p is no number": (lambda: top_p(SCORES, "1", sr.Full()), "p must be a number from 0 to 1"),
    "one axis": (
        lambda: top_k(np.zeros(3), 1, sr.Full()),
        r"scores must have shape \(n_q, m\) or \(H, n_q, m\), got \(3,\)",
    ),
    "words": (lambda: top_k([["a"]], 1, sr.Full()), "scores must be real numbers"),
    "other lengths": (
        lambda: top_k(SCORES, 1, sr.Neighborhood(9, 3, 1, 1)),
        "visible .* is stated for 9 atoms, got scores of m = 4",
    ),
    "no row": (
        lambda: top_k(SCORES, 1, sr.Listed([0, 1], [0])),
        "Listed has rows 0 <= i < 1, got i = 0 to 2",
    ),
    "heads": (
        lambda: top_k(np.zeros((2, 3, 4)), 1, (sr.Full(),) * 3),
        "visible must be one for each of heads = 2, got 3",
    ),
    "no pattern": (lambda: top_k(SCORES, 1, "causal"), "visible must be a Pattern"),
    "NaN": (
        lambda: top_k(np.array([SCORES, [[0] * 4, [0] * 4, [0, 0, np.nan, 0]]]), 1, sr.Full()),
        "scores must not be NaN, got one at head 1, query 2, atom 2",
    ),
    "thresholds": (
        lambda: at_least(SCORES, [1, 2], sr.Full()),
        r"threshold must be a number or have shape \(3,\), got \(2,\)",
    ),
    "threshold is NaN": (
        lambda: at_least(SCORES, np.nan, sr.Full()),
        "threshold must not be NaN",
    ),
    "rows of another shape": (
        lambda: top_k(Scores((3, 4), lambda lo, hi: np.zeros((1, 4))), 1, sr.Full()),
        r"scores.rows must give shape \(3, 4\), got \(1, 4\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_named(name):
    call, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError, IndexError), match=message):
        call()
