"""The page of robustness: it is what its program writes, and every number has a test behind it."""

import ast
from pathlib import Path

import pytest
from page_programs import page_program
from withstood import ATTACKS, merge_tallies, stored_counts, withstands

ROOT = Path(__file__).parents[1]
# classes whose tests no deep run has counted yet
UNCOUNTED = {
    "tampered arrays",
    "hostile files",
    "hostile texts",
    "range",
    "CUDA",
    "deceptive families",
    "kernels",
    "long verdicts",
    "lowering memory",
    "right styles",
    "second solver",
    "verdicts",
    "wrong implementations",
}


@pytest.fixture(scope="module")
def pages():
    """The program that writes the page."""
    return page_program("robustness")


def test_the_page_is_what_its_program_writes(pages):
    assert (ROOT / "docs" / "robustness.md").read_text() == pages.page(), (
        "docs/robustness.md is not what python docs/robustness.py writes"
    )


def test_every_attack_has_a_test_that_repeats_it(pages):
    assert [name for name, tests in pages.tests_of().items() if not tests] == []


def test_every_attack_is_counted():
    assert set(ATTACKS) - set(stored_counts()) == UNCOUNTED, "take off what has counts now"


@pytest.mark.parametrize("name", sorted(stored_counts()))
def test_as_many_cases_are_repeated_as_were_tried(pages, name):
    tests, stored = pages.tests_of()[name], stored_counts()[name]
    assert set(stored) <= set(tests), "a test that is gone has counts still"
    assert sum(entry["cases"] for entry in stored.values()) >= ATTACKS[name].cases
    assert not any(entry["wrong"] for entry in stored.values())


def test_every_limit_has_its_test(pages):
    for _, test in pages.LIMITS:
        file, name = test.split("::")
        functions = ast.parse((ROOT / file).read_text()).body
        assert name in {getattr(node, "name", None) for node in functions}, test


def test_cases_of_processes_add_up_and_a_failure_stays():
    tallies = [["paths", "a::b", 3, False], ["paths", "a::b", 4, True], ["paths", "a::c", 1, False]]
    assert merge_tallies(tallies) == {
        "paths": {"a::b": {"cases": 7, "wrong": 1}, "a::c": {"cases": 1, "wrong": 0}}
    }


def test_an_attack_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of lowering, .*, got 'nothing'"):
        withstands("nothing")
