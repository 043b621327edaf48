"""Reports for machines: JUnit XML and Markdown hold what the text does."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check
from sparse_ref.verify.checks.finding import KINDS, Finding
from sparse_ref.verify.report.formats import OTHERS, SUBJECTS

WIDER = check(masked(np.stack([tri(6, keys=2), tri(6, keys=3)])), sr.Lookback(2), n=6, heads=2)
RIGHT = check(masked(tri(6)), sr.Causal(), n=6)
ODD = check(lambda q, k, v: {}["\x00 | <b>&"], sr.Causal(), n=3)


def test_every_kind_of_finding_belongs_to_one_subject():
    kinds = [kind for kinds in SUBJECTS.values() for kind in kinds]
    assert sorted(kinds) == sorted([*KINDS, "untested"])


def test_junit_has_a_case_for_each_subject_and_a_failure_for_each_that_failed():
    for report, failed in ((WIDER, {"sets"}), (RIGHT, set()), (ODD, {"calls"})):
        suite = ElementTree.fromstring(report.to_junit())
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        assert set(cases) == set(SUBJECTS)
        assert {name for name, case in cases.items() if case.find("failure") is not None} == failed
        assert suite.get("failures") == str(len(failed))
    failure = ElementTree.fromstring(WIDER.to_junit()).find(".//failure")
    assert failure.get("type") == "extra"
    assert "is Lookback(3), asked Lookback(2)" in failure.text
    assert "again: sr.verify.check(fn, sr.Lookback(2)" in failure.text


def test_markdown_has_the_verdict_the_findings_and_the_picture():
    lines = WIDER.to_markdown().split("\n")
    cause = "one key too many at the left edge in head 1 (Lookback(3), asked Lookback(2))"
    assert lines[0] == f"### ❌ FAIL fn - {cause}"
    assert "asked: Lookback(2) at n = 6, 2 heads, seed 0" in lines
    assert "| extra | 4 keys attended to outside the set | 1, 2, 0 |" in lines
    assert "+██···" in lines
    assert RIGHT.to_markdown().startswith("### ✅ PASS")
    assert "\\| \\<b\\>" in ODD.to_markdown()


def test_a_kind_without_a_subject_is_in_the_xml_all_the_same():
    report = replace(RIGHT, findings=(Finding("of another release", "3 rows"),))
    suite = ElementTree.fromstring(report.to_junit())
    case = suite.find(f"testcase[@name='{OTHERS}']")
    assert case.find("failure").get("type") == "of another release"
    assert suite.get("failures") == "1"


def test_what_was_not_tested_fails_a_case_of_its_own():
    report = replace(RIGHT, untested=("at n = 6 Lookback(9) is the same set as Causal()",))
    suite = ElementTree.fromstring(report.to_junit())
    assert suite.get("failures") == "1"
    failure = suite.find("testcase[@name='tested']/failure")
    assert failure.get("type") == "untested"
    assert failure.get("message") == report.untested[0]


def test_each_case_of_the_xml_names_the_file_and_the_line():
    case = ElementTree.fromstring(ODD.to_junit()).find("testcase")
    assert case.get("file").endswith("tests/verify/test_formats.py")
    lines = Path(__file__).read_text().split("\n")
    assert lines[int(case.get("line")) - 1].startswith("ODD = check(lambda")
