"""Schedules: their portions, their names, and the places of wrong queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.verify.drivers.schedule import Schedule, places, usual_schedules

SIZES = st.lists(st.integers(1, 9), max_size=5)


@given(SIZES, st.integers(1, 9), st.integers(1, 60), st.integers(0, 8))
def test_portions_are_all_tokens_in_order(prefill, decode, n, turns):
    for schedule in (Schedule(tuple(prefill), decode), Schedule((3, 1), 2).rotation(turns)):
        portions = schedule.portions(n)
        tokens = [i for x in portions for i in range(x.start, x.stop)]
        assert tokens == list(range(n))
        assert all(x.stop == x.start + 1 for x in portions if x.is_step)


@given(SIZES, st.integers(1, 9), st.integers(0, 8))
def test_a_rotation_has_as_many_tokens(prefill, decode, turns):
    schedule = Schedule(tuple(prefill), decode)
    assert schedule.rotation(turns).n == schedule.n


def test_names_of_portions():
    names = [str(x) for x in Schedule((4, 3), 2).portions(10)]
    assert names == [
        "the first chunk (queries 0 to 3)",
        "the second chunk (queries 4 to 6)",
        "decoding step 1 (query 7)",
        "decoding step 2 (query 8)",
        "decoding step 3 (query 9)",
    ]
    assert Schedule((4,), 2).portions(3)[0].name == "the prompt"
    assert str(Schedule((2,) * 12, 0).portions(24)[-1]) == "chunk 12 (queries 22 to 23)"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([4, 5, 7], "queries 4 to 7: the second chunk"),
        ([9], "query 9: decoding step 2"),
        ([8, 9, 10], "queries 8 to 10: decoding steps 1 to 3"),
        ([8, 10], "queries 8 to 10: 2 decoding steps, first step 1"),
        ([0, 9], "query 0: the first chunk; query 9: decoding step 2"),
        (range(11), ""),
        ([], ""),
    ],
)
def test_places_of_queries(rows, text):
    assert places(Schedule((4, 4), 3).portions(11), rows) == text


def test_many_chunks_are_counted():
    portions = Schedule((2,) * 6, 0).portions(12)
    assert places(portions, range(2, 12)) == "5 of 6 chunks, first queries 2 to 3: the second chunk"


@pytest.mark.parametrize("pattern", [sr.Causal(), sr.Lookback(4), sr.streaming(2, 5)], ids=repr)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 17, 64])
def test_usual_schedules_have_n_tokens_and_differ(pattern, n):
    schedules = usual_schedules(n, (pattern,))
    assert {schedule.n for schedule in schedules} == {n}
    assert len({(x.prefill, x.decode) for x in schedules}) == len(schedules)


def test_a_window_gets_chunks_that_are_longer():
    names = {str(x): x for x in usual_schedules(64, (sr.streaming(2, 5),))}
    chunks = names["chunks longer than the window"]
    assert len(chunks.prefill) == 2
    assert min(chunks.prefill) > 5
    small = names["small chunks"]
    assert max(small.prefill) < 5
    assert "large chunks" in map(str, usual_schedules(64, (sr.Causal(),)))


@pytest.mark.parametrize(
    ("prefill", "decode", "error"),
    [((), 0, "at least one token"), ((4, 0), 1, "at least 1, got 0"), (4, -1, "at least 0")],
)
def test_a_schedule_needs_tokens(prefill, decode, error):
    with pytest.raises(ValueError, match=error):
        Schedule.new(prefill, decode)
