"""Tests of the tests: what is stored wrong is caught with the finding that names it, what is right
passes, at every dtype.
"""

import importlib.util
from functools import cache
from pathlib import Path

import pytest
from verify.mutants import DTYPES, MUTANTS, RIGHT

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
def test_a_mutant_is_caught(mutant, dtype):
    assert not reported(mutant, dtype).passed, reported(mutant, dtype)


@pytest.mark.parametrize(("mutant", "dtype"), CASES)
def test_the_finding_names_the_fault(mutant, dtype):
    report = reported(mutant, dtype)
    found = [finding for finding in report.findings if finding.kind == mutant.finding]
    assert found, report
    assert mutant.at is None or found[0].at == mutant.at, report


@pytest.mark.parametrize(
    "mutant", [mutant for mutant in MUTANTS if mutant.diagnosis], ids=lambda mutant: mutant.name
)
def test_the_diagnosis_says_what_it_is(mutant):
    report = reported(mutant, mutant.dtypes[0])
    for kind, text in mutant.diagnosis.items():
        assert any(each.kind == kind and text in each.text for each in report.diagnosis), (
            kind,
            text,
            report.diagnosis,
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_a_right_implementation_passes(right, dtype):
    report = right.check(dtype)
    assert report.passed, report


def test_there_are_many_and_each_has_a_name_to_itself():
    assert len(MUTANTS) >= 60
    assert len(RIGHT) >= 20
    names = [each.name for each in MUTANTS + RIGHT]
    assert len(set(names)) == len(names)


def test_the_page_says_what_is_found():
    spec = importlib.util.spec_from_file_location("docs_mutants", DOCS / "mutants.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    assert (DOCS / "mutants.md").read_text() == pages.page(), (
        "docs/mutants.md is not what python docs/mutants.py writes"
    )
