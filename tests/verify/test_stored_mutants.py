"""Tests of the tests: what is stored wrong is caught with the finding and the words that name it,
what is right passes, at every dtype.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from page_programs import page_program
from verify.mutants import MUTANTS, RIGHT
from withstood import withstands

DOCS = Path(__file__).parents[2] / "docs"
CASES = [
    pytest.param(mutant, dtype, id=f"{mutant.name}-{dtype}")
    for mutant in MUTANTS
    for dtype in mutant.dtypes
]


@cache
def reported(mutant, dtype):
    """The report, made once."""
    return mutant.check(dtype)


@pytest.mark.parametrize(("mutant", "dtype"), CASES)
@withstands("wrong implementations")
def test_a_mutant_is_caught(mutant, dtype):
    assert reported(mutant, dtype).status == mutant.status, reported(mutant, dtype)


@pytest.mark.parametrize(("mutant", "dtype"), CASES)
def test_the_finding_names_the_fault(mutant, dtype):
    report = reported(mutant, dtype)
    found = [finding for finding in report.findings if finding.kind == mutant.finding]
    assert found or not mutant.finding, report
    assert mutant.at is None or found[0].at == mutant.at, report


@pytest.mark.parametrize(
    "mutant", [mutant for mutant in MUTANTS if mutant.diagnosis], ids=lambda mutant: mutant.name
)
def test_the_diagnosis_says_what_it_is(mutant):
    diagnoses = reported(mutant, mutant.dtypes[0]).focus.diagnosis
    for kind, text in mutant.diagnosis.items():
        assert any(each.kind == kind and text in each.text for each in diagnoses), (
            kind,
            text,
            diagnoses,
        )


@pytest.mark.parametrize(
    "mutant",
    [mutant for mutant in MUTANTS if mutant.words or mutant.never],
    ids=lambda mutant: mutant.name,
)
def test_the_report_has_the_words_of_the_fault_and_no_wrong_ones(mutant):
    text = str(reported(mutant, mutant.dtypes[0]))
    for words in mutant.words:
        assert re.search(words, text, re.IGNORECASE), (words, text)
    for words in mutant.never:
        assert not re.search(words, text, re.IGNORECASE), (words, text)


@pytest.mark.parametrize(
    ("right", "dtype"),
    [
        pytest.param(right, dtype, id=f"{right.name}-{dtype}")
        for right in RIGHT
        for dtype in right.dtypes
    ],
)
@withstands("right styles")
def test_a_right_implementation_passes(right, dtype):
    report = right.check(dtype)
    assert report.passed, report


def test_there_are_many_and_each_has_a_name_to_itself():
    assert len(MUTANTS) >= 260
    assert len(RIGHT) >= 80
    names = [each.name for each in MUTANTS + RIGHT]
    assert len(set(names)) == len(names)


def test_the_page_says_what_is_found():
    pages = page_program("mutants")
    assert (DOCS / "mutants.md").read_text() == pages.page(), (
        "docs/mutants.md is not what python docs/mutants.py writes"
    )
