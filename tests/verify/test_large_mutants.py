"""Tests of the tests: random sums give a stored mutant the name that reading every pair gives."""

from dataclasses import replace

import pytest
from verify.mutants import MUTANTS, RIGHT

UNSEEN = {"a softmax clipped at e^-64"}  # weights too small for any sum
OTHERWISE = {
    "the last feature of the output never written": "extra",
    "a cache of keys and values that nobody empties": "random",
}  # in no sum


def reported(case, dtype):
    return replace(case, options={**case.options, "exhaustive": False}).check(dtype)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught_and_named(mutant):
    report = reported(mutant, mutant.dtypes[0])
    if mutant.name in UNSEEN:
        assert report.passed, "no longer unseen"
        return
    assert report.status == mutant.status, report
    kind = OTHERWISE.get(mutant.name, mutant.finding)
    assert not kind or kind in {finding.kind for finding in report.findings}, report


@pytest.mark.parametrize(
    ("right", "dtype"),
    [
        pytest.param(right, dtype, id=f"{right.name}-{dtype}")
        for right in RIGHT
        for dtype in right.dtypes
    ],
)
def test_a_right_implementation_passes(right, dtype):
    report = reported(right, dtype)
    assert report.passed, report
